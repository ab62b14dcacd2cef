"""Transactions of a tenant, of dispatch, and what happens when the server is away."""

import socket
import threading
import time
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa

from udsync_pipelines.errors import ConfigurationError, PlatformUnavailableError
from udsync_pipelines.store import tenancy
from udsync_pipelines.store.address import parse_address
from udsync_pipelines.store.repositories import tenants
from udsync_pipelines.store.tables.queue import Leases
from udsync_pipelines.store.tables.tenants import Tenants
from udsync_pipelines.store.tenancy import StateDatabase, driver
from udsync_pipelines_tests.store.databases import StateServer, text_of
from udsync_pipelines_tests.store.samples import NOW, Household, household

pytestmark = pytest.mark.postgres

LEASES = sa.select(Leases.owner).order_by(Leases.owner)


@pytest.fixture
def ours(state_database: StateDatabase) -> Household:
    return household(state_database, "ours")


@pytest.fixture
def theirs(state_database: StateDatabase) -> Household:
    return household(state_database, "theirs")


def lease(connection: sa.Connection, tenant: Household, owner: str) -> None:
    connection.execute(
        sa.insert(Leases).values(
            tenant_id=tenant.tenant_id, name=owner, owner=owner, expires_at=NOW
        )
    )


def test_two_tenants_on_one_pooled_connection_see_only_their_rows(
    state_url: str, ours: Household, theirs: Household
) -> None:
    database = StateDatabase(state_url, pool_size=1, max_overflow=0)
    for tenant, owner in ((ours, "a"), (theirs, "b")):
        with database.tenant(tenant.tenant_id) as connection:
            lease(connection, tenant, owner)

    with database.tenant(ours.tenant_id) as connection:
        first = connection.scalars(LEASES).all()
        server_process = connection.scalar(sa.text("SELECT pg_backend_pid()"))
    with database.tenant(theirs.tenant_id) as connection:
        second = connection.scalars(LEASES).all()
        same_process = connection.scalar(sa.text("SELECT pg_backend_pid()"))
    database.close()

    assert (first, second) == (["a"], ["b"])
    assert server_process == same_process


def test_role_and_tenant_are_gone_when_the_transaction_ends(
    state_url: str, ours: Household
) -> None:
    database = StateDatabase(state_url, pool_size=1, max_overflow=0)
    with database.tenant(ours.tenant_id) as connection:
        inside = connection.exec_driver_sql("SELECT current_user").scalar_one()

    with database.maintenance() as connection:
        login, role, tenant = connection.exec_driver_sql(
            "SELECT session_user, current_user, current_setting('app.tenant_id', true)"
        ).one()
    database.close()

    assert inside == "udsync_app"
    assert role == login
    assert not tenant


def test_an_error_undoes_everything_that_the_transaction_wrote(
    state_database: StateDatabase, ours: Household
) -> None:
    def work() -> None:
        with state_database.tenant(ours.tenant_id) as connection:
            lease(connection, ours, "a")
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"):
        work()

    with state_database.tenant(ours.tenant_id) as connection:
        assert connection.scalars(LEASES).all() == []


def test_a_savepoint_keeps_the_tenant_after_it_is_undone(
    state_database: StateDatabase, ours: Household, theirs: Household
) -> None:
    with state_database.tenant(theirs.tenant_id) as connection:
        lease(connection, theirs, "b")

    with state_database.tenant(ours.tenant_id) as connection:
        connection.begin_nested().rollback()
        lease(connection, ours, "a")
        seen = connection.scalars(LEASES).all()

    assert seen == ["a"]


def test_work_without_a_tenant_is_refused_before_it_begins(state_database: StateDatabase) -> None:
    with (
        pytest.raises(ConfigurationError, match="No tenant is named"),
        state_database.tenant(None),  # type: ignore[arg-type]  # what an untyped caller could do
    ):
        pass


def test_an_unknown_tenant_sees_nothing_and_writes_nothing(
    state_database: StateDatabase, ours: Household
) -> None:
    with state_database.tenant(ours.tenant_id) as connection:
        lease(connection, ours, "a")

    with state_database.tenant(uuid4()) as connection:
        seen = connection.scalars(LEASES).all()

    assert seen == []


def test_dispatch_finds_tenants_but_not_what_belongs_to_them(
    state_database: StateDatabase, ours: Household
) -> None:
    with state_database.dispatch() as connection:
        names = connection.scalars(sa.select(Tenants.name)).all()

    with (
        pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
        state_database.dispatch() as connection,
    ):
        connection.exec_driver_sql("SELECT * FROM udsync.raw_records")
    assert names == ["ours"]


def test_the_app_copies_rows_through_a_temporary_table(
    state_database: StateDatabase, ours: Household
) -> None:
    with state_database.tenant(ours.tenant_id) as connection:
        connection.exec_driver_sql(
            "CREATE TEMP TABLE staged (LIKE udsync.raw_records) ON COMMIT DROP"
        )
        columns = "tenant_id, connection_id, entity, source_id, seq, fetched_at, content_hash, raw"
        with (
            driver(connection).cursor() as cursor,
            cursor.copy(f"COPY staged ({columns}) FROM STDIN") as copy,
        ):
            for number in range(3):
                key = (ours.tenant_id, ours.connection_id, "order", str(number))
                copy.write_row((*key, number, NOW, b"\1" * 16, '{"id": 1, "id": 2}'))
        connection.exec_driver_sql(
            f"INSERT INTO udsync.raw_records ({columns}) SELECT {columns} FROM staged"
        )

        stored = connection.exec_driver_sql("SELECT raw::text FROM udsync.raw_records").scalars()

        assert list(stored) == ['{"id": 1, "id": 2}'] * 3


def test_times_come_back_in_utc_whatever_the_server_prefers(
    state_server: StateServer, state_url: str
) -> None:
    name = parse_address(state_url).database
    state_server.run(f"ALTER DATABASE {name} SET timezone = 'America/Edmonton'")
    database = StateDatabase(state_url)

    with database.dispatch() as connection:
        created_at = tenants.create(connection, "ours").created_at
    database.close()

    assert str(created_at.tzinfo) in {"UTC", "Etc/UTC"}


def test_a_server_that_is_not_there_is_one_clear_line() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    database = StateDatabase(f"postgresql://someone:hush-hush@127.0.0.1:{port}/state")

    with pytest.raises(PlatformUnavailableError) as caught, database.dispatch():
        pass

    assert str(caught.value) == (
        f"The state database 127.0.0.1:{port}/state does not answer."
        " Start it with `udsync up`, or check UDSYNC_DATABASE_URL."
    )


def test_a_wrong_password_stops_the_run_and_is_not_repeated(state_url: str) -> None:
    wrong = text_of(parse_address(state_url).set(password="hush-hush"))

    with pytest.raises(ConfigurationError) as caught, StateDatabase(wrong).dispatch():
        pass

    assert "password authentication failed" in str(caught.value)
    assert "hush-hush" not in f"{caught.value} {caught.value!r} {StateDatabase(wrong)!r}"


def test_a_database_that_does_not_exist_stops_the_run(state_url: str) -> None:
    wrong = text_of(parse_address(state_url).set(database="nowhere"))

    with (
        pytest.raises(ConfigurationError, match="Check the user and the database"),
        StateDatabase(wrong).dispatch(),
    ):
        pass


@pytest.mark.parametrize("text", ["mysql://a:hush-hush@b/c", "hush-hush", "postgresql://b:x/c", ""])
def test_an_address_of_another_kind_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        StateDatabase(text)

    assert "postgresql://user:password@host:port/database" in str(caught.value)
    assert "hush-hush" not in str(caught.value)


def test_a_login_that_may_not_take_our_roles_is_told_to_migrate(
    state_server: StateServer, state_url: str
) -> None:
    with state_server.login() as login:
        address = text_of(login.set(database=parse_address(state_url).database))
        database = StateDatabase(address)

        with (
            pytest.raises(ConfigurationError, match="Run `udsync db migrate`"),
            database.dispatch(),
        ):
            pass
        database.close()


def test_a_session_cut_during_the_work_is_lost_and_the_next_one_works(
    state_server: StateServer, state_database: StateDatabase, ours: Household
) -> None:
    def work() -> None:
        with state_database.tenant(ours.tenant_id) as connection:
            process = connection.scalar(sa.text("SELECT pg_backend_pid()"))
            state_server.run(f"SELECT pg_terminate_backend({process})")
            lease(connection, ours, "a")

    with pytest.raises(PlatformUnavailableError, match="went away during the work"):
        work()

    with state_database.tenant(ours.tenant_id) as connection:
        assert connection.scalars(LEASES).all() == []


def test_a_session_cut_during_a_copy_is_lost_as_well(
    state_server: StateServer, state_database: StateDatabase, ours: Household
) -> None:
    def work() -> None:
        with state_database.tenant(ours.tenant_id) as connection:
            process = connection.scalar(sa.text("SELECT pg_backend_pid()"))
            state_server.run(f"SELECT pg_terminate_backend({process})")
            with (
                driver(connection).cursor() as cursor,
                cursor.copy("COPY pg_class TO STDOUT") as copy,
            ):
                list(copy)

    with pytest.raises(PlatformUnavailableError, match="went away during the work"):
        work()


def test_a_session_that_died_while_idle_is_replaced_unseen(
    state_server: StateServer, state_database: StateDatabase, ours: Household
) -> None:
    with state_database.tenant(ours.tenant_id) as connection:
        process = connection.scalar(sa.text("SELECT pg_backend_pid()"))
    state_server.run(f"SELECT pg_terminate_backend({process}, 5000)")

    with state_database.tenant(ours.tenant_id) as connection:
        assert connection.scalars(LEASES).all() == []


def test_an_error_of_a_statement_shows_neither_values_nor_a_lost_server(
    state_database: StateDatabase, ours: Household
) -> None:
    with (
        pytest.raises(sa.exc.DBAPIError) as caught,
        state_database.tenant(ours.tenant_id) as connection,
    ):
        connection.execute(sa.text("SELECT CAST(:v AS integer), :w"), {"v": 1.5e20, "w": "hush"})

    assert "hush" not in str(caught.value)


TAKE_LEASE = (
    b"INSERT INTO udsync.leases (tenant_id, name, owner, expires_at)"
    b" VALUES (%(tenant)s, %(owner)s, %(owner)s, now()) RETURNING owner, 7 AS number"
)


def test_one_statement_at_once_gives_its_rows_and_is_committed(
    state_database: StateDatabase, ours: Household, theirs: Household
) -> None:
    values = {"tenant": ours.tenant_id, "owner": "a", "unused": 1}

    (row,) = state_database.once(ours.tenant_id, TAKE_LEASE, values)

    with state_database.tenant(ours.tenant_id) as connection:
        assert connection.scalars(LEASES).all() == [row.owner]
    assert state_database.once(theirs.tenant_id, b"SELECT owner FROM udsync.leases", {}) == []
    assert (row.owner, row.number) == ("a", 7)


def test_one_statement_without_rows_gives_none_and_leaves_no_role_behind(
    state_url: str, ours: Household
) -> None:
    database = StateDatabase(state_url, pool_size=1, max_overflow=0)

    told = database.once(ours.tenant_id, b"UPDATE udsync.leases SET owner = 'z'", {})

    with database.maintenance() as connection:
        role = connection.scalar(sa.text("SELECT current_setting('role')"))
    database.close()
    assert (list(told), role) == ([], "none")


def test_a_guard_that_fails_undoes_the_one_statement(
    state_database: StateDatabase, ours: Household
) -> None:
    values = {"tenant": ours.tenant_id, "owner": "a"}

    with pytest.raises(psycopg.errors.DivisionByZero):
        state_database.once(ours.tenant_id, TAKE_LEASE, values, (b"SELECT 1 / %(n)s", {"n": 0}))

    with state_database.tenant(ours.tenant_id) as connection:
        assert connection.scalars(LEASES).all() == []


def test_one_statement_on_a_session_that_is_cut_is_lost_and_the_next_works(
    state_server: StateServer, state_database: StateDatabase, ours: Household
) -> None:
    cut = threading.Timer(
        0.5,
        state_server.run,
        [
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%(9.75)%'"
            " AND pid <> pg_backend_pid()"
        ],
    )
    cut.start()

    with pytest.raises(PlatformUnavailableError, match="went away during the work"):
        state_database.once(ours.tenant_id, b"SELECT pg_sleep(9.75)", {})
    cut.join()

    assert state_database.once(ours.tenant_id, b"SELECT 1 AS one", {})[0].one == 1


def test_one_statement_that_fails_leaves_its_session_usable(
    state_url: str, ours: Household
) -> None:
    database = StateDatabase(state_url, pool_size=1, max_overflow=0)

    with pytest.raises(psycopg.errors.UndefinedTable):
        database.once(ours.tenant_id, b"SELECT * FROM udsync.nowhere", {})

    assert database.once(ours.tenant_id, b"SELECT 1 AS one", {})[0].one == 1
    database.close()


def test_one_statement_without_a_tenant_is_refused_before_it_begins(
    state_database: StateDatabase,
) -> None:
    with pytest.raises(ConfigurationError, match="No tenant is named"):
        state_database.once(None, b"SELECT 1", {})  # type: ignore[arg-type]  # what a bug would do


def test_one_statement_without_a_server_is_told_as_any_other(ours: Household) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    database = StateDatabase(f"postgresql://someone:hush-hush@127.0.0.1:{port}/state")

    with pytest.raises(PlatformUnavailableError, match="does not answer"):
        database.once(ours.tenant_id, b"SELECT 1", {})


def test_one_statement_of_a_login_without_our_roles_is_told_to_migrate(
    state_server: StateServer, state_url: str, ours: Household
) -> None:
    with state_server.login() as login:
        database = StateDatabase(text_of(login.set(database=parse_address(state_url).database)))

        with pytest.raises(ConfigurationError, match="Run `udsync db migrate`"):
            database.once(ours.tenant_id, b"SELECT 1", {})
        database.close()


def test_threads_share_the_database_without_mixing_tenants(
    state_database: StateDatabase, ours: Household, theirs: Household
) -> None:
    seen: dict[str, set[str]] = {"a": set(), "b": set()}

    def work(tenant: Household, owner: str) -> None:
        with state_database.tenant(tenant.tenant_id) as connection:
            lease(connection, tenant, owner)
        for _ in range(20):
            with state_database.tenant(tenant.tenant_id) as connection:
                seen[owner].update(connection.scalars(LEASES))
                time.sleep(0.001)

    threads = [
        threading.Thread(target=work, args=arguments) for arguments in ((ours, "a"), (theirs, "b"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == {"a": {"a"}, "b": {"b"}}


CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'"


def test_sessions_that_are_cut_at_any_moment_are_told_as_a_server_that_went_away(
    state_server: StateServer, state_database: StateDatabase, ours: Household
) -> None:
    with state_database.maintenance() as connection:
        cut = CUT.format(connection.scalar(sa.text("SELECT current_database()")))
    cutting = threading.Thread(target=state_server.run, args=[cut] * 3000)
    told: set[type[Exception]] = set()

    cutting.start()
    while cutting.is_alive():
        try:
            state_database.once(ours.tenant_id, b"SELECT 1", {})
        except Exception as error:  # noqa: BLE001 - which ones there are is the question
            told.add(type(error))
    cutting.join()

    assert told == {PlatformUnavailableError}
    assert state_database.once(ours.tenant_id, b"SELECT 1", {}) == [(1,)]


def pause_in_the_middle(state_database: StateDatabase, ours: Household) -> None:
    with state_database.tenant(ours.tenant_id) as connection:
        time.sleep(0.6)
        connection.scalars(LEASES).all()


def test_the_server_ends_a_transaction_whose_process_is_stopped_in_the_middle_of_it(
    state_database: StateDatabase, ours: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_time = sa.text(str(tenancy._ENTER).replace("2min", "200ms"))
    at_once = tenancy._ENTER_AT_ONCE.replace(b"20s", b"200ms")
    monkeypatch.setattr(tenancy, "_ENTER", in_time)
    monkeypatch.setattr(tenancy, "_ENTER_AT_ONCE", at_once)

    with pytest.raises(PlatformUnavailableError, match="went away during the work"):
        state_database.once(ours.tenant_id, b"SELECT pg_sleep(60)", {})
    with pytest.raises(PlatformUnavailableError, match="went away during the work"):
        pause_in_the_middle(state_database, ours)
