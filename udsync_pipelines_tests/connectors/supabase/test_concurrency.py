"""Tests of loads that meet: other loaders, a killed session, slow and busy databases."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from udsync_pipelines.connectors.supabase import SupabaseDestination
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import PlatformUnavailableError, RetryableError
from udsync_pipelines.sync.records import LoadReceipt
from udsync_pipelines_tests.connectors.supabase.conftest import NewDestination, Session
from udsync_pipelines_tests.connectors.supabase.records import line, order

pytestmark = pytest.mark.postgres

COUNTS = """
select (select count(*) from woo_orders where store_id = %(store)s),
       (select count(*) from woo_order_lines where store_id = %(store)s),
       (select count(*) from udsync_id_mappings where store_id = %(store)s)
"""


def counts(session: Session, store_id: UUID) -> tuple[int, ...]:
    """Orders, lines and id mappings of a store."""
    (row,) = session.execute(COUNTS, {"store": store_id}).fetchall()
    return tuple(row)


def wait_for_blocked(session: Session) -> int:
    """The process number of the session that waits for a lock in a load."""
    query = """
        select pid from pg_stat_activity where wait_event_type = 'Lock'
           and datname = current_database() and query like '%%woo_order_lines%%'"""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if found := session.execute(query).fetchall():
            return int(found[0][0])
        time.sleep(0.02)
    raise AssertionError("no load came to wait for the lock")


def test_loaders_of_one_batch_write_each_record_once(
    new_destination: NewDestination, session: Session, store_id: UUID
) -> None:
    records = [order(n, lines=[line(n, 1), line(n, 2)]) for n in range(1, 301)]
    start = Barrier(4)

    def load(number: int) -> LoadReceipt:
        start.wait()
        shuffled = records[number * 70 :] + records[: number * 70]
        return new_destination().load(Entity.ORDER, shuffled)

    with ThreadPoolExecutor(4) as pool:
        receipts = list(pool.map(load, range(4)))

    assert sum(receipt.created for receipt in receipts) == 300
    assert sum(receipt.unchanged for receipt in receipts) == 900
    assert counts(session, store_id) == (300, 600, 300)


def test_loaders_of_different_versions_leave_one_of_them_whole(
    new_destination: NewDestination, session: Session, store_id: UUID
) -> None:
    start = Barrier(3)

    def load(version: int) -> None:
        start.wait()
        new_destination().load(
            Entity.ORDER,
            [order(n, status=f"v{version}", lines=[line(n, version)]) for n in range(1, 201)],
        )

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(load, range(3)))

    query = """
        select count(*) from woo_orders o join woo_order_lines l
            on l.store_id = o.store_id and l.order_id = o.id
           and l.line_id = o.id * 100 + substr(o.status, 2)::int
         where o.store_id = %s"""
    assert session.execute(query, [store_id]).fetchall() == [(200,)]
    assert counts(session, store_id) == (200, 200, 200)


def test_a_load_whose_session_is_killed_leaves_nothing_half_written(
    supabase_url: str, destination: SupabaseDestination, session: Session, store_id: UUID
) -> None:
    records = [order(n) for n in range(1, 101)]
    with psycopg.connect(supabase_url) as blocker, ThreadPoolExecutor(1) as pool:
        blocker.execute("lock table woo_order_lines in exclusive mode")
        loading: Future[LoadReceipt] = pool.submit(destination.load, Entity.ORDER, records)
        session.execute("select pg_terminate_backend(%s)", [wait_for_blocked(session)])
        with pytest.raises(PlatformUnavailableError):
            loading.result(20)

    assert counts(session, store_id) == (0, 0, 0)
    assert destination.load(Entity.ORDER, records).created == 100
    assert counts(session, store_id) == (100, 100, 100)


def test_a_connection_that_died_while_idle_is_replaced(
    destination: SupabaseDestination, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("udsync_pipelines.connectors.supabase.destination.TRUSTED_SECONDS", -1.0)
    destination.load(Entity.ORDER, [order(1)])
    session.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = 'udsync' and datname = current_database()"
    )

    receipt = destination.load(Entity.ORDER, [order(2)])

    assert receipt.created == 1


def test_a_statement_too_slow_for_its_limit_is_retried_in_halves(
    supabase_url: str, session: Session, schema: str, new_destination: NewDestination
) -> None:
    session.execute(
        f"create function {schema}.crawl() returns trigger language plpgsql as"
        " 'begin perform pg_sleep(0.03); return new; end'".encode()
    )
    session.execute(
        f"create trigger crawl before insert on {schema}.woo_orders"
        f" for each row execute function {schema}.crawl()".encode()
    )
    hurried = sa.make_url(supabase_url).update_query_dict({"options": "-cstatement_timeout=600"})
    destination = new_destination(hurried.render_as_string(hide_password=False), schema=schema)

    receipt = destination.load(Entity.ORDER, [order(n) for n in range(1, 33)])

    assert receipt.created == 32


def test_a_single_record_that_is_too_slow_is_left_for_later(
    supabase_url: str, session: Session, schema: str, new_destination: NewDestination
) -> None:
    session.execute(
        f"create function {schema}.stall() returns trigger language plpgsql as"
        " 'begin perform pg_sleep(30); return new; end'".encode()
    )
    session.execute(
        f"create trigger stall before insert on {schema}.woo_orders"
        f" for each row execute function {schema}.stall()".encode()
    )
    hurried = sa.make_url(supabase_url).update_query_dict({"options": "-cstatement_timeout=200"})
    destination = new_destination(hurried.render_as_string(hide_password=False), schema=schema)

    with pytest.raises(RetryableError) as caught:
        destination.load(Entity.ORDER, [order(1), order(2)])

    assert caught.value.code == "statement_timeout"
    assert destination.hashes(Entity.ORDER, ["1", "2"]) == {}


def test_a_load_leaves_neither_settings_nor_tables_behind_in_its_session(
    supabase_url: str, new_destination: NewDestination, session: Session
) -> None:
    destination = new_destination()
    destination.load(Entity.ORDER, [order(1), order(2, raw=b"{")])

    left = session.execute(
        "select relname from pg_class where relpersistence = 't' and relname like 'udsync%'"
    ).fetchall()
    idle = session.execute(
        "select count(*) from pg_stat_activity where application_name = 'udsync'"
        " and datname = current_database() and state = 'idle in transaction'"
    ).fetchall()
    assert left == []
    assert idle == [(0,)]


def test_many_loads_run_behind_a_transaction_pooler_without_prepared_statements(
    destination: SupabaseDestination,
) -> None:
    destination._address = replace(
        destination._address, port=6543
    )  # `parameters` keep the real one

    for number in range(8):
        destination.load(Entity.ORDER, [order(number + 1)])
        destination.hashes(Entity.ORDER, ["1"])

    with destination._session() as connection:
        prepared = connection.execute("select count(*) from pg_prepared_statements").fetchall()
    assert prepared == [(0,)]
