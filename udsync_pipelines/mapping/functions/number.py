"""Numbers: exact arithmetic and how numbers are written. Floats are refused everywhere."""

import decimal
import re
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from udsync_pipelines.mapping.arguments import Between
from udsync_pipelines.mapping.inputs import as_number, as_text, describe, refusal
from udsync_pipelines.mapping.registry import mapping_function

Places = Annotated[int, Between(0, 12)]
Rounding: TypeAlias = Literal["half_up", "half_even", "half_down", "up", "down", "ceiling", "floor"]

_ROUNDINGS: dict[str, str] = {
    "half_up": decimal.ROUND_HALF_UP,
    "half_even": decimal.ROUND_HALF_EVEN,
    "half_down": decimal.ROUND_HALF_DOWN,
    "up": decimal.ROUND_UP,
    "down": decimal.ROUND_DOWN,
    "ceiling": decimal.ROUND_CEILING,
    "floor": decimal.ROUND_FLOOR,
}
# Wide enough for the product of any two numbers that the functions take.
_EXACT = decimal.Context(prec=200)
_PLAIN = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")


def _marks_differ(arguments: dict[str, Any]) -> dict[str, Any]:
    mark, thousands = arguments.get("decimal_mark", "."), arguments.get("thousands", "")
    if len(mark) != 1 or mark in "0123456789+-":
        raise ValueError("the argument 'decimal_mark': it is one character, no digit and no sign")
    if len(thousands) > 1 or thousands in tuple("0123456789+-"):
        raise ValueError("the argument 'thousands': it is empty or one character, no digit or sign")
    if mark == thousands:
        raise ValueError("the arguments 'decimal_mark' and 'thousands' are the same character")
    return arguments


@mapping_function("to_decimal", prepare=_marks_differ)
def to_decimal(value: object, *, decimal_mark: str = ".", thousands: str = "") -> Decimal | None:
    """Read an exact number from a text. Empty text is missing; a float is refused.

    A float cannot say which cent was meant: map the canonical amount, or a text.

    Example:
        >>> run("1.234,50", {"function": "to_decimal", "decimal_mark": ",", "thousands": "."})
        Decimal('1234.50')
    """
    if value is None:
        return None
    if not isinstance(value, str):
        return as_number(value)
    text = value.strip()
    if not text:
        return None
    plain = (text.replace(thousands, "") if thousands else text).replace(decimal_mark, ".")
    if not _PLAIN.fullmatch(plain) or (decimal_mark != "." and "." in text and thousands != "."):
        raise refusal(f"{describe(value)} is no number written with {decimal_mark!r}")
    return Decimal(plain)


@mapping_function("number_format", prepare=_marks_differ)
def number_format(
    number: Decimal,
    *,
    places: Places = 2,
    decimal_mark: str = ".",
    thousands: str = "",
    rounding: Rounding = "half_up",
) -> str:
    """Write a number with so many decimals, a decimal mark and a thousands separator.

    Example:
        >>> run(Decimal("1234.5"), {"function": "number_format", "thousands": ","})
        '1,234.50'
    """
    written = format(round_number(number, places=places, rounding=rounding), ",f")
    return written.translate({ord(","): thousands, ord("."): decimal_mark})


@mapping_function("round")
def round_number(number: Decimal, *, places: Places = 2, rounding: Rounding = "half_up") -> Decimal:
    """Round to so many decimals. `half_up` is what shops and books do: away from zero at the half.

    Also `half_even`, `half_down`, `up` and `down` (by size), `ceiling` and `floor` (by value).

    Example:
        >>> run(Decimal("2.345"), {"function": "round", "places": 2})
        Decimal('2.35')
    """
    unit = Decimal(1).scaleb(-places)
    return number.quantize(unit, rounding=_ROUNDINGS[rounding], context=_EXACT)


@mapping_function("multiply")
def multiply(number: Decimal, *, by: Decimal) -> Decimal:
    """Multiply, exactly.

    Example:
        >>> run(Decimal("19.99"), {"function": "multiply", "by": "100"})
        Decimal('1999.00')
    """
    return _EXACT.multiply(number, by)


@mapping_function("add")
def add(number: Decimal, *, amount: Decimal) -> Decimal:
    """Add, exactly; a negative amount takes away.

    Example:
        >>> run(Decimal("10.00"), {"function": "add", "amount": "-0.50"})
        Decimal('9.50')
    """
    return _EXACT.add(number, amount)


@mapping_function("negate")
def negate(number: Decimal) -> Decimal:
    """Turn the sign around.

    Example:
        >>> run(Decimal("4.90"), "negate")
        Decimal('-4.90')
    """
    return _EXACT.minus(number)


@mapping_function("abs")
def absolute(number: Decimal) -> Decimal:
    """Take the sign away.

    Example:
        >>> run(Decimal("-4.90"), "abs")
        Decimal('4.90')
    """
    return number.copy_abs()


@mapping_function("to_text")
def to_text(value: str) -> str:
    """Write a number in plain digits, as it is; text stays text.

    Example:
        >>> run(Decimal("1E+2"), "to_text")
        '100'
    """
    return as_text(value)
