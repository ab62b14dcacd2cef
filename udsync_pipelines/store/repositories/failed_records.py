"""What has not arrived: parked records and writes in doubt, over all lanes; and what was tried.

Read only. Parked records are rows of `parked_records`, writes those of `write_ledger`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

LONGEST_ANSWER = timedelta(minutes=3)
"""A write that was sent longer ago and has no answer in our tables is in doubt."""

_IS_IN_DOUBT = """({0}.kind = 'record' AND ({0}.state = 'unknown' OR ({0}.state = 'sent'
    AND {0}.sent_at <= now() - CAST(:longest_answer AS interval))))"""
_IS_PARKED = "({0}.kind = 'parked' AND {0}.state = 'rejected')"

_THE_SAME_RECORD = """
    SELECT FROM udsync.sync_queue AS other
    WHERE other.tenant_id = queue.tenant_id
        AND other.target_connection_id = queue.target_connection_id
        AND other.entity = queue.entity AND other.source_id = queue.source_id
"""

# A record of which a write is in doubt is mostly parked too: then it is one failed record.
_FAILED = f"""
    SELECT queue.entity, queue.source_id, queue.role, target.platform, queue.code,
        queue.reason, queue.cure, queue.attempts, queue.plan_id, plans.lane,
        queue.kind = 'record' OR EXISTS (
            {_THE_SAME_RECORD} AND {_IS_IN_DOUBT.format("other")}) AS is_in_doubt,
        CASE queue.kind WHEN 'parked' THEN queue.created_at ELSE queue.sent_at END AS since
    FROM udsync.sync_queue AS queue
    JOIN udsync.connections AS target
        ON target.tenant_id = queue.tenant_id AND target.id = queue.target_connection_id
    JOIN udsync.plans ON plans.tenant_id = queue.tenant_id AND plans.id = queue.plan_id
    WHERE queue.tenant_id = :tenant
        AND ({_IS_PARKED.format("queue")} OR ({_IS_IN_DOUBT.format("queue")}
            AND NOT EXISTS ({_THE_SAME_RECORD} AND {_IS_PARKED.format("other")})))
        AND (CAST(:entity AS text) IS NULL OR queue.entity = :entity)
        AND (CAST(:source_id AS text) IS NULL OR queue.source_id = :source_id)
        AND (CAST(:platform AS text) IS NULL OR target.platform = :platform)
"""

_TRIED = """
    SELECT target.platform, queue.role, queue.operation, queue.state, queue.request_id,
        queue.attempts, queue.created_at, queue.sent_at, queue.settled_at, queue.receipt,
        queue.code, queue.reason, queue.cure, queue.plan_id
    FROM udsync.sync_queue AS queue
    JOIN udsync.connections AS target
        ON target.tenant_id = queue.tenant_id AND target.id = queue.target_connection_id
    WHERE queue.tenant_id = :tenant AND queue.kind = 'record'
        AND queue.entity = :entity AND queue.source_id = :source_id
    ORDER BY queue.created_at DESC, queue.position DESC LIMIT :limit
"""

_WAITING = """
    SELECT DISTINCT parked.entity, parked.source_id, target.platform
    FROM udsync.sync_queue AS parked
    JOIN udsync.connections AS target
        ON target.tenant_id = parked.tenant_id AND target.id = parked.target_connection_id
    WHERE parked.tenant_id = :tenant AND parked.kind = 'parked' AND parked.state = 'rejected'
        AND starts_with(parked.code, 'waits_for_')
        AND (EXISTS (
            SELECT FROM udsync.sync_queue AS waiting
            JOIN udsync.sync_queue AS needed
                ON needed.tenant_id = waiting.tenant_id AND needed.id = ANY(waiting.depends_on)
            WHERE waiting.tenant_id = parked.tenant_id AND waiting.kind = 'record'
                AND waiting.target_connection_id = parked.target_connection_id
                AND waiting.entity = parked.entity AND waiting.source_id = parked.source_id
                AND needed.entity = :entity AND needed.source_id = :source_id
                AND (needed.entity, needed.source_id) <> (parked.entity, parked.source_id)
        ) OR EXISTS (
            SELECT FROM udsync.source_records AS child
            WHERE child.tenant_id = parked.tenant_id
                AND child.connection_id = parked.source_connection_id
                AND child.entity = parked.entity AND child.source_id = parked.source_id
                AND child.parent_id = :source_id AND CAST(:entity AS text) = ANY(:parents)
        ))
    ORDER BY parked.entity, parked.source_id LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which failed records are meant; None is any."""

    entity: str | None = None
    source_id: str | None = None
    platform: str | None = None

    @property
    def name(self) -> str:
        """How the one record that is meant is named on the command line: `order/77`."""
        return f"{self.entity}/{self.source_id}"


@dataclass(frozen=True, slots=True)
class FailedRecord:
    """A record that is parked for a platform, or whose write there was not answered.

    `since` is when it was parked or sent first, aware; `role` what a write in doubt would be,
    where only that is known; `sync_id` the sync that failed with it first, and `lane` whose syncs
    try it again.
    """

    entity: str
    source_id: str
    platform: str
    is_in_doubt: bool
    role: str | None
    code: str | None
    reason: str | None
    cure: str | None
    since: datetime
    attempts: int
    sync_id: UUID
    lane: str

    @property
    def name(self) -> str:
        """How it is named on the command line: `order/77`."""
        return f"{self.entity}/{self.source_id}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One write that was planned for a record, and how far it came.

    `receipt` is the platform's answer: ids, amounts as text, and its own id of the request.
    """

    platform: str
    role: str
    action: str
    state: str
    request_id: str
    attempts: int
    planned_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None
    receipt: Mapping[str, Any]
    code: str | None
    reason: str | None
    cure: str | None
    sync_id: UUID | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A parked record that waits for another one."""

    name: str
    platform: str


def failed(
    connection: sa.Connection, tenant_id: UUID, choice: Choice, limit: int
) -> Sequence[FailedRecord]:
    """The chosen failed records, oldest first."""
    rows = connection.execute(
        sa.text(f"{_FAILED} ORDER BY since, queue.entity, queue.source_id LIMIT :limit"),
        {**_values(tenant_id, choice), "limit": limit},
    )
    return [
        FailedRecord(
            row.entity,
            row.source_id,
            row.platform,
            row.is_in_doubt,
            row.role,
            row.code,
            row.reason,
            row.cure,
            row.since,
            row.attempts,
            row.plan_id,
            row.lane,
        )
        for row in rows
    ]


def count(connection: sa.Connection, tenant_id: UUID, choice: Choice) -> int:
    """How many there are of the chosen failed records."""
    counted: int = connection.execute(
        sa.text(f"SELECT count(*) FROM ({_FAILED}) AS failed"), _values(tenant_id, choice)
    ).scalar_one()
    return counted


def lanes(connection: sa.Connection, tenant_id: UUID, choice: Choice) -> Sequence[str]:
    """The lanes whose syncs try the chosen records again, each once."""
    return (
        connection.execute(
            sa.text(f"SELECT DISTINCT lane FROM ({_FAILED}) AS failed ORDER BY lane"),
            _values(tenant_id, choice),
        )
        .scalars()
        .all()
    )


def attempts(
    connection: sa.Connection, tenant_id: UUID, entity: str, source_id: str, limit: int
) -> Sequence[Attempt]:
    """The writes that were planned for a record, newest first."""
    rows = connection.execute(
        sa.text(_TRIED),
        {"tenant": tenant_id, "entity": entity, "source_id": source_id, "limit": limit},
    )
    return [
        Attempt(
            row.platform,
            row.role,
            row.operation,
            row.state,
            row.request_id,
            row.attempts,
            row.created_at,
            row.sent_at,
            row.settled_at,
            row.receipt or {},
            row.code,
            row.reason,
            row.cure,
            row.plan_id,
        )
        for row in rows
    ]


def waiting_for(
    connection: sa.Connection,
    tenant_id: UUID,
    entity: str,
    source_id: str,
    parents: Sequence[str],
    limit: int,
) -> Sequence[Waiting]:
    """The parked records that wait for this one; `parents` are entities that have children."""
    rows = connection.execute(
        sa.text(_WAITING),
        {
            "tenant": tenant_id,
            "entity": entity,
            "source_id": source_id,
            "parents": list(parents),
            "limit": limit,
        },
    )
    return [Waiting(f"{row.entity}/{row.source_id}", row.platform) for row in rows]


def _values(tenant_id: UUID, choice: Choice) -> dict[str, Any]:
    return {
        "tenant": tenant_id,
        "longest_answer": LONGEST_ANSWER,
        "entity": choice.entity,
        "source_id": choice.source_id,
        "platform": choice.platform,
    }
