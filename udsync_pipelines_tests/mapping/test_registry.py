"""Functions are registered by their signature, and total on any value."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udsync_pipelines.mapping.arguments import parameters_of
from udsync_pipelines.mapping.inputs import REFUSED
from udsync_pipelines.mapping.registry import function_names, functions, mapping_function
from udsync_pipelines_tests.domain.records import ANN, euros, order_line
from udsync_pipelines_tests.mapping.steps import refusal_of

STEPS: list[dict[str, Any]] = [
    {"function": "case", "style": "title"},
    {"function": "split", "separator": "-", "index": 1},
    {"function": "replace", "old": "a", "new": "bb"},
    {"function": "regex_replace", "pattern": "\\s+(\\d)", "replacement": "\\1"},
    {"function": "truncate", "limit": 3, "unit": "bytes"},
    {"function": "prefix", "text": "x"},
    {"function": "suffix", "text": "x"},
    {"function": "pad", "length": 9},
    {"function": "left", "length": 2},
    {"function": "right", "length": 2},
    {"function": "substring", "start": 1},
    {"function": "multiply", "by": "1.1"},
    {"function": "add", "amount": "-1"},
    {"function": "date_format", "format": "%Y-%m-%d"},
    {"function": "to_zone", "zone": "Asia/Tokyo"},
    {"function": "to_date", "zone": "America/Edmonton"},
    {"function": "parse_date", "format": "%Y-%m-%d", "zone": "Asia/Tokyo"},
    {"function": "default", "value": 1},
    {"function": "lookup", "table": {"a": "b"}},
    {"function": "conditional", "matches": "a+", "then": 1},
    {"function": "equals", "value": "a"},
    {"function": "pluck", "path": "a.0"},
]
WITHOUT_ARGUMENTS = sorted(function_names() - {step["function"] for step in STEPS})
ALL_STEPS = [*STEPS, *({"function": name} for name in WITHOUT_ARGUMENTS)]

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(st.characters()),
    st.sampled_from(["\ud800", "<p", "&#9999999999;", "2026-03-09", "1.5", "<!x", "<![", "<?"]),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from([ANN, euros("1.00"), order_line(), date.max, datetime.min.replace(tzinfo=UTC)]),
    st.sampled_from([Decimal("sNaN"), Decimal("1E+999999"), Decimal("-0"), 10**400]),
    st.binary(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@pytest.mark.parametrize("step", ALL_STEPS, ids=lambda step: str(step["function"]))
@given(value=VALUES)
def test_a_function_gives_a_value_or_a_refusal_and_nothing_else(
    step: dict[str, Any], value: object
) -> None:
    refused = refusal_of(value, step)

    assert refused is None or (refused.code, refused.record) == (REFUSED, None)


@pytest.mark.parametrize("step", ALL_STEPS, ids=lambda step: str(step["function"]))
def test_a_refusal_never_tells_the_value(step: dict[str, Any]) -> None:
    values = ["hidden-word", ["hidden-word"], {"hidden-word": "hidden-word"}, b"hidden-word"]

    told = [str(refusal_of(value, step)) for value in values]

    assert "hidden" not in " ".join(told)


def test_the_register_holds_every_function_that_the_profiles_may_use() -> None:
    assert sorted(function_names()) == sorted(
        [
            *("trim", "upper", "lower", "title", "case", "split", "replace", "regex_replace"),
            *("truncate", "concat", "prefix", "suffix", "pad", "slug", "strip_html"),
            *("unescape_html", "normalise_spaces", "left", "right", "substring"),
            *("number_format", "round", "to_decimal", "multiply", "add", "negate", "abs"),
            *("to_text", "date_format", "to_zone", "to_date", "parse_date"),
            *("default", "coalesce", "lookup", "conditional", "equals", "is_empty", "boolean"),
            *("join", "count", "first", "last", "pluck", "sum", "to_json"),
        ]
    )


def test_a_name_cannot_be_registered_twice() -> None:
    def other(text: str) -> str:
        return text

    with pytest.raises(ValueError, match="two mapping functions are called 'trim'"):
        mapping_function("trim")(other)


def test_an_argument_that_no_profile_can_write_is_refused_at_import() -> None:
    def odd(text: str, *, amount: float) -> str:
        return text * int(amount)

    with pytest.raises(TypeError, match="no profile can express"):
        parameters_of(odd)


def test_functions_come_by_family_and_name() -> None:
    listed = [(known.family, known.name) for known in functions()]

    assert listed == sorted(listed)
    assert {family for family, _ in listed} == {"choice", "collection", "date", "number", "text"}
