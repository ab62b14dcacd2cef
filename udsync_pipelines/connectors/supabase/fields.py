"""Whole columns of values at once, as fields of COPY's text format.

A column of a thousand ordinary values is recognised as such by a few calls that run in C; only
a column with something unusual in it is gone through value by value.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from types import NoneType
from typing import TypeAlias

import orjson

from udsync_pipelines.connectors.supabase.tables import ColumnType
from udsync_pipelines.connectors.supabase.values import BIGINT_RANGE, encode_timestamptz, encoder

Fields: TypeAlias = list[str]
NULL = r"\N"
USUAL_NUMBER_LENGTH = 60
USUAL_ID_LENGTH = 18
UNUSUAL_IN_NUMBER = re.compile(r"[^0-9.\-]")


def fields(type_name: str, values: Sequence[object]) -> Fields:
    """The values as fields for a column of this type, in their order; None becomes NULL.

    Raises:
        UnfitValueError: one of them does not fit.
    """
    usual = _USUAL.get(type_name)
    found = None if usual is None else usual(values)
    if found is not None:
        return found
    encode = encoder(type_name)
    return [NULL if value is None else _escaped(encode(value)) for value in values]


def _escaped(text: str) -> str:
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if not text.isprintable():
        text = text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return text


def _usual_texts(values: Sequence[object]) -> Fields | None:
    try:
        joined = "".join([value for value in values if value is not None])  # type: ignore[misc]
    except TypeError:  # not all of them are text
        return None
    # What is printable holds no NUL, no half character, no tab and no line break.
    if "\\" in joined or not joined.isprintable():
        return None
    return [NULL if value is None else value for value in values]  # type: ignore[misc]


def _usual_json_texts(values: Sequence[object]) -> Fields | None:
    texts = _usual_texts(values)
    try:
        for text in set(texts or ()) - {NULL}:  # many are the same: `{}`, `[]`, the usual tax
            orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return texts


def _usual_numbers(values: Sequence[object]) -> Fields | None:
    if not set(map(type, values)) <= {Decimal, NoneType}:
        return None
    texts = [NULL if value is None else str(value) for value in values]
    present = [text for text in texts if text is not NULL]
    if UNUSUAL_IN_NUMBER.search("".join(present)):  # an exponent, or not a finite number
        return None
    return texts if max(map(len, present), default=0) <= USUAL_NUMBER_LENGTH else None


def _usual_whole_numbers(values: Sequence[object]) -> Fields | None:
    types = set(map(type, values)) - {NoneType}
    if types == {int}:
        numbers = [value for value in values if isinstance(value, int)]
        if min(numbers) not in BIGINT_RANGE or max(numbers) not in BIGINT_RANGE:
            return None
    elif types == {str}:
        texts = [value for value in values if isinstance(value, str)]
        joined = "".join(texts)
        lengths = set(map(len, texts))
        if not (joined.isascii() and joined.isdecimal()) or 0 in lengths:
            return None
        if max(lengths) > USUAL_ID_LENGTH:
            return None
    elif types:
        return None
    return [NULL if value is None else str(int(value)) for value in values]  # type: ignore[call-overload]


def _usual_flags(values: Sequence[object]) -> Fields | None:
    if not set(map(type, values)) <= {bool, NoneType}:
        return None
    return [NULL if value is None else "t" if value else "f" for value in values]


def _usual_moments(values: Sequence[object]) -> Fields | None:
    if not set(map(type, values)) <= {datetime, NoneType}:
        return None
    return [NULL if value is None else encode_timestamptz(value) for value in values]


_USUAL: Mapping[str, Callable[[Sequence[object]], Fields | None]] = {
    ColumnType.TEXT: _usual_texts,
    ColumnType.JSONB: _usual_json_texts,
    ColumnType.NUMERIC: _usual_numbers,
    ColumnType.BIGINT: _usual_whole_numbers,
    ColumnType.BOOLEAN: _usual_flags,
    ColumnType.TIMESTAMPTZ: _usual_moments,
}
