"""A Supabase-like database with udsync's tables; each test is a store of its own in it."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.rows import TupleRow

from udsync_pipelines.connectors.supabase import SupabaseDestination, apply
from udsync_pipelines.services.databases import create_supabase_database
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres

_numbers = itertools.count(1)
NewDestination = Callable[..., SupabaseDestination]
Session = psycopg.Connection[TupleRow]


@pytest.fixture(scope="session")
def admin_url(postgres_server: EmbeddedPostgres) -> sa.URL:
    """The server's superuser, who stands for the people at Supabase."""
    return postgres_server.url()


@pytest.fixture(scope="session")
def supabase_url(admin_url: sa.URL) -> str:
    """A database whose schema `public` holds udsync's tables, as its owner."""
    url = create_supabase_database(admin_url, "supabase_connector")
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        apply(connection)
    return plain


@pytest.fixture
def session(supabase_url: str) -> Iterator[Session]:
    """A session of the database's owner, in autocommit mode."""
    with psycopg.connect(supabase_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def schema(session: Session) -> Iterator[str]:
    """A schema of the test's own with udsync's tables, to be changed at will."""
    name = f"own_{next(_numbers)}"
    apply(session, name)
    yield name
    session.execute(f"drop schema {name} cascade".encode())


@pytest.fixture
def store_id() -> UUID:
    """A store that nobody else has."""
    return uuid4()


@pytest.fixture
def new_destination(supabase_url: str, store_id: UUID) -> Iterator[NewDestination]:
    """Call to get another destination of the test's store; `url=`, `schema=` and so on differ."""
    made: list[SupabaseDestination] = []

    def create(url: str = supabase_url, **differences: Any) -> SupabaseDestination:
        made.append(SupabaseDestination(url, **{"store_id": store_id, **differences}))
        return made[-1]

    yield create
    for destination in made:
        destination.close()


@pytest.fixture
def destination(new_destination: NewDestination) -> SupabaseDestination:
    """The destination of the test's store."""
    return new_destination()


@pytest.fixture
def new_login(admin_url: sa.URL, supabase_url: str) -> Iterator[Callable[[str], sa.URL]]:
    """Call with a name to get a login role that owns nothing; dropped after the test."""
    database = sa.make_url(supabase_url).database
    admin = admin_url.set(drivername="postgresql", database=database)
    made: list[str] = []

    def run(statement: str) -> None:
        url = admin.render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def create(name: str) -> sa.URL:
        run(f"create role {name} login password 'pw'")
        run(f"grant connect on database {database} to {name}")
        made.append(name)
        return admin.set(username=name, password="pw")

    yield create
    for name in made:
        run(f"drop owned by {name}; drop role {name}")
