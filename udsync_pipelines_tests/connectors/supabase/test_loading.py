"""Tests of loading: what is written, what is left alone, and what the receipt says."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from udsync_pipelines.connectors.supabase import SupabaseDestination
from udsync_pipelines.connectors.supabase.sums import CurrencySums
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.records import LoadReceipt
from udsync_pipelines_tests.connectors.supabase.conftest import NewDestination, Session
from udsync_pipelines_tests.connectors.supabase.records import NOON, line, order, refund

pytestmark = pytest.mark.postgres


def versions(session: Session, table: str, store_id: UUID) -> list[tuple[Any, ...]]:
    """Where each row version stands, who wrote it and who last locked it."""
    query = f"select ctid::text, xmin::text, xmax::text from {table} where store_id = %s order by 1"
    return session.execute(query.encode(), [store_id]).fetchall()


def line_ids(session: Session, store_id: UUID, order_id: int) -> list[int]:
    """The lines that an order has in the database."""
    query = "select line_id from woo_order_lines where store_id = %s and order_id = %s order by 1"
    return [row[0] for row in session.execute(query, [store_id, order_id])]


def test_a_first_load_creates_every_record_with_its_lines(
    destination: SupabaseDestination, session: Session, store_id: UUID
) -> None:
    receipt = destination.load(Entity.ORDER, [order(n) for n in range(1, 51)])

    assert receipt == LoadReceipt(created=50, updated=0, unchanged=0)
    assert len(versions(session, "woo_orders", store_id)) == 50
    assert len(versions(session, "woo_order_lines", store_id)) == 50


def test_a_second_load_of_the_same_neither_writes_nor_locks_a_row(
    destination: SupabaseDestination, session: Session, store_id: UUID
) -> None:
    records = [order(n) for n in range(1, 201)]
    destination.load(Entity.ORDER, records)
    tables = ("woo_orders", "woo_order_lines", "udsync_id_mappings")
    before = [versions(session, table, store_id) for table in tables]

    receipt = destination.load(Entity.ORDER, records)

    assert receipt == LoadReceipt(created=0, updated=0, unchanged=200)
    assert [versions(session, table, store_id) for table in tables] == before


def test_a_second_load_of_the_same_writes_next_to_nothing_to_the_log(
    destination: SupabaseDestination, session: Session
) -> None:
    records = [order(n, raw=b'{"note": "%s"}' % (b"x" * 3000)) for n in range(1, 501)]
    destination.load(Entity.ORDER, records)
    (start,) = session.execute("select pg_current_wal_insert_lsn()::text").fetchall()[0]

    destination.load(Entity.ORDER, records)

    query = "select pg_current_wal_insert_lsn() - %s::pg_lsn"
    (written,) = session.execute(query, [start]).fetchall()[0]
    assert written < 500 * 200  # the first load writes thousands of bytes a row


def test_one_changed_record_in_a_hundred_is_the_only_one_written(
    destination: SupabaseDestination, session: Session, store_id: UUID
) -> None:
    records = [order(n) for n in range(1, 101)]
    destination.load(Entity.ORDER, records)
    before = set(versions(session, "woo_orders", store_id))
    records[41] = order(42, status="completed")

    receipt = destination.load(Entity.ORDER, records)

    assert receipt == LoadReceipt(created=0, updated=1, unchanged=99)
    assert len(before - set(versions(session, "woo_orders", store_id))) == 1
    assert destination.stored(Entity.ORDER, ["42"])["42"]["status"] == "completed"


def test_lines_become_what_the_changed_order_has_now(
    destination: SupabaseDestination, session: Session, store_id: UUID
) -> None:
    destination.load(Entity.ORDER, [order(7, lines=[line(7, 1), line(7, 2)]), order(8)])

    destination.load(Entity.ORDER, [order(7, lines=[line(7, 2, name="Red mug"), line(7, 3)])])

    query = "select order_id, line_id, name from woo_order_lines where store_id = %s order by 1, 2"
    assert session.execute(query, [store_id]).fetchall() == [
        (7, 702, "Red mug"),
        (7, 703, "Blue mug"),
        (8, 801, "Blue mug"),
    ]


def test_a_line_that_did_not_change_is_not_rewritten(
    destination: SupabaseDestination, session: Session, store_id: UUID
) -> None:
    destination.load(Entity.ORDER, [order(7)])
    before = versions(session, "woo_order_lines", store_id)[0][1]

    destination.load(Entity.ORDER, [order(7, status="completed")])

    assert versions(session, "woo_order_lines", store_id)[0][1] == before


def test_an_order_that_lost_all_lines_keeps_none(
    destination: SupabaseDestination, session: Session, store_id: UUID
) -> None:
    destination.load(Entity.ORDER, [order(7)])

    destination.load(Entity.ORDER, [order(7, lines=[])])

    assert line_ids(session, store_id, 7) == []


def test_lines_left_behind_by_a_hand_deleted_order_are_replaced(
    destination: SupabaseDestination, session: Session, store_id: UUID
) -> None:
    destination.load(Entity.ORDER, [order(7, lines=[line(7, 1)])])
    session.execute("delete from woo_orders where store_id = %s", [store_id])

    receipt = destination.load(Entity.ORDER, [order(7, lines=[line(7, 2)])])

    assert receipt.created == 1
    assert line_ids(session, store_id, 7) == [702]


def test_lines_of_different_kinds_may_share_a_number(
    destination: SupabaseDestination, session: Session, store_id: UUID
) -> None:
    lines = [line(7, 1, kind=kind) for kind in ("product", "shipping", "fee")]

    destination.load(Entity.ORDER, [order(7, lines=lines)])

    assert line_ids(session, store_id, 7) == [701, 701, 701]


def test_of_a_record_that_comes_twice_in_a_batch_the_later_one_counts(
    destination: SupabaseDestination, session: Session, store_id: UUID
) -> None:
    early = order(7, status="pending", lines=[line(7, 1)])
    late = order(7, status="completed", lines=[line(7, 2)])

    receipt = destination.load(Entity.ORDER, [early, order(8), late])

    assert receipt == LoadReceipt(created=2, updated=0, unchanged=0)
    assert destination.stored(Entity.ORDER, ["7"])["7"]["status"] == "completed"
    assert line_ids(session, store_id, 7) == [702]


def test_a_deleted_record_is_marked_and_keeps_its_row(
    destination: SupabaseDestination, session: Session, store_id: UUID
) -> None:
    destination.load(Entity.ORDER, [order(7)])

    receipt = destination.load(Entity.ORDER, [order(7, deleted_at=NOON)])

    query = "select deleted_at, total from woo_orders where store_id = %s"
    assert receipt.updated == 1
    assert session.execute(query, [store_id]).fetchall() == [(NOON, Decimal("12.00"))]


def test_a_record_that_comes_back_is_no_longer_marked_as_deleted(
    destination: SupabaseDestination, session: Session, store_id: UUID
) -> None:
    gone = order(7, deleted_at=NOON)
    destination.load(Entity.ORDER, [gone])

    receipt = destination.load(Entity.ORDER, [replace(gone, deleted_at=None)])

    query = "select deleted_at from woo_orders where store_id = %s"
    assert receipt.updated == 1
    assert session.execute(query, [store_id]).fetchall() == [(None,)]


def test_each_created_record_gets_one_id_mapping_for_good(
    new_destination: NewDestination, session: Session, store_id: UUID
) -> None:
    destination = new_destination(connection_id="supabase-1")
    destination.load(Entity.ORDER, [order(7)])

    destination.load(Entity.ORDER, [order(7, status="completed"), order(8)])

    query = """
        select entity, source_id, target_platform, target_connection_id, role, target_id
          from udsync_id_mappings where store_id = %s order by source_id"""
    assert session.execute(query, [store_id]).fetchall() == [
        ("order", "7", "supabase", "supabase-1", "row", "7"),
        ("order", "8", "supabase", "supabase-1", "row", "8"),
    ]


def test_raw_json_is_kept_to_the_byte(
    destination: SupabaseDestination, session: Session, store_id: UUID
) -> None:
    raw = '{ "b" : 1.10, "a":"\\/ \\ud83c\\udf81 é\\n\\\\u0000", "a": 2, "\\t": 1e400 }'.encode()

    destination.load(Entity.ORDER, [order(7, raw=raw)])

    query = "select raw::text, raw ->> 'b' from woo_orders where store_id = %s"
    assert session.execute(query, [store_id]).fetchall() == [(raw.decode(), "1.10")]


def test_hashes_are_those_of_the_records_last_loaded(destination: SupabaseDestination) -> None:
    records = [order(n) for n in range(1, 101)]
    destination.load(Entity.ORDER, records)

    found = destination.hashes(Entity.ORDER, [str(n) for n in range(50, 6_050)] + ["guest:x", ""])

    assert found == {record.source_id: record.row_hash for record in records[49:]}


def test_a_stored_row_reads_as_mapping_made_it(destination: SupabaseDestination) -> None:
    vienna = NOON + timedelta(microseconds=123_456)
    mapped = order(7, customer_id="9007199254740993", total=Decimal("0.10"), paid_at=vienna)
    destination.load(Entity.ORDER, [mapped])

    stored = destination.stored(Entity.ORDER, ["7", "8"])

    assert stored.keys() == {"7"}
    assert not stored["7"].keys() & {"store_id", "raw", "content_hash", "deleted_at", "synced_at"}
    written = mapped.tables["woo_orders"][0]
    assert {name: stored["7"][name] for name in written} == written


def test_two_stores_with_equal_ids_do_not_touch_each_other(
    new_destination: NewDestination,
) -> None:
    ours, theirs = new_destination(), new_destination(store_id=uuid4())
    ours.load(Entity.ORDER, [order(7)])

    receipt = theirs.load(Entity.ORDER, [order(7, status="other")])

    assert receipt.created == 1
    assert ours.stored(Entity.ORDER, ["7"])["7"]["status"] == "processing"


def test_a_column_of_the_customers_own_is_filled_and_others_are_left(
    session: Session, schema: str, new_destination: NewDestination
) -> None:
    session.execute(
        f"alter table {schema}.woo_orders add po_number varchar(20), add score float8,"
        " add tags text[], add notes text default 'none yet'".encode()
    )
    destination = new_destination(schema=schema)

    destination.load(Entity.ORDER, [order(7, po_number="PO-7", score=1.5, tags="{a,b}")])

    query = f"select po_number, score, tags, notes from {schema}.woo_orders"
    assert session.execute(query.encode()).fetchall() == [("PO-7", 1.5, ["a", "b"], "none yet")]


def test_an_empty_batch_is_no_work(destination: SupabaseDestination) -> None:
    assert destination.load(Entity.ORDER, []) == LoadReceipt(0, 0, 0)


def test_sums_are_exact_for_each_currency_without_deleted_records(
    destination: SupabaseDestination,
) -> None:
    tenth = Decimal("0.10")
    orders = [order(n, total=tenth, total_tax=Decimal("0.01")) for n in range(1, 11)]
    yen = order(11, currency="JPY", total=Decimal(5000), total_tax=Decimal(455))
    gone = order(12, total=Decimal("99.99"), deleted_at=NOON)
    destination.load(Entity.ORDER, [*orders, yen, gone])
    destination.load(Entity.REFUND, [refund(1), refund(2, amount=Decimal("0.01"))])

    sums = destination.sums()

    assert sums.counts[Entity.ORDER] == 11
    assert sums.counts[Entity.CUSTOMER] == 0
    assert sums.orders == {
        "EUR": CurrencySums(10, Decimal("1.00"), Decimal("0.10")),
        "JPY": CurrencySums(1, Decimal(5000), Decimal(455)),
    }
    assert sums.refunds == {"EUR": CurrencySums(2, Decimal("3.01"), Decimal(0))}
