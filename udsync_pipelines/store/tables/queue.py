"""Plans, their intents, what happened, and who runs what now."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from udsync_pipelines.store.tables.declarative import (
    SCHEMA,
    Count,
    JsonObject,
    KeyText,
    NewId,
    Now,
    StoreTable,
    Switch,
    TenantKey,
    one_of,
    references_connection,
    references_plan,
    references_tenant,
)
from udsync_pipelines.store.tables.states import (
    IntentKind,
    Lane,
    LogLevel,
    Operation,
    Trigger,
)
from udsync_pipelines.sync.plan import IntentState, PlanState

LOG_SEQ = sa.Sequence("log_seq", schema=SCHEMA, metadata=StoreTable.metadata)


class Plans(StoreTable):
    """One sync: what it was asked to do, what it would change, how it ended. Its id is the sync's.

    Digests, counts and options only; never a name, an address or an amount.
    """

    __tablename__ = "plans"
    __table_args__ = (
        references_connection("source_connection_id"),
        sa.Index(None, "tenant_id", "created_at"),
        sa.Index(
            "ix_plans_unfinished",
            "tenant_id",
            "lane",
            "state",
            postgresql_where=sa.text("finished_at IS NULL"),
        ),
    )

    tenant_id: Mapped[TenantKey]
    id: Mapped[NewId]
    lane: Mapped[Lane] = mapped_column(one_of(Lane, "lane"))
    source_connection_id: Mapped[UUID]
    trigger: Mapped[Trigger] = mapped_column(one_of(Trigger, "trigger"))
    options: Mapped[JsonObject]
    is_dry_run: Mapped[Switch]
    state: Mapped[PlanState] = mapped_column(one_of(PlanState, "state"))
    plan_hash: Mapped[str | None]
    profile_version: Mapped[str | None]
    counts: Mapped[JsonObject]
    run_id: Mapped[str | None]
    error: Mapped[dict[str, Any] | None]
    created_at: Mapped[Now]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    finished_at: Mapped[datetime | None]


class SyncQueue(StoreTable):
    """Intents, recorded before they are sent: batches, writes in the books, parked records."""

    __tablename__ = "sync_queue"
    __table_args__ = (
        references_connection("target_connection_id"),
        references_connection("source_connection_id"),
        references_plan(),
        sa.Index(None, "tenant_id", "plan_id", "position"),
        sa.Index(
            "ix_sync_queue_ready",
            "tenant_id",
            "target_connection_id",
            "priority",
            "run_at",
            "id",
            postgresql_where=sa.text("state = 'approved'"),
        ),
        sa.Index(
            "ix_sync_queue_failed",
            "tenant_id",
            "entity",
            "run_at",
            postgresql_where=sa.text("state IN ('rejected', 'unknown')"),
        ),
        sa.Index(
            "uq_sync_queue_parked",
            "tenant_id",
            "target_connection_id",
            "entity",
            "source_id",
            unique=True,
            postgresql_where=sa.text("state = 'rejected' AND kind = 'parked'"),
        ),
        sa.Index(
            "ix_sync_queue_batch",
            "tenant_id",
            "batch_id",
            "position",
            postgresql_where=sa.text("batch_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_sync_queue_record",
            "tenant_id",
            "target_connection_id",
            "entity",
            "source_id",
            "role",
            postgresql_where=sa.text("kind = 'record'"),
        ),
        sa.Index(
            "ix_sync_queue_open",
            "tenant_id",
            "target_connection_id",
            postgresql_where=sa.text(
                "kind = 'record' AND state IN ('planned', 'approved', 'sent', 'unknown')"
            ),
        ),
        {"postgresql_with": {"fillfactor": 70, "autovacuum_vacuum_scale_factor": 0.02}},
    )

    tenant_id: Mapped[TenantKey]
    id: Mapped[NewId]
    plan_id: Mapped[UUID | None]
    batch_id: Mapped[UUID | None]
    target_connection_id: Mapped[UUID]
    source_connection_id: Mapped[UUID]
    entity: Mapped[str]
    role: Mapped[str | None]
    source_id: Mapped[str | None]
    kind: Mapped[IntentKind] = mapped_column(one_of(IntentKind, "kind"))
    operation: Mapped[Operation] = mapped_column(one_of(Operation, "operation"))
    state: Mapped[IntentState] = mapped_column(one_of(IntentState, "state"))
    position: Mapped[int]
    request_id: Mapped[str]
    payload: Mapped[JsonObject]
    payload_digest: Mapped[bytes | None]
    record_count: Mapped[Count]
    counts: Mapped[JsonObject]
    differences: Mapped[Any] = mapped_column(JSONB(), server_default=sa.text("'{}'::jsonb"))
    code: Mapped[str | None]
    reason: Mapped[str | None]
    cure: Mapped[str | None]
    attempts: Mapped[Count]
    depends_on: Mapped[list[UUID]] = mapped_column(
        ARRAY(sa.Uuid()), server_default=sa.text("'{}'::uuid[]")
    )
    first_seq: Mapped[int | None] = mapped_column(sa.BigInteger())
    last_seq: Mapped[int | None] = mapped_column(sa.BigInteger())
    receipt: Mapped[dict[str, Any] | None]
    run_at: Mapped[Now]
    priority: Mapped[Count]
    created_at: Mapped[Now]
    sent_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class SyncLog(StoreTable):
    """What happened: fixed phrases, ids and counts. Append-only, a partition a month."""

    __tablename__ = "sync_log"
    __table_args__ = (
        sa.Index(None, "tenant_id", "plan_id", "logged_at"),
        sa.Index(
            "ix_sync_log_problems",
            "tenant_id",
            "logged_at",
            postgresql_where=sa.text("level IN ('warning', 'error')"),
        ),
        {"postgresql_partition_by": "RANGE (logged_at)"},
    )

    tenant_id: Mapped[TenantKey]
    logged_at: Mapped[datetime] = mapped_column(primary_key=True, server_default=sa.text("now()"))
    id: Mapped[int] = mapped_column(
        sa.BigInteger(),
        primary_key=True,
        autoincrement=False,
        server_default=sa.text(f"nextval('{SCHEMA}.log_seq'::regclass)"),
    )
    plan_id: Mapped[UUID | None]
    entity: Mapped[str | None]
    level: Mapped[LogLevel] = mapped_column(one_of(LogLevel, "level"))
    event: Mapped[str]
    fields: Mapped[JsonObject]


class Leases(StoreTable):
    """Who runs what now. `name`: a lane, or a slot of a connection. `fence` grows by each grant."""

    __tablename__ = "leases"
    __table_args__ = (references_tenant(), {"postgresql_with": {"fillfactor": 50}})

    tenant_id: Mapped[TenantKey]
    name: Mapped[KeyText]
    owner: Mapped[str]
    fence: Mapped[int] = mapped_column(sa.BigInteger(), server_default=sa.text("1"))
    acquired_at: Mapped[Now]
    renewed_at: Mapped[Now]
    expires_at: Mapped[datetime]
    details: Mapped[JsonObject]
