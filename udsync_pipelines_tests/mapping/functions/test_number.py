"""Number functions are exact, and take no float."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines_tests.domain.records import euros
from udsync_pipelines_tests.mapping.steps import run

NUMBERS = st.decimals(-(10**15), 10**15, places=4)
ROUNDINGS = ["half_up", "half_even", "half_down", "up", "down", "ceiling", "floor"]


@pytest.mark.parametrize("name", ["to_decimal", "round", "negate", "abs", "number_format", "trim"])
def test_a_float_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(RecordRejectedError, match="a float has already lost digits"):
        run(0.1, name)


@given(NUMBERS)
def test_a_written_number_reads_back_as_the_same_number(number: Decimal) -> None:
    step = {"places": 4, "decimal_mark": ",", "thousands": "."}

    written = run(number, {"function": "number_format", **step})

    del step["places"]
    assert run(written, {"function": "to_decimal", **step}) == number


@given(NUMBERS, NUMBERS)
def test_arithmetic_loses_no_digit(number: Decimal, other: Decimal) -> None:
    total = run(number, {"function": "add", "amount": str(other)})
    product = run(number, {"function": "multiply", "by": str(other)})

    assert isinstance(total, Decimal)
    assert isinstance(product, Decimal)
    assert Fraction(total) == Fraction(number) + Fraction(other)
    assert Fraction(product) == Fraction(number) * Fraction(other)


@pytest.mark.parametrize(
    ("rounding", "positive", "negative"),
    [
        ("half_up", "2.35", "-2.35"),
        ("half_even", "2.34", "-2.34"),
        ("half_down", "2.34", "-2.34"),
        ("up", "2.35", "-2.35"),
        ("down", "2.34", "-2.34"),
        ("ceiling", "2.35", "-2.34"),
        ("floor", "2.34", "-2.35"),
    ],
)
def test_each_named_rounding_does_what_its_name_says(
    rounding: str, positive: str, negative: str
) -> None:
    step = {"function": "round", "places": 2, "rounding": rounding}

    assert run(Decimal("2.345"), step) == Decimal(positive)
    assert run(Decimal("-2.345"), step) == Decimal(negative)


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_text_is_a_missing_number(text: str) -> None:
    assert run(text, "to_decimal") is None


def test_a_missing_number_stays_missing() -> None:
    assert run(None, "to_decimal") is None
    assert run(None, "round") is None


@pytest.mark.parametrize("value", [12, Decimal("12.0")])
def test_a_number_is_its_own_decimal(value: object) -> None:
    assert run(value, "to_decimal") == Decimal(12)


@pytest.mark.parametrize("text", ["1,5", "1_000", "NaN", "Infinity", "1e5", "1 2", "abc", "٣"])
def test_a_text_that_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(RecordRejectedError, match="is no number written with"):
        run(text, "to_decimal")


def test_a_point_is_no_decimal_mark_where_a_comma_was_named() -> None:
    with pytest.raises(RecordRejectedError, match="is no number written with"):
        run("1.50", {"function": "to_decimal", "decimal_mark": ","})


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (Decimal("NaN"), "finite"),
        (Decimal("1E+41"), "more than 40 digits"),
        (Decimal("1E-41"), "more than 40 digits"),
        (True, "not true or false"),
        ("12", "apply to_decimal"),
        ({"a": 1}, "a table of 1 keys"),
        ([1], "a list of 1"),
        (euros("1.00"), "a Money record"),
    ],
)
def test_what_is_no_usable_number_is_refused(value: object, reason: str) -> None:
    with pytest.raises(RecordRejectedError, match=reason):
        run(value, "negate")


@pytest.mark.parametrize(
    "step",
    [
        {"decimal_mark": ""},
        {"decimal_mark": "1"},
        {"thousands": ".."},
        {"thousands": "7"},
        {"decimal_mark": ",", "thousands": ","},
        {"places": 13},
        {"places": -1},
        {"places": True},
        {"places": "2"},
        {"rounding": "bankers"},
    ],
)
def test_a_number_format_that_cannot_be_read_back_is_refused(step: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="the argument"):
        run(Decimal(1), {"function": "number_format", **step})


@pytest.mark.parametrize("factor", [0.5, "1,5", "1e3", "", None, True, "NaN"])
def test_a_factor_that_is_not_exact_is_refused(factor: object) -> None:
    with pytest.raises(ValueError, match="written as text"):
        run(Decimal(1), {"function": "multiply", "by": factor})


@pytest.mark.parametrize("rounding", ROUNDINGS)
@given(number=NUMBERS)
def test_rounding_what_is_rounded_changes_nothing(number: Decimal, rounding: str) -> None:
    step = {"function": "round", "places": 1, "rounding": rounding}

    assert run(run(number, step), step) == run(number, step)
