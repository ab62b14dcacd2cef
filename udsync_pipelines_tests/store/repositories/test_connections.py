"""Connections, their sealed credentials, and their status."""

import logging
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.store.repositories import (
    connection_status,
    connections,
    credentials,
    tenants,
)
from udsync_pipelines.store.secrets import MultiKey
from udsync_pipelines.store.tables.connections import IntegrationCredentials
from udsync_pipelines.store.tables.states import ConnectionState, Platform
from udsync_pipelines.store.tenancy import StateDatabase

pytestmark = pytest.mark.postgres

OLD = MultiKey({"k1": bytes(32)}, "k1")
BOTH = MultiKey({"k2": bytes(range(32)), "k1": bytes(32)}, "k2")
NEW = MultiKey({"k2": bytes(range(32))}, "k2")
SECRET = "cs_0123456789abcdef"
SHOP = connections.NewConnection(
    Platform.WOOCOMMERCE,
    "Shop",
    "shop.example",
    {"consumer_key": SecretStr("ck_1"), "consumer_secret": SecretStr(SECRET)},
    {"url": "https://shop.example"},
)


@pytest.fixture
def tenant_id(state_database: StateDatabase) -> UUID:
    with state_database.dispatch() as connection:
        return tenants.create(connection, "acme").id


def save(
    database: StateDatabase, tenant_id: UUID, new: connections.NewConnection, keys: MultiKey = OLD
) -> connections.Connection:
    with database.tenant(tenant_id) as connection:
        return connections.save(connection, tenant_id, new, keys)


def opened(
    database: StateDatabase, account: connections.Connection, keys: MultiKey = OLD
) -> dict[str, str]:
    with database.tenant(account.tenant_id) as connection:
        found = connections.open_credentials(connection, account, keys)
    return {name: secret.get_secret_value() for name, secret in found.items()}


def test_a_saved_connection_is_found_with_its_credentials(
    state_database: StateDatabase, tenant_id: UUID
) -> None:
    saved = save(state_database, tenant_id, SHOP)

    with state_database.tenant(tenant_id) as connection:
        found = connections.find(connection, tenant_id, Platform.WOOCOMMERCE, "shop.example")
        by_id = connections.get(connection, tenant_id, saved.id)
    assert found == by_id == saved
    assert saved.settings == {"url": "https://shop.example"}
    assert opened(state_database, saved) == {"consumer_key": "ck_1", "consumer_secret": SECRET}


def test_connecting_the_same_account_again_replaces_it_and_keeps_its_id(
    state_database: StateDatabase, tenant_id: UUID
) -> None:
    first = save(state_database, tenant_id, SHOP)
    with state_database.tenant(tenant_id) as connection:
        connections.enable(connection, tenant_id, first.id, is_enabled=False)

    again = replace(SHOP, name="New", settings={}, credentials={"token": SecretStr("t")})
    second = save(state_database, tenant_id, again)

    assert (second.id, second.name, second.settings) == (first.id, "New", {})
    assert second.is_enabled
    assert opened(state_database, second) == {"token": "t"}


def test_credentials_are_nowhere_readable_in_the_database_or_the_log(
    state_database: StateDatabase, tenant_id: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    account = save(state_database, tenant_id, SHOP)

    with state_database.tenant(tenant_id) as connection:
        stored = connection.scalars(sa.select(IntegrationCredentials.sealed)).all()
        rows = connection.exec_driver_sql(
            "SELECT c::text FROM udsync.connections c"
            " UNION ALL SELECT i::text FROM udsync.integration_credentials i"
        ).scalars()
        found = connections.open_credentials(connection, account, OLD)
    assert len(stored) == 2
    assert all(sealed.startswith("u1.k1.") for sealed in stored)
    everything = [*rows, caplog.text, repr(SHOP), repr(account), repr(found)]
    assert not any(SECRET in text or "ck_1" in text for text in everything)


def test_a_credential_copied_to_another_connection_does_not_open_there(
    state_database: StateDatabase, tenant_id: UUID
) -> None:
    live = save(state_database, tenant_id, SHOP)
    sandbox = save(
        state_database, tenant_id, replace(SHOP, external_id="test.example", is_sandbox=True)
    )
    with state_database.tenant(tenant_id) as connection:
        taken = sa.select(IntegrationCredentials.sealed).where(
            IntegrationCredentials.connection_id == live.id,
            IntegrationCredentials.name == "consumer_secret",
        )
        connection.execute(
            sa.update(IntegrationCredentials)
            .where(
                IntegrationCredentials.connection_id == sandbox.id,
                IntegrationCredentials.name == "consumer_secret",
            )
            .values(sealed=connection.scalar(taken))
        )

    with pytest.raises(ConfigurationError, match="cannot be opened"):
        opened(state_database, sandbox)


def test_rotation_seals_again_and_the_old_key_is_not_needed_any_more(
    state_database: StateDatabase, tenant_id: UUID
) -> None:
    account = save(state_database, tenant_id, SHOP)

    with state_database.tenant(tenant_id) as connection:
        resealed = credentials.reseal_all(connection, tenant_id, BOTH)
        again = credentials.reseal_all(connection, tenant_id, BOTH)

    assert (resealed, again) == (2, 0)
    assert opened(state_database, account, NEW)["consumer_secret"] == SECRET


def test_a_failed_save_leaves_neither_connection_nor_credential(
    state_database: StateDatabase, tenant_id: UUID
) -> None:
    unsealable = replace(SHOP, credentials={"token": SecretStr("\ud800")})

    with pytest.raises(UnicodeEncodeError):
        save(state_database, tenant_id, unsealable)

    with state_database.tenant(tenant_id) as connection:
        assert connections.list_all(connection, tenant_id) == ()


def test_the_default_is_the_one_enabled_connection_of_the_platform(
    state_database: StateDatabase, tenant_id: UUID
) -> None:
    live = save(state_database, tenant_id, SHOP)
    sandbox = save(state_database, tenant_id, replace(SHOP, external_id="test.example"))
    save(state_database, tenant_id, replace(SHOP, platform=Platform.SUPABASE))

    with state_database.tenant(tenant_id) as connection:
        with pytest.raises(ConfigurationError, match=r"2 enabled .*: shop.example, test.example"):
            connections.default(connection, tenant_id, Platform.WOOCOMMERCE)
        connections.enable(connection, tenant_id, sandbox.id, is_enabled=False)
        found = connections.default(connection, tenant_id, Platform.WOOCOMMERCE)
        listed = connections.list_all(connection, tenant_id, Platform.WOOCOMMERCE)
        everything = connections.list_all(connection, tenant_id)

    assert found == live
    assert [account.is_enabled for account in listed] == [True, False]
    assert len(everything) == 3


def test_a_missing_connection_names_the_command_that_makes_it(
    state_database: StateDatabase, tenant_id: UUID
) -> None:
    with state_database.tenant(tenant_id) as connection:
        with pytest.raises(ConfigurationError, match="Run `udsync connect woocommerce`"):
            connections.default(connection, tenant_id, Platform.WOOCOMMERCE)
        with pytest.raises(ConfigurationError, match="has no connection"):
            connections.enable(connection, tenant_id, uuid4(), is_enabled=True)


def test_a_check_and_a_sync_each_leave_what_the_other_noted(
    state_database: StateDatabase, tenant_id: UUID
) -> None:
    account = save(state_database, tenant_id, SHOP)
    moment = datetime(2026, 11, 22, 12, tzinfo=UTC)

    with state_database.tenant(tenant_id) as connection:
        connection_status.record_sync(connection, tenant_id, account.id, synced_at=moment)
        (synced,) = connection_status.list_all(connection, tenant_id)
        connection_status.record_check(
            connection,
            tenant_id,
            account.id,
            state=ConnectionState.HEALTHY,
            checked_at=moment,
            details={"version": "9.9"},
        )
        (checked,) = connection_status.list_all(connection, tenant_id)

    assert (synced.state, synced.checked_at) == (ConnectionState.UNCHECKED, None)
    assert checked == connection_status.Status(
        account.id, ConnectionState.HEALTHY, moment, moment, {"version": "9.9"}
    )
