"""Our databases, their roles, and the stand-in for a Supabase database."""

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from udsync_pipelines.services.databases import (
    Databases,
    authenticator_url,
    create_supabase_database,
    ensure_database,
    open_databases,
    plain_url,
    provision,
)
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.settings import Settings
from udsync_pipelines_tests.disposable_postgres import DisposableDatabases
from udsync_pipelines_tests.services.children import answers, start_children

pytestmark = pytest.mark.postgres


@pytest.fixture
def databases(postgres_server: EmbeddedPostgres) -> Databases:
    return provision(postgres_server.url())


@pytest.fixture
def shop(
    postgres_server: EmbeddedPostgres, disposable_databases: DisposableDatabases
) -> Iterator[sa.URL]:
    url = create_supabase_database(postgres_server.url(), "shop")
    yield url
    disposable_databases.drop(url)


def connect(url: sa.URL) -> psycopg.Connection:
    return psycopg.connect(plain_url(url), autocommit=True)


def test_opening_a_new_home_makes_state_and_dagster_storage(home: Path) -> None:
    settings = Settings(home=home)

    databases = open_databases(settings)

    assert databases.state_url.drivername == "postgresql+psycopg"
    assert databases.dagster_url.drivername == "postgresql+psycopg2"
    with sa.create_engine(databases.dagster_url).connect() as dagster:
        assert dagster.scalar(sa.text("select current_database()")) == "udsync_dagster"
    EmbeddedPostgres(home).stop()


def test_processes_opening_a_new_home_together_all_reach_our_state(home: Path) -> None:
    children = start_children(home, "open_all", 3)

    said = answers(children)

    assert [each["database"] for each in said] == ["udsync"] * 3
    EmbeddedPostgres(home).stop()


def test_opening_again_is_fast_and_gives_the_same_addresses(
    postgres_server: EmbeddedPostgres,
) -> None:
    settings = Settings(home=postgres_server.home)
    first = open_databases(settings)
    seconds = []

    for _ in range(9):
        begun = time.perf_counter()
        assert open_databases(settings) == first
        seconds.append(time.perf_counter() - begun)

    assert statistics.median(seconds) < 0.1


def test_the_owner_of_our_state_makes_roles_and_takes_them_but_rules_nothing_else(
    databases: Databases,
) -> None:
    with connect(databases.state_url) as connection:
        rights = connection.execute(
            "select rolsuper, rolbypassrls, rolcreatedb, rolcreaterole"
            " from pg_roles where rolname = current_user"
        ).fetchone()
        connection.execute("create role a_tenants_role nologin")
        connection.execute("set role a_tenants_role")
        current = connection.execute("select current_user").fetchone()
        connection.execute("reset role")
        connection.execute("drop role a_tenants_role")

    assert rights == (False, False, False, True)
    assert current == ("a_tenants_role",)


def test_neither_role_can_enter_the_database_of_the_other(databases: Databases) -> None:
    strangers = [
        databases.state_url.set(database=databases.dagster_url.database),
        databases.dagster_url.set(database=databases.state_url.database),
    ]

    for stranger in strangers:
        with pytest.raises(psycopg.OperationalError, match="CONNECT privilege"):
            connect(stranger)


def test_each_role_has_a_password_of_its_own_that_does_not_print(databases: Databases) -> None:
    urls = [databases.state_url, databases.dagster_url, databases.admin_url]

    printed = repr(databases)

    assert len({url.password for url in urls}) == 3
    assert not any(str(url.password) in printed for url in urls)


def test_a_half_finished_provisioning_is_completed_by_the_next(
    own_server: EmbeddedPostgres,
) -> None:
    with connect(own_server.url()) as connection:
        connection.execute("create role udsync_state")
        connection.execute("create database udsync owner udsync_state")

    databases = provision(own_server.url())

    connect(databases.state_url).close()
    connect(databases.dagster_url).close()


def test_a_database_is_made_once_and_kept_with_its_rows(
    postgres_server: EmbeddedPostgres, disposable_databases: DisposableDatabases
) -> None:
    url = ensure_database(postgres_server.url(), "made_once")
    with connect(url) as connection:
        connection.execute("create table kept as select 7 as number")

    again = ensure_database(postgres_server.url(), "made_once")

    with connect(again) as connection:
        assert connection.execute("select number from kept").fetchone() == (7,)
    disposable_databases.drop(url)


def test_a_template_is_filled_once_and_copied_for_each_database(
    template_database: Callable[..., str], new_database: Callable[..., sa.URL]
) -> None:
    filled = []

    def build(url: sa.URL) -> None:
        filled.append(url)
        with connect(url) as connection:
            connection.execute("create table kept as select 7 as number")

    urls = [new_database(template_database("numbers", build)) for _ in range(2)]

    assert len(filled) == 1
    for url in urls:
        with connect(url) as connection:
            assert connection.execute("select number from kept").fetchone() == (7,)


def test_the_owner_of_a_supabase_database_is_no_superuser_and_owns_it(shop: sa.URL) -> None:
    with connect(shop) as connection:
        owner = connection.execute(
            "select current_user, rolsuper, rolbypassrls, rolcreaterole, pg_get_userbyid(datdba)"
            " from pg_roles, pg_database where rolname = current_user and datname = 'shop'"
        ).fetchone()
        connection.execute("create table public.orders (id bigint)")

    assert owner == ("shop_owner", False, False, False, "shop_owner")


def test_supabases_roles_have_the_platforms_attributes(
    shop: sa.URL,
    postgres_server: EmbeddedPostgres,
) -> None:
    with connect(postgres_server.url()) as connection:
        rows = connection.execute(
            "select rolname, rolcanlogin, rolbypassrls, rolinherit from pg_roles where rolname in"
            " ('anon', 'authenticated', 'authenticator', 'service_role') order by rolname"
        ).fetchall()

    assert [row[:3] for row in rows] == [
        ("anon", False, False),
        ("authenticated", False, False),
        ("authenticator", True, False),
        ("service_role", False, True),
    ]
    assert rows[2][3] is False


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_a_new_table_is_closed_to_the_roles_of_the_api_until_it_is_granted(
    shop: sa.URL, postgres_server: EmbeddedPostgres, role: str
) -> None:
    with connect(shop) as owner:
        owner.execute("create table public.orders (id bigint)")

    with connect(authenticator_url(postgres_server.url(), "shop")) as api:
        api.execute(f"set role {role}".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            api.execute("select from public.orders")
        with connect(shop) as owner:
            owner.execute(f"grant select on public.orders to {role}".encode())
        granted = api.execute("select from public.orders").fetchall()

    assert granted == []


def test_the_authenticator_has_no_rights_before_it_takes_a_role(
    shop: sa.URL, postgres_server: EmbeddedPostgres
) -> None:
    with connect(shop) as owner:
        owner.execute("create table public.orders (id bigint)")
        owner.execute("grant select on public.orders to service_role")

    with (
        connect(authenticator_url(postgres_server.url(), "shop")) as api,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        api.execute("select from public.orders")


def test_making_a_supabase_database_again_keeps_address_and_rows(
    shop: sa.URL, postgres_server: EmbeddedPostgres
) -> None:
    with connect(shop) as owner:
        owner.execute("create table public.orders as select 7 as id")

    again = create_supabase_database(postgres_server.url(), "shop")

    assert again == shop
    with connect(again) as owner:
        assert owner.execute("select id from public.orders").fetchone() == (7,)


def test_extensions_have_a_schema_of_their_own_on_the_search_path(shop: sa.URL) -> None:
    with connect(shop) as owner:
        owner.execute("create function extensions.answer() returns int return 42")

        found = owner.execute("select answer()").fetchone()

    assert found == (42,)
