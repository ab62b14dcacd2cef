"""The fields of each entity, and what a body may hold: names, kinds, lengths, enumerations."""

from decimal import Decimal
from functools import lru_cache
from importlib import resources
from typing import Any

import orjson

from udsync_pipelines.emulators.quickbooks.clock import is_date
from udsync_pipelines.emulators.quickbooks.refusals import Problem, RefusedError

Json = dict[str, Any]

NAME_LISTS = ("Customer", "Vendor", "Employee")
SALES_FORMS = ("Invoice", "SalesReceipt", "RefundReceipt", "CreditMemo")
TRANSACTIONS = (*SALES_FORMS, "Payment")
_ENUMERATIONS = {
    "GlobalTaxCalculation": ("TaxExcluded", "TaxInclusive", "NotApplicable"),
    "EmailStatus": ("NotSet", "NeedToSend", "EmailSent"),
    "PrintStatus": ("NotSet", "NeedToPrint", "PrintComplete"),
    "PreferredDeliveryMethod": ("Print", "Email", "None"),
}
_ITEM_TYPES = ("Inventory", "NonInventory", "Service", "Category")
_METHOD_TYPES = ("CREDIT_CARD", "NON_CREDIT_CARD")
ADDRESS_LINES = ("Line1", "Line2", "Line3", "Line4", "Line5")
_MOST_ADDRESS = 2000


@lru_cache(maxsize=1)
def entities() -> Json:
    """Return the table of entities: operations, fields, filterable and sortable names."""
    file = resources.files(__package__).joinpath("data", "fields.json")
    table: Json = orjson.loads(file.read_bytes())
    return table


@lru_cache(maxsize=1)
def _spellings() -> dict[str, str]:
    return {name.lower(): name for name in entities()}


def entity_named(text: str) -> str | None:
    """Return the entity of a path or a query, whatever its case; None if there is none."""
    return _spellings().get(text.lower())


def checked(entity: str, body: Json) -> Json:
    """Return the members of a body that may be written, without the read-only ones.

    Empty texts and nulls stay: in a sparse update they clear a member.

    Raises:
        RefusedError: unknown members (2010), wrong kinds (2010, 2060, 2090, 2230), lengths
            (2050) and enumerations (2170); all of them at once.
    """
    fields = entities()[entity]["fields"]
    problems: list[Problem] = []
    kept = {
        name: _value(fields.get(name), name, value, problems)
        for name, value in body.items()
        if not fields.get(name, {}).get("read_only")
    }
    problems += _enumerated(entity, kept)
    if problems:
        raise RefusedError(*problems)
    return kept


def _value(field: Json | None, path: str, value: Any, problems: list[Problem]) -> Any:
    if field is None:
        name = path.rpartition(".")[2]
        problems.append(
            Problem("2010", f"Property Name:{name} specified is unsupported or invalid", path)
        )
        return None
    if value is None or field["kind"] == "any":
        return value
    if field.get("many"):
        if not isinstance(value, list):
            problems.append(_wrong_kind(path))
            return None
        return [_single(field, path, one, problems) for one in value]
    return _single(field, path, value, problems)


def _single(field: Json, path: str, value: Any, problems: list[Problem]) -> Any:
    kind = field["kind"]
    if kind == "object":
        return _object(field, path, value, problems)
    if kind == "reference":
        return _reference(field, path, value, problems)
    if isinstance(value, dict | list):
        problems.append(_wrong_kind(path))
        return None
    return _scalar(field, path, value, problems)


def _object(field: Json, path: str, value: Any, problems: list[Problem]) -> Any:
    if not isinstance(value, dict):
        problems.append(_wrong_kind(path))
        return None
    inner = field.get("fields", {})
    kept = {
        name: _value(inner.get(name), f"{path}.{name}", one, problems)
        for name, one in value.items()
    }
    together = sum(len(str(kept.get(line) or "")) for line in ADDRESS_LINES)
    if together > _MOST_ADDRESS:
        problems.append(_too_long(path, _MOST_ADDRESS, together))
    return kept


def _reference(field: Json, path: str, value: Any, problems: list[Problem]) -> Any:
    if not isinstance(value, dict):
        problems.append(_wrong_kind(path))
        return None
    for name in set(value) - {"value", "name", "type"}:
        _value(None, f"{path}.{name}", None, problems)
    if isinstance(value.get("value"), Decimal):
        value = {**value, "value": str(value["value"])}
    most, text = field.get("max"), str(value.get("value") or "")
    if most and len(text) > most:
        problems.append(_too_long(path, most, len(text)))
    return value


def _scalar(field: Json, path: str, value: Any, problems: list[Problem]) -> Any:
    kind = field["kind"]
    if kind == "text":
        text = value if isinstance(value, str) else _written(value)
        most = field.get("max")
        if most and len(text) > most:
            problems.append(_too_long(path, most, len(text)))
        return text
    if value == "":
        return None
    if kind == "boolean":
        return _boolean(path, value, problems)
    if kind == "date":
        if not isinstance(value, str) or not is_date(value[:10]):
            problems.append(Problem("2060", f"Invalid date format : {value}", path))
            return None
        return value[:10]
    return _number(path, value, problems)


def _written(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _boolean(path: str, value: Any, problems: list[Problem]) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    problems.append(Problem("2230", f"Invalid boolean : {value}", path))
    return None


def _number(path: str, value: Any, problems: list[Problem]) -> Decimal | None:
    try:
        number = None if isinstance(value, bool) else Decimal(str(value))
    except ArithmeticError:
        number = None
    if number is None or not number.is_finite() or abs(number) >= Decimal(10) ** 15:
        problems.append(Problem("2090", f"Invalid number value : {value}", path))
        return None
    return number


def _wrong_kind(path: str) -> Problem:
    name = path.rpartition(".")[2]
    return Problem("2010", f"Property Name:{name} specified is unsupported or invalid", path)


def _too_long(path: str, most: int, supplied: int) -> Problem:
    detail = (
        "String length specified does not match the supported length. "
        f"Min:0 Max:{most} supported. Supplied length:{supplied}"
    )
    return Problem("2050", detail, path)


def _enumerated(entity: str, body: Json) -> list[Problem]:
    allowed: dict[str, tuple[str, ...]] = dict(_ENUMERATIONS)
    if entity == "Item":
        allowed["Type"] = _ITEM_TYPES
    if entity == "PaymentMethod":
        allowed["Type"] = _METHOD_TYPES
    return [
        Problem("2170", f"Invalid Enumeration : {body[name]}", name)
        for name, values in allowed.items()
        if body.get(name) and body[name] not in values
    ]
