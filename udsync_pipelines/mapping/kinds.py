"""Kinds of value: what a path yields and what a function takes, known before any record is seen."""

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin


class Kind(StrEnum):
    """What a value is, in the words of the error messages."""

    TEXT = "text"
    NUMBER = "a number"
    FLAG = "true or false"
    DATE = "a date"
    INSTANT = "a time"
    MOMENT = "a date or a time"
    LIST = "a list"
    TABLE = "a table"
    RECORD = "a record"
    ANY = "any value"


# What may flow into a function that wants the key; everything may flow into ANY, and ANY into all.
_FITS: dict[Kind, frozenset[Kind]] = {
    Kind.TEXT: frozenset({Kind.TEXT, Kind.NUMBER}),
    Kind.NUMBER: frozenset({Kind.NUMBER}),
    Kind.INSTANT: frozenset({Kind.INSTANT}),
    Kind.MOMENT: frozenset({Kind.DATE, Kind.INSTANT, Kind.MOMENT}),
    Kind.LIST: frozenset({Kind.LIST}),
}

# bool before int and datetime before date: each is a subclass of the other.
_SCALARS: tuple[tuple[type, Kind], ...] = (
    (str, Kind.TEXT),
    (bool, Kind.FLAG),
    (int, Kind.NUMBER),
    (Decimal, Kind.NUMBER),
    (datetime, Kind.INSTANT),
    (date, Kind.DATE),
)


def fits(wanted: Kind, given: Kind) -> bool:
    """Whether a value of the given kind may be handed to what wants the other kind."""
    return Kind.ANY in (wanted, given) or given in _FITS[wanted]


def without_none(annotation: Any) -> Any:
    """The annotation of the value when it is there: `str` for `str | None`."""
    if get_origin(annotation) not in (Union, UnionType):
        return annotation
    members = [member for member in get_args(annotation) if member is not NoneType]
    return Union[tuple(members)]  # noqa: UP007 - the members are only known now


def kind_of(annotation: Any) -> Kind:
    """The kind of value that an annotation promises; ANY when it promises nothing useful."""
    present = without_none(annotation)
    origin = get_origin(present)
    if origin in (Union, UnionType):
        return Kind.MOMENT if set(get_args(present)) == {date, datetime} else Kind.ANY
    of_type = origin if origin is not None else present
    if not isinstance(of_type, type) or of_type is object:
        return Kind.ANY
    if is_dataclass(of_type):
        return Kind.RECORD
    for scalar, kind in _SCALARS:
        if issubclass(of_type, scalar):
            return kind
    return _kind_of_container(of_type)


def element_of(annotation: Any) -> Any:
    """What a list's annotation promises of its elements; `object` when it says nothing."""
    members = get_args(without_none(annotation))
    return members[0] if members else object


def _kind_of_container(of_type: type) -> Kind:
    if issubclass(of_type, Mapping):
        return Kind.TABLE
    return Kind.LIST if issubclass(of_type, Sequence) else Kind.ANY
