"""What a mapping function is handed: a value of the kind that it asks for, or a refusal.

A refusal names the type and the size of a value, never the value: it may be personal data.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from datetime import date, datetime
from decimal import Decimal

from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.mapping.kinds import Kind

REFUSED = "mapping_value_refused"
MOST_DIGITS = 40  # on either side of the decimal point; no amount needs more


def refusal(reason: str) -> RecordRejectedError:
    """The error of a function that cannot take a value; the engine adds the rule and the record."""
    return RecordRejectedError(reason, code=REFUSED)


def describe(value: object) -> str:
    """The type and the size of a value, without the value."""
    if isinstance(value, str):
        return f"text of {len(value)} characters"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, Mapping):
        return f"a table of {len(value)} keys"
    if is_dataclass(value):
        return f"a {type(value).__name__} record"
    return _SIMPLE.get(type(value), f"a value of type {type(value).__name__}")


def as_text(value: object) -> str:
    """Text as it is; a whole or decimal number in plain digits.

    Raises:
        RecordRejectedError: the value is anything else.
    """
    if type(value) is str:
        return value
    if isinstance(value, str):
        return str(value)  # a plain text also for an enumeration's member
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return plain_digits(value)
    raise refusal(f"it takes text, not {describe(value)}{_advice(value)}")


def as_number(value: object) -> Decimal:
    """A whole or decimal number as an exact Decimal.

    Raises:
        RecordRejectedError: the value is text, a float, not finite, or beyond any real amount.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise refusal(f"it takes a number, not {describe(value)}{_advice(value)}")
    number = Decimal(value)
    if not number.is_finite():
        raise refusal("it takes a finite number")
    exponent = int(number.as_tuple().exponent)  # an int for every finite number
    if number.adjusted() > MOST_DIGITS or exponent < -MOST_DIGITS:
        raise refusal(f"the number has more than {MOST_DIGITS} digits")
    return number


def plain_digits(value: int | Decimal) -> str:
    """A whole or decimal number in plain digits, with every zero it has.

    Raises:
        RecordRejectedError: it is not finite, or beyond any real amount.
    """
    text = str(value)
    if len(text) < MOST_DIGITS and "E" not in text and "n" not in text.lower():
        return text  # the usual case; an exponent, NaN and infinity are looked at below
    return format(as_number(value), "f")


def as_instant(value: object) -> datetime:
    """A time with its zone.

    Raises:
        RecordRejectedError: the value is no time, or a time that does not know its zone.
    """
    if not isinstance(value, datetime):
        raise refusal(f"it takes a time, not {describe(value)}{_advice(value)}")
    if value.utcoffset() is None:
        raise refusal("it takes a time with a zone: read it with parse_date and a zone")
    return value


def as_moment(value: object) -> date | datetime:
    """A date, or a time with its zone.

    Raises:
        RecordRejectedError: the value is neither.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return as_instant(value)


def as_list(value: object) -> Sequence[object]:
    """A list as it is.

    Raises:
        RecordRejectedError: the value is no list.
    """
    if not isinstance(value, list | tuple):
        raise refusal(f"it takes a list, not {describe(value)}")
    return value


def _advice(value: object) -> str:
    if isinstance(value, float):
        return ": a float has already lost digits, map the canonical amount or a text instead"
    if isinstance(value, datetime | date):
        return ": apply date_format first"
    if isinstance(value, str):
        return ": apply to_decimal or parse_date first"
    return ""


_SIMPLE: dict[type, str] = {
    type(None): "nothing",
    bool: "true or false",
    int: "a whole number",
    Decimal: "a decimal number",
    float: "a float",
    datetime: "a time",
    date: "a date",
}

CONVERTERS: dict[Kind, Callable[[object], object]] = {
    Kind.TEXT: as_text,
    Kind.NUMBER: as_number,
    Kind.INSTANT: as_instant,
    Kind.MOMENT: as_moment,
    Kind.LIST: as_list,
}
