"""Installations, shops and databases for scenarios; each test has its own, on one server."""

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.services.databases import create_supabase_database, plain_url
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.settings import Settings
from udsync_pipelines_tests.scenarios.shops import ConnectedShop, connect_shop
from udsync_pipelines_tests.store_fixtures import recorded_store, store_emulator

__all__ = ["recorded_store", "store_emulator"]

_numbers = itertools.count(1)
ConnectShop = Callable[..., ConnectedShop]


@pytest.fixture(scope="session")
def scenario_database(postgres_server: EmbeddedPostgres) -> str:
    """A database that looks like one of Supabase, as its owner."""
    return plain_url(create_supabase_database(postgres_server.url(), "supabase_scenarios"))


@pytest.fixture
def scenario_schema(scenario_database: str) -> Iterator[str]:
    """The name of a schema of the test's own; udsync makes it, the test removes it."""
    name = f"scenario_{next(_numbers)}"
    yield name
    with psycopg.connect(scenario_database, autocommit=True) as connection:
        connection.execute(f"drop schema if exists {name} cascade".encode())


@pytest.fixture
def installation(state_url: str, tmp_path: Path) -> Iterator[Installation]:
    """An installation on a server that it is given, as with UDSYNC_DATABASE_URL."""
    settings = Settings(
        home=tmp_path / "home",
        database_url=SecretStr(state_url),
        http_timeout_seconds=1,
        retry_budget_seconds=3,
    )
    with open_installation(settings) as opened:
        yield opened


@pytest.fixture
def connect(
    installation: Installation, scenario_database: str, scenario_schema: str
) -> ConnectShop:
    """Call with a store, and `name=` for a second one, to connect it and the test's database."""
    return partial(
        connect_shop, installation, database_url=scenario_database, schema=scenario_schema
    )


@pytest.fixture
def shop(recorded_store: StoreEmulator, connect: ConnectShop) -> ConnectedShop:
    """The recorded store, connected, nothing synced yet."""
    return connect(recorded_store)


@pytest.fixture
def synced_shop(shop: ConnectedShop) -> ConnectedShop:
    """The recorded store with everything synced; the requests so far are forgotten."""
    shop.sync_all()
    shop.store.requests.clear()
    return shop
