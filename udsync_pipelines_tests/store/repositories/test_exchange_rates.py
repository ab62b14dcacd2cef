"""Exchange rates by day: kept once for the books, replaced in the operator's table."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from udsync_pipelines.store.repositories import exchange_rates
from udsync_pipelines.store.repositories.exchange_rates import DayRate, RateList
from udsync_pipelines.store.tables.states import RateOrigin
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.store.samples import household

pytestmark = pytest.mark.postgres

MONDAY, TUESDAY, SUNDAY = date(2026, 6, 29), date(2026, 6, 30), date(2026, 7, 5)


@dataclass(frozen=True)
class Rates:
    """The rates of a tenant's books, of one origin."""

    database: StateDatabase
    rates: RateList

    def put(self, currency: str, day: date, rate: str) -> None:
        with self.database.tenant(self.rates.tenant_id) as connection:
            exchange_rates.put(connection, self.rates, [DayRate(currency, day, Decimal(rate))])

    def keep(self, currency: str, day: date, rate: str) -> Decimal:
        found = DayRate(currency, day, Decimal(rate))
        with self.database.tenant(self.rates.tenant_id) as connection:
            return exchange_rates.keep(connection, self.rates, found)

    def newest(self, currency: str, day: date, oldest_days: int = 0) -> Decimal | None:
        with self.database.tenant(self.rates.tenant_id) as connection:
            return exchange_rates.newest(
                connection, self.rates, currency, day, oldest_days=oldest_days
            )

    def listed(self) -> list[tuple[str, date, Decimal]]:
        with self.database.tenant(self.rates.tenant_id) as connection:
            found = exchange_rates.listed(connection, self.rates)
        return [(each.currency, each.day, each.rate) for each in found]


@pytest.fixture
def table(state_database: StateDatabase) -> Rates:
    home = household(state_database, "acme")
    return Rates(state_database, RateList(home.tenant_id, home.connection_id, RateOrigin.TABLE))


def test_the_latest_rate_before_a_day_counts_while_it_is_young_enough(table: Rates) -> None:
    table.put("USD", MONDAY, "1.35")
    table.put("USD", TUESDAY, "1.36")
    table.put("EUR", SUNDAY, "1.47")

    assert table.newest("USD", MONDAY) == Decimal("1.35")
    assert table.newest("USD", SUNDAY, oldest_days=5) == Decimal("1.36")
    assert table.newest("USD", SUNDAY, oldest_days=4) is None
    assert table.newest("EUR", MONDAY, oldest_days=30) is None


def test_a_rate_of_the_table_is_replaced_by_one_of_the_same_day(table: Rates) -> None:
    table.put("USD", MONDAY, "1.35")
    table.put("USD", MONDAY, "1.351234567891")

    assert table.listed() == [("USD", MONDAY, Decimal("1.351234567891"))]


def test_a_rate_of_the_books_stays_what_it_was_first(table: Rates) -> None:
    assert table.keep("USD", MONDAY, "1.35") == Decimal("1.35")
    assert table.keep("USD", MONDAY, "1.36") == Decimal("1.35")


def test_origins_and_tenants_do_not_see_each_others_rates(table: Rates) -> None:
    other = household(table.database, "other")
    ours = table.rates
    books = Rates(table.database, RateList(ours.tenant_id, ours.connection_id, RateOrigin.BOOKS))
    theirs = RateList(other.tenant_id, other.connection_id, RateOrigin.TABLE)
    table.put("USD", MONDAY, "1.35")

    assert books.listed() == []
    assert Rates(table.database, theirs).listed() == []


@pytest.mark.parametrize("rate", ["0", "-1.2"])
def test_the_database_itself_refuses_a_rate_that_is_none(table: Rates, rate: str) -> None:
    with pytest.raises(IntegrityError, match="ck_exchange_rates_positive"):
        table.put("USD", MONDAY, rate)


def test_a_rate_names_a_connection_of_its_own_tenant(table: Rates) -> None:
    other = household(table.database, "other")
    mixed = RateList(table.rates.tenant_id, other.connection_id, RateOrigin.TABLE)

    with pytest.raises(sa.exc.IntegrityError, match="fk_exchange_rates"):
        Rates(table.database, mixed).put("USD", MONDAY, "1.35")
