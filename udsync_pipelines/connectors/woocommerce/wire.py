"""The types of single fields in WooCommerce's JSON, and how a bad one is reported."""

import html
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeAlias, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError

from udsync_pipelines.connectors.woocommerce.address import PLATFORM
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.domain.party import Address
from udsync_pipelines.errors import RecordRejectedError


class WireModel(BaseModel):
    """An object as WooCommerce sends it. Fields that we do not know are kept."""

    model_config = ConfigDict(extra="allow", frozen=True)


ModelT = TypeVar("ModelT", bound=WireModel)
DomainT = TypeVar("DomainT")


# Sums stay exact between these powers of ten; a store's own columns hold less.
_LARGEST_DIGIT, _LEAST_DIGIT = 15, -30
_LONGEST_REASON = 200


def _decimal(value: object) -> Decimal:
    if not isinstance(value, str | int) or isinstance(value, bool):
        # Also refuses a JSON float: it has already lost the cent.
        raise ValueError("is not an amount written as text")
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise ValueError("is not an amount") from None
    if not amount.is_finite():
        raise ValueError("is not an amount")
    if amount.adjusted() > _LARGEST_DIGIT or int(amount.as_tuple().exponent) < _LEAST_DIGIT:
        raise ValueError("is too large, or has too many decimals")
    return amount


def _decimal_or_zero(value: object) -> Decimal:
    return Decimal(0) if value is None or value == "" else _decimal(value)


def _decimal_or_none(value: object) -> Decimal | None:
    return None if value is None or value == "" else _decimal(value)


def _number(value: object) -> Decimal:
    if isinstance(value, float):
        return _decimal(repr(value))
    return _decimal(value)


def _number_or_none(value: object) -> Decimal | None:
    return None if value is None or value == "" else _number(value)


def _gmt(value: object) -> datetime:
    moment = _gmt_or_none(value)
    if moment is None:
        raise ValueError("is missing")
    return moment


def _gmt_or_none(value: object) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise ValueError("is not a time")
    # `*_gmt` is UTC written without a zone.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _plain(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("is not a text")
    return html.unescape(value) if "&" in value else value


def _reference(value: object) -> str | None:
    """An id that is 0 when there is none."""
    if value is None or value == 0:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("is not a whole number")
    return str(value)


def _text(value: object) -> str:
    """A text that may be null."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError("is not a text")
    return value


def _meta(value: object) -> Mapping[str, object]:
    """`meta_data` as key → value; of a key that comes twice, the entry with the higher id."""
    if not isinstance(value, list):
        raise ValueError("is not a list")
    entries = [entry for entry in value if isinstance(entry, dict) and "key" in entry]
    if len(entries) > 1:
        entries.sort(key=meta_order)
    return {str(entry["key"]): entry.get("value") for entry in entries}


def meta_order(entry: Mapping[str, Any]) -> tuple[int, str]:
    """Where an entry of `meta_data` belongs: by id, for the store sends them in any order."""
    identifier = entry.get("id")
    return (identifier if isinstance(identifier, int) else 0, str(entry.get("key")))


Amount: TypeAlias = Annotated[Decimal, PlainValidator(_decimal)]
AmountOrZero: TypeAlias = Annotated[Decimal, PlainValidator(_decimal_or_zero)]
AmountOrNone: TypeAlias = Annotated[Decimal | None, PlainValidator(_decimal_or_none)]
Number: TypeAlias = Annotated[Decimal, PlainValidator(_number)]
NumberOrNone: TypeAlias = Annotated[Decimal | None, PlainValidator(_number_or_none)]
Gmt: TypeAlias = Annotated[datetime, PlainValidator(_gmt)]
GmtOrNone: TypeAlias = Annotated[datetime | None, PlainValidator(_gmt_or_none)]
PlainText: TypeAlias = Annotated[str, PlainValidator(_plain)]
Text: TypeAlias = Annotated[str, PlainValidator(_text)]
Reference: TypeAlias = Annotated[str | None, PlainValidator(_reference)]
Meta: TypeAlias = Annotated[
    Mapping[str, object], PlainValidator(_meta), Field(default_factory=dict)
]


class WooAddress(WireModel):
    """`billing` or `shipping` of an order or a customer; shipping has no e-mail."""

    first_name: Text = ""
    last_name: Text = ""
    company: Text = ""
    address_1: Text = ""
    address_2: Text = ""
    city: Text = ""
    state: Text = ""
    postcode: Text = ""
    country: Text = ""
    email: Text = ""
    phone: Text = ""

    def canonical(self) -> Address:
        """The address as the engine knows it; names are as typed, not HTML."""
        return Address(
            self.first_name,
            self.last_name,
            self.company,
            self.address_1,
            self.address_2,
            self.city,
            self.state,
            self.postcode,
            self.country,
            self.email,
            self.phone,
        )


class WooTerm(WireModel):
    """A category or another term of a product."""

    name: PlainText


def parse(model: type[ModelT], entity: Entity, raw: bytes) -> ModelT:
    """One archived record as its wire model.

    Raises:
        RecordRejectedError: a field is missing or unreadable; says which and why, never its value.
    """
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise rejected(entity, None, "its JSON is damaged") from error
    try:
        return model.model_validate(found)
    except ValidationError as error:
        identifier = found.get("id") if isinstance(found, dict) else None
        # Without the cause: pydantic's own text repeats the record's content.
        raise rejected(entity, identifier, _first_fault(error)) from None


def rejected(entity: Entity, identifier: object, reason: str) -> RecordRejectedError:
    """The error for a record that cannot be understood, with the reason and the cure."""
    known = isinstance(identifier, int | str) and not isinstance(identifier, bool)
    return RecordRejectedError(
        f"The {entity.replace('_', ' ')} cannot be read: {reason}.",
        code="record_unreadable",
        platform=PLATFORM,
        record=f"{entity}/{identifier}" if known else None,
        cure="Open it in the shop and save it again; if that does not help, look for a plugin "
        "that changes WooCommerce's REST API.",
    )


def in_domain(entity: Entity, identifier: int, build: Callable[[], DomainT]) -> DomainT:
    """What `build` makes of a parsed record.

    Raises:
        RecordRejectedError: the domain refuses a value (a currency that is none).
    """
    try:
        return build()
    except ValueError as error:
        raise rejected(entity, identifier, str(error)[:_LONGEST_REASON]) from None


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False, include_context=True)[0]
    field = _path(fault["loc"])
    own = fault.get("ctx", {}).get("error")
    reason = str(own) if own is not None else _REASONS.get(fault["type"], "has an unknown form")
    return f"its field {field} {reason}" if field else reason


def _path(location: Sequence[str | int]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.removeprefix(".")


_REASONS = {
    "missing": "is missing",
    "int_type": "is not a whole number",
    "int_parsing": "is not a whole number",
    "string_type": "is not a text",
    "bool_type": "is not true or false",
    "bool_parsing": "is not true or false",
    "list_type": "is not a list",
    "tuple_type": "is not a list",
    "model_type": "is not an object",
}
