"""A tenant's exchange rates for the currencies of its books, in a transaction of that tenant.

Rates of the books are kept as they were first read; those of the operator's table may be corrected.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from udsync_pipelines.store.tables.policies import ExchangeRates
from udsync_pipelines.store.tables.states import RateOrigin


@dataclass(frozen=True, slots=True)
class DayRate:
    """Units of the home currency for one of this currency on a day."""

    currency: str
    day: date
    rate: Decimal


@dataclass(frozen=True, slots=True)
class RateList:
    """Whose rates: a tenant's, for the books of one connection, of one origin."""

    tenant_id: UUID
    connection_id: UUID
    origin: RateOrigin


def newest(
    connection: sa.Connection, rates: RateList, currency: str, day: date, *, oldest_days: int = 0
) -> Decimal | None:
    """The rate of a day, or the latest one at most so many days before it; None where none is."""
    statement = (
        sa.select(ExchangeRates.rate)
        .where(
            *_of(rates),
            ExchangeRates.currency == currency,
            ExchangeRates.day.between(day - timedelta(days=oldest_days), day),
        )
        .order_by(ExchangeRates.day.desc())
        .limit(1)
    )
    found = connection.scalar(statement)
    return None if found is None else found.normalize()


def keep(connection: sa.Connection, rates: RateList, found: DayRate) -> Decimal:
    """Keep a rate unless there is one of this day; return the one that is kept."""
    connection.execute(insert(ExchangeRates).values(_values(rates, found)).on_conflict_do_nothing())
    kept = newest(connection, rates, found.currency, found.day)
    return found.rate if kept is None else kept


def put(connection: sa.Connection, rates: RateList, given: Iterable[DayRate]) -> int:
    """Store rates in place of those of the same days; return how many."""
    rows = [_values(rates, each) for each in given]
    for row in rows:
        statement = insert(ExchangeRates).values(row)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant_id", "connection_id", "origin", "currency", "day"],
                set_={"rate": statement.excluded.rate},
            )
        )
    return len(rows)


def listed(connection: sa.Connection, rates: RateList) -> Sequence[DayRate]:
    """Every rate of a list, by currency and day."""
    statement = (
        sa.select(ExchangeRates.currency, ExchangeRates.day, ExchangeRates.rate)
        .where(*_of(rates))
        .order_by(ExchangeRates.currency, ExchangeRates.day)
    )
    rows = connection.execute(statement)
    return [DayRate(row.currency, row.day, row.rate.normalize()) for row in rows]


def _of(rates: RateList) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        ExchangeRates.tenant_id == rates.tenant_id,
        ExchangeRates.connection_id == rates.connection_id,
        ExchangeRates.origin == rates.origin,
    )


def _values(rates: RateList, found: DayRate) -> dict[str, object]:
    return {
        "tenant_id": rates.tenant_id,
        "connection_id": rates.connection_id,
        "origin": rates.origin,
        "currency": found.currency,
        "day": found.day,
        "rate": found.rate,
    }
