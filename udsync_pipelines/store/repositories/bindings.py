"""Bindings: the same thing, two ids. Rows of `id_mappings`."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from udsync_pipelines.store.tenancy import driver
from udsync_pipelines.sync.plan import Intent
from udsync_pipelines.sync.records import MappedRecord

ROW = "row"
"""The role of a record's row in a database."""

BIND = """
    INSERT INTO udsync.id_mappings AS bound (tenant_id, source_connection_id, entity, source_id,
        target_connection_id, role, target_id, content_hash, created_at, updated_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, now(), now())
    ON CONFLICT (tenant_id, source_connection_id, entity, source_id, target_connection_id, role)
    DO UPDATE SET target_id = excluded.target_id, content_hash = excluded.content_hash,
        updated_at = excluded.updated_at
    WHERE bound.content_hash IS DISTINCT FROM excluded.content_hash
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
    with driver(connection).cursor() as cursor:
        cursor.executemany(
            BIND,
            [
                (
                    tenant_id,
                    source,
                    record.entity.value,
                    record.source_id,
                    intent.target_connection_id,
                    ROW,
                    f"{next(iter(record.tables))}/{record.source_id}",
                    record.row_hash,
                )
                for record in records
            ],
        )
