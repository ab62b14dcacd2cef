"""Records that cannot go on: rows of `sync_queue` in state `rejected`, one a record and target."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.store.repositories import decisions
from udsync_pipelines.sync.plan import Intent, Parked

LIVE = "tenant_id = :tenant AND entity = :entity AND kind = 'parked' AND state = 'rejected'"

SHOWN = "entity, source_id, payload_digest, code, reason, cure"

PARK = """
    INSERT INTO udsync.sync_queue AS parked
        (tenant_id, id, plan_id, target_connection_id, source_connection_id, entity, source_id,
         kind, operation, state, position, request_id, payload, payload_digest, record_count,
         counts, code, reason, cure, attempts)
    VALUES (:tenant, :id, :plan, :target, :source, :entity, :source_id, 'parked', 'none',
         'rejected', 0, :request_id, '{}', :content_hash, 1, '{}', :code, :reason, :cure, 1)
    ON CONFLICT (tenant_id, target_connection_id, entity, source_id)
        WHERE state = 'rejected' AND kind = 'parked'
    DO UPDATE SET attempts = parked.attempts + 1, reason = excluded.reason, cure = excluded.cure,
        code = excluded.code, payload_digest = excluded.payload_digest,
        plan_id = CASE WHEN (parked.payload_digest, parked.code)
                            IS DISTINCT FROM (excluded.payload_digest, excluded.code)
                       THEN excluded.plan_id ELSE parked.plan_id END
    RETURNING plan_id
"""


def park(
    connection: sa.Connection,
    tenant_id: UUID,
    source: UUID,
    intent: Intent,
    parked: Sequence[Parked],
) -> int:
    """Park these records, and ask their questions; return how many are parked for a new cause."""
    newly = 0
    for record in parked:
        plan = connection.execute(
            sa.text(PARK),
            {
                "tenant": tenant_id,
                "id": (row_id := uuid4()),
                "plan": intent.plan_id,
                "target": intent.target_connection_id,
                "source": source,
                "entity": intent.entity.value,
                "source_id": record.source_id,
                "request_id": str(row_id),
                "content_hash": record.content_hash,
                "code": record.code,
                "reason": record.reason,
                "cure": record.cure,
            },
        ).scalar_one()
        newly += plan == intent.plan_id
    decisions.ask(connection, tenant_id, intent, parked)
    return newly


def ids(
    connection: sa.Connection, tenant_id: UUID, target: UUID, source: UUID, entity: Entity
) -> Sequence[str]:
    """The ids of the records that are parked for a target, ascending."""
    return (
        connection.execute(
            sa.text(
                f"SELECT source_id FROM udsync.sync_queue WHERE {LIVE}"
                " AND target_connection_id = :target AND source_connection_id = :source"
                " ORDER BY source_id"
            ),
            {"tenant": tenant_id, "entity": entity.value, "target": target, "source": source},
        )
        .scalars()
        .all()
    )


def release(
    connection: sa.Connection,
    tenant_id: UUID,
    target: UUID,
    entity: Entity,
    source_ids: Collection[str],
) -> None:
    """These records are no longer parked for the target."""
    connection.execute(
        sa.text(
            f"UPDATE udsync.sync_queue SET state = 'superseded' WHERE {LIVE}"
            " AND target_connection_id = :target AND source_id = ANY(:ids)"
        ),
        {"tenant": tenant_id, "entity": entity.value, "target": target, "ids": list(source_ids)},
    )


def first_parked_by(
    connection: sa.Connection, tenant_id: UUID, plan_id: UUID, limit: int
) -> Sequence[tuple[Entity, Parked]]:
    """The records that a plan was the first to park, and that still are."""
    rows = connection.execute(
        sa.text(
            f"SELECT {SHOWN} FROM udsync.sync_queue"
            " WHERE tenant_id = :tenant AND plan_id = :plan AND kind = 'parked'"
            " AND state = 'rejected' ORDER BY entity, source_id LIMIT :limit"
        ),
        {"tenant": tenant_id, "plan": plan_id, "limit": limit},
    )
    return [(Entity(row.entity), _parked(row)) for row in rows]


def count_first_parked_by(connection: sa.Connection, tenant_id: UUID, plan_id: UUID) -> int:
    """How many records a plan was the first to park, and still are; each once."""
    counted: int = connection.execute(
        sa.text(
            "SELECT count(DISTINCT (entity, source_id)) FROM udsync.sync_queue"
            " WHERE tenant_id = :tenant AND plan_id = :plan AND kind = 'parked'"
            " AND state = 'rejected'"
        ),
        {"tenant": tenant_id, "plan": plan_id},
    ).scalar_one()
    return counted


def list_live(
    connection: sa.Connection, tenant_id: UUID, source: UUID, entity: Entity, limit: int
) -> Sequence[Parked]:
    """The records of an entity that are parked now, whichever sync has parked them."""
    rows = connection.execute(
        sa.text(
            f"SELECT {SHOWN} FROM udsync.sync_queue WHERE {LIVE}"
            " AND source_connection_id = :source ORDER BY source_id LIMIT :limit"
        ),
        {"tenant": tenant_id, "entity": entity.value, "source": source, "limit": limit},
    )
    return [_parked(row) for row in rows]


def count(connection: sa.Connection, tenant_id: UUID, source: UUID, entity: Entity) -> int:
    """How many records of an entity are parked now; one that is for two targets is one record."""
    counted: int = connection.execute(
        sa.text(
            f"SELECT count(DISTINCT source_id) FROM udsync.sync_queue WHERE {LIVE}"
            " AND source_connection_id = :source"
        ),
        {"tenant": tenant_id, "entity": entity.value, "source": source},
    ).scalar_one()
    return counted


def _parked(row: Any) -> Parked:
    return Parked(row.source_id, row.payload_digest, row.code, row.reason, row.cure)
