"""Choices: exact about what is equal, quiet about what is missing."""

from decimal import Decimal
from typing import Any

import pytest

from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines_tests.mapping.steps import run

COUNTRIES = {"function": "lookup", "table": {"DE": "Germany", "at": "Austria"}}


@pytest.mark.parametrize("empty", [None, "", "  ", [], {}, ()])
def test_the_default_stands_in_for_everything_empty(empty: object) -> None:
    assert run(empty, {"function": "default", "value": "web"}) == "web"


@pytest.mark.parametrize("present", [0, False, "0", Decimal(0), [None]])
def test_zero_and_false_are_values_and_not_empty(present: object) -> None:
    assert run(present, {"function": "default", "value": "web"}) is present


def test_nothing_to_coalesce_stays_missing() -> None:
    assert run([None, "", []], "coalesce") is None


def test_a_lookup_minds_case_unless_told_otherwise() -> None:
    assert run("AT", {**COUNTRIES, "ignore_case": True}) == "Austria"
    assert run("AT", {**COUNTRIES, "default": "?"}) == "?"


def test_a_value_outside_the_table_is_refused_without_being_told() -> None:
    with pytest.raises(RecordRejectedError, match="text of 6 characters is not in") as caught:
        run("secret", COUNTRIES)

    assert "secret" not in caught.value.message


def test_a_missing_value_is_not_looked_up() -> None:
    assert run(None, COUNTRIES) is None


@pytest.mark.parametrize(
    ("value", "question", "answer"),
    [
        ("a", {"equals": "a"}, True),
        ("A", {"equals": "a"}, False),
        ("1", {"equals": 1}, False),
        (Decimal("1.0"), {"equals": 1}, True),
        (Decimal("NaN"), {"equals": 1}, False),
        (Decimal("sNaN"), {"equals": 1}, False),
        (True, {"equals": 1}, False),
        (True, {"equals": True}, True),
        (1, {"equals": True}, False),
        ("b", {"in": ["a", "b"]}, True),
        ("c", {"in": ["a", "b"]}, False),
        (None, {"in": ["a"]}, False),
        ("AB-1", {"matches": "^[A-Z]+-"}, True),
        ("ab-1", {"matches": "^[A-Z]+-"}, False),
        (4711, {"matches": "^47"}, True),
        (10**50, {"matches": "1"}, False),
        (True, {"matches": "1"}, False),
        (None, {"matches": "."}, False),
        ("x" * 1001, {"matches": "x"}, False),
        ("", {"empty": True}, True),
        ("x", {"empty": False}, True),
        ("x", {"empty": True}, False),
    ],
)
def test_a_condition_answers_every_value_with_yes_or_no(
    value: object, question: dict[str, Any], answer: bool
) -> None:
    step = {"function": "conditional", "then": "yes", "else": "no", **question}

    assert run(value, step) == ("yes" if answer else "no")


def test_without_else_the_value_stays_as_it_is() -> None:
    assert run("b", {"function": "conditional", "equals": "a", "then": "x"}) == "b"


@pytest.mark.parametrize("word", ["true", "YES", " y ", "on", "1", 1, True])
def test_every_word_for_yes_is_true(word: object) -> None:
    assert run(word, "boolean") is True


@pytest.mark.parametrize("word", ["false", "No", "n", "off", "0", 0, False])
def test_every_word_for_no_is_false(word: object) -> None:
    assert run(word, "boolean") is False


def test_an_empty_word_is_neither_yes_nor_no_but_missing() -> None:
    assert run("", "boolean") is None


@pytest.mark.parametrize("word", ["perhaps", 2, 1.0, ["yes"]])
def test_any_other_word_is_refused(word: object) -> None:
    with pytest.raises(RecordRejectedError, match="neither yes nor no"):
        run(word, "boolean")


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({"function": "lookup"}, "'table' is missing"),
        ({"function": "lookup", "table": {}}, "1 to 10000 entries"),
        ({"function": "lookup", "table": "DE"}, "1 to 10000 entries"),
        ({"function": "lookup", "table": {"a": 1.5}}, "written as text"),
        ({"function": "lookup", "table": {"a": None}}, "text, a whole number"),
        (
            {"function": "lookup", "table": {"a": 1, "A": 2}, "ignore_case": True},
            "differ only by case",
        ),
        ({**COUNTRIES, "ignore_case": "yes"}, "true or false"),
        ({"function": "conditional", "then": 1}, "not 0"),
        ({"function": "conditional", "then": 1, "equals": 1, "empty": True}, "not 2"),
        ({"function": "conditional", "equals": 1}, "'then' is missing"),
        ({"function": "conditional", "then": 1, "in": []}, "list of 1"),
        ({"function": "conditional", "then": 1, "in": "abc"}, "list of 1"),
        ({"function": "conditional", "then": 10**19, "empty": True}, "longer one as text"),
        ({"function": "default", "value": "x" * 1001}, "more than 1000"),
        ({"function": "is_empty", "of": 1}, "it takes none"),
    ],
)
def test_choices_that_cannot_be_made_are_refused(step: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        run("x", step)
