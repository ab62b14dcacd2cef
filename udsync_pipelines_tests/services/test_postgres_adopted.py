"""A server that somebody else runs: our state as given, Dagster's storage beside it."""

import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.databases import Databases, open_databases, plain_url
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.settings import Settings

pytestmark = pytest.mark.postgres
MakeUser = Callable[..., sa.URL]
_numbers = itertools.count(1)


@pytest.fixture
def make_user(postgres_server: EmbeddedPostgres) -> Iterator[MakeUser]:
    """Make a user with a database, as an administrator would; remove what it leaves."""
    made: list[str] = []

    def make(attributes: str = "nocreatedb", *, owns: bool = True) -> sa.URL:
        name = f"visitor_{next(_numbers)}"
        made.append(name)
        with psycopg.connect(plain_url(postgres_server.url()), autocommit=True) as admin:
            admin.execute(f"create role {name} login password 'p' {attributes}".encode())
            admin.execute(f"create database {name} owner {name if owns else 'udsync'}".encode())
        return postgres_server.url(name).set(username=name, password="p")

    yield make
    with psycopg.connect(plain_url(postgres_server.url()), autocommit=True) as admin:
        for name in made:
            admin.execute(f"drop database if exists {name}_dagster with (force)".encode())
            admin.execute(f"drop database {name} with (force)".encode())
            admin.execute(f"drop role {name}".encode())


@contextmanager
def pooler(port: int, refuses: Callable[[bytes], bool]) -> Iterator[int]:
    """Stand before the server and refuse some connections by what they ask for at their start."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=serve, args=(door, port, refuses), daemon=True).start()
        yield door.getsockname()[1]
        door.shutdown(socket.SHUT_RDWR)


def serve(door: socket.socket, port: int, refuses: Callable[[bytes], bool]) -> None:
    while True:
        try:
            client, _ = door.accept()
        except OSError:
            return
        asked = client.recv(4096)
        if refuses(asked):
            fields = b"SFATAL\0C08P01\0Munsupported startup parameter: options\0\0"
            client.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
            client.close()
            continue
        server = socket.create_connection(("127.0.0.1", port))
        server.sendall(asked)
        for source, target in ((client, server), (server, client)):
            threading.Thread(target=pass_on, args=(source, target), daemon=True).start()


def pass_on(source: socket.socket, target: socket.socket) -> None:
    while True:
        try:
            received = source.recv(65536)
            if not received:
                target.shutdown(socket.SHUT_WR)
                return
            target.sendall(received)
        except OSError:
            return


def open_at(url: sa.URL) -> Databases:
    return open_databases(Settings(database_url=SecretStr(plain_url(url))))


def home_of_new_tables(dagster_url: sa.URL) -> tuple[object, object]:
    with sa.create_engine(dagster_url).begin() as dagster:
        dagster.execute(sa.text("create table runs (id int)"))
        found = dagster.execute(
            sa.text(
                "select current_database(), nspname from pg_class c join pg_namespace n"
                " on n.oid = relnamespace where relname = 'runs'"
            )
        ).one()
    return (found[0], found[1])


def test_our_state_is_exactly_the_database_that_was_given(make_user: MakeUser) -> None:
    given = make_user()

    databases = open_at(given)

    assert databases.state_url == given
    assert databases.admin_url == given


def test_no_server_is_started_when_another_is_given(
    make_user: MakeUser, new_server_home: Callable[[], object]
) -> None:
    home = new_server_home()
    given = SecretStr(plain_url(make_user()))

    open_databases(Settings.model_validate({"home": home, "database_url": given}))

    assert not Settings.model_validate({"home": home}).home.exists()


def test_dagster_gets_a_second_database_where_the_user_may_make_one(make_user: MakeUser) -> None:
    given = make_user("createdb")

    databases = open_at(given)

    assert home_of_new_tables(databases.dagster_url) == (f"{given.database}_dagster", "public")


def test_dagster_gets_a_schema_where_the_user_may_make_no_database(make_user: MakeUser) -> None:
    given = make_user()

    databases = open_at(given)

    assert databases.dagster_url.drivername == "postgresql+psycopg2"
    assert home_of_new_tables(databases.dagster_url) == (given.database, "dagster")


def test_dagsters_place_stays_when_the_user_gains_rights_later(
    make_user: MakeUser, postgres_server: EmbeddedPostgres
) -> None:
    given = make_user()
    first = open_at(given)
    with psycopg.connect(plain_url(postgres_server.url()), autocommit=True) as admin:
        admin.execute(f"alter role {given.username} createdb".encode())

    again = open_at(given)

    assert again == first


def test_a_user_who_may_make_nothing_is_told_what_an_administrator_has_to_run(
    make_user: MakeUser,
) -> None:
    given = make_user(owns=False)

    with pytest.raises(ConfigurationError) as refused:
        open_at(given)

    assert refused.value.code == "database_rights"
    assert f'create schema dagster authorization "{given.username}"' in str(refused.value)


def test_a_transaction_pooler_is_refused_with_the_address_to_use(make_user: MakeUser) -> None:
    given = make_user()

    with (
        pooler(int(given.port or 0), lambda asked: b"options\0" in asked) as port,
        pytest.raises(ConfigurationError, match="transaction poolers") as refused,
    ):
        open_at(given.set(port=port))

    assert refused.value.code == "database_pooler"


def test_a_pooler_that_reaches_one_database_only_gets_the_schema_instead(
    make_user: MakeUser, postgres_server: EmbeddedPostgres
) -> None:
    given = make_user("createdb")

    with pooler(int(given.port or 0), lambda asked: b"_dagster\0" in asked) as port:
        databases = open_at(given.set(port=port))

    assert databases.dagster_url.database == given.database
    with psycopg.connect(plain_url(postgres_server.url())) as admin:
        left = admin.execute(
            "select from pg_database where datname = %s", [f"{given.database}_dagster"]
        ).fetchone()
    assert left is None


def test_an_unreachable_server_is_one_line_without_the_password(
    postgres_server: EmbeddedPostgres,
) -> None:
    nowhere = postgres_server.url().set(port=1, password="not-to-be-shown")

    with pytest.raises(ConfigurationError, match=r"cannot be reached: .*refused") as failed:
        open_at(nowhere)

    assert "\n" not in str(failed.value)
    assert "not-to-be-shown" not in str(failed.value)
