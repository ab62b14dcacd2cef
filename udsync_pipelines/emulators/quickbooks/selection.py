"""Answering queries: which fields may be compared, defaults, order and pages."""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from udsync_pipelines.emulators.quickbooks.clock import PACIFIC, seconds_of
from udsync_pipelines.emulators.quickbooks.company import INDEXED, Company
from udsync_pipelines.emulators.quickbooks.query_parser import Condition, Statement, parse
from udsync_pipelines.emulators.quickbooks.refusals import RefusedError, refuse
from udsync_pipelines.emulators.quickbooks.schema import TRANSACTIONS, entities, entity_named
from udsync_pipelines.emulators.quickbooks.shown import shown

Json = dict[str, Any]
Test = Callable[[Json], bool]

_NUMBERS = ("Balance", "TotalAmt", "UnitPrice", "PurchaseCost", "BalanceWithJobs", "RateValue")


def run_query(company: Company, text: str) -> Json:
    """Return ``QueryResponse`` for a query.

    Raises:
        RefusedError: 4000 for the grammar; 4001 for what can't be queried.
    """
    statement = parse(text)
    entity = entity_named(statement.entity)
    if entity is None or "query" not in entities()[entity]["operations"]:
        text = f"QueryValidationError: Invalid context declaration: {statement.entity}"
        raise refuse("4001", text)
    traits = entities()[entity]
    tests = [_test(company, entity, one, traits["filterable"]) for one in statement.conditions]
    wanted = _projection(entity, statement.fields)
    rows = [
        row
        for row in _candidates(company, entity, statement.conditions)
        if company.visible(entity, row["Id"])
        and _listed(row, statement.conditions)
        and all(test(row) for test in tests)
    ]
    if statement.count:
        return {"totalCount": len(rows)}
    rows = _ordered(entity, rows, statement, traits["sortable"])
    page = rows[statement.start - 1 : statement.start - 1 + statement.most]
    if not page:
        return {}
    documents = [_projected(shown(company, entity, row), wanted) for row in page]
    answer: Json = {
        entity: documents,
        "startPosition": statement.start,
        "maxResults": len(documents),
    }
    if statement.start == 1 and len(documents) == len(rows):
        answer["totalCount"] = len(rows)
    return answer


def _listed(row: Json, conditions: list[Condition]) -> bool:
    return row.get("Active") is not False or any(one.name.lower() == "active" for one in conditions)


def _candidates(company: Company, entity: str, conditions: list[Condition]) -> Iterable[Json]:
    """Return the rows among which to look: by index where one condition allows it."""
    for one in conditions:
        if one.operator not in ("=", "in"):
            continue
        if one.name.lower() == "id":
            found = [company.find(entity, value) for value in one.values]
            return [row for row in found if row is not None]
        name = next(
            (name for name in INDEXED.get(entity, ()) if name.lower() == one.name.lower()), ""
        )
        if name:
            unique = dict.fromkeys(value.casefold() for value in one.values)
            return [row for value in unique for row in company.matching(entity, name, value)]
    return list(company.table(entity).values())


def _test(company: Company, entity: str, condition: Condition, filterable: list[str]) -> Test:
    name = next((one for one in filterable if one.lower() == condition.name.lower()), None)
    if name is None:
        raise _not_queryable(condition.name)
    if name == "Id" and condition.operator not in ("=", "in"):
        text = f"QueryValidationError: operator {condition.operator} is not supported for 'Id'"
        raise refuse("4001", text)
    values = [
        company.clock.today() if one.lower() == "current_date" else one for one in condition.values
    ]
    if condition.operator == "like":
        pattern = re.compile(
            ".*".join(re.escape(part) for part in values[0].casefold().split("%")), re.DOTALL
        )
        return lambda row: (
            pattern.fullmatch(_text(company, entity, row, name).casefold()) is not None
        )
    wanted = [_key(name, value) for value in values]
    operator = condition.operator
    if operator in ("=", "in"):
        return lambda row: _key_of(company, entity, row, name) in wanted
    return lambda row: _compared(_key_of(company, entity, row, name), operator, wanted[0])


def _compared(left: Any, operator: str, right: Any) -> bool:
    if left is None or left == "":
        return False
    return bool(
        {
            "<": left < right,
            ">": left > right,
            "<=": left <= right,
            ">=": left >= right,
        }[operator]
    )


def _key(name: str, value: str) -> Any:
    last = name.rpartition(".")[2]
    try:
        if last in ("CreateTime", "LastUpdatedTime"):
            # A time without a zone is the service's own, not UTC.
            return seconds_of(value, PACIFIC)
        if last in _NUMBERS:
            return Decimal(value)
    except (ValueError, InvalidOperation):
        raise refuse(
            "4001", f"QueryValidationError: value {value} is not valid for property '{name}'"
        ) from None
    return value.casefold() if value.strip() else ""


def _key_of(company: Company, entity: str, row: Json, name: str) -> Any:
    text = _text(company, entity, row, name)
    return _key(name, text) if text else text


def _text(company: Company, entity: str, row: Json, name: str) -> str:
    if entity == "Customer" and name in ("Balance", "BalanceWithJobs"):
        return str(shown(company, entity, row)[name])
    if name.startswith("MetaData."):
        return str(row["MetaData"][name.partition(".")[2]])
    value = row.get(name)
    if isinstance(value, dict):
        value = value.get("value", value.get("Address", ""))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _ordered(
    entity: str, rows: list[Json], statement: Statement, sortable: list[str]
) -> list[Json]:
    if not statement.order:
        # Nothing is promised of the order; newest first for transactions surprises the careless.
        rows.sort(key=lambda row: int(row["Id"]), reverse=entity in TRANSACTIONS)
        return rows
    rows.sort(key=lambda row: int(row["Id"]))
    for wanted, descending in reversed(statement.order):
        name = next((one for one in sortable if one.lower() == wanted.lower()), None)
        if name is None:
            text = f"QueryValidationError: property '{wanted}' is not sortable"
            raise refuse("4001", text)
        rows.sort(key=lambda row, name=name: _sort_key(row, name), reverse=descending)  # type: ignore[misc]  # mypy cannot type the default
    return rows


def _sort_key(row: Json, name: str) -> Any:
    if name == "Id":
        return int(row["Id"])
    if name.startswith("MetaData."):
        return seconds_of(row["MetaData"][name.partition(".")[2]])
    value = row.get(name)
    if name in _NUMBERS:
        return Decimal(str(value or 0))
    return str(value or "").casefold()


def _projection(entity: str, fields: list[str]) -> set[str]:
    known = {name.lower(): name for name in entities()[entity]["fields"]}
    wanted = set()
    for name in fields:
        top = name.partition(".")[0].lower()
        if top not in known:
            raise _not_queryable(name)
        wanted.add(known[top])
    return wanted


def _projected(row: Json, wanted: set[str]) -> Json:
    if not wanted:
        return row
    kept = {name: value for name, value in row.items() if name in wanted and name != "sparse"}
    return {"domain": "QBO", "sparse": True, **kept}


def _not_queryable(name: str) -> RefusedError:
    return refuse("4001", f"QueryValidationError: property '{name}' is not queryable")
