"""Servers of one's own, for tests that stop, break or damage them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from udsync_pipelines.services.databases import plain_url
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres


@pytest.fixture
def home(new_server_home: Callable[[], Path]) -> Iterator[Path]:
    """A home folder of the test's own, not made yet; its server is stopped afterwards."""
    path = new_server_home()
    yield path
    if path.exists():
        EmbeddedPostgres(path).stop()
        shutil.rmtree(path)


@pytest.fixture
def own_server(home: Path) -> Iterator[EmbeddedPostgres]:
    """A running server that the test may treat as it likes."""
    server = EmbeddedPostgres(home)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def query() -> Callable[..., object]:
    """Call with a server and SQL to get the first value, if any, as its superuser."""

    def first_value(server: EmbeddedPostgres, statement: str) -> object:
        with psycopg.connect(plain_url(server.url()), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None

    return first_value
