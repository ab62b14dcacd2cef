"""The exchange rates of a tenant's books: from the books' list or the operator's table, kept."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from uuid import UUID

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.posting.exchange import ONE
from udsync_pipelines.posting.policy import ExchangeRatePolicy, RateSource
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import connections, exchange_rates
from udsync_pipelines.store.repositories.exchange_rates import DayRate, RateList
from udsync_pipelines.store.tables.states import Platform, RateOrigin
from udsync_pipelines.store.tenancy import StateDatabase

_CURRENCY = re.compile(r"[A-Z]{3}")
_DIGITS = 12
_COLUMNS = 3


@dataclass(frozen=True)
class BooksRates:
    """Rates as a posting policy chooses them: `read_books` asks the company's own list.

    A rate that the company was asked for is kept, so that a day costs one metered read for each
    currency and what is posted later has the same one. One to one is no rate of the company's.
    """

    state: StateDatabase
    tenant_id: UUID
    connection_id: UUID
    policy: ExchangeRatePolicy
    read_books: Callable[[str, date], Decimal | None]
    _known: dict[tuple[str, date], Decimal] = field(default_factory=dict)

    def rate(self, currency: str, day: date) -> Decimal | None:
        """Units of the home currency for one of this on a day, or None where none is known."""
        known = self._known.get((currency, day))
        if known is None:
            is_table = self.policy.source is RateSource.TABLE
            known = self._of_table(currency, day) if is_table else self._of_books(currency, day)
        if known is not None:
            self._known[currency, day] = known
        return known

    def _of_table(self, currency: str, day: date) -> Decimal | None:
        return self._stored(RateOrigin.TABLE, currency, day, self.policy.oldest_days)

    def _of_books(self, currency: str, day: date) -> Decimal | None:
        stored = self._stored(RateOrigin.BOOKS, currency, day, 0)
        if stored is not None:
            return stored
        read = self.read_books(currency, day)
        if read is None or read == ONE:
            return None
        found = DayRate(currency, day, read)
        with self.state.tenant(self.tenant_id) as transaction:
            return exchange_rates.keep(transaction, self._list(RateOrigin.BOOKS), found)

    def _stored(
        self, origin: RateOrigin, currency: str, day: date, oldest_days: int
    ) -> Decimal | None:
        with self.state.tenant(self.tenant_id) as transaction:
            return exchange_rates.newest(
                transaction, self._list(origin), currency, day, oldest_days=oldest_days
            )

    def _list(self, origin: RateOrigin) -> RateList:
        return RateList(self.tenant_id, self.connection_id, origin)


def put_rates(installation: Installation, tenant_name: str, rates: Iterable[DayRate]) -> int:
    """Store rates in the tenant's own table; return how many.

    Raises:
        ConfigurationError: no such tenant, or it has no books.
    """
    tenant = installation.tenant(tenant_name)
    with installation.state.tenant(tenant.id) as transaction:
        books = connections.default(transaction, tenant.id, Platform.QUICKBOOKS)
        table = RateList(tenant.id, books.id, RateOrigin.TABLE)
        return exchange_rates.put(transaction, table, rates)


def rates_of(installation: Installation, tenant_name: str, origin: RateOrigin) -> Sequence[DayRate]:
    """The rates that a tenant has stored, or that were read from its books.

    Raises:
        ConfigurationError: no such tenant, or it has no books.
    """
    tenant = installation.tenant(tenant_name)
    with installation.state.tenant(tenant.id) as transaction:
        books = connections.default(transaction, tenant.id, Platform.QUICKBOOKS)
        return exchange_rates.listed(transaction, RateList(tenant.id, books.id, origin))


def parse_rates(lines: Iterable[str]) -> Iterator[DayRate]:
    """Rates from lines `currency,day,rate`; blank lines and a first line of titles are left out.

    Raises:
        ConfigurationError: a line is none; the message names it and says why.
    """
    for number, row in enumerate(csv.reader(lines), 1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and cells[0].lower() == "currency"):
            continue
        if len(cells) != _COLUMNS:
            raise _unreadable(f"Line {number}", "is not written currency,day,rate")
        yield parse_rate(cells[0], cells[1], cells[2], where=f"Line {number}")


def parse_rate(currency: str, day: str, rate: str, where: str = "The rate") -> DayRate:
    """One rate from what a person types.

    Raises:
        ConfigurationError: it is none; the message says why.
    """
    if not _CURRENCY.fullmatch(currency.upper()):
        raise _unreadable(where, f"names no currency of three letters: {currency!r}")
    try:
        read_day = date.fromisoformat(day)
    except ValueError as error:
        raise _unreadable(where, f"names no day as 2026-01-31: {day!r}") from error
    try:
        read = Decimal(rate)
    except InvalidOperation:
        read = Decimal(0)
    if not (read.is_finite() and read > 0) or -int(read.as_tuple().exponent) > _DIGITS:
        raise _unreadable(where, f"is no rate above zero with at most {_DIGITS} decimals: {rate!r}")
    return DayRate(currency.upper(), read_day, read)


def _unreadable(where: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{where} {why}.",
        code="rate_unreadable",
        cure="Write it as USD,2026-01-31,1.3512: units of the books' currency for one of this.",
    )
