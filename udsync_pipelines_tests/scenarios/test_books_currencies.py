"""Books that keep several currencies: nothing foreign is ever posted silently wrong."""

from decimal import Decimal

import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.services.exchange_rates import parse_rate, put_rates
from udsync_pipelines_tests.scenarios.books import StartBooks, sell
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books import empty_store as empty_store
from udsync_pipelines_tests.scenarios.books import start_books as start_books
from udsync_pipelines_tests.scenarios.books_evidence import (
    DOCUMENTS,
    POSTED,
    rows,
    unequal_books,
)
from udsync_pipelines_tests.scenarios.evidence import listed

pytestmark = pytest.mark.postgres


def test_an_order_without_an_exchange_rate_is_parked_not_valued_one_to_one(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    sell(empty_store, email="robin@example.org")
    abroad = [
        sell(empty_store, email="robin@example.org", currency=currency, payment_method=gateway)
        for currency in ("USD", "EUR", "JPY")
        for gateway in ("stripe", "cheque")
    ]
    refund = empty_store.control.refund_order(abroad[0], {"amount": "5.00"})
    shop = start_books(empty_store, multicurrency=True)

    shop.sync()
    parked = shop.parked()

    assert set(parked) == {f"refund/{refund['id']}", *(f"order/{key}" for key in abroad)}
    assert {one["code"] for one in parked.values()} == {"exchange_rate_missing"}
    assert "count one USD as one CAD" in parked[f"order/{abroad[0]}"]["reason"]
    assert "list of currencies" in parked[f"order/{abroad[0]}"]["cure"]
    assert unequal_books(empty_store, shop.company, without=abroad) == []


def test_orders_in_the_home_currency_name_it_where_several_are_kept(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    sell(empty_store, email="robin@example.org")
    paid_later = sell(empty_store, email="robin@example.org", payment_method="bacs")
    empty_store.control.refund_order(paid_later, {"amount": "5.00"})
    shop = start_books(empty_store, multicurrency=True)

    shop.sync()
    documents = rows(shop.company, "SalesReceipt", "Invoice", "Payment", "RefundReceipt")

    assert unequal_books(empty_store, shop.company) == []
    assert {(one["CurrencyRef"]["value"], one["ExchangeRate"]) for one in documents} == {("CAD", 1)}
    assert [one["CurrencyRef"]["value"] for one in rows(shop.company, "Customer")] == ["CAD"]


def test_the_recorded_store_lands_where_several_currencies_are_kept_too(
    start_books: StartBooks,
) -> None:
    with StoreEmulator() as store:
        orders = listed(store, "woo_orders").values()
        posted = [one for one in orders if one["status"] in POSTED]
        abroad = [one["id"] for one in posted if one["currency"] != "CAD"]
        shop = start_books(store, multicurrency=True)

        shop.sync()

        assert unequal_books(store, shop.company, without=abroad) == []
        assert set(shop.parked()) == {f"order/{key}" for key in abroad}
        assert {one["code"] for one in shop.parked().values()} == {"exchange_rate_missing"}
        assert {one["CurrencyRef"]["value"] for one in rows(shop.company, *DOCUMENTS)} == {"CAD"}


PAIRS = {
    "USD": "1.3512", "EUR": "1.4687", "GBP": "1.7421", "AUD": "0.8904", "JPY": "0.009134",
    "CHF": "1.5203", "MXN": "0.0741", "NZD": "0.8123", "SEK": "0.1298", "INR": "0.0162",
}  # fmt: skip


def test_ten_currencies_are_posted_at_the_rate_of_the_books_for_the_day(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    for number, currency in enumerate(PAIRS):
        sell(
            empty_store,
            email="robin@example.org",
            currency=currency,
            payment_method="cheque" if number % 3 == 0 else "stripe",
        )
    shop = start_books(empty_store, multicurrency=True)
    for currency, rate in PAIRS.items():
        shop.company.control.set_exchange_rate(currency, "2020-01-01", rate)

    shop.sync()
    documents = rows(shop.company, "SalesReceipt", "Invoice", "Payment")

    assert shop.parked() == {}
    assert unequal_books(empty_store, shop.company) == []
    assert len(rows(shop.company, "SalesReceipt", "Invoice")) == len(PAIRS)
    assert {
        (one["CurrencyRef"]["value"], Decimal(str(one["ExchangeRate"]))) for one in documents
    } == {(currency, Decimal(rate)) for currency, rate in PAIRS.items()}
    assert len(rows(shop.company, "Customer")) == len(PAIRS)


def test_a_missing_rate_parks_its_order_until_the_operator_stores_one(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    order = sell(empty_store, email="robin@example.org", currency="USD")
    shop = start_books(empty_store, multicurrency=True)
    shop.change_policy(exchange_rates__source="table")
    shop.sync()
    before = shop.parked()[f"order/{order}"]
    day = before["cure"].split("USD ")[1].split(" ")[0]

    put_rates(shop.installation, shop.tenant.name, [parse_rate("USD", day, "1.3512")])
    shop.sync()

    (receipt,) = rows(shop.company, "SalesReceipt")
    assert before["code"] == "exchange_rate_missing"
    assert shop.parked() == {}
    assert (receipt["TxnDate"], receipt["ExchangeRate"]) == (day, Decimal("1.3512"))


def test_a_refund_after_the_rate_has_moved_tells_the_exchange_loss_in_the_books(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    order = sell(empty_store, email="robin@example.org", currency="USD")
    refund = empty_store.control.refund_order(order, {"amount": "10.00"})
    for kind, record, moment in (
        ("order", order, "2026-03-02T20:00:00"),
        ("refund", refund["id"], "2026-03-20T20:00:00"),
    ):
        empty_store.control.edit_silently(kind, record, {"date_created_gmt": moment})
    shop = start_books(empty_store, multicurrency=True)
    shop.company.control.set_exchange_rate("USD", "2026-03-01", "1.35")
    shop.company.control.set_exchange_rate("USD", "2026-03-19", "1.40")

    shop.sync()
    (sale,), (back,) = rows(shop.company, "SalesReceipt"), rows(shop.company, "RefundReceipt")

    assert (sale["ExchangeRate"], back["ExchangeRate"]) == (Decimal("1.35"), Decimal("1.4"))
    assert "That is an exchange loss of 0.50 CAD" in back["PrivateNote"]


def test_an_account_in_the_currency_takes_the_money_of_a_gateway(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    sell(empty_store, email="robin@example.org", currency="USD")
    sell(empty_store, email="robin@example.org")
    shop = start_books(empty_store, multicurrency=True)
    shop.company.control.set_exchange_rate("USD", "2020-01-01", "1.35")
    dollars = shop.company.control.add_account("USD Bank", "Bank", "Checking", "USD")
    shop.change_policy(**{"gateways__stripe:USD__account_id": dollars})

    shop.sync()

    accounts = {
        one["CurrencyRef"]["value"]: one["DepositToAccountRef"]["value"]
        for one in rows(shop.company, "SalesReceipt")
    }
    assert accounts["USD"] == dollars
    assert accounts["CAD"] != dollars
