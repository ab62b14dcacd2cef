"""Choices: standing in for what is missing, looking up, deciding."""

from collections.abc import Mapping, Sequence
from typing import Any

from udsync_pipelines.mapping.arguments import Scalar
from udsync_pipelines.mapping.condition import holds, is_blank, one_question
from udsync_pipelines.mapping.inputs import describe, refusal
from udsync_pipelines.mapping.pattern import SafePattern
from udsync_pipelines.mapping.registry import mapping_function

_YES = frozenset({"true", "yes", "y", "on", "1"})
_NO = frozenset({"false", "no", "n", "off", "0"})


@mapping_function("default")
def default(given: object, *, value: Scalar) -> object:
    """Put a constant in the place of a missing value, an empty text or an empty list.

    Example:
        >>> run(None, {"function": "default", "value": "web"})
        'web'
    """
    return value if is_blank(given) else given


@mapping_function("coalesce")
def coalesce(values: Sequence[object]) -> object:
    """The first of several values that is neither missing nor empty.

    Example:
        >>> run([None, "", "Acme Ltd", "Ann"], "coalesce")
        'Acme Ltd'
    """
    return next((value for value in values if not is_blank(value)), None)


def _fold_keys(arguments: dict[str, Any]) -> dict[str, Any]:
    if not arguments.get("ignore_case", False):
        return arguments
    folded = {key.casefold(): entry for key, entry in arguments["table"].items()}
    if len(folded) != len(arguments["table"]):
        raise ValueError("the argument 'table': two keys differ only by case")
    return {**arguments, "table": folded}


@mapping_function("lookup", prepare=_fold_keys)
def lookup(
    text: str,
    *,
    table: Mapping[str, Scalar],
    default: Scalar | None = None,
    ignore_case: bool = False,
) -> Scalar:
    """Translate a value by a table. What is not in it becomes the default; without one, refused.

    Example:
        >>> run("DE", {"function": "lookup", "table": {"DE": "Germany", "AT": "Austria"}})
        'Germany'
    """
    found = table.get(text.casefold() if ignore_case else text, default)
    if found is None:
        raise refusal(
            f"{describe(text)} is not in the lookup table: add it there, or give a default"
        )
    return found


@mapping_function("conditional", prepare=one_question)
def conditional(  # noqa: PLR0913 - each argument is a word of the rule
    value: object,
    *,
    then: Scalar,
    else_: Scalar | None = None,
    equals: Scalar | None = None,
    in_: Sequence[Scalar] = (),
    matches: SafePattern | None = None,
    empty: bool | None = None,
) -> object:
    """Put `then` in the place of a value that equals, is `in` a list, matches or is empty.

    Any other value becomes `else`; without `else` it stays as it is.

    Example:
        >>> step = {"function": "conditional", "in": ["processing", "completed"]}
        >>> run("completed", {**step, "then": "paid", "else": "open"})
        'paid'
    """
    if holds(value, equals=equals, in_=in_, matches=matches, empty=empty):
        return then
    return value if else_ is None else else_


@mapping_function("equals")
def equals(given: object, *, value: Scalar) -> bool:
    """Whether the value is this constant; text equals text only, a number a number only.

    Example:
        >>> run("completed", {"function": "equals", "value": "completed"})
        True
    """
    return holds(given, equals=value)


@mapping_function("is_empty")
def is_empty(value: object) -> bool:
    """Whether the value is missing, an empty list, or text without anything to see.

    Example:
        >>> run("  ", "is_empty")
        True
    """
    return is_blank(value)


@mapping_function("boolean")
def boolean(value: object) -> bool | None:
    """Read true or false from true, yes, y, on, 1 and false, no, n, off, 0. Empty is missing.

    Example:
        >>> run("Yes", "boolean")
        True
    """
    if is_blank(value):
        return None
    word = str(value).strip().lower() if isinstance(value, str | bool | int) else ""
    if word in _YES or word in _NO:
        return word in _YES
    raise refusal(f"{describe(value)} is neither yes nor no")
