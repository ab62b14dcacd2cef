"""Batches in `sync_queue`, and how far each target was loaded, in the tenant's transaction."""

from collections.abc import Mapping
from dataclasses import asdict
from uuid import UUID

import orjson
import sqlalchemy as sa

from udsync_pipelines.store.repositories.intent_rows import INTENT_COLUMNS, intent_row
from udsync_pipelines.sync.plan import Intent
from udsync_pipelines.sync.ports import Progress


def insert(connection: sa.Connection, tenant_id: UUID, source: UUID, batch: Intent) -> None:
    """Store a planned batch."""
    connection.execute(
        sa.text(f"INSERT INTO udsync.sync_queue {INTENT_COLUMNS}"),
        intent_row(tenant_id, source, batch),
    )


def update(connection: sa.Connection, tenant_id: UUID, batch: Intent) -> None:
    """Store what comparing a batch with its target decided: actions, differences."""
    connection.execute(
        sa.text(
            "UPDATE udsync.sync_queue SET payload = CAST(:payload AS jsonb),"
            " payload_digest = :digest, counts = CAST(:counts AS jsonb),"
            " differences = CAST(:differences AS jsonb), operation = :operation"
            " WHERE tenant_id = :tenant AND id = :id"
        ),
        intent_row(tenant_id, batch.plan_id, batch),
    )


def settle(
    connection: sa.Connection, tenant_id: UUID, batch: Intent, receipt: Mapping[str, int]
) -> None:
    """Record that a batch is carried out, with what became of its records."""
    connection.execute(
        sa.text(
            "UPDATE udsync.sync_queue SET state = 'settled', settled_at = now(),"
            " receipt = CAST(:receipt AS jsonb) WHERE tenant_id = :tenant AND id = :id"
        ),
        {"tenant": tenant_id, "id": batch.id, "receipt": _json(receipt)},
    )


def move_progress(
    connection: sa.Connection, tenant_id: UUID, source: UUID, batch: Intent, progress: Progress
) -> None:
    """Record how far the batch's target has been loaded."""
    connection.execute(
        sa.text(
            "INSERT INTO udsync.sync_state"
            " (tenant_id, connection_id, entity, purpose, bookmark, plan_id, updated_at)"
            " VALUES (:tenant, :target, :entity, :purpose, CAST(:progress AS jsonb), :plan,"
            " now()) ON CONFLICT (tenant_id, connection_id, entity, purpose) DO UPDATE"
            " SET bookmark = excluded.bookmark, plan_id = excluded.plan_id,"
            " updated_at = excluded.updated_at"
        ),
        {
            "tenant": tenant_id,
            "target": batch.target_connection_id,
            "entity": batch.entity.value,
            "purpose": loaded_from(source),
            "progress": _json(asdict(progress)),
            "plan": batch.plan_id,
        },
    )


def loaded_from(source: UUID) -> str:
    """The purpose of a bookmark that says how far a target was loaded from a source."""
    return f"loaded_from:{source}"


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
