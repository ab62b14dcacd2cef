"""What was read: every state of every record, how far we have read, and what is bound to what.

These tables are filled thousands of rows at a time, so they carry no foreign keys: row-level
security already ties each row to its tenant, and the engine writes only connections it was given.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from udsync_pipelines.store.tables.declarative import (
    SCHEMA,
    JsonObject,
    KeyText,
    KeyUuid,
    Now,
    StoreTable,
    TenantKey,
    references_connection,
    references_plan,
)

# Feeds `raw_records.seq` and `source_records.changed_seq`.
ARCHIVE_SEQ = sa.Sequence("archive_seq", schema=SCHEMA, metadata=StoreTable.metadata)


class RawRecords(StoreTable):
    """Every state of a record as its platform sent it, append-only, a partition a month."""

    __tablename__ = "raw_records"
    __table_args__ = ({"postgresql_partition_by": "RANGE (fetched_at)"},)

    tenant_id: Mapped[TenantKey]
    connection_id: Mapped[KeyUuid]
    entity: Mapped[KeyText]
    source_id: Mapped[KeyText]
    seq: Mapped[int] = mapped_column(sa.BigInteger(), primary_key=True, autoincrement=False)
    fetched_at: Mapped[datetime] = mapped_column(primary_key=True, server_default=sa.text("now()"))
    content_hash: Mapped[bytes]
    # json keeps the text as it was sent, duplicate keys included, at half the cost of jsonb.
    raw: Mapped[Any] = mapped_column(sa.JSON())
    source_modified_at: Mapped[datetime | None]
    plan_id: Mapped[UUID | None]


class SourceRecords(StoreTable):
    """The newest archived state of each record; `fetched_at` finds the partition of its JSON."""

    __tablename__ = "source_records"
    __table_args__ = (
        # Partial, so that none of them can serve a look-up by `source_id`: while the table has no
        # statistics, the server would choose the smallest index that shares the key's beginning.
        sa.Index(
            "ix_source_records_changed",
            "tenant_id",
            "connection_id",
            "entity",
            "changed_seq",
            postgresql_where=sa.text("changed_seq > 0"),
        ),
        sa.Index(
            "ix_source_records_number",
            "tenant_id",
            "connection_id",
            "entity",
            "source_number",
            postgresql_where=sa.text("source_number IS NOT NULL"),
        ),
        sa.Index(
            "ix_source_records_parent",
            "tenant_id",
            "connection_id",
            "entity",
            "parent_id",
            postgresql_where=sa.text("parent_id IS NOT NULL"),
        ),
        {"postgresql_with": {"fillfactor": 80}},
    )

    tenant_id: Mapped[TenantKey]
    connection_id: Mapped[KeyUuid]
    entity: Mapped[KeyText]
    source_id: Mapped[KeyText]
    source_number: Mapped[int | None] = mapped_column(
        sa.BigInteger(),
        sa.Computed(
            "CASE WHEN source_id ~ '^[0-9]{1,18}$'::text THEN source_id::bigint"
            " ELSE NULL::bigint END",
            persisted=True,
        ),
    )
    content_hash: Mapped[bytes]
    archived_seq: Mapped[int] = mapped_column(sa.BigInteger())
    fetched_at: Mapped[datetime]
    changed_seq: Mapped[int] = mapped_column(sa.BigInteger())
    parent_id: Mapped[str | None]
    source_modified_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    first_seen_at: Mapped[Now]


class SyncState(StoreTable):
    """Bookmarks: how far an entity of a connection was read (or loaded: see `purpose`)."""

    __tablename__ = "sync_state"
    __table_args__ = (references_connection(), references_plan())

    tenant_id: Mapped[TenantKey]
    connection_id: Mapped[KeyUuid]
    entity: Mapped[KeyText]
    purpose: Mapped[KeyText]
    bookmark: Mapped[JsonObject]
    plan_id: Mapped[UUID | None]
    updated_at: Mapped[Now]


class IdMappings(StoreTable):
    """Bindings: the same thing, two ids. An order may own several documents: see `role`."""

    __tablename__ = "id_mappings"
    __table_args__ = (
        sa.Index(
            "ix_id_mappings_reverse",
            "tenant_id",
            "target_connection_id",
            "entity",
            "role",
            "target_id",
        ),
        {"postgresql_with": {"fillfactor": 80}},
    )

    tenant_id: Mapped[TenantKey]
    source_connection_id: Mapped[KeyUuid]
    entity: Mapped[KeyText]
    source_id: Mapped[KeyText]
    target_connection_id: Mapped[KeyUuid]
    role: Mapped[KeyText]
    target_id: Mapped[str]
    target_version: Mapped[str | None]
    content_hash: Mapped[bytes | None]
    source_hash: Mapped[bytes | None]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
