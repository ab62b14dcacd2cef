"""QuickBooks' query language: statements with correct escapes, paged over a stable order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from udsync_pipelines.connectors.quickbooks.entities import NAME_LISTS, BookEntity

LARGEST_PAGE = 1000  # the most that QuickBooks gives; without MAXRESULTS it gives 100

Value: TypeAlias = str | bool | int | Decimal | date | datetime


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison; several are joined by AND, for the language knows no OR."""

    field: str
    operator: str
    values: tuple[Value, ...]

    def __str__(self) -> str:
        if self.operator == "IN":
            return f"{self.field} IN ({', '.join(map(literal, self.values))})"
        return f"{self.field} {self.operator} {literal(self.values[0])}"


def equals(field: str, value: Value) -> Condition:
    """The field has this value. QuickBooks compares texts without regard to case."""
    return Condition(field, "=", (value,))


def one_of(field: str, values: Sequence[Value]) -> Condition:
    """The field has one of these values.

    Raises:
        ValueError: no value is given; QuickBooks cannot read an empty list.
    """
    if not values:
        raise ValueError("a list of no values selects nothing: do not ask")
    return Condition(field, "IN", tuple(values))


def at_least(field: str, value: Value) -> Condition:
    """The field has this value or a higher one."""
    return Condition(field, ">=", (value,))


def at_most(field: str, value: Value) -> Condition:
    """The field has this value or a lower one."""
    return Condition(field, "<=", (value,))


@dataclass(frozen=True, slots=True)
class Query:
    """Which objects to select.

    Name lists answer with active objects only; `with_inactive` asks for all. `order` must be
    stable while pages are read: an id never changes.
    """

    entity: BookEntity
    where: tuple[Condition, ...] = ()
    order: str = "Id"
    with_inactive: bool = False

    def page(self, start: int, size: int) -> str:
        """The statement for `size` objects from the `start`-th on; the first is number 1."""
        paging = f" ORDERBY {self.order} STARTPOSITION {start} MAXRESULTS {size}"
        return self._select("*") + paging

    def count(self) -> str:
        """The statement that counts them."""
        return self._select("COUNT(*)")

    def but(self, *conditions: Condition) -> "Query":
        """The same query with further conditions."""
        return replace(self, where=(*self.where, *conditions))

    def _select(self, what: str) -> str:
        conditions = self.where
        if self.with_inactive and self.entity in NAME_LISTS:
            conditions = (*conditions, one_of("Active", (True, False)))
        where = f" WHERE {' AND '.join(map(str, conditions))}" if conditions else ""
        return f"SELECT {what} FROM {self.entity}{where}"  # noqa: S608 - `literal` escapes values


def literal(value: Value) -> str:
    r"""A value as it stands in a statement.

    The escape is a backslash, before an apostrophe and before itself; a doubled apostrophe ends
    the text there and then.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time needs its zone")
        return f"'{value.isoformat(timespec='seconds')}'"
    if isinstance(value, date):
        return f"'{value.isoformat()}'"
    if isinstance(value, Decimal):
        return f"'{value:f}'"
    escaped = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
