"""Conditions: one question about a value, answered yes or no. Never an error."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from udsync_pipelines.mapping.arguments import Scalar
from udsync_pipelines.mapping.inputs import MOST_DIGITS, as_text
from udsync_pipelines.mapping.pattern import LONGEST_TEXT, SafePattern

QUESTIONS = ("equals", "in_", "matches", "empty")


def one_question(arguments: dict[str, Any]) -> dict[str, Any]:
    """Check that exactly one question is asked.

    Raises:
        ValueError: none, or several.
    """
    asked = [name.rstrip("_") for name in QUESTIONS if name in arguments]
    if len(asked) != 1:
        raise ValueError(f"a condition has one of equals, in, matches, empty, not {len(asked)}")
    return arguments


def holds(
    value: object,
    *,
    equals: Scalar | None = None,
    in_: Sequence[Scalar] = (),
    matches: SafePattern | None = None,
    empty: bool | None = None,
) -> bool:
    """Whether the value is what the one question asks for.

    Text equals text only and a number a number only. A text over 1000 characters matches nothing.
    """
    if empty is not None:
        return is_blank(value) == empty
    if matches is not None:
        return _matches(value, matches)
    wanted = in_ if equals is None else (equals,)
    return any(_same(value, one) for one in wanted)


def is_blank(value: object) -> bool:
    """Whether a value is missing, an empty list or table, or text without anything to see."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, list | tuple | Mapping) and not value)


def _same(value: object, wanted: Scalar) -> bool:
    if isinstance(wanted, bool) or isinstance(value, bool):
        return value is wanted
    if isinstance(value, Decimal) and value.is_nan():
        return False  # comparing a signalling NaN raises
    return value == wanted


def _matches(value: object, pattern: SafePattern) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        value = as_text(value) if abs(value) < 10**MOST_DIGITS else ""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        return False
    return pattern.found_in(value)
