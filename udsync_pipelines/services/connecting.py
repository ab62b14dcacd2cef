"""Connecting a tenant's accounts: checked first, then stored with sealed credentials.

A tenant has one enabled connection a platform. Connecting another account disables the former
one, whose records, bookmarks and bindings stay its own: identities are never mixed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import sqlalchemy as sa
from pydantic import SecretStr

from udsync_pipelines.connectors.supabase import connection as supabase
from udsync_pipelines.connectors.supabase.address import parse_url
from udsync_pipelines.connectors.supabase.schema import apply, check_schema_name
from udsync_pipelines.connectors.woocommerce import connection as woocommerce
from udsync_pipelines.connectors.woocommerce.address import store_url
from udsync_pipelines.connectors.woocommerce.client import (
    Credentials,
    WooCommerceClient,
    new_http_client,
)
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import connection_status, connections
from udsync_pipelines.store.repositories.connections import Connection, NewConnection
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.secrets import MultiKey
from udsync_pipelines.store.tables.states import ConnectionState, Platform


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection that was checked and stored.

    `facts` are what its platform said of itself, `warnings` sentences for the operator, `replaced`
    the accounts that were disabled by it.
    """

    connection: Connection
    facts: Mapping[str, Any]
    warnings: tuple[str, ...]
    replaced: tuple[str, ...]


def connect_woocommerce(
    installation: Installation, tenant: Tenant, url: str, key: SecretStr, secret: SecretStr
) -> Connected:
    """Check a store and its key, then store them.

    Raises:
        ConfigurationError, PlatformUnavailableError: why the store cannot be read; nothing was
            stored.
    """
    address = store_url(url)
    with new_http_client(installation.settings.http_timeout_seconds) as http:
        credentials = Credentials(key.get_secret_value(), secret.get_secret_value())
        facts = woocommerce.check_connection(WooCommerceClient(http, address, credentials))
    shown = {
        "name": facts.name,
        "version": facts.version,
        "currency": facts.currency,
        "timezone": facts.timezone,
        "hpos": facts.uses_hpos,
    }
    new = NewConnection(
        platform=Platform.WOOCOMMERCE,
        name=facts.name or address,
        external_id=_account(address),
        credentials={"consumer_key": key, "consumer_secret": secret},
        settings={"url": address, "order_datastore": facts.order_datastore},
    )
    return _save(installation, tenant, new, shown, ())


def connect_supabase(
    installation: Installation,
    tenant: Tenant,
    database_url: SecretStr,
    *,
    schema: str,
    read_only: bool,
) -> Connected:
    """Check a database, create udsync's tables in it unless it may only be read, and store it.

    Raises:
        ConfigurationError, PlatformUnavailableError: why the database cannot be used; nothing was
            stored.
    """
    check_schema_name(schema)
    url = database_url.get_secret_value()
    address = parse_url(url)
    facts = supabase.check_connection(url, schema)
    if not read_only:
        if facts.is_read_only:
            raise ConfigurationError(
                f"the database {address} accepts no writes now.",
                cure="Connect it with --read-only, or end its read-only mode.",
                code="database_read_only",
                platform=Platform.SUPABASE,
            )
        if facts.missing_tables or facts.may_create:
            with supabase.connect(address) as connection:
                apply(connection, schema)
    shown = {
        "server": facts.server_version,
        "user": facts.user,
        "bypasses_row_security": facts.bypasses_row_security,
        "schema": schema,
        "read_only": read_only,
    }
    new = NewConnection(
        platform=Platform.SUPABASE,
        name=str(address),
        external_id=f"{address}/{schema}",
        credentials={"database_url": database_url},
        settings={"schema": schema, "read_only": read_only},
    )
    return _save(installation, tenant, new, shown, facts.warnings)


def _account(address: str) -> str:
    """A store by host, port and path: what stays the same when only the scheme is written anew."""
    url = httpx.URL(address)
    return f"{url.netloc.decode()}{url.path.rstrip('/')}"


def _save(
    installation: Installation,
    tenant: Tenant,
    new: NewConnection,
    facts: Mapping[str, Any],
    warnings: tuple[str, ...],
) -> Connected:
    with installation.state.tenant(tenant.id) as transaction:
        saved, replaced = keep(transaction, installation.keys, tenant, new, facts)
    return Connected(saved, facts, warnings, replaced)


def keep(
    transaction: sa.Connection,
    keys: MultiKey,
    tenant: Tenant,
    new: NewConnection,
    facts: Mapping[str, Any],
) -> tuple[Connection, tuple[str, ...]]:
    """Store an account that was checked, as the only enabled one of its platform.

    Returns the connection, and the accounts that were disabled by it.
    """
    saved = connections.save(transaction, tenant.id, new, keys)
    others = [
        other
        for other in connections.list_all(transaction, tenant.id, new.platform)
        if other.is_enabled and other.id != saved.id
    ]
    for other in others:
        connections.enable(transaction, tenant.id, other.id, is_enabled=False)
    connection_status.record_check(
        transaction,
        tenant.id,
        saved.id,
        state=ConnectionState.HEALTHY,
        checked_at=datetime.now(UTC),
        details=facts,
    )
    return saved, tuple(other.external_id for other in others)
