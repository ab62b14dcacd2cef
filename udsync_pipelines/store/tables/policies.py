"""How each tenant's orders become books: posting policies of a store and a company, and rates."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from udsync_pipelines.store.tables.declarative import (
    KeyText,
    KeyUuid,
    NewId,
    Now,
    StoreTable,
    TenantKey,
    one_of,
    references_connection,
)
from udsync_pipelines.store.tables.states import PostingPolicyState, RateOrigin


def _at_most_one(state: PostingPolicyState) -> sa.Index:
    """At most one policy of a store and a company is in this state."""
    return sa.Index(
        f"uq_posting_policies_{state.value}",
        "tenant_id",
        "source_connection_id",
        "target_connection_id",
        unique=True,
        postgresql_where=sa.text(f"state = '{state.value}'"),
    )


class PostingPolicies(StoreTable):
    """One version of a posting policy, from a store to a company; former ones are kept.

    `version` is 16 hexadecimal digits over the policy; `findings` are the reasons it was proposed
    with. A policy that was replaced before it was accepted is retired without `activated_at`.
    """

    __tablename__ = "posting_policies"
    __table_args__ = (
        references_connection("source_connection_id"),
        references_connection("target_connection_id"),
        _at_most_one(PostingPolicyState.PROPOSED),
        _at_most_one(PostingPolicyState.ACTIVE),
        sa.Index(None, "tenant_id", "created_at"),
    )

    tenant_id: Mapped[TenantKey]
    id: Mapped[NewId]
    source_connection_id: Mapped[UUID]
    target_connection_id: Mapped[UUID]
    version: Mapped[str]
    state: Mapped[PostingPolicyState] = mapped_column(one_of(PostingPolicyState, "state"))
    policy: Mapped[dict[str, Any]]
    findings: Mapped[Any] = mapped_column(JSONB(), server_default=sa.text("'[]'::jsonb"))
    created_at: Mapped[Now]
    created_by: Mapped[str | None]
    activated_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]


class ExchangeRates(StoreTable):
    """Units of a company's home currency for one unit of another, on a day, and where it is from.

    What was posted with a rate of the books keeps it: the books' own list may change later.
    """

    __tablename__ = "exchange_rates"
    __table_args__ = (
        references_connection(),
        sa.CheckConstraint("rate > 0", name="positive"),
    )

    tenant_id: Mapped[TenantKey]
    connection_id: Mapped[KeyUuid]
    origin: Mapped[RateOrigin] = mapped_column(one_of(RateOrigin, "origin"), primary_key=True)
    currency: Mapped[KeyText]
    day: Mapped[date] = mapped_column(sa.Date(), primary_key=True)
    rate: Mapped[Decimal] = mapped_column(sa.Numeric(24, 12))
    created_at: Mapped[Now]
    created_by: Mapped[str | None]
