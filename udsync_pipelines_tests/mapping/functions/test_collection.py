"""List functions, and JSON of anything."""

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udsync_pipelines.domain.order import LineKind
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines_tests.domain.records import ANN, euros, order_line
from udsync_pipelines_tests.mapping.steps import run

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def test_join_leaves_no_separator_for_what_is_missing() -> None:
    assert run(["Mugs", None, "", 7], {"function": "join", "separator": "|"}) == "Mugs|7"


@pytest.mark.parametrize("name", ["first", "last"])
def test_an_empty_list_has_no_first_and_no_last(name: str) -> None:
    assert run([], name) is None


@given(st.lists(st.none() | st.decimals(-(10**20), 10**20, places=8)))
def test_a_sum_is_exact_and_the_same_in_any_order(numbers: list[Decimal | None]) -> None:
    exact = sum(Fraction(number) for number in numbers if number is not None)

    total = run(numbers, "sum")

    assert isinstance(total, Decimal)
    assert Fraction(total) == exact
    assert run(numbers[::-1], "sum") == total


def test_a_float_among_the_numbers_is_refused() -> None:
    with pytest.raises(RecordRejectedError, match="a float has already lost digits"):
        run([1, 0.5], "sum")


def test_pluck_reaches_into_records_and_tables_alike() -> None:
    values = [order_line(), {"total": {"amount": 5}}, "no record"]

    plucked = run(values, {"function": "pluck", "path": "total.amount"})

    assert plucked == [Decimal("10.00"), 5, None]


@pytest.mark.parametrize("step", [{"function": "pluck", "path": "kind"}, "join"])
def test_members_of_an_enumeration_become_plain_text(step: dict[str, str] | str) -> None:
    values = [order_line()] if isinstance(step, dict) else [LineKind.PRODUCT]

    result = run(values, step)

    (text,) = result if isinstance(result, list) else [result]
    assert type(text) is str
    assert text == "product"


@given(JSON)
def test_json_reads_back_as_the_same_value(value: object) -> None:
    written = run(value, "to_json")

    assert (json.loads(str(written)) if value is not None else written) == value


def test_a_record_is_written_as_json_with_exact_amounts() -> None:
    value = {"who": ANN, "paid": (euros("4.90"), date(2026, 3, 9))}

    assert json.loads(str(run(value, "to_json"))) == {
        "who": {name: getattr(ANN, name) for name in ANN.__slots__},
        "paid": [{"amount": "4.90", "currency": "EUR"}, "2026-03-09"],
    }


@pytest.mark.parametrize("value", [float("nan"), {"a": object()}, b"bytes"])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(RecordRejectedError, match="cannot be written as JSON"):
        run(value, "to_json")


def test_json_that_nests_for_ever_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)

    with pytest.raises(RecordRejectedError, match="cannot be written as JSON"):
        run(endless, "to_json")


@pytest.mark.parametrize("value", ["text", 5, {"a": 1}])
def test_what_is_no_list_is_refused(value: object) -> None:
    with pytest.raises(RecordRejectedError, match="it takes a list"):
        run(value, "count")
