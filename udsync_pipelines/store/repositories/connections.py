"""A tenant's connections, in a transaction of that tenant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.dialects.postgresql import insert

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.store.repositories import credentials
from udsync_pipelines.store.secrets import MultiKey
from udsync_pipelines.store.tables.connections import Connections
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.store.tables.tenants import Tenants

_COLUMNS = (
    Connections.id,
    Connections.tenant_id,
    Connections.platform,
    Connections.name,
    Connections.external_id,
    Connections.settings,
    Connections.is_sandbox,
    Connections.is_enabled,
    Connections.created_at,
)


@dataclass(frozen=True, slots=True)
class Connection:
    """A tenant's account on a platform. `external_id`: host of the store, realm, database."""

    id: UUID
    tenant_id: UUID
    platform: Platform
    name: str
    external_id: str
    settings: Mapping[str, Any]
    is_sandbox: bool
    is_enabled: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewConnection:
    """What the operator gave to connect an account; `credentials` are sealed when it is saved."""

    platform: Platform
    name: str
    external_id: str
    credentials: Mapping[str, SecretStr]
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    is_sandbox: bool = False


def save(
    connection: sa.Connection, tenant_id: UUID, new: NewConnection, keys: MultiKey
) -> Connection:
    """Add the connection, or replace the one to the same account; enable it.

    A replaced one keeps its id, so its bindings and bookmarks stay. Its credentials become exactly
    those given, in this transaction.
    """
    values = {
        "name": new.name,
        "settings": dict(new.settings),
        "is_sandbox": new.is_sandbox,
        "is_enabled": True,
    }
    statement = (
        insert(Connections)
        .values(tenant_id=tenant_id, platform=new.platform, external_id=new.external_id, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "platform", "external_id"], set_=values)
        .returning(*_COLUMNS)
    )
    saved = _connection(connection.execute(statement).mappings().one())
    owner = credentials.Owner(tenant_id, saved.platform, saved.id)
    credentials.replace_all(connection, owner, new.credentials, keys)
    return saved


def get(connection: sa.Connection, tenant_id: UUID, connection_id: UUID) -> Connection:
    """The connection with this id.

    Raises:
        ConfigurationError: this tenant has none with this id.
    """
    rows = _select(connection, tenant_id, Connections.id == connection_id)
    if not rows:
        message = f"This tenant has no connection {connection_id}."
        raise ConfigurationError(message, code="connection_unknown")
    return rows[0]


def find(
    connection: sa.Connection, tenant_id: UUID, platform: Platform, external_id: str
) -> Connection | None:
    """The connection to this account, or None."""
    rows = _select(
        connection,
        tenant_id,
        Connections.platform == platform,
        Connections.external_id == external_id,
    )
    return rows[0] if rows else None


def list_all(
    connection: sa.Connection, tenant_id: UUID, platform: Platform | None = None
) -> tuple[Connection, ...]:
    """The tenant's connections, of one platform or of all; enabled or not, oldest first."""
    conditions = () if platform is None else (Connections.platform == platform,)
    return _select(connection, tenant_id, *conditions)


def default(connection: sa.Connection, tenant_id: UUID, platform: Platform) -> Connection:
    """The one enabled connection of this platform.

    Raises:
        ConfigurationError: there is none, or several; the message says what to do.
    """
    enabled = [found for found in list_all(connection, tenant_id, platform) if found.is_enabled]
    if len(enabled) == 1:
        return enabled[0]
    if not enabled:
        message = f"This tenant has no enabled {platform} connection."
        cure = f"Run `udsync connect {platform}`."
        raise ConfigurationError(message, code="connection_missing", platform=platform, cure=cure)
    names = ", ".join(found.external_id for found in enabled)
    message = f"This tenant has {len(enabled)} enabled {platform} connections: {names}."
    raise ConfigurationError(
        message, code="connection_ambiguous", platform=platform, cure="Disable all but one."
    )


def tenants_to_sync(connection: sa.Connection) -> tuple[str, ...]:
    """The names of the tenants with something to sync from and to, in a dispatch transaction.

    Left out are tenants and connections that are disabled.
    """
    enabled = sa.select(Connections.tenant_id).where(Connections.is_enabled)
    store = enabled.where(Connections.platform == Platform.WOOCOMMERCE)
    destination = enabled.where(Connections.platform != Platform.WOOCOMMERCE)
    ready = (Tenants.is_enabled, Tenants.id.in_(store), Tenants.id.in_(destination))
    query = sa.select(Tenants.name).where(*ready).order_by(Tenants.name)
    return tuple(connection.scalars(query))


def enable(
    connection: sa.Connection, tenant_id: UUID, connection_id: UUID, *, is_enabled: bool
) -> None:
    """Enable or disable a connection.

    Raises:
        ConfigurationError: this tenant has none with this id.
    """
    get(connection, tenant_id, connection_id)
    connection.execute(
        sa.update(Connections)
        .where(Connections.tenant_id == tenant_id, Connections.id == connection_id)
        .values(is_enabled=is_enabled)
    )


def change_settings(
    connection: sa.Connection, tenant_id: UUID, connection_id: UUID, changes: Mapping[str, Any]
) -> None:
    """Set these settings of a connection; the others stay.

    Raises:
        ConfigurationError: this tenant has none with this id.
    """
    held = get(connection, tenant_id, connection_id)
    connection.execute(
        sa.update(Connections)
        .where(Connections.tenant_id == tenant_id, Connections.id == connection_id)
        .values(settings={**held.settings, **changes})
    )


def open_credentials(
    connection: sa.Connection, account: Connection, keys: MultiKey
) -> Mapping[str, SecretStr]:
    """The credentials of a connection by name, opened.

    Raises:
        ConfigurationError: the key is not held, or a value was changed or moved.
    """
    owner = credentials.Owner(account.tenant_id, account.platform, account.id)
    return credentials.open_all(connection, owner, keys)


def _select(
    connection: sa.Connection, tenant_id: UUID, *conditions: sa.ColumnElement[bool]
) -> tuple[Connection, ...]:
    statement = (
        sa.select(*_COLUMNS)
        .where(Connections.tenant_id == tenant_id, *conditions)
        .order_by(Connections.created_at, Connections.id)
    )
    return tuple(_connection(row) for row in connection.execute(statement).mappings())


def _connection(row: sa.RowMapping) -> Connection:
    return Connection(**row)
