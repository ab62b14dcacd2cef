"""Arguments of mapping functions: read from a signature, checked when a profile is loaded.

A parameter's annotation says what a profile may write: text, a whole number in a range, an exact
number, true or false, one of some words, a list, a table, a pattern, a zone, a date format, a path.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

from udsync_pipelines.mapping.kinds import without_none
from udsync_pipelines.mapping.moments import DateFormat, ReadableDateFormat, zone_from_text
from udsync_pipelines.mapping.path import FieldPath
from udsync_pipelines.mapping.pattern import SafePattern
from udsync_pipelines.mapping.suggestions import did_you_mean

Scalar: TypeAlias = str | int | bool
Convert: TypeAlias = Callable[[object], object]

LONGEST_TEXT = 1000
LARGEST = 10**18
MOST_ENTRIES = 10_000  # of a list or a lookup table
_EXACT = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")


@dataclass(frozen=True, slots=True)
class Between:
    """The limits of a whole number, both included: `Annotated[int, Between(0, 12)]`."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument that a function takes: its name in a profile, and what it may be."""

    name: str
    keyword: str  # in Python, where `in` and `else` need a trailing underscore
    expects: str
    is_required: bool
    default: object
    convert: Convert


def parameters_of(function: Callable[..., object]) -> tuple[Parameter, ...]:
    """The arguments of a function: its keyword-only parameters, in their order.

    Raises:
        TypeError: a parameter has an annotation that no profile can express.
    """
    hints = get_type_hints(function, include_extras=True)
    keywords = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    return tuple(_parameter(keyword, hints[keyword.name]) for keyword in keywords)


def bind(
    parameters: Sequence[Parameter], given: Mapping[str, object]
) -> tuple[dict[str, Any], list[str]]:
    """The keyword arguments for a function, and the reasons why they cannot be used, if any."""
    bound: dict[str, Any] = {}
    reasons: list[str] = []
    by_name = {parameter.name: parameter for parameter in parameters}
    for name in sorted(map(str, given.keys() - by_name.keys())):
        advice = did_you_mean(name, by_name) if by_name else ": it takes none"
        reasons.append(f"there is no argument {name!r}{advice}")
    for parameter in parameters:
        if parameter.name in given:
            try:
                bound[parameter.keyword] = parameter.convert(given[parameter.name])
            except ValueError as error:
                reasons.append(f"the argument {parameter.name!r}: {error}")
        elif parameter.is_required:
            reasons.append(f"the argument {parameter.name!r} is missing: give {parameter.expects}")
    return bound, sorted(reasons)


def scalar(value: object) -> Scalar:
    """A constant that a profile may hold.

    Raises:
        ValueError: it is a float (write it as text), a list, a table, a date or nothing.
    """
    if isinstance(value, float):
        raise ValueError("a number with decimals is written as text, such as '0.05'")
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool | int):
        if abs(value) > LARGEST:
            raise ValueError(f"a whole number is at most {LARGEST}: write a longer one as text")
        return value
    raise ValueError("it is text, a whole number, or true or false")


def _parameter(keyword: inspect.Parameter, annotation: Any) -> Parameter:
    convert, expects = _conversion(without_none(annotation))
    has_default = keyword.default is not inspect.Parameter.empty
    return Parameter(
        name=keyword.name.rstrip("_"),
        keyword=keyword.name,
        expects=expects,
        is_required=not has_default,
        default=keyword.default if has_default else None,
        convert=convert,
    )


def _conversion(annotation: Any) -> tuple[Convert, str]:
    origin = get_origin(annotation)
    if origin is Literal:
        words = get_args(annotation)
        return _one_of(words), f"one of {', '.join(words)}"
    if origin is Annotated:
        limits = annotation.__metadata__[0]
        return _whole_number(limits), f"a whole number from {limits.least} to {limits.most}"
    key = origin if origin in (Sequence, Mapping) else annotation
    for known, convert, expects in _CONVERSIONS:
        if key == known:
            return convert, expects
    raise TypeError(f"no profile can express an argument of type {annotation}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("it is text, in quotes")
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"the text has more than {LONGEST_TEXT} characters")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("it is true or false, without quotes")
    return value


def _exact(value: object) -> Decimal:
    text = value if isinstance(value, str) else str(value) if type(value) is int else ""
    if not _EXACT.fullmatch(text):
        raise ValueError("it is a number written as text, such as '1.25'")
    return Decimal(text)


def _scalars(value: object) -> tuple[Scalar, ...]:
    if not isinstance(value, list | tuple) or not 0 < len(value) <= MOST_ENTRIES:
        raise ValueError(f"it is a list of 1 to {MOST_ENTRIES} values")
    return tuple(scalar(element) for element in value)


def _table(value: object) -> dict[str, Scalar]:
    if not isinstance(value, Mapping) or not 0 < len(value) <= MOST_ENTRIES:
        raise ValueError(f"it is a table of 1 to {MOST_ENTRIES} entries")
    return {_text(key): scalar(entry) for key, entry in value.items()}


def _whole_number(limits: Between) -> Convert:
    def convert(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"it is a whole number from {limits.least} to {limits.most}")
        if not limits.least <= value <= limits.most:
            raise ValueError(f"it is between {limits.least} and {limits.most}, not {value}")
        return value

    return convert


def _one_of(words: tuple[str, ...]) -> Convert:
    def convert(value: object) -> str:
        if value not in words:
            raise ValueError(f"it is one of {', '.join(words)}")
        return str(value)

    return convert


def _written(parse: Callable[[str], object]) -> Convert:
    return lambda value: parse(_text(value))


_CONVERSIONS: tuple[tuple[object, Convert, str], ...] = (
    (str, _text, "text"),
    (bool, _flag, "true or false"),
    (Decimal, _exact, "a number written as text, such as '1.25'"),
    (Scalar, scalar, "text, a whole number, or true or false"),
    (Sequence, _scalars, "a list"),
    (Mapping, _table, "a table"),
    (SafePattern, _written(SafePattern.from_text), "a pattern"),
    (DateFormat, _written(DateFormat.from_text), "a date format such as %Y-%m-%d"),
    (ReadableDateFormat, _written(ReadableDateFormat.from_text), "a date format such as %Y-%m-%d"),
    (ZoneInfo, _written(zone_from_text), "a time zone such as Europe/Vienna"),
    (FieldPath, _written(FieldPath.from_text), "a path in dot notation"),
)
