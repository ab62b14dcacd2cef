"""What both sides changed, what a person must decide, and the rules that were chosen."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from udsync_pipelines.store.tables.declarative import (
    JsonObject,
    NewId,
    Now,
    StoreTable,
    SwitchOn,
    TenantKey,
    one_of,
    references_connection,
    references_plan,
    references_tenant,
)
from udsync_pipelines.store.tables.states import (
    ConflictPolicy,
    ConflictState,
    Lane,
    Platform,
    ProfileState,
    QuestionState,
    ScheduleMode,
)


class SyncConflicts(StoreTable):
    """A record that changed on both sides: the fields with both values, and who won."""

    __tablename__ = "sync_conflicts"
    __table_args__ = (
        references_connection("source_connection_id"),
        references_connection("target_connection_id"),
        references_plan(),
        sa.Index(
            "uq_sync_conflicts_open",
            "tenant_id",
            "source_connection_id",
            "target_connection_id",
            "entity",
            "source_id",
            "role",
            unique=True,
            postgresql_where=sa.text("state = 'open'"),
        ),
        sa.Index(None, "tenant_id", "created_at"),
    )

    tenant_id: Mapped[TenantKey]
    id: Mapped[NewId]
    plan_id: Mapped[UUID | None]
    source_connection_id: Mapped[UUID]
    target_connection_id: Mapped[UUID]
    entity: Mapped[str]
    source_id: Mapped[str]
    role: Mapped[str] = mapped_column(server_default=sa.text("''"))
    target_id: Mapped[str | None]
    policy: Mapped[ConflictPolicy] = mapped_column(one_of(ConflictPolicy, "policy"))
    state: Mapped[ConflictState] = mapped_column(one_of(ConflictState, "state"))
    fields: Mapped[JsonObject]
    source_version: Mapped[str | None]
    target_version: Mapped[str | None]
    decision: Mapped[dict[str, Any] | None]
    reason: Mapped[str | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    created_at: Mapped[Now]


class IntegrationSyncConflicts(StoreTable):
    """A question about a connection that a person must answer, with the choices there are."""

    __tablename__ = "integration_sync_conflicts"
    __table_args__ = (
        references_connection(),
        references_plan(),
        sa.Index(
            "uq_integration_sync_conflicts_open",
            "tenant_id",
            "connection_id",
            "kind",
            "subject",
            unique=True,
            postgresql_where=sa.text("state = 'open'"),
        ),
    )

    tenant_id: Mapped[TenantKey]
    id: Mapped[NewId]
    connection_id: Mapped[UUID]
    plan_id: Mapped[UUID | None]
    kind: Mapped[str]
    subject: Mapped[str]
    question: Mapped[str]
    choices: Mapped[Any] = mapped_column(JSONB(), server_default=sa.text("'[]'::jsonb"))
    details: Mapped[JsonObject]
    state: Mapped[QuestionState] = mapped_column(one_of(QuestionState, "state"))
    decision: Mapped[dict[str, Any] | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    created_at: Mapped[Now]


class SyncSchedules(StoreTable):
    """A schedule that a tenant made; `next_due_at` is the tick that has not run yet."""

    __tablename__ = "sync_schedules"
    __table_args__ = (
        references_tenant(),
        references_plan("last_plan_id"),
        sa.UniqueConstraint("tenant_id", "name"),
        sa.Index(
            "ix_sync_schedules_due",  # one sensor asks for all tenants at once
            "next_due_at",
            postgresql_where=sa.text("is_enabled"),
        ),
    )

    tenant_id: Mapped[TenantKey]
    id: Mapped[NewId]
    name: Mapped[str]
    lane: Mapped[Lane] = mapped_column(one_of(Lane, "lane"))
    mode: Mapped[ScheduleMode] = mapped_column(one_of(ScheduleMode, "mode"))
    cron: Mapped[str]
    timezone: Mapped[str]
    options: Mapped[JsonObject]
    is_enabled: Mapped[SwitchOn]
    next_due_at: Mapped[datetime | None]
    last_due_at: Mapped[datetime | None]
    last_plan_id: Mapped[UUID | None]
    created_by: Mapped[str | None]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]


class FieldMappings(StoreTable):
    """A version of mapping rules; at most one version of a profile is in use."""

    __tablename__ = "field_mappings"
    __table_args__ = (
        references_tenant(),
        references_connection("target_connection_id"),
        sa.UniqueConstraint("tenant_id", "name", "version"),
        sa.Index(
            "uq_field_mappings_active",
            "tenant_id",
            "name",
            unique=True,
            postgresql_where=sa.text("state = 'active'"),
        ),
    )

    tenant_id: Mapped[TenantKey]
    id: Mapped[NewId]
    name: Mapped[str]
    version: Mapped[int]
    entity: Mapped[str]
    source_platform: Mapped[Platform] = mapped_column(one_of(Platform, "source_platform"))
    target_platform: Mapped[Platform] = mapped_column(one_of(Platform, "target_platform"))
    target_connection_id: Mapped[UUID | None]
    state: Mapped[ProfileState] = mapped_column(one_of(ProfileState, "state"))
    rules: Mapped[JsonObject]
    content_hash: Mapped[bytes]
    created_by: Mapped[str | None]
    created_at: Mapped[Now]
    activated_at: Mapped[datetime | None]
