"""What a connection may ask of its platform, what it asked, and what was proven."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from udsync_pipelines.store.tables.declarative import (
    BigCount,
    Count,
    KeyText,
    KeyUuid,
    Money,
    NewId,
    Now,
    StoreTable,
    TenantKey,
    one_of,
    references_connection,
    references_plan,
)
from udsync_pipelines.store.tables.states import ReconciliationState


class RateLimits(StoreTable):
    """One limit of one connection, shared by all processes.

    `next_at` is the theoretical arrival time of the generic cell rate algorithm; `calls` per
    `period_seconds`, of which `burst` may come at once; nobody calls before `blocked_until`.
    """

    __tablename__ = "rate_limits"
    __table_args__ = (
        references_connection(),
        sa.CheckConstraint("calls > 0 AND period_seconds > 0 AND burst > 0", name="positive"),
        {"postgresql_with": {"fillfactor": 50}},
    )

    tenant_id: Mapped[TenantKey]
    connection_id: Mapped[KeyUuid]
    name: Mapped[KeyText]
    calls: Mapped[int]
    period_seconds: Mapped[int]
    burst: Mapped[int] = mapped_column(server_default=sa.text("1"))
    next_at: Mapped[Now]
    blocked_until: Mapped[datetime | None]
    updated_at: Mapped[Now]


class ApiUsage(StoreTable):
    """Calls of a connection by day and class of call; `metered` are those its platform bills."""

    __tablename__ = "api_usage"
    __table_args__ = (references_connection(),)

    tenant_id: Mapped[TenantKey]
    connection_id: Mapped[KeyUuid]
    used_on: Mapped[date] = mapped_column(sa.Date(), primary_key=True)
    name: Mapped[KeyText]
    calls: Mapped[BigCount]
    metered: Mapped[BigCount]
    failed: Mapped[BigCount]


class Reconciliations(StoreTable):
    """One day of one entity and currency: the source against a target, to the cent."""

    __tablename__ = "reconciliations"
    __table_args__ = (
        references_connection("source_connection_id"),
        references_connection("target_connection_id"),
        references_plan(),
        sa.UniqueConstraint(
            "tenant_id",
            "source_connection_id",
            "target_connection_id",
            "entity",
            "day_on",
            "currency",
            name="uq_reconciliations_day",
        ),
    )

    tenant_id: Mapped[TenantKey]
    id: Mapped[NewId]
    source_connection_id: Mapped[UUID]
    target_connection_id: Mapped[UUID]
    entity: Mapped[str]
    day_on: Mapped[date] = mapped_column(sa.Date())
    currency: Mapped[str]
    state: Mapped[ReconciliationState] = mapped_column(one_of(ReconciliationState, "state"))
    source_count: Mapped[Count]
    target_count: Mapped[Count]
    source_total: Mapped[Money]
    target_total: Mapped[Money]
    source_tax: Mapped[Money]
    target_tax: Mapped[Money]
    explanations: Mapped[Any] = mapped_column(JSONB(), server_default=sa.text("'[]'::jsonb"))
    plan_id: Mapped[UUID | None]
    checked_at: Mapped[Now]
