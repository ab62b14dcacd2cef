"""Tenants and how they are let in."""

from datetime import datetime
from typing import Any

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
    references_tenant,
)
from udsync_pipelines.store.tables.states import Role


class Tenants(StoreTable):
    """A customer of the installation."""

    __tablename__ = "tenants"
    __table_args__ = (
        sa.UniqueConstraint("name"),
        sa.CheckConstraint("name ~ '^[a-z0-9-]{1,40}$'", name="name"),
    )

    id: Mapped[NewId]
    name: Mapped[str]
    timezone: Mapped[str]
    is_enabled: Mapped[SwitchOn]
    settings: Mapped[JsonObject]
    created_at: Mapped[Now]


class ApiKeys(StoreTable):
    """Keys to the API. Only a SHA-256 of the key is kept, and a prefix to recognise it by."""

    __tablename__ = "api_keys"
    __table_args__ = (
        references_tenant(),
        sa.UniqueConstraint("key_hash"),  # found before its tenant is known; a hash tells nothing
        sa.CheckConstraint("octet_length(key_hash) = 32", name="key_hash"),
    )

    tenant_id: Mapped[TenantKey]
    id: Mapped[NewId]
    name: Mapped[str]
    key_prefix: Mapped[str]
    key_hash: Mapped[bytes]
    role: Mapped[Role] = mapped_column(one_of(Role, "role"))
    created_at: Mapped[Now]
    created_by: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class AuditLog(StoreTable):
    """Who did what, append-only. Each line carries the hash of the one before it."""

    __tablename__ = "audit_log"
    __table_args__ = (
        references_tenant(),
        sa.UniqueConstraint("tenant_id", "prev_hash"),  # a chain cannot fork
        sa.CheckConstraint("octet_length(hash) = 32", name="hash"),
        sa.CheckConstraint("octet_length(prev_hash) = 32", name="prev_hash"),
        sa.Index(None, "tenant_id", "logged_at"),
    )

    tenant_id: Mapped[TenantKey]
    position: Mapped[int] = mapped_column(sa.BigInteger(), primary_key=True, autoincrement=False)
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB(), server_default=sa.text("'{}'::jsonb"))
    logged_at: Mapped[Now]
    prev_hash: Mapped[bytes]
    hash: Mapped[bytes]


class SealingKeys(StoreTable):
    """Which keys seal this database's secrets: a sealed constant each, never a key."""

    __tablename__ = "sealing_keys"

    key_id: Mapped[str] = mapped_column(primary_key=True)
    check_value: Mapped[str]
    created_at: Mapped[Now]
