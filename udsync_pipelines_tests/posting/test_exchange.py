"""Documents in foreign currencies have a rate of their day, or are parked; never one to one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from udsync_pipelines.domain.order import Order
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.compose import compose_order
from udsync_pipelines.posting.documents import Composition, PaymentDraft
from udsync_pipelines.posting.exchange import NO_RATES, Rates, same_rate, with_rates
from udsync_pipelines.posting.explain import explain
from udsync_pipelines.posting.policy import (
    ExchangeRatePolicy,
    PostingPolicy,
    RateDirection,
    RateSource,
)
from udsync_pipelines.posting.refunds import compose_refund
from udsync_pipelines_tests.posting.books import MANY_CURRENCIES, POLICY, policy
from udsync_pipelines_tests.posting.shop import line, money, order, refund

SOLD_ON, LATER = date(2026, 7, 1), date(2026, 7, 3)
PAIRS = {
    "USD": "1.3512", "EUR": "1.4687", "GBP": "1.7421", "AUD": "0.8904", "JPY": "0.009134",
    "CHF": "1.5203", "MXN": "0.0741", "NZD": "0.8123", "SEK": "0.1298", "INR": "0.0162",
}  # fmt: skip


@dataclass(frozen=True)
class Table:
    """Rates by day; every currency has the same."""

    days: Mapping[date, str]

    def rate(self, currency: str, day: date) -> Decimal | None:
        del currency
        return Decimal(self.days[day]) if day in self.days else None


STEADY = Table({SOLD_ON: "1.35", LATER: "1.35"})
RISEN = Table({SOLD_ON: "1.35", LATER: "1.40"})
FALLEN = Table({SOLD_ON: "1.35", LATER: "1.30"})


def abroad(currency: str = "USD", **changes: Any) -> Order:
    return order(line("20.00", {"1": "1.00"}, currency=currency), currency=currency, **changes)


def valued(sold: Order, rates: Rates, rules: PostingPolicy = POLICY) -> Composition:
    made = compose_order(sold, rules, MANY_CURRENCIES)
    assert isinstance(made, Composition)
    return with_rates(made, sold, rules, MANY_CURRENCIES, rates)


def given_back(rates: Rates, rules: PostingPolicy = POLICY, **changes: Any) -> Composition:
    sold = abroad(**changes)
    whole = replace(refund("21.00"), amount=money("21.00", "USD"))
    made = compose_refund(whole, sold, [whole], rules, MANY_CURRENCIES)
    assert isinstance(made, Composition)
    return with_rates(made, sold, rules, MANY_CURRENCIES, rates)


@pytest.mark.parametrize(("currency", "rate"), PAIRS.items())
def test_the_rate_of_ten_currencies_is_that_of_the_posting_day(currency: str, rate: str) -> None:
    made = valued(abroad(currency), Table({SOLD_ON: rate}))

    assert made.sale.exchange_rate == Decimal(rate)
    assert any(f"exchange rate of {rate}" in one for one in explain(made, MANY_CURRENCIES))


def test_documents_in_the_home_currency_have_no_rate() -> None:
    made = valued(order(line("20.00")), NO_RATES)

    assert made.sale.exchange_rate is None


@pytest.mark.parametrize(
    ("source", "cure"),
    [
        (RateSource.BOOKS, "the books' list of currencies"),
        (RateSource.TABLE, "udsync rates set USD 2026-07-01 RATE"),
        (RateSource.ORDER, "field '_rate' holds no rate"),
    ],
)
def test_a_missing_rate_parks_and_says_where_to_enter_it(source: RateSource, cure: str) -> None:
    rules = policy(exchange_rates=ExchangeRatePolicy(source, order_field="_rate"))

    with pytest.raises(RecordRejectedError) as parked:
        valued(abroad(), NO_RATES, rules)

    assert parked.value.code == "exchange_rate_missing"
    assert "count one USD as one CAD" in parked.value.message
    assert cure in str(parked.value.cure)


@pytest.mark.parametrize(
    ("told", "counts", "rate"),
    [
        ("1.3512", RateDirection.HOME_PER_FOREIGN, "1.3512"),
        (0.8, RateDirection.FOREIGN_PER_HOME, "1.25"),
        ("3", RateDirection.FOREIGN_PER_HOME, "0.333333333"),
    ],
)
def test_a_field_of_the_order_gives_the_rate_in_either_direction(
    told: object, counts: RateDirection, rate: str
) -> None:
    chosen = ExchangeRatePolicy(RateSource.ORDER, order_field="_rate", order_field_is=counts)

    made = valued(abroad(meta={"_rate": told}), NO_RATES, policy(exchange_rates=chosen))

    assert made.sale.exchange_rate == Decimal(rate)


@pytest.mark.parametrize("told", [None, "", "many", "0", "-1.2", "1", "1.000", "NaN", "1e40"])
def test_a_field_that_holds_no_rate_parks_and_so_does_one_to_one(told: object) -> None:
    chosen = ExchangeRatePolicy(
        RateSource.ORDER, order_field="_rate", order_field_is=RateDirection.FOREIGN_PER_HOME
    )

    with pytest.raises(RecordRejectedError, match="no exchange rate is known"):
        valued(abroad(meta={"_rate": told}), STEADY, policy(exchange_rates=chosen))


def test_a_payment_on_a_later_day_has_the_rate_of_its_own_day_and_tells_the_gain() -> None:
    late = datetime(2026, 7, 3, 18, tzinfo=UTC)

    made = valued(abroad(payment_method="bacs", paid_at=late), RISEN)

    invoice, payment = made.documents
    assert (invoice.exchange_rate, payment.exchange_rate) == (Decimal("1.35"), Decimal("1.40"))
    assert isinstance(payment, PaymentDraft)
    assert payment.private_note.startswith("udsync:WC:order/77\nPayment of order 77 of the shop.\n")
    assert "exchange gain of 1.05 CAD, which the books book by themselves" in payment.private_note
    assert "exchange gain of 1.05 CAD" in made.notes[0]


@pytest.mark.parametrize(
    ("rates", "told"),
    [
        (RISEN, "29.40 CAD now and were 28.35 CAD. That is an exchange loss of 1.05"),
        (
            FALLEN,
            "27.30 CAD now and were 28.35 CAD. That is an exchange gain of 1.05",
        ),
    ],
    ids=["risen", "fallen"],
)
def test_a_refund_at_another_rate_tells_what_is_gained_or_lost(rates: Table, told: str) -> None:
    made = given_back(rates)

    assert made.sale.exchange_rate == Decimal(rates.days[LATER])
    assert told in made.notes[-1]
    assert told in made.sale.private_note
    assert made.sale.private_note.startswith("udsync:WC:refund/901\nRefund 901 of order 77")


def test_a_refund_at_the_same_rate_has_nothing_to_tell() -> None:
    made = given_back(STEADY)

    assert made.notes == ()
    assert "exchange" not in made.sale.private_note


def test_a_refund_at_the_rate_of_its_order_has_nothing_to_tell() -> None:
    chosen = ExchangeRatePolicy(RateSource.ORDER, order_field="_rate")

    made = given_back(NO_RATES, policy(exchange_rates=chosen), meta={"_rate": "1.33"})

    assert (made.sale.exchange_rate, made.notes) == (Decimal("1.33"), ())


def test_a_refund_tells_nothing_where_the_rate_of_the_sale_is_not_known() -> None:
    assert given_back(Table({LATER: "1.40"})).notes == ()


def test_a_refund_of_a_sale_in_closed_books_has_the_rate_of_its_own_day() -> None:
    closed = replace(MANY_CURRENCIES, book_close_date=date(2026, 7, 2))
    sold = abroad()
    whole = replace(refund("21.00"), amount=money("21.00", "USD"))
    made = compose_refund(whole, sold, [whole], POLICY, closed)
    assert isinstance(made, Composition)

    at_rate = with_rates(made, sold, POLICY, closed, RISEN)

    assert (at_rate.sale.exchange_rate, at_rate.notes) == (Decimal("1.40"), ())


def test_two_rates_are_one_when_only_digits_beyond_a_millionth_differ() -> None:
    assert same_rate(Decimal("1.3512345678"), Decimal("1.351234"))
    assert not same_rate(Decimal("0.009134"), Decimal("0.009135"))
    assert not same_rate(Decimal("1.35"), Decimal(1))
