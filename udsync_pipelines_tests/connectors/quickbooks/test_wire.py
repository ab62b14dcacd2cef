"""QuickBooks' JSON, exact to the last digit both ways."""

from datetime import date
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from udsync_pipelines.connectors.quickbooks import customer
from udsync_pipelines.connectors.quickbooks.posted import _Document
from udsync_pipelines.connectors.quickbooks.wire import (
    parse_json,
    read_row,
    without_empty,
    write_json,
)
from udsync_pipelines.errors import RecordRejectedError

AMOUNTS = st.decimals(
    allow_nan=False, allow_infinity=False, places=7, min_value=-(10**13), max_value=10**13
)


@given(AMOUNTS)
def test_an_amount_goes_out_and_comes_back_the_same(amount: Decimal) -> None:
    assert Decimal(parse_json(write_json({"Amount": amount}))["Amount"]) == amount


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_is_written_is_json_that_says_the_same(value: object) -> None:
    assert parse_json(write_json(value)) == value


def test_a_number_with_a_point_is_read_without_a_float() -> None:
    read = parse_json(b'{"TotalAmt": 1861.075, "Qty": 2}')

    assert read == {"TotalAmt": Decimal("1861.075"), "Qty": 2}
    assert isinstance(read["TotalAmt"], Decimal)


def test_half_a_character_is_no_json_and_a_whole_one_is() -> None:
    assert parse_json(rb'{"Memo": "\ud83d\ude00"}') == {"Memo": "\N{GRINNING FACE}"}
    with pytest.raises(ValueError, match="surrogates"):
        parse_json(rb'{"Memo": "\ud83d"}')


def test_days_are_written_as_days() -> None:
    assert orjson.loads(write_json({"TxnDate": date(2026, 3, 14)})) == {"TxnDate": "2026-03-14"}


def test_a_float_is_refused_for_it_has_already_lost_the_cent() -> None:
    with pytest.raises(TypeError, match="float"):
        write_json({"Amount": 0.1})


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_neither_read_nor_written(text: str) -> None:
    with pytest.raises(ValueError, match="JSON"):
        parse_json(text.encode())
    with pytest.raises(ValueError, match="JSON"):
        write_json(Decimal(text))


def test_members_without_a_value_are_left_out_but_zero_and_false_stay() -> None:
    members: dict[str, object] = {"a": None, "b": "", "c": [], "d": 0, "e": False, "f": Decimal(0)}

    assert without_empty(members) == {"d": 0, "e": False, "f": Decimal(0)}


def test_a_field_that_cannot_be_read_is_named_without_its_value() -> None:
    row = {"Id": "901", "SyncToken": "0", "TotalAmt": "4111 1111"}

    with pytest.raises(RecordRejectedError) as caught:
        read_row(_Document, "Invoice", row)

    assert "TotalAmt" in str(caught.value)
    assert "4111" not in str(caught.value)
    assert caught.value.record == "Invoice/901"


@pytest.mark.parametrize(
    "differences",
    [
        {"Id": ""},
        {"Id": 901},
        {"TotalAmt": True},
        {"TotalAmt": "NaN"},
        {"TotalAmt": None},
        {"CustomerRef": "58"},
        {"CustomerRef": {"name": "Ada"}},
        {"TxnDate": 20260314},
        {"TxnDate": "14.3.2026"},
        {"Line": {"Amount": 5}},
    ],
    ids=str,
)
def test_a_field_of_another_shape_is_refused_with_its_name(
    differences: dict[str, object],
) -> None:
    row = {"Id": "901", "SyncToken": "0"} | differences

    with pytest.raises(RecordRejectedError) as caught:
        read_row(_Document, "Invoice", row)

    assert caught.value.code == "answer_misshapen"
    assert next(iter(differences)) in str(caught.value)


@pytest.mark.parametrize("email", [None, {}, {"Address": None}])
def test_an_address_that_is_not_there_reads_as_empty(email: object) -> None:
    row = {"Id": "1", "SyncToken": "0", "DisplayName": "Ada", "PrimaryEmailAddr": email}

    assert customer.read(row, "CAD").email == ""


def test_an_address_of_another_shape_is_refused() -> None:
    row = {"Id": "1", "SyncToken": "0", "DisplayName": "Ada", "PrimaryEmailAddr": "a@b.example"}

    with pytest.raises(RecordRejectedError, match="PrimaryEmailAddr"):
        customer.read(row, "CAD")
