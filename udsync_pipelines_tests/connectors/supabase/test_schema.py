"""Tests of the DDL: safe to repeat, closed to visitors, open to the service role."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa

from udsync_pipelines.connectors.supabase import apply, ddl
from udsync_pipelines.connectors.supabase.schema import check_schema_name
from udsync_pipelines.connectors.supabase.tables import TABLES
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines_tests.connectors.supabase.conftest import NewDestination, Session
from udsync_pipelines_tests.connectors.supabase.records import order

pytestmark = pytest.mark.postgres

NASTY = """na"s'ty $udsync$ %s; drop schema public cascade; -- \\ {0}"""
CATALOGUE = """
select table_name, column_name, data_type, is_nullable, column_default
  from information_schema.columns where table_schema = %s order by 1, ordinal_position
"""


def test_applying_twice_changes_nothing(session: Session, schema: str) -> None:
    before = session.execute(CATALOGUE, [schema]).fetchall()

    apply(session, schema)

    assert session.execute(CATALOGUE, [schema]).fetchall() == before


def test_the_printed_text_makes_the_same_tables_as_applying(session: Session, schema: str) -> None:
    session.execute(ddl(f"{schema}_printed").encode())

    printed = session.execute(CATALOGUE, [f"{schema}_printed"]).fetchall()
    session.execute(f"drop schema {schema}_printed cascade".encode())
    assert printed == session.execute(CATALOGUE, [schema]).fetchall()


def test_a_column_added_by_a_later_release_arrives_by_applying_again(
    session: Session, schema: str
) -> None:
    session.execute(f"alter table {schema}.woo_orders drop column customer_note".encode())

    apply(session, schema)

    found = [row[:2] for row in session.execute(CATALOGUE, [schema])]
    assert ("woo_orders", "customer_note") in found


def test_a_schema_with_a_nasty_name_is_made_and_loaded(
    session: Session, new_destination: NewDestination
) -> None:
    apply(session, NASTY)
    destination = new_destination(schema=NASTY)

    receipt = destination.load(Entity.ORDER, [order(1)])

    stored = destination.stored(Entity.ORDER, ["1"])
    session.execute(psycopg.sql.SQL("drop schema {} cascade").format(psycopg.sql.Identifier(NASTY)))
    assert receipt.created == 1
    assert stored["1"]["number"] == "N1"
    assert session.execute("select to_regclass('public.woo_orders') is not null").fetchall() == [
        (True,)
    ]


@pytest.mark.parametrize(
    "name",
    ["auth", "storage", "realtime", "pg_catalog", "information_schema", "", "a\0b", "x" * 64],
)
def test_a_schema_of_supabase_or_without_a_usable_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"Choose another schema\."):
        check_schema_name(name)


@pytest.mark.parametrize("role", ["anon", "authenticated"])
@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_visitors_can_neither_read_nor_write_a_table(
    session: Session, role: str, table: str
) -> None:
    for statement in (f"select from {table}", f"delete from {table}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), session.transaction():
            session.execute(f"set local role {role}; {statement}".encode())


def test_visitors_who_are_granted_a_table_by_mistake_still_see_no_row(
    session: Session, schema: str, new_destination: NewDestination
) -> None:
    new_destination(schema=schema).load(Entity.ORDER, [order(1)])
    session.execute(f"grant usage on schema {schema} to anon".encode())
    session.execute(f"grant select, insert on {schema}.woo_orders to anon".encode())

    with session.transaction():
        session.execute("set local role anon")
        seen = session.execute(f"select from {schema}.woo_orders".encode()).fetchall()

    assert seen == []
    insert = f"""set local role anon; insert into {schema}.woo_orders (store_id, id, content_hash)
                 values ('{uuid4()}', 9, 'x')"""
    with pytest.raises(psycopg.errors.InsufficientPrivilege), session.transaction():
        session.execute(insert.encode())


def test_applying_takes_back_what_visitors_were_granted(session: Session, schema: str) -> None:
    session.execute(f"grant all on {schema}.woo_orders to anon, authenticated".encode())

    apply(session, schema)

    granted = session.execute(
        "select has_table_privilege('anon', %s, 'select'),"
        " has_table_privilege('authenticated', %s, 'insert')",
        [f"{schema}.woo_orders"] * 2,
    ).fetchall()
    assert granted == [(False, False)]


def test_the_service_role_reads_and_writes_every_row(
    session: Session, schema: str, new_destination: NewDestination, store_id: UUID
) -> None:
    new_destination(schema=schema).load(Entity.ORDER, [order(1), order(2)])

    with session.transaction():
        session.execute("set local role service_role")
        session.execute(f"update {schema}.woo_orders set status = 'seen' where id = 1".encode())
        session.execute(f"delete from {schema}.woo_orders where id = 2".encode())
        found = session.execute(f"select id, status from {schema}.woo_orders".encode()).fetchall()

    assert found == [(1, "seen")]


def test_every_table_has_row_level_security_on(session: Session, schema: str) -> None:
    found = session.execute(
        "select relname, relrowsecurity from pg_class"
        " where relnamespace = %s::regnamespace and relkind = 'r' order by 1",
        [schema],
    ).fetchall()

    assert found == sorted((table.name, True) for table in TABLES)


def test_applying_works_where_supabase_has_no_roles_yet(
    new_database: Callable[..., sa.URL],
) -> None:
    url = new_database().set(drivername="postgresql").render_as_string(hide_password=False)

    with psycopg.connect(url, autocommit=True) as connection:
        apply(connection, "shop")
        found = connection.execute(CATALOGUE, ["shop"]).fetchall()

    assert {row[0] for row in found} == {table.name for table in TABLES}


def test_a_user_who_may_not_create_is_told_what_to_do(session: Session) -> None:
    session.execute("set role authenticated")

    with pytest.raises(ConfigurationError, match="--print-ddl"):
        apply(session, "forbidden")


def test_postgrest_is_told_to_read_the_schema_again(session: Session, supabase_url: str) -> None:
    session.execute("listen pgrst")

    with psycopg.connect(supabase_url, autocommit=True) as other:
        apply(other)

    told = [note.payload for note in session.notifies(timeout=5, stop_after=1)]
    assert told == ["reload schema"]


def test_two_who_apply_at_once_do_not_disturb_each_other(
    supabase_url: str, session: Session
) -> None:
    def apply_alone(_: int) -> None:
        with psycopg.connect(supabase_url, autocommit=True) as connection:
            apply(connection, "applied_at_once")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(apply_alone, range(4)))

    found = session.execute(CATALOGUE, ["applied_at_once"]).fetchall()
    session.execute("drop schema applied_at_once cascade")
    assert {row[0] for row in found} == {table.name for table in TABLES}
