"""Upgrades: from nothing, twice, at once, refused, and equal to what the models say."""

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.pool import NullPool

from udsync_pipelines.errors import ConfigurationError, PlatformUnavailableError
from udsync_pipelines.store.address import parse_address
from udsync_pipelines.store.migrations import check, current, head, migrate
from udsync_pipelines.store.migrations.upgrade import configuration
from udsync_pipelines.store.repositories import connections
from udsync_pipelines.store.tables import metadata
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.store.databases import StateServer, text_of
from udsync_pipelines_tests.store.samples import household

pytestmark = pytest.mark.postgres

REVISIONS = ["0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011"]
CATALOGUE = {
    "columns": "SELECT table_name, column_name, data_type, character_maximum_length,"
    " numeric_precision, numeric_scale, is_nullable, column_default, generation_expression"
    " FROM information_schema.columns WHERE table_schema = 'udsync'",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)"
    " FROM pg_constraint WHERE connamespace = 'udsync'::regnamespace AND contype <> 'n'",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'udsync'",
    "tables": "SELECT relname, relkind::text, reloptions, pg_get_partkeydef(oid) FROM pg_class"
    " WHERE relnamespace = 'udsync'::regnamespace AND relkind IN ('r', 'p', 'S')",
}


@pytest.fixture
def empty_url(state_server: StateServer) -> Iterator[str]:
    """An empty database of a login that may migrate it."""
    with state_server.installer() as login, state_server.database(login) as url:
        yield text_of(url)


def catalogue(url: str) -> dict[str, set[tuple[object, ...]]]:
    """What the database says of its own tables, without partitions and our bookkeeping."""
    engine = sa.create_engine(parse_address(url), poolclass=NullPool)
    with engine.connect() as connection:
        partitions = set(
            connection.exec_driver_sql("SELECT relname FROM pg_class WHERE relispartition")
            .scalars()
            .all()
        )
        return {
            kind: {
                tuple(map(str, row))
                for row in connection.exec_driver_sql(query)
                if str(row[0]).removeprefix("udsync.") not in partitions | {"alembic_version"}
            }
            for kind, query in CATALOGUE.items()
        }


def test_an_empty_database_gets_every_revision_in_order(empty_url: str) -> None:
    before = current(empty_url)

    applied = migrate(empty_url)

    assert before is None
    assert applied == REVISIONS
    assert current(empty_url) == head() == REVISIONS[-1]
    check(empty_url)


def test_a_second_upgrade_has_nothing_to_do(state_url: str) -> None:
    before = catalogue(state_url)

    applied = migrate(state_url)

    assert applied == []
    assert catalogue(state_url) == before


def test_alembic_finds_no_difference_between_models_and_migrations(state_url: str) -> None:
    command.check(configuration(parse_address(state_url)))  # raises when it finds one


def test_migrations_build_exactly_what_the_models_describe(
    state_url: str, state_server: StateServer, empty_url: str
) -> None:
    engine = sa.create_engine(parse_address(empty_url), poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA udsync")
        metadata.create_all(connection)

    migrated, modelled = catalogue(state_url), catalogue(empty_url)

    for kind in CATALOGUE:
        assert migrated[kind] == modelled[kind], kind
    assert len(migrated["tables"]) == len(metadata.tables) + 2  # the two sequences


def test_two_threads_that_upgrade_at_once_both_succeed(empty_url: str) -> None:
    applied: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: applied.append(migrate(empty_url))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(applied) == [[], REVISIONS]


def test_two_processes_that_upgrade_at_once_both_succeed(empty_url: str) -> None:
    program = "import sys; from udsync_pipelines.store.migrations import migrate"
    arguments = [sys.executable, "-c", f"{program}; print(len(migrate(sys.argv[1])))", empty_url]
    processes = [
        subprocess.Popen(  # noqa: S603 - our own interpreter
            arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]

    answers = [process.communicate(timeout=60) for process in processes]

    assert sorted(out.strip() for out, _errors in answers) == ["0", str(len(REVISIONS))], answers


def test_every_revision_can_be_taken_back_and_applied_again(state_url: str) -> None:
    before = catalogue(state_url)

    command.downgrade(configuration(parse_address(state_url)), "base")

    assert catalogue(state_url)["tables"] == set()
    assert migrate(state_url) == REVISIONS
    assert catalogue(state_url) == before


def test_a_database_that_was_never_migrated_names_the_command(empty_url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"has no tables yet.*Run `udsync db migrate`"):
        check(empty_url)


def test_an_older_database_names_the_command(state_url: str) -> None:
    former, newest = REVISIONS[-2:]
    command.downgrade(configuration(parse_address(state_url)), "-1")

    with pytest.raises(
        ConfigurationError, match=rf"revision {former}; {newest}.*`udsync db migrate`"
    ):
        check(state_url)


@pytest.mark.parametrize("use", [check, migrate])
def test_a_newer_database_is_refused_and_left_alone(
    state_server: StateServer, state_url: str, use: object
) -> None:
    name = parse_address(state_url).database
    state_server.run("UPDATE udsync.alembic_version SET version_num = '9999'", database=name)

    with pytest.raises(ConfigurationError, match=r"made by a newer udsync \(9999\)"):
        use(state_url)  # type: ignore[operator]  # both take a URL

    assert current(state_url) == "9999"


def test_a_login_without_rights_on_roles_is_told_what_to_run_and_then_works(
    state_server: StateServer,
) -> None:
    with state_server.login() as login, state_server.database(login) as url:
        with pytest.raises(ConfigurationError, match="administrator") as refused:
            migrate(text_of(url))
        statements = str(refused.value).partition("has to run: ")[2]
        assert statements.count("GRANT udsync_") == 2
        assert current(text_of(url)) is None

        state_server.run(*statements.rstrip(";").split("; "))

        assert migrate(text_of(url)) == REVISIONS
        check(text_of(url))


def test_a_login_that_does_not_own_the_database_is_told_which_one_to_use(
    state_server: StateServer, empty_url: str
) -> None:
    with state_server.login("CREATEROLE") as stranger:
        state_server.run(f"GRANT udsync_app, udsync_dispatch TO {stranger.username}")
        address = text_of(stranger.set(database=parse_address(empty_url).database))

        with pytest.raises(ConfigurationError, match="Use the login that owns the database"):
            migrate(address)

    assert current(empty_url) is None


def test_a_login_cut_off_from_our_roles_does_not_pass_the_check(
    state_server: StateServer, state_url: str
) -> None:
    with state_server.login() as stranger:
        name = parse_address(state_url).database
        state_server.run(
            f"GRANT USAGE ON SCHEMA udsync TO {stranger.username}",
            f"GRANT SELECT ON udsync.alembic_version TO {stranger.username}",
            database=name,
        )

        with pytest.raises(ConfigurationError, match="may not take our roles"):
            check(text_of(stranger.set(database=name)))
        state_server.run(f"DROP OWNED BY {stranger.username}", database=name)


def test_tables_in_use_stop_the_upgrade_before_it_changes_anything(state_url: str) -> None:
    command.downgrade(configuration(parse_address(state_url)), "0007")
    engine = sa.create_engine(parse_address(state_url), poolclass=NullPool)

    with engine.begin() as other:
        other.exec_driver_sql("LOCK TABLE udsync.connections IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(PlatformUnavailableError, match="Other work holds the tables"):
            migrate(state_url)

    assert current(state_url) == "0007"
    assert migrate(state_url) == ["0008", "0009", "0010", "0011"]


def test_a_transaction_pooler_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ConfigurationError, match="port 5432"):
        migrate("postgresql://a:b@pooler.example:6543/postgres")


def test_transactions_see_one_tenant_even_when_the_login_is_a_superuser(
    state_server: StateServer,
) -> None:
    with state_server.database(state_server.admin) as url:
        applied = migrate(text_of(url))
        check(text_of(url))
        database = StateDatabase(text_of(url))
        ours, theirs = household(database, "ours"), household(database, "theirs")

        with database.tenant(ours.tenant_id) as connection:
            seen = connections.list_all(connection, theirs.tenant_id)
            own = connections.list_all(connection, ours.tenant_id)
        database.close()

    assert applied == REVISIONS
    assert (len(seen), len(own)) == (0, 1)
