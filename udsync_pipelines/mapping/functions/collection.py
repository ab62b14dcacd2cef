"""Lists: counting, picking, joining, adding up; and anything as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Context, Decimal
from enum import StrEnum
from functools import cache

from udsync_pipelines.mapping.inputs import as_number, as_text, plain_digits, refusal
from udsync_pipelines.mapping.path import FieldPath
from udsync_pipelines.mapping.registry import mapping_function

# A hundred million numbers of eighty digits add up exactly.
_EXACT = Context(prec=100)
_AS_IT_IS = frozenset({str, int, bool, float, type(None)})
_EMPTY: dict[type, str] = {list: "[]", tuple: "[]", dict: "{}"}  # half of what an order writes
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True)


@mapping_function("join")
def join(values: Sequence[object], *, separator: str = ", ") -> str:
    """Join a list to one text; missing and empty elements are left out.

    Example:
        >>> run(["Mugs", "Kitchen"], "join")
        'Mugs, Kitchen'
    """
    texts = [as_text(value) for value in values if value is not None]
    return separator.join(text for text in texts if text)


@mapping_function("count")
def count(values: Sequence[object]) -> int:
    """How many elements a list has.

    Example:
        >>> run(["a", "b", "c"], "count")
        3
    """
    return len(values)


@mapping_function("first")
def first(values: Sequence[object]) -> object:
    """The first element; missing when the list is empty.

    Example:
        >>> run(["SAVE10", "FREESHIP"], "first")
        'SAVE10'
    """
    return values[0] if values else None


@mapping_function("last")
def last(values: Sequence[object]) -> object:
    """The last element; missing when the list is empty.

    Example:
        >>> run(["SAVE10", "FREESHIP"], "last")
        'FREESHIP'
    """
    return values[-1] if values else None


@mapping_function("pluck")
def pluck(values: Sequence[object], *, path: FieldPath) -> Sequence[object]:
    """Take one field out of each element, by its path; missing where an element has none.

    Example:
        >>> run([{"sku": "A1"}, {"sku": "B2"}], {"function": "pluck", "path": "sku"})
        ['A1', 'B2']
    """
    plucked = (path.read(value) for value in values)
    return [str(value) if isinstance(value, StrEnum) else value for value in plucked]


@mapping_function("sum")
def add_up(values: Sequence[object]) -> Decimal:
    """Add up numbers, exactly; missing elements do not count, and of none the sum is 0.

    Example:
        >>> run([Decimal("4.90"), Decimal("0.10")], "sum")
        Decimal('5.00')
    """
    total = Decimal(0)
    for value in values:
        if value is not None:
            total = _EXACT.add(total, as_number(value))
    return total


@mapping_function("to_json")
def to_json(value: object) -> str | None:
    """Write any value as JSON text, keys in order; exact numbers and dates become text.

    Example:
        >>> run({"b": Decimal("1.50"), "a": [1, True]}, "to_json")
        '{"a": [1, true], "b": "1.50"}'
    """
    if value is None:
        return None
    kind: type = type(value)
    if kind in _EMPTY and not value:
        return _EMPTY[kind]
    try:
        return _ENCODER.encode(_plain(value))
    except (ValueError, TypeError, RecursionError):
        raise refusal("the value cannot be written as JSON") from None


def _plain(value: object) -> object:
    kind: type = type(value)
    if kind in _AS_IT_IS:
        return value
    names = _field_names(kind)
    if names is not None:
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, Decimal):
        return plain_digits(value)
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    return value.isoformat() if isinstance(value, date) else value


@cache  # asked for each of the many small records of an order
def _field_names(kind: type) -> tuple[str, ...] | None:
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else None
