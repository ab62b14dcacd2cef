"""Drafts as JSON values and back without loss, and the digest that tells two of them apart."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache, partial
from hashlib import blake2b
from types import UnionType
from typing import Any, TypeAlias, get_args, get_origin, get_type_hints

from udsync_pipelines.posting.customers import CustomerDraft
from udsync_pipelines.posting.documents import PaymentDraft, SalesDraft
from udsync_pipelines.posting.items import ItemDraft

AnyDraft: TypeAlias = SalesDraft | PaymentDraft | CustomerDraft | ItemDraft
_Reader: TypeAlias = Callable[[str, object], Any]
Json: TypeAlias = bool | int | str | list["Json"] | dict[str, "Json"] | None

FORM = "form"
DIGEST_SIZE = 16  # bytes
_FORMS: Mapping[str, type[AnyDraft]] = {
    "sales": SalesDraft,
    "payment": PaymentDraft,
    "customer": CustomerDraft,
    "item": ItemDraft,
}
_NAMES: Mapping[type[AnyDraft], str] = {draft: name for name, draft in _FORMS.items()}


def draft_to_json(draft: AnyDraft) -> dict[str, Json]:
    """The draft as JSON values; equal drafts with equal digits give equal text.

    Amounts are text with every digit they have, days are ISO, names of mappings are sorted.
    `form` says which draft it is: sales, payment, customer or item.
    """
    return {FORM: _NAMES[type(draft)], **_parts(draft)}


def draft_from_json(values: Mapping[str, object]) -> AnyDraft:
    """The draft that `draft_to_json` wrote; a field that was not known then has its default.

    Raises:
        ValueError: the values are no draft; the message names the field. A field that is not
            known is refused as well: to leave it out would write something else than was planned.
    """
    form = values.get(FORM)
    kind = _FORMS.get(form) if isinstance(form, str) else None
    if kind is None:
        raise ValueError(f"a stored draft has the form {form!r}, not one of {', '.join(_FORMS)}")
    given = {name: value for name, value in values.items() if name != FORM}
    draft: AnyDraft = _read_record(str(form), kind, given)
    return draft


def digest_of(values: Mapping[str, object]) -> bytes:
    """16 bytes that change with any value; the order of names does not matter.

    Raises:
        TypeError: something in it is no JSON value.
    """
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return blake2b(text.encode(), digest_size=DIGEST_SIZE).digest()


def _parts(record: Any) -> dict[str, Json]:  # any dataclass
    kind: Any = type(record)
    return {name: _written(getattr(record, name)) for name in _names(kind)}


@cache
def _names(kind: Any) -> Sequence[str]:
    return [part.name for part in fields(kind)]


def _written(value: object) -> Json:
    match value:
        case StrEnum():
            return value.value
        case None | bool() | int() | str():
            return value
        case Decimal():
            return str(value)
        case date():
            return value.isoformat()
    return _nested(value)


def _nested(value: object) -> Json:
    if isinstance(value, tuple):
        return [_written(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _written(each) for name, each in sorted(value.items())}
    return _parts(value)


def _read_record(where: str, kind: Any, values: object) -> Any:
    given = _mapping(where, values)
    readers, needed = _readers(kind)
    for name in given:
        if name not in readers:
            raise ValueError(f"a stored draft has {where}.{name}, which is not known")
    for name in needed:
        if name not in given:
            raise ValueError(f"a stored draft has no {where}.{name}")
    return kind(**{name: readers[name](f"{where}.{name}", each) for name, each in given.items()})


@cache
def _readers(kind: Any) -> tuple[Mapping[str, _Reader], Sequence[str]]:
    """How each field of a record is read, and which fields it cannot do without."""
    types = get_type_hints(kind)
    needed = [
        part.name
        for part in fields(kind)
        if part.default is MISSING and part.default_factory is MISSING
    ]
    return {name: _reader(each) for name, each in types.items()}, needed


def _reader(kind: Any) -> _Reader:  # the kind is a type or a generic alias
    origin = get_origin(kind)
    if origin is UnionType:
        inner, _ = get_args(kind)  # every union of a draft is "something or None"
        return partial(_read_optional, _reader(inner))
    if origin is tuple:
        return partial(_read_tuple, _reader(get_args(kind)[0]))
    if origin is Mapping:
        return partial(_read_mapping, _reader(get_args(kind)[1]))
    if is_dataclass(kind):
        return lambda where, value: _read_record(where, kind, value)
    return lambda where, value: _read_text(where, kind, value)


def _read_optional(reader: _Reader, where: str, value: object) -> Any:
    return None if value is None else reader(where, value)


def _read_tuple(reader: _Reader, where: str, value: object) -> Any:
    if not isinstance(value, list):
        raise _wrong(where, value)
    return tuple(reader(f"{where}[{place}]", each) for place, each in enumerate(value))


def _read_mapping(reader: _Reader, where: str, value: object) -> Any:
    entries = _mapping(where, value).items()
    return {name: reader(f"{where}.{name}", each) for name, each in entries}


def _read_text(where: str, kind: type[Any], value: object) -> Any:
    if not isinstance(value, str):
        raise _wrong(where, value)
    try:
        return date.fromisoformat(value) if kind is date else kind(value)
    except (ValueError, InvalidOperation) as error:
        raise _wrong(where, value) from error


def _mapping(where: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise _wrong(where, value)
    return value


def _wrong(where: str, value: object) -> ValueError:
    return ValueError(f"a stored draft has {where} = {str(value)[:40]!r}, which cannot be read")
