"""One installation for all commands of a session, and shops to connect to it."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.cli.commands import CommandLine, Result
from udsync_pipelines_tests.ports import two_ports
from udsync_pipelines_tests.store_fixtures import recorded_store, store_emulator

__all__ = ["recorded_store", "store_emulator"]

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def udsync(
    new_server_home: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CommandLine]:
    """The command with an installation that is made at its first use and stopped at the end."""
    port, api_port = two_ports()
    command = CommandLine(
        new_server_home(),
        tmp_path_factory.mktemp("cli"),
        UDSYNC_DAGSTER_PORT=str(port),
        UDSYNC_API_PORT=str(api_port),
        UDSYNC_RETRY_BUDGET_SECONDS="1",
        UDSYNC_HTTP_TIMEOUT_SECONDS="5",
    )
    yield command
    assert command("down").code == 0


@pytest.fixture
def tenant(udsync: CommandLine) -> str:
    """A new tenant's name."""
    name = f"shop-{next(_numbers)}"
    assert udsync("tenant", "create", name).code == 0
    return name


@dataclass(frozen=True)
class ConnectedTenant:
    """A tenant of the installation whose store and database are connected."""

    name: str
    store: StoreEmulator
    database_url: str
    udsync: CommandLine

    def sync(self, entity: str, *options: str, **settings: str) -> Result:
        """Run `udsync sync ENTITY --tenant … OPTIONS`."""
        return self.udsync("sync", entity, "--tenant", self.name, *options, **settings)


@pytest.fixture(scope="session")
def supabase_url(udsync: CommandLine) -> str:
    """A database of the installation's server that looks like Supabase's."""
    return str(udsync("emulate", "supabase", "--json").json["database_url"])


@pytest.fixture
def connected(
    udsync: CommandLine, tenant: str, recorded_store: StoreEmulator, supabase_url: str
) -> ConnectedTenant:
    """A tenant with the recorded store and a schema of its own, nothing synced yet."""
    connect_store(udsync, tenant, recorded_store)
    schema = tenant.replace("-", "_")
    found = udsync(
        "connect", "supabase", "--tenant", tenant, "--database-url", supabase_url,
        "--schema", schema,
    )  # fmt: skip
    assert found.code == 0, found.err
    return ConnectedTenant(tenant, recorded_store, supabase_url, udsync)


def connect_store(
    udsync: CommandLine, tenant: str, store: StoreEmulator, **differences: str
) -> Result:
    """Connect a store by command, with its key unless another is given."""
    given = {
        "url": store.url,
        "consumer_key": store.consumer_key,
        "consumer_secret": store.consumer_secret,
        **differences,
    }
    options = (
        word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", value)
    )
    return udsync("connect", "woocommerce", "--tenant", tenant, *options)
