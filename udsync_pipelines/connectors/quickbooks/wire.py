"""QuickBooks' JSON: amounts as exact decimals both ways, and the types of its fields."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError

from udsync_pipelines.connectors.quickbooks.address import PLATFORM
from udsync_pipelines.errors import RecordRejectedError

Row: TypeAlias = Mapping[str, Any]
"""One object as QuickBooks sends it; every number in it is an int or a Decimal."""


def parse_json(text: bytes) -> Any:
    """Read JSON; a number with a point becomes the Decimal that is written there.

    Raises:
        ValueError: it is not JSON, or not UTF-8, or nested deeper than anything of QuickBooks.
    """
    try:
        found = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if b"\\ud" in text.lower():
        json.dumps(found, ensure_ascii=False, default=str).encode()  # refuses halves of a character
    return found


def write_json(value: object) -> bytes:
    """Write JSON in which a Decimal is a plain number with all its digits.

    Raises:
        TypeError: there is a float (it has already lost the cent), or another type without a form.
        ValueError: a Decimal is not finite.
    """
    return _written(value).encode()


def _written(value: object) -> str:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} has no form in JSON")
        return format(value, "f")
    if isinstance(value, Mapping):
        members = (f"{json.dumps(str(key))}:{_written(item)}" for key, item in value.items())
        return f"{{{','.join(members)}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, date) and not isinstance(value, datetime):
        return json.dumps(value.isoformat())
    if value is None or isinstance(value, str | bool | int):
        return json.dumps(value, ensure_ascii=False)
    raise TypeError(f"{type(value).__name__} has no form in QuickBooks' JSON")


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is not JSON")


class WireModel(BaseModel):
    """An object as QuickBooks sends it. Fields that we do not know are kept."""

    model_config = ConfigDict(extra="allow", frozen=True)


def _amount(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("is not an exact amount")
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise ValueError("is not an amount") from None
    if not amount.is_finite():
        raise ValueError("is not an amount")
    return amount


def _identifier(value: object) -> str:
    # Ids and SyncTokens are strings on the wire; a number would be a changed platform.
    if not isinstance(value, str) or not value:
        raise ValueError("is not an id")
    return value


def _reference(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or not isinstance(value.get("value"), str):
        raise ValueError("is not a reference")
    return str(value["value"]) or None


def _day(value: object) -> date:
    if not isinstance(value, str):
        raise ValueError("is not a day")
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        raise ValueError("is not a day") from None


def _day_or_none(value: object) -> date | None:
    return None if value is None or value == "" else _day(value)


def _email(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, Mapping):
        raise ValueError("is not an e-mail address")
    return str(value.get("Address") or "")


Amount: TypeAlias = Annotated[Decimal, PlainValidator(_amount)]
Identifier: TypeAlias = Annotated[str, PlainValidator(_identifier)]
Reference: TypeAlias = Annotated[str | None, PlainValidator(_reference)]
Day: TypeAlias = Annotated[date, PlainValidator(_day)]
DayOrNone: TypeAlias = Annotated[date | None, PlainValidator(_day_or_none)]
Email: TypeAlias = Annotated[str, PlainValidator(_email)]


class Stamps(WireModel):
    """`MetaData`: when the object was made and changed, with QuickBooks' own offset."""

    created_at: datetime | None = Field(default=None, alias="CreateTime")
    modified_at: datetime | None = Field(default=None, alias="LastUpdatedTime")


ModelT = TypeVar("ModelT", bound=WireModel)


def read_row(model: type[ModelT], entity: str, row: Row) -> ModelT:
    """One object of QuickBooks as its wire model.

    Raises:
        RecordRejectedError: a field is missing or unreadable; says which and why, never its value.
    """
    try:
        return model.model_validate(row)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        reason = str(first["msg"]).removeprefix("Value error, ").lower()
        raise misshapen(entity, row, place, reason) from None


def misshapen(entity: str, row: Row, place: str, reason: str) -> RecordRejectedError:
    """The error for an object of QuickBooks of which one field cannot be read."""
    return RecordRejectedError(
        f"QuickBooks sent a {entity} whose field {place} cannot be read: {reason[:200]}.",
        code="answer_misshapen",
        platform=PLATFORM,
        record=f"{entity}/{row.get('Id', '?')}",
        cure="Open it in QuickBooks; if it looks right, report this to the maintainers.",
    )


def reference(identifier: str) -> Mapping[str, str]:
    """A reference to an object by its id, as it is sent."""
    return {"value": identifier}


def without_empty(members: Mapping[str, object]) -> dict[str, object]:
    """These members without those that have no value: QuickBooks never wants a null."""
    return {name: value for name, value in members.items() if value not in (None, "", (), [])}


def cut(text: str, limit: int) -> str:
    """At most so many characters of a text, without blanks at its ends."""
    return text.strip()[:limit].rstrip()
