"""Where a rate comes from, what is kept of it, and what a person may type."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.posting.policy import ExchangeRatePolicy, RateSource
from udsync_pipelines.services.exchange_rates import (
    BooksRates,
    parse_rate,
    parse_rates,
)
from udsync_pipelines.store.repositories import exchange_rates
from udsync_pipelines.store.repositories.exchange_rates import DayRate, RateList
from udsync_pipelines.store.tables.states import RateOrigin
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.store.samples import Household, household

DAY = date(2026, 7, 1)
BOOKS, TABLE = ExchangeRatePolicy(RateSource.BOOKS), ExchangeRatePolicy(RateSource.TABLE)
Read = Callable[[str, date], Decimal | None]


class BooksList:
    """The company's own list, and how often it was asked."""

    def __init__(self, rate: str | None) -> None:
        self.given = None if rate is None else Decimal(rate)
        self.asked = 0

    def __call__(self, currency: str, day: date) -> Decimal | None:
        del currency, day
        self.asked += 1
        return self.given


def rates(
    database: StateDatabase, home: Household, read: Read, policy: ExchangeRatePolicy = BOOKS
) -> BooksRates:
    """As each process makes its own."""
    return BooksRates(database, home.tenant_id, home.connection_id, policy, read)


@pytest.fixture
def home(state_database: StateDatabase) -> Household:
    return household(state_database, "acme")


@pytest.mark.postgres
def test_a_rate_of_the_books_is_read_once_and_kept_for_every_process(
    state_database: StateDatabase, home: Household
) -> None:
    first, later = BooksList("1.35"), BooksList("1.40")
    one = rates(state_database, home, first)

    found = [one.rate("USD", DAY), one.rate("USD", DAY)]
    again = rates(state_database, home, later).rate("USD", DAY)

    assert (found, again) == ([Decimal("1.35")] * 2, Decimal("1.35"))
    assert (first.asked, later.asked) == (1, 0)


@pytest.mark.postgres
@pytest.mark.parametrize("rate", [None, "1", "1.000"])
def test_no_rate_and_one_to_one_are_no_rates_of_the_books(
    state_database: StateDatabase, home: Household, rate: str | None
) -> None:
    asked = BooksList(rate)
    missing = rates(state_database, home, asked)
    assert missing.rate("USD", DAY) is None

    asked.given = Decimal("1.35")

    assert missing.rate("USD", DAY) == Decimal("1.35")


@pytest.mark.postgres
def test_the_operators_table_is_asked_instead_and_one_to_one_may_stand_there(
    state_database: StateDatabase, home: Household
) -> None:
    asked = BooksList("1.99")
    table = RateList(home.tenant_id, home.connection_id, RateOrigin.TABLE)
    with state_database.tenant(home.tenant_id) as connection:
        exchange_rates.put(connection, table, [DayRate("USD", DAY, Decimal(1))])

    found = rates(state_database, home, asked, TABLE)

    assert found.rate("USD", date(2026, 7, 8)) == Decimal(1)
    assert found.rate("USD", date(2026, 7, 9)) is None
    assert asked.asked == 0


def test_a_file_of_rates_may_have_titles_blank_lines_and_any_case() -> None:
    lines = ["currency,day,rate", "usd, 2026-07-01, 1.3512", "", "EUR,2026-07-02,1.47"]

    assert [*parse_rates(lines)] == [
        DayRate("USD", date(2026, 7, 1), Decimal("1.3512")),
        DayRate("EUR", date(2026, 7, 2), Decimal("1.47")),
    ]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (("DOLLAR", "2026-07-01", "1.3"), "no currency of three letters"),
        (("USD", "July", "1.3"), "no day as 2026-01-31"),
        (("USD", "2026-07-01", "many"), "no rate above zero"),
        (("USD", "2026-07-01", "0"), "no rate above zero"),
        (("USD", "2026-07-01", "-1"), "no rate above zero"),
        (("USD", "2026-07-01", "Infinity"), "no rate above zero"),
        (("USD", "2026-07-01", "1.1234567890123"), "at most 12 decimals"),
    ],
)
def test_what_is_no_rate_is_refused_with_the_reason(typed: tuple[str, str, str], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as refused:
        parse_rate(*typed)

    assert refused.value.code == "rate_unreadable"


def test_a_wrong_line_of_a_file_is_named() -> None:
    with pytest.raises(ConfigurationError, match="Line 2 is not written currency,day,rate"):
        list(parse_rates(["USD,2026-07-01,1.3", "EUR 1.4"]))
