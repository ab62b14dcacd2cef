"""A tenant's accounts on the platforms, their credentials and their health."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from udsync_pipelines.store.tables.declarative import (
    JsonObject,
    KeyText,
    KeyUuid,
    NewId,
    Now,
    StoreTable,
    Switch,
    SwitchOn,
    TenantKey,
    one_of,
    references_connection,
    references_tenant,
)
from udsync_pipelines.store.tables.states import ConnectionState, Platform


class Connections(StoreTable):
    """A store, a company or a database. `external_id`: host of the store, realm, database."""

    __tablename__ = "connections"
    __table_args__ = (
        references_tenant(),
        sa.UniqueConstraint("tenant_id", "platform", "external_id"),
        sa.Index(None, "platform", "external_id"),  # a delivery names only the account
    )

    tenant_id: Mapped[TenantKey]
    id: Mapped[NewId]
    platform: Mapped[Platform] = mapped_column(one_of(Platform, "platform"))
    name: Mapped[str]
    external_id: Mapped[str]
    settings: Mapped[JsonObject]
    is_sandbox: Mapped[Switch]
    is_enabled: Mapped[SwitchOn]
    created_at: Mapped[Now]


class IntegrationCredentials(StoreTable):
    """One sealed secret of a connection; `key_id` says which key opens it."""

    __tablename__ = "integration_credentials"
    __table_args__ = (references_connection(), sa.Index(None, "tenant_id", "key_id"))

    tenant_id: Mapped[TenantKey]
    connection_id: Mapped[KeyUuid]
    name: Mapped[KeyText]
    sealed: Mapped[str]
    key_id: Mapped[str]
    updated_at: Mapped[Now]


class IntegrationStatus(StoreTable):
    """What the last check of a connection found, and when it last synced."""

    __tablename__ = "integration_status"
    __table_args__ = (references_connection(),)

    tenant_id: Mapped[TenantKey]
    connection_id: Mapped[KeyUuid]
    state: Mapped[ConnectionState] = mapped_column(one_of(ConnectionState, "state"))
    checked_at: Mapped[datetime | None]
    last_sync_at: Mapped[datetime | None]
    details: Mapped[JsonObject]


class OauthStates(StoreTable):
    """A consent that was asked for. The state itself is known only to the browser: a hash here."""

    __tablename__ = "oauth_states"
    __table_args__ = (
        references_tenant(),
        references_connection(),
        sa.UniqueConstraint("state_hash"),  # the callback knows the state, not yet the tenant
        sa.CheckConstraint("octet_length(state_hash) = 32", name="state_hash"),
    )

    tenant_id: Mapped[TenantKey]
    state_hash: Mapped[bytes] = mapped_column(primary_key=True)
    platform: Mapped[Platform] = mapped_column(one_of(Platform, "platform"))
    connection_id: Mapped[UUID | None]
    redirect_uri: Mapped[str]
    sealed_verifier: Mapped[str | None]
    key_id: Mapped[str | None]
    created_by: Mapped[str | None]
    created_at: Mapped[Now]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
