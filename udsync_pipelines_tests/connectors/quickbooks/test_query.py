"""Statements as QuickBooks reads them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.query import (
    Query,
    Value,
    at_least,
    at_most,
    equals,
    literal,
    one_of,
)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Adam's Shop", r"'Adam\'s Shop'"),
        ("back\\slash", r"'back\\slash'"),
        (r"both \' of them", r"'both \\\' of them'"),
        ("", "''"),
        (True, "true"),
        (False, "false"),
        (7, "'7'"),
        (Decimal("300.00"), "'300.00'"),
        (Decimal("1E+3"), "'1000'"),
        (date(2026, 3, 14), "'2026-03-14'"),
        (datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC), "'2026-03-14T09:26:53+00:00'"),
    ],
)
def test_a_value_is_written_as_quickbooks_reads_it(value: Value, written: str) -> None:
    assert literal(value) == written


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        literal(datetime(2026, 3, 14))  # noqa: DTZ001 - that is what is refused


@given(st.text())
def test_no_text_ends_its_own_quotes(text: str) -> None:
    written = literal(text)

    assert unescaped(written) == text


def test_conditions_are_joined_and_pages_follow_a_stable_order() -> None:
    query = Query(
        BookEntity.INVOICE,
        (equals("DocNumber", "W-1"), at_least("TxnDate", date(2026, 1, 1))),
    ).but(at_most("TxnDate", date(2026, 1, 31)))

    assert query.page(1001, 500) == (
        "SELECT * FROM Invoice WHERE DocNumber = 'W-1' AND TxnDate >= '2026-01-01'"
        " AND TxnDate <= '2026-01-31' ORDERBY Id STARTPOSITION 1001 MAXRESULTS 500"
    )
    assert query.count().startswith("SELECT COUNT(*) FROM Invoice WHERE DocNumber")


def test_inactive_ones_are_asked_for_by_name_lists_only() -> None:
    customers = Query(BookEntity.CUSTOMER, with_inactive=True)
    invoices = Query(BookEntity.INVOICE, with_inactive=True)

    assert "WHERE Active IN (true, false)" in customers.page(1, 10)
    assert "WHERE" not in invoices.page(1, 10)


def test_a_list_of_no_values_is_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        one_of("Id", [])


def unescaped(written: str) -> str:
    """The text between the quotes, which must end where the first bare apostrophe stands."""
    assert written[0] == "'"
    text, position = "", 1
    while written[position] != "'":
        position += written[position] == "\\"
        text += written[position]
        position += 1
    assert position == len(written) - 1
    return text
