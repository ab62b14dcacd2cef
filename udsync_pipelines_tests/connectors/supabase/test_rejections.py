"""Tests of bad records: set aside with a reason that names the column, while the others land."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import pytest

from udsync_pipelines.connectors.supabase import SupabaseDestination
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.records import MappedRecord
from udsync_pipelines_tests.connectors.supabase.conftest import NewDestination, Session
from udsync_pipelines_tests.connectors.supabase.records import line, order, record

pytestmark = pytest.mark.postgres

SECRET = "s3cr3t"


def count(session: Session, table: str, store_id: UUID) -> int:
    """How many rows a store has."""
    query = f"select count(*) from {table} where store_id = %s"
    (row,) = session.execute(query.encode(), [store_id]).fetchall()
    return int(row[0])


@pytest.mark.parametrize(
    ("bad", "code", "place"),
    [
        (order(7, customer_note=f"{SECRET}\0"), "nul_character", "woo_orders.customer_note"),
        (order(7, customer_note="\ud83c"), "broken_text", "woo_orders.customer_note"),
        (order(7, number=[SECRET]), "not_text", "woo_orders.number"),
        (order(7, taxes=[{"a": "\0"}]), "nul_character", "woo_orders.taxes"),
        (order(7, taxes='{"a": "\\u0000"}'), "nul_character", "woo_orders.taxes"),
        (order(7, taxes=SECRET), "not_json", "woo_orders.taxes"),
        (order(7, raw=b'{"a": "\\u0000"}'), "nul_character", "woo_orders.raw"),
        (order(7, raw=b"{" + SECRET.encode()), "not_readable", "raw"),
        (order(7, raw=b'{"a": "\xff"}'), "broken_text", "woo_orders.raw"),
        (order(7, customer_id=str(2**63)), "out_of_range", "woo_orders.customer_id"),
        (order(7, customer_id="1" * 40), "not_a_whole_number", "woo_orders.customer_id"),
        (order(7, customer_id=f"{SECRET}"), "not_a_whole_number", "woo_orders.customer_id"),
        (order(7, customer_id=Decimal("1.5")), "not_a_whole_number", "woo_orders.customer_id"),
        (order(7, total=Decimal("NaN")), "not_a_number", "woo_orders.total"),
        (order(7, total=Decimal("Infinity")), "not_a_number", "woo_orders.total"),
        (order(7, total=SECRET), "not_a_number", "woo_orders.total"),
        (order(7, total=Decimal("1e131072")), "out_of_range", "woo_orders.total"),
        (order(7, total=Decimal("1e-16384")), "out_of_range", "woo_orders.total"),
        (order(7, prices_include_tax="yes"), "not_a_boolean", "woo_orders.prices_include_tax"),
        (order(7, paid_at=datetime(2026, 1, 1)), "not_a_time", "woo_orders.paid_at"),  # noqa: DTZ001
        (order(7, paid_at=SECRET), "not_a_time", "woo_orders.paid_at"),
        (order(7, lines=[line(7, total=SECRET)]), "not_a_number", "woo_order_lines.total"),
        (order(7, lines=[line(7, 1), line(7, 1)]), "line_key_repeated", "woo_order_lines"),
        (order(7, lines=[line(7, kind=None)]), "line_key_repeated", "woo_order_lines"),
        (order(7, lines=[line(8)]), "key_differs", "woo_order_lines.order_id"),
        (order(7, id="8"), "key_differs", "woo_orders.id"),
        (record(Entity.ORDER, "guest:1", {}), "not_a_whole_number", "record's id"),
        (record(Entity.ORDER, "7", {}), "root_row_missing", "woo_orders"),
    ],
)
def test_a_record_that_does_not_fit_is_reported_and_the_others_land(
    destination: SupabaseDestination, session: Session, store_id: UUID,
    bad: MappedRecord, code: str, place: str,
) -> None:  # fmt: skip
    receipt = destination.load(Entity.ORDER, [order(1), bad, order(9)])

    (rejected,) = receipt.rejected
    assert (rejected.source_id, rejected.code) == (bad.source_id, code)
    assert place in rejected.reason
    assert rejected.cure
    assert SECRET not in f"{rejected}"
    assert receipt.created == 2
    assert count(session, "woo_orders", store_id) == 2


def test_bad_records_are_found_among_a_thousand(
    destination: SupabaseDestination, session: Session, store_id: UUID
) -> None:
    bad = {1: order(1, raw=b"{"), 500: order(500, raw=b"[1"), 501: order(501, total="x")}
    records = [bad.get(n) or order(n) for n in range(1, 1001)]

    receipt = destination.load(Entity.ORDER, records)

    assert receipt.created == 997
    assert sorted(int(row.source_id) for row in receipt.rejected) == [1, 500, 501]
    assert count(session, "woo_orders", store_id) == 997
    assert count(session, "woo_order_lines", store_id) == 997
    assert count(session, "udsync_id_mappings", store_id) == 997


def test_counts_stay_exact_when_a_batch_is_halved(destination: SupabaseDestination) -> None:
    destination.load(Entity.ORDER, [order(n) for n in range(1, 11)])
    changed = [order(n, status="completed") for n in range(6, 11)]
    records = [*(order(n) for n in range(1, 6)), *changed, order(11), order(12, raw=b"{")]

    receipt = destination.load(Entity.ORDER, records)

    assert (receipt.created, receipt.updated, receipt.unchanged) == (1, 5, 5)
    assert [row.source_id for row in receipt.rejected] == ["12"]


def test_a_batch_of_only_bad_records_writes_nothing(
    destination: SupabaseDestination, session: Session, store_id: UUID
) -> None:
    receipt = destination.load(Entity.ORDER, [order(n, raw=b"{") for n in range(1, 9)])

    assert receipt.created == 0
    assert len(receipt.rejected) == 8
    assert count(session, "woo_orders", store_id) == 0


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        ("alter table {}.woo_orders add check (total < 100)", "check_failed", "woo_orders"),
        ("alter table {}.woo_orders alter customer_note set not null", "not_null", "customer_note"),
        ("create unique index on {}.woo_orders (status)", "duplicate", "status"),
        ("create index on {}.woo_orders (customer_note)", "too_long", "record"),
        ("alter table {}.woo_orders alter customer_note type varchar(9)", "too_long", "note"),
        (
            "alter table {}.woo_orders add foreign key (customer_id) references {}.alone (id)"
            " deferrable initially deferred",
            "foreign_key",
            "woo_orders",
        ),
        (
            "create trigger t before insert on {}.woo_orders for each row when (new.id = 7)"
            " execute function {}.refuse()",
            "trigger_refused",
            "record",
        ),
    ],
)
def test_what_the_customers_own_database_refuses_is_told_without_the_value(
    session: Session, schema: str, new_destination: NewDestination,
    change: str, code: str, place: str,
) -> None:  # fmt: skip
    session.execute(f"create table {schema}.alone (id bigint primary key)".encode())
    session.execute(
        f"create function {schema}.refuse() returns trigger language plpgsql as"
        f" 'begin raise exception ''{SECRET}''; end'".encode()
    )
    session.execute(change.replace("{}", schema).encode())
    long = SECRET + "".join(chr(0x4E00 + n) for n in range(20_000))  # does not compress
    good = [order(n, status=f"s{n}", customer_note="") for n in (1, 2, 9)]
    not_null = None if code == "not_null" else long
    bad = order(7, status="s1", total=Decimal(100), customer_note=not_null, customer_id="5")

    receipt = new_destination(schema=schema).load(Entity.ORDER, [*good, bad])

    (rejected,) = receipt.rejected
    assert (rejected.source_id, rejected.code) == ("7", code)
    assert place in rejected.reason
    assert SECRET not in f"{rejected}"
    assert receipt.created == 3


@pytest.mark.parametrize(
    ("before", "when"),
    [
        (None, "before insert on {}.woo_orders for each row when (new.id = 7)"),
        ([1], "before update on {}.woo_orders for each row when (new.id = 7)"),
        (None, "before insert on {}.woo_order_lines for each row when (new.order_id = 7)"),
        ([], "before insert on {}.woo_order_lines for each row when (new.order_id = 7)"),
        ([1, 1], "before delete on {}.woo_order_lines for each row when (old.order_id = 7)"),
    ],
    ids=["order", "changed order", "line", "new line", "line too many"],
)
def test_a_row_that_the_database_drops_without_a_word_is_told(
    session: Session, schema: str, new_destination: NewDestination,
    before: list[int] | None, when: str,
) -> None:  # fmt: skip
    destination = new_destination(schema=schema)
    if before is not None:
        lines = [line(7, number, quantity=Decimal(each)) for number, each in enumerate(before, 1)]
        destination.load(Entity.ORDER, [order(7, status="pending", lines=lines)])
    trigger(session, schema, when, "return null;")

    receipt = destination.load(Entity.ORDER, [order(n) for n in (1, 7, 9)])

    assert [(row.source_id, row.code) for row in receipt.rejected] == [("7", "row_not_kept")]
    assert (receipt.created, receipt.updated, receipt.unchanged) == (2, 0, 0)


def test_a_trigger_that_changes_what_is_written_is_the_customers_own_matter(
    session: Session, schema: str, new_destination: NewDestination
) -> None:
    destination = new_destination(schema=schema)
    destination.load(Entity.ORDER, [order(7, status="pending")])
    when = "before insert or update on {}.woo_order_lines for each row"
    trigger(session, schema, when, "new.name = 'Mug'; return new;")

    first = destination.load(Entity.ORDER, [order(7)])
    second = destination.load(Entity.ORDER, [order(7, status="completed")])

    assert (first.rejected, second.rejected) == ((), ())


def test_a_trigger_that_fails_by_itself_has_refused_the_record(
    session: Session, schema: str, new_destination: NewDestination
) -> None:
    when = "before insert on {}.woo_orders for each row when (new.id = 7)"
    trigger(session, schema, when, "select 1 into strict new.number where false; return new;")

    receipt = new_destination(schema=schema).load(Entity.ORDER, [order(1), order(7)])

    assert [(row.source_id, row.code) for row in receipt.rejected] == [("7", "trigger_refused")]


def trigger(session: Session, schema: str, when: str, body: str) -> None:
    """A trigger of the customer's own, on a table of the schema."""
    function = f"create function {schema}.own() returns trigger language plpgsql as"
    session.execute(f"{function} $$begin {body} end$$".encode())
    statement = f"create trigger own {when} execute function {{}}.own()"
    session.execute(statement.replace("{}", schema).encode())
