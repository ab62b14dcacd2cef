"""What waits in the inbox, and who works on it: rows are claimed by a run, once.

A row waits when it is pending, except while

- its run was released after a failure, which puts it off, longer each time;
- its record was claimed a moment ago, and events of it still come: then they are claimed when they
  pause. The pause that is waited for grows with each claim, and is long while many events wait: a
  storm of events, in bursts or not, costs one read at its beginning and one at its end, and a shop
  that tells of a change whenever it is read costs one read every `LONGEST_HOLD`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.sync.delivery import WebhookFormat
from udsync_pipelines.sync.entities import LANES, lane_named

FIRST_PAUSE = 1.0
"""Seconds without an event of a record that was claimed once lately, before it is claimed again."""
PAUSE_GROWTH = 3.0
"""Each further claim of the record makes that pause so many times longer."""
STORM = 10
"""So many events of a record that wait are a storm."""
STORM_PAUSE = 20.0
"""Seconds without an event that end one, longer than between the bursts in which stores send."""
LONGEST_HOLD = 120.0
"""Seconds that an event waits for a pause at most."""
LATELY = 600.0
"""Seconds for which a claim counts."""
MOST_ATTEMPTS = 10
"""A row that was released so often has failed; the next sync by time reads its record anyway."""


@dataclass(frozen=True, slots=True)
class LaneWork:
    """What a lane of a tenant has to do: how many rows wait, and since when."""

    tenant_id: UUID
    tenant: str
    lane: str
    platform: Platform
    waiting: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """The rows that a run has claimed and not finished: how many, and the time of the claim."""

    tenant_id: UUID
    tenant: str
    run: str
    rows: int
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class ChangedRecord:
    """A record that claimed rows are about, once, with the newest of what they say.

    Attributes:
        connection_id: of the platform that told of it.
        platform: which one.
        entity: in our words.
        source_id: the platform's id of it.
        topic: the platform's word for the newest event.
        events: how many rows are about it.
        occurred_at: the newest time that the platform told, or None.
        received_at: when the first of the rows came.
    """

    connection_id: UUID
    platform: Platform
    entity: str
    source_id: str
    topic: str
    events: int
    occurred_at: datetime | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in the whole inbox: how much, since when (None: nothing), how much has failed."""

    rows: int
    since: datetime | None
    failed: int


def lanes_with_work(
    connection: sa.Connection, *, now: datetime | None = None
) -> Sequence[LaneWork]:
    """The lanes that a run should be started for, oldest first; in a dispatch transaction.

    Of all tenants. Disabled tenants and connections have none; their rows wait. The database's
    clock counts, unless `now` is given.
    """
    rows = connection.execute(sa.text(_LANES_WITH_WORK), {"now": now, **_LIMITS})
    return [
        LaneWork(
            row.tenant_id, row.tenant, row.lane, Platform(row.platform), row.waiting, row.since
        )
        for row in rows
    ]


def claim(
    connection: sa.Connection, tenant_id: UUID, lane: str, run: str, *, now: datetime | None = None
) -> Sequence[ChangedRecord]:
    """Claim what waits for a lane; return its records, each once, in the order they came.

    Rows that another run is claiming at this moment are left to it. Asked again, a run gets what
    it claimed before with what came meanwhile. `now` as of `lanes_with_work`.
    """
    entities = [entity.value for entity in lane_named(lane).entities]
    values = {"tenant": tenant_id, "entities": entities, "run": run, "now": now, **_LIMITS}
    connection.execute(sa.text(_CLAIM), values)
    return [
        ChangedRecord(
            row.connection_id,
            _platform(row.format),
            row.entity,
            row.source_id,
            row.topic,
            row.events,
            row.occurred_at,
            row.received_at,
        )
        for row in connection.execute(sa.text(_CLAIMED), values)
    ]


def release(connection: sa.Connection, tenant_id: UUID, run: str, reason: str) -> int:
    """Give back what a run has claimed and not finished; return how many rows.

    They wait again after a pause that doubles with each attempt, from 5 seconds to 10 minutes;
    after `MOST_ATTEMPTS` they have failed. `reason` says why, without anything personal.
    """
    values = {"tenant": tenant_id, "run": run, "reason": reason, "most": MOST_ATTEMPTS}
    return connection.execute(sa.text(_RELEASE), values).rowcount


def finish(connection: sa.Connection, tenant_id: UUID, run: str) -> int:
    """What a run has claimed is done; return how many rows."""
    return connection.execute(sa.text(_FINISH), {"tenant": tenant_id, "run": run}).rowcount


def claims(connection: sa.Connection) -> Sequence[Claim]:
    """What runs have claimed and not finished, of all tenants; in a dispatch transaction.

    Who knows that such a run has died calls `release` for it.
    """
    return [
        Claim(row.tenant_id, row.tenant, row.run, row.claimed, row.claimed_at)
        for row in connection.execute(sa.text(_CLAIMS))
    ]


def waiting(connection: sa.Connection) -> Waiting:
    """What waits in the inbox, of all tenants; in a dispatch transaction."""
    row = connection.execute(sa.text(_WAITING)).one()
    return Waiting(row.waiting, row.since, row.failed)


def last_deliveries(
    connection: sa.Connection, tenant_id: UUID, connection_id: UUID
) -> Mapping[str, datetime]:
    """When the newest delivery of each topic came that was stored, in a transaction of the tenant.

    A delivery that repeated an earlier one is not among them.
    """
    rows = connection.execute(
        sa.text(_LAST_DELIVERIES), {"tenant": tenant_id, "connection": connection_id}
    )
    return {row.topic: row.received_at for row in rows}


def _platform(form: str) -> Platform:
    return Platform.WOOCOMMERCE if form == WebhookFormat.WOOCOMMERCE else Platform.QUICKBOOKS


_LIMITS = {
    "first_pause": FIRST_PAUSE,
    "growth": PAUSE_GROWTH,
    "storm": STORM,
    "storm_pause": STORM_PAUSE,
    "longest": LONGEST_HOLD,
    "lately": LATELY,
}
_LANE_OF = " ".join(
    f"WHEN '{entity.value}' THEN '{lane.name}'" for lane in LANES for entity in lane.entities
)
_NOW = "coalesce(CAST(:now AS timestamptz), now())"

# A run that was released puts its rows off; a row that was never claimed waits at once.
_IS_DUE = f"""(attempts = 0 OR claimed_at IS NULL
    OR claimed_at + least(interval '10 minutes', interval '5 seconds' * power(2, attempts - 1))
        <= {_NOW})"""

# The records that wait, of the tenants that the transaction sees, and are not put off. Rows that
# were claimed lately were received not much earlier, which keeps the look at them short. What
# stands for `rows` may aggregate all the rows of a record.
_READY = f"""
    SELECT record.*
    FROM (
        SELECT tenant_id, connection_id, entity, resource_id,
            count(*) FILTER (WHERE {_IS_DUE}) AS waiting,
            min(received_at) FILTER (WHERE {_IS_DUE}) AS since,
            max(received_at) FILTER (WHERE {_IS_DUE}) AS last{{rows}}
        FROM udsync.webhook_events
        WHERE state = 'pending' AND entity IS NOT NULL
        GROUP BY tenant_id, connection_id, entity, resource_id
    ) AS record
    CROSS JOIN LATERAL (
        SELECT count(DISTINCT claimed_at) AS times
        FROM udsync.webhook_events AS earlier
        WHERE earlier.tenant_id = record.tenant_id
            AND earlier.connection_id = record.connection_id
            AND earlier.entity = record.entity AND earlier.resource_id = record.resource_id
            AND earlier.state IN ('claimed', 'done')
            AND earlier.claimed_at > {_NOW} - make_interval(secs => :lately)
            AND earlier.received_at > {_NOW} - make_interval(secs => 3 * :lately)
    ) AS claimed
    WHERE record.waiting > 0 AND (claimed.times = 0
        OR record.since <= {_NOW} - make_interval(secs => :longest)
        OR record.last <= {_NOW} - make_interval(
            secs => least(:longest, greatest(:first_pause * power(:growth, claimed.times - 1),
                CASE WHEN record.waiting >= :storm THEN :storm_pause ELSE 0 END))))
"""

_LANES_WITH_WORK = f"""
    SELECT ready.tenant_id, tenants.name AS tenant, CASE ready.entity {_LANE_OF} END AS lane,
        connections.platform, sum(ready.waiting)::bigint AS waiting, min(ready.since) AS since
    FROM ({_READY.format(rows="")}) AS ready
    JOIN udsync.tenants ON tenants.id = ready.tenant_id AND tenants.is_enabled
    JOIN udsync.connections ON connections.tenant_id = ready.tenant_id
        AND connections.id = ready.connection_id AND connections.is_enabled
    GROUP BY 1, 2, 3, 4
    ORDER BY since
"""

_THEIR_ROWS = ", array_agg(received_at) AS received, array_agg(id) AS ids"

# What is ready is found once and each of its rows by its key. The planner, while the table has no
# statistics, would do the one for each row that waits, or the other by the index of all that wait:
# hence MATERIALIZED, LATERAL and coalesce.
_CLAIM = f"""
    WITH ready AS MATERIALIZED ({_READY.format(rows=_THEIR_ROWS)}), taken AS MATERIALIZED (
        SELECT waits.*
        FROM ready
        CROSS JOIN LATERAL unnest(ready.received, ready.ids) AS named (received_at, id)
        CROSS JOIN LATERAL (
            SELECT tenant_id, received_at, id FROM udsync.webhook_events
            WHERE tenant_id = ready.tenant_id AND received_at = named.received_at
                AND id = named.id AND coalesce(state, '') = 'pending'
            FOR UPDATE SKIP LOCKED) AS waits
        WHERE ready.tenant_id = :tenant AND ready.entity = ANY(:entities))
    UPDATE udsync.webhook_events AS event
    SET state = 'claimed', claimed_by = :run, claimed_at = {_NOW}, attempts = attempts + 1
    FROM taken
    WHERE event.tenant_id = taken.tenant_id AND event.received_at = taken.received_at
        AND event.id = taken.id
"""

_CLAIMED = """
    SELECT connection_id, min(format) AS format, entity, resource_id AS source_id,
        (array_agg(topic ORDER BY coalesce(occurred_at, received_at) DESC, received_at DESC))[1]
            AS topic,
        count(*) AS events, max(occurred_at) AS occurred_at, min(received_at) AS received_at
    FROM udsync.webhook_events
    WHERE tenant_id = :tenant AND claimed_by = :run AND state = 'claimed'
        AND entity = ANY(:entities)
    GROUP BY connection_id, entity, resource_id
    ORDER BY min(received_at), entity, resource_id
"""

_RELEASE = """
    UPDATE udsync.webhook_events
    SET state = CASE WHEN attempts >= :most THEN 'failed' ELSE 'pending' END, claimed_by = NULL,
        reason = :reason, finished_at = CASE WHEN attempts >= :most THEN now() END
    WHERE tenant_id = :tenant AND claimed_by = :run AND state = 'claimed'
"""

_FINISH = """
    UPDATE udsync.webhook_events SET state = 'done', finished_at = now(), reason = NULL
    WHERE tenant_id = :tenant AND claimed_by = :run AND state = 'claimed'
"""

_CLAIMS = """
    SELECT event.tenant_id, tenants.name AS tenant, event.claimed_by AS run, count(*) AS claimed,
        min(event.claimed_at) AS claimed_at
    FROM udsync.webhook_events AS event
    JOIN udsync.tenants ON tenants.id = event.tenant_id
    WHERE event.state = 'claimed'
    GROUP BY 1, 2, 3
    ORDER BY claimed_at
"""

_WAITING = """
    SELECT count(*) AS waiting, min(received_at) AS since,
        (SELECT count(*) FROM udsync.webhook_events
         WHERE state = 'failed' AND received_at > now() - interval '7 days') AS failed
    FROM udsync.webhook_events
    WHERE state = 'pending'
"""

_LAST_DELIVERIES = """
    SELECT topic, max(received_at) AS received_at FROM udsync.webhook_events
    WHERE tenant_id = :tenant AND connection_id = :connection
    GROUP BY topic
"""
