"""Text functions at their edges."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines_tests.mapping.steps import run


@pytest.mark.parametrize(
    ("style", "written"),
    [
        ("upper", "NEW  ORDER'S"),
        ("lower", "new  order's"),
        ("title", "New  Order's"),
        ("sentence", "New  order's"),
        ("snake", "new_order_s"),
        ("kebab", "new-order-s"),
    ],
)
def test_each_style_of_case_writes_text_its_own_way(style: str, written: str) -> None:
    assert run("nEW  Order's", {"function": "case", "style": style}) == written


@pytest.mark.parametrize(("index", "part"), [(0, "a"), (-1, "c"), (3, None), (-4, None)])
def test_split_counts_from_both_ends_and_misses_quietly(index: int, part: str | None) -> None:
    assert run("a,b,c", {"function": "split", "separator": ",", "index": index}) == part


@given(st.text(), st.integers(1, 40), st.sampled_from(["characters", "bytes"]))
def test_truncated_text_is_never_over_its_limit(text: str, limit: int, unit: str) -> None:
    step = {"function": "truncate", "limit": limit, "unit": unit}

    cut = run(text, step)

    assert isinstance(cut, str)
    assert text.startswith(cut)
    assert len(cut if unit == "characters" else cut.encode()) <= limit


def test_truncating_by_bytes_keeps_characters_whole_and_the_ellipsis() -> None:
    step = {"function": "truncate", "limit": 6, "unit": "bytes", "ellipsis": "..."}

    assert run("äöüäöü", step) == "ä..."


def test_a_broken_character_cannot_be_measured_in_bytes() -> None:
    with pytest.raises(RecordRejectedError, match="half of a pair"):
        run("\ud800", {"function": "truncate", "limit": 1, "unit": "bytes"})


def test_concat_of_nothing_but_missing_values_is_missing() -> None:
    assert run([None, None], "concat") is None
    assert run([None, ""], "concat") == ""


def test_an_empty_value_gets_no_prefix_and_no_suffix() -> None:
    assert run("", {"function": "prefix", "text": "WEB-"}) == ""
    assert run("", {"function": "suffix", "text": " kg"}) == ""


def test_pad_fills_the_right_side_when_asked() -> None:
    assert run("ab", {"function": "pad", "length": 4, "side": "right", "fill": "."}) == "ab.."


def test_substring_without_a_length_goes_to_the_end() -> None:
    assert run("EU-4711", {"function": "substring", "start": 3}) == "4711"


def test_strip_html_drops_scripts_and_survives_broken_markup() -> None:
    html = "<style>p{}</style>a < b<script>alert(1)</script><b>bold</b><p>c &lt; d"

    assert run(html, "strip_html") == "a < bbold c < d".replace("bbold", "b bold")


def test_html_beyond_any_description_is_refused_by_its_length() -> None:
    with pytest.raises(RecordRejectedError, match="100001"):
        run("x" * 100_001, "strip_html")


def test_a_replacement_that_would_explode_is_refused() -> None:
    with pytest.raises(RecordRejectedError, match="more than 1000000"):
        run("a" * 10_000, {"function": "replace", "old": "a", "new": "b" * 1000})


def test_groups_of_a_pattern_can_be_used_in_the_replacement() -> None:
    step = {"function": "regex_replace", "pattern": "^(\\w+), (\\w+)$", "replacement": "\\2 \\1"}

    assert run("Lee, Ann", step) == "Ann Lee"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (datetime(2026, 3, 9, tzinfo=UTC), "not a time: apply date_format first"),
        (date(2026, 3, 9), "not a date: apply date_format first"),
        (b"x", "type bytes"),
        (True, "not true or false"),
    ],
)
def test_what_is_no_text_is_refused_with_advice(value: object, reason: str) -> None:
    with pytest.raises(RecordRejectedError, match=reason):
        run(value, "trim")


def test_a_pattern_does_not_search_a_text_that_is_too_long() -> None:
    with pytest.raises(RecordRejectedError, match="1000 characters at most, the text has 1001"):
        run("x" * 1001, {"function": "regex_replace", "pattern": "y", "replacement": ""})


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({"function": "split", "separator": "", "index": 0}, "'separator'"),
        ({"function": "replace", "old": "", "new": "x"}, "'old'"),
        ({"function": "truncate", "limit": 3, "ellipsis": "..."}, "'ellipsis'"),
        ({"function": "pad", "length": 3, "fill": "ab"}, "'fill'"),
        ({"function": "regex_replace", "pattern": "a", "replacement": "\\1"}, "'replacement'"),
        ({"function": "regex_replace", "pattern": "a", "replacement": "\\g<x>"}, "'replacement'"),
        ({"function": "case", "style": "loud"}, "one of upper"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(step: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        run("text", step)
