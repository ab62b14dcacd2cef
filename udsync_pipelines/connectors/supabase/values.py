"""From a mapped value to the text that COPY sends for it, exactly or not at all.

A value that its column cannot hold is refused here, before the database sees it, so that one bad
record does not cost its batch. A refusal names the kind of problem, never the value.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Self, TypeAlias

import orjson

from udsync_pipelines.connectors.supabase.tables import ColumnType

Encoder: TypeAlias = Callable[[object], str]

BIGINT_RANGE = range(-(2**63), 2**63)
MOST_DIGITS_BEFORE = 131_072  # of `numeric`, PostgreSQL manual, table 8.2
MOST_DIGITS_AFTER = 16_383
USUAL_LENGTH = 60  # of a number; what is longer is looked at more closely
WHOLE_NUMBER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
# Escapes in JSON text that PostgreSQL cannot turn into characters; all others are passed over.
SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
ESCAPE = re.compile(
    rb"""\\(?: u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}   # both halves of a pair
         | (?P<half>u[dD][89a-fA-F]) | (?P<nul>u0000) | . )""",
    re.VERBOSE | re.DOTALL,
)


class UnfitValueError(ValueError):
    """A value that its column cannot hold: a stable code, what is wrong, and the cure."""

    def __init__(self, code: str, problem: str, cure: str) -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem
        self.cure = cure

    def located(self, place: str) -> Self:
        """The same refusal, told with the place where the value was to go."""
        return type(self)(self.code, f"{place} {self.problem}", self.cure)


_NUL = ("nul_character", "holds a NUL character, which PostgreSQL cannot store")
_BROKEN_TEXT = ("broken_text", "holds half a character (a lone surrogate)")
_IN_SHOP = "Correct the record in the store, then sync it again."
_IN_MAPPING = "Correct the mapping rule of this column."


def encoder(type_name: str) -> Encoder:
    """The encoder for a column of this type; unknown types get the value as plain text."""
    return ENCODERS.get(type_name, encode_plain)


def encode_bigint(value: object) -> str:
    """A whole number, or text of digits, within 64 bits."""
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        value = int(value) if value.adjusted() <= len(str(BIGINT_RANGE.stop)) else None
    if type(value) is int:
        number = value
    elif isinstance(value, str) and WHOLE_NUMBER.fullmatch(value):
        number = int(value)
    else:
        raise UnfitValueError("not_a_whole_number", "is not a whole number of 64 bits", _IN_MAPPING)
    if number not in BIGINT_RANGE:
        raise UnfitValueError("out_of_range", "is too large for bigint", _IN_SHOP)
    return str(number)


def encode_numeric(value: object) -> str:
    """A finite decimal number, with every digit it has."""
    if type(value) is Decimal and value.is_finite():
        text = str(value)
        if len(text) < USUAL_LENGTH and "E" not in text:
            return text
    if isinstance(value, float):
        value = repr(value)  # the shortest text that names this float: what the JSON said
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise UnfitValueError("not_a_number", "is not a number", _IN_MAPPING)
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise UnfitValueError("not_a_number", "is not a number", _IN_MAPPING) from None
    if not number.is_finite():
        raise UnfitValueError("not_a_number", "is not a finite number", _IN_MAPPING)
    exponent = number.as_tuple().exponent
    if number.adjusted() >= MOST_DIGITS_BEFORE or int(exponent) < -MOST_DIGITS_AFTER:
        raise UnfitValueError("out_of_range", "has too many digits for numeric", _IN_SHOP)
    return str(number)


def encode_text(value: object) -> str:
    """Text, or a single value written as text."""
    if type(value) is str and value.isprintable():  # neither NUL nor a surrogate is printable
        return value
    text = value if type(value) is str else _written(value)
    if "\0" in text:
        raise UnfitValueError(*_NUL, _IN_SHOP)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise UnfitValueError(*_BROKEN_TEXT, _IN_SHOP) from None
    return text


def encode_boolean(value: object) -> str:
    """True or false, and nothing that merely looks like it."""
    if value is True:
        return "t"
    if value is False:
        return "f"
    raise UnfitValueError("not_a_boolean", "is neither true nor false", _IN_MAPPING)


def encode_timestamptz(value: object) -> str:
    """An instant: an aware time, or ISO 8601 text with its offset."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise UnfitValueError("not_a_time", "is not a time with a zone", _IN_MAPPING)
    if value.tzinfo is UTC:
        return value.isoformat()
    try:
        return value.astimezone(UTC).isoformat()
    except OverflowError:
        raise UnfitValueError("out_of_range", "is beyond the years 1 to 9999", _IN_SHOP) from None


def encode_jsonb(value: object) -> str:
    """JSON text as it is, or a list or table; exact numbers in it become text.

    A reader of JSON takes numbers for floats, text it leaves alone.
    """
    if isinstance(value, str):
        return _checked_json_text(value)
    try:
        encoded = orjson.dumps(value, default=_jsonable, option=_JSON_OPTIONS)
    except TypeError as error:
        if "surrogates" in str(error):
            raise UnfitValueError(*_BROKEN_TEXT, _IN_SHOP) from None
        encoded = _dump_slowly(value)
    _check_escapes(encoded)
    return encoded.decode()


def encode_json(value: object) -> str:
    """JSON text exactly as it was received.

    A NUL escape or half a character in it is refused although `json` would take it: every later
    query that looks into the column would fail because of that one row.
    """
    encoded = value if isinstance(value, bytes) else encode_text(value).encode()
    try:
        text = encoded.decode()
    except UnicodeDecodeError:
        raise UnfitValueError("broken_text", "is not UTF-8 text", _IN_SHOP) from None
    if "\0" in text:
        raise UnfitValueError(*_NUL, _IN_SHOP)
    _check_escapes(encoded)
    return text


def encode_bytea(value: object) -> str:
    """Bytes as hexadecimal digits."""
    if not isinstance(value, bytes):
        raise UnfitValueError("not_bytes", "is not binary", _IN_MAPPING)
    return f"\\x{value.hex()}"


def encode_plain(value: object) -> str:
    """A value for a column of another type: PostgreSQL reads the text, or refuses the row."""
    if isinstance(value, bool):
        return encode_boolean(value)
    if isinstance(value, Mapping | list | tuple) or is_dataclass(value):
        return encode_jsonb(value)
    return encode_text(value)


ENCODERS: Mapping[str, Encoder] = {
    ColumnType.BIGINT: encode_bigint,
    ColumnType.NUMERIC: encode_numeric,
    ColumnType.TEXT: encode_text,
    ColumnType.BOOLEAN: encode_boolean,
    ColumnType.TIMESTAMPTZ: encode_timestamptz,
    ColumnType.JSON: encode_json,
    ColumnType.JSONB: encode_jsonb,
    ColumnType.BYTEA: encode_bytea,
}
_JSON_OPTIONS = orjson.OPT_PASSTHROUGH_DATACLASS


def _written(value: object) -> str:
    if isinstance(value, str):
        return str(value)  # the word of an enumeration, without its class
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    if isinstance(value, int):
        return str(int(value))  # the number of an enumeration, without its class
    if isinstance(value, float) and isfinite(value):
        return repr(value)
    if isinstance(value, date):
        return value.isoformat()
    raise UnfitValueError("not_text", "is not text but a list or a record", _IN_MAPPING)


def _jsonable(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise TypeError


def _checked_json_text(text: str) -> str:
    encoded = encode_text(text).encode()
    try:
        orjson.loads(encoded)
    except orjson.JSONDecodeError:
        _parse_slowly(text)
    _check_escapes(encoded)
    return text


def _parse_slowly(text: str) -> None:
    """For numbers that orjson cannot hold and PostgreSQL can."""
    try:
        json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise UnfitValueError("not_json", "is not JSON", "Apply to_json in its rule.") from None


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity are no JSON


def _dump_slowly(value: object) -> bytes:
    """For what orjson refuses and JSON can say: numbers above 64 bits, keys that are not text."""
    try:
        return json.dumps(value, default=_jsonable, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise UnfitValueError("not_json", "cannot be written as JSON", _IN_MAPPING) from None


def _check_escapes(encoded: bytes) -> None:
    if SUSPECT.search(encoded) is None:
        return
    for found in ESCAPE.finditer(encoded):
        if found.lastgroup == "nul":
            raise UnfitValueError(*_NUL, _IN_SHOP)
        if found.lastgroup == "half":
            raise UnfitValueError(*_BROKEN_TEXT, _IN_SHOP)
