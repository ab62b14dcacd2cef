"""Webhooks: what was registered, what was received, and what was received before."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from udsync_pipelines.store.tables.declarative import (
    Count,
    KeyText,
    KeyUuid,
    NewId,
    Now,
    StoreTable,
    TenantKey,
    one_of,
    references_connection,
)
from udsync_pipelines.store.tables.states import DeliveryState, WebhookState
from udsync_pipelines.sync.delivery import WebhookFormat


class WebhookConfigs(StoreTable):
    """A webhook as registered with its platform, and the sealed secret that signs it.

    The former secret holds too, until `former_until`, or for as long as that is not set.
    """

    __tablename__ = "webhook_configs"
    __table_args__ = (
        references_connection(),
        sa.UniqueConstraint("tenant_id", "connection_id", "topic"),
    )

    tenant_id: Mapped[TenantKey]
    id: Mapped[NewId]
    connection_id: Mapped[UUID]
    format: Mapped[WebhookFormat] = mapped_column(one_of(WebhookFormat, "format"))
    topic: Mapped[str]
    external_id: Mapped[str | None]
    delivery_url: Mapped[str]
    sealed_secret: Mapped[str]
    key_id: Mapped[str]
    state: Mapped[WebhookState] = mapped_column(one_of(WebhookState, "state"))
    sealed_former_secret: Mapped[str | None]
    former_until: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]


class WebhookEvents(StoreTable):
    """The inbox: deliveries whose signature was right, a partition a month.

    References only: what the record says is read from its platform.
    """

    __tablename__ = "webhook_events"
    __table_args__ = (
        sa.Index(
            "ix_webhook_events_pending",
            "tenant_id",
            "connection_id",
            "entity",
            "received_at",
            postgresql_where=sa.text("state = 'pending'"),
        ),
        sa.Index(
            "ix_webhook_events_record",
            "tenant_id",
            "connection_id",
            "entity",
            "resource_id",
            "received_at",
        ),
        sa.Index(
            "ix_webhook_events_unfinished",
            "state",
            "tenant_id",
            "claimed_by",
            postgresql_where=sa.text("state IN ('claimed', 'failed')"),
        ),
        {"postgresql_partition_by": "RANGE (received_at)"},
    )

    tenant_id: Mapped[TenantKey]
    received_at: Mapped[datetime] = mapped_column(primary_key=True, server_default=sa.text("now()"))
    id: Mapped[NewId]
    connection_id: Mapped[UUID]
    format: Mapped[WebhookFormat] = mapped_column(one_of(WebhookFormat, "format"))
    topic: Mapped[str]
    entity: Mapped[str | None]
    resource_id: Mapped[str | None]
    delivery_id: Mapped[str | None]
    deduplication_key: Mapped[str]
    body_hash: Mapped[bytes]
    occurred_at: Mapped[datetime | None]
    state: Mapped[DeliveryState] = mapped_column(
        one_of(DeliveryState, "state"), server_default=sa.text("'pending'")
    )
    attempts: Mapped[Count]
    claimed_by: Mapped[str | None]
    claimed_at: Mapped[datetime | None]
    plan_id: Mapped[UUID | None]
    reason: Mapped[str | None]
    finished_at: Mapped[datetime | None]


class WebhookDeliveriesSeen(StoreTable):
    """Keys of deliveries received before. Apart and unpartitioned: see below.

    A unique key of a partitioned table has to contain the month, so it could not tell a delivery
    that is repeated after midnight of the last day.
    """

    __tablename__ = "webhook_deliveries_seen"
    __table_args__ = (references_connection(), sa.Index(None, "tenant_id", "received_at"))

    tenant_id: Mapped[TenantKey]
    connection_id: Mapped[KeyUuid]
    deduplication_key: Mapped[KeyText]
    received_at: Mapped[Now]


class WebhookQuarantine(StoreTable):
    """Events of accounts that no connection of ours names, kept until one does.

    Without a tenant. `token_digest` tells which app's token has signed them: a tenant that connects
    the account with another app does not get them.
    """

    __tablename__ = "webhook_quarantine"

    deduplication_key: Mapped[KeyText]
    format: Mapped[WebhookFormat] = mapped_column(one_of(WebhookFormat, "format"))
    account: Mapped[str] = mapped_column(index=True)
    token_digest: Mapped[bytes]
    topic: Mapped[str]
    entity: Mapped[str | None]
    resource_id: Mapped[str | None]
    delivery_id: Mapped[str | None]
    body_hash: Mapped[bytes]
    occurred_at: Mapped[datetime | None]
    received_at: Mapped[Now]
