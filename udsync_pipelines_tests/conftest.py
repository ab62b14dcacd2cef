"""Fixtures that tests of several areas share, and patience for property tests."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.disposable_postgres import (
    Builder,
    DisposableDatabases,
    guarded_folder,
)
from udsync_pipelines_tests.store.databases import StateServer, StateTemplate, migrated_template

# A busy machine is no failure.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A folder for homes of servers; whatever runs in it at the end of the session is stopped."""
    with guarded_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def new_server_home(server_folder: Path) -> Callable[[], Path]:
    """Return the path of another home folder, not made yet, for a server of one's own."""
    numbers = itertools.count(1)
    return lambda: server_folder / f"home-{next(numbers)}"


@pytest.fixture(scope="session")
def postgres_server(new_server_home: Callable[[], Path]) -> Iterator[EmbeddedPostgres]:
    """The server of the session, started at its first use. Do not stop it in a test."""
    server = EmbeddedPostgres(new_server_home())
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def disposable_databases(postgres_server: EmbeddedPostgres) -> DisposableDatabases:
    """Make and drop databases of the session's server."""
    return DisposableDatabases(postgres_server)


@pytest.fixture(scope="session")
def template_database(
    disposable_databases: DisposableDatabases,
) -> Callable[[str, Builder], str]:
    """Call with a name and what fills the database; it is filled once a session.

    The answer goes to `new_database(template=...)`.
    """
    return disposable_databases.template


@pytest.fixture
def new_database(disposable_databases: DisposableDatabases) -> Iterator[Callable[..., sa.URL]]:
    """Call to get the URL of a new database, empty or `template=`; dropped after the test."""
    made: list[sa.URL] = []

    def create(template: str = "template0") -> sa.URL:
        made.append(disposable_databases.create(template))
        return made[-1]

    yield create
    for url in made:
        disposable_databases.drop(url)


# --- the state database -----------------------------------------------------------------------


@pytest.fixture(scope="session")
def state_template(postgres_server: EmbeddedPostgres) -> Iterator[StateTemplate]:
    """A migrated state database; clone it, do not write to it."""
    with migrated_template(StateServer(postgres_server.url())) as template:
        yield template


@pytest.fixture
def state_url(state_template: StateTemplate) -> Iterator[str]:
    """URL of a migrated state database of this test, as a login that is no superuser."""
    with state_template.clone() as url:
        yield url


@pytest.fixture
def state_database(state_url: str) -> Iterator[StateDatabase]:
    """A migrated state database of this test."""
    database = StateDatabase(state_url)
    yield database
    database.close()


@pytest.fixture(scope="module")
def module_state_database(state_template: StateTemplate) -> Iterator[StateDatabase]:
    """A migrated state database of this module; its tests must not trouble one another."""
    with state_template.clone() as url:
        database = StateDatabase(url)
        yield database
        database.close()
