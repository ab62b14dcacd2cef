"""Bindings: the same thing, two ids. Rows of `id_mappings`."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from udsync_pipelines.store.tenancy import driver
from udsync_pipelines.sync.plan import Action, Intent
from udsync_pipelines.sync.records import MappedRecord

ROW = "row"
"""The role of a record's row in a database."""

BIND = """
    INSERT INTO udsync.id_mappings AS bound (tenant_id, source_connection_id, entity, source_id,
        target_connection_id, role, target_id, content_hash, created_at, updated_at)
    SELECT %(tenant)s, %(source)s, %(entity)s, source_id, %(target)s, %(role)s, target_id,
        content_hash, now(), now()
    FROM unnest(%(ids)b::text[], %(target_ids)b::text[], %(hashes)b::bytea[])
        AS arrived (source_id, target_id, content_hash)
    ON CONFLICT (tenant_id, source_connection_id, entity, source_id, target_connection_id, role)
    DO UPDATE SET target_id = excluded.target_id, content_hash = excluded.content_hash,
        updated_at = excluded.updated_at
    WHERE bound.content_hash IS DISTINCT FROM excluded.content_hash
"""

# One statement that writes nothing where all are bound. A deleted record that is not bound was
# never loaded.
BIND_FOUND = """
    INSERT INTO udsync.id_mappings (tenant_id, source_connection_id, entity, source_id,
        target_connection_id, role, target_id, content_hash, created_at, updated_at)
    SELECT :tenant, :source, :entity, found.source_id, :target, :role,
        CAST(:root_table AS text) || '/' || found.source_id, found.content_hash, now(), now()
    FROM unnest(CAST(:ids AS text[]), CAST(:hashes AS bytea[]), CAST(:deleted AS boolean[]))
        AS found (source_id, content_hash, is_deleted)
    LEFT JOIN udsync.id_mappings bound
        ON bound.tenant_id = :tenant AND bound.source_connection_id = :source
        AND bound.entity = :entity AND bound.source_id = found.source_id
        AND bound.target_connection_id = :target AND bound.role = :role
    WHERE bound.content_hash IS DISTINCT FROM found.content_hash
        AND (bound.source_id IS NOT NULL OR NOT found.is_deleted)
    ON CONFLICT (tenant_id, source_connection_id, entity, source_id, target_connection_id, role)
    DO UPDATE SET content_hash = excluded.content_hash, updated_at = excluded.updated_at
"""


def bind(
    connection: sa.Connection,
    tenant_id: UUID,
    source: UUID,
    intent: Intent,
    records: Sequence[MappedRecord],
) -> None:
    """Bind records that arrived to their rows, with the version (row hash) that arrived."""
    if not records:
        return
    driver(connection).execute(
        BIND,
        {
            "tenant": tenant_id,
            "source": source,
            "entity": intent.entity.value,
            "target": intent.target_connection_id,
            "role": ROW,
            "ids": [record.source_id for record in records],
            "target_ids": [f"{next(iter(one.tables))}/{one.source_id}" for one in records],
            "hashes": [record.row_hash for record in records],
        },
    )


def bind_found(
    connection: sa.Connection, tenant_id: UUID, source: UUID, intent: Intent, root_table: str
) -> None:
    """Bind what needed no write and is not bound in this version.

    A process that died between the destination's commit and ours leaves such records.
    """
    found = [record for record in intent.records if record.action is Action.SKIP]
    if not found:
        return
    connection.execute(
        sa.text(BIND_FOUND),
        {
            "tenant": tenant_id,
            "source": source,
            "entity": intent.entity.value,
            "target": intent.target_connection_id,
            "role": ROW,
            "root_table": root_table,
            "ids": [record.source_id for record in found],
            "hashes": [record.row_hash for record in found],
            "deleted": [record.is_deleted for record in found],
        },
    )
