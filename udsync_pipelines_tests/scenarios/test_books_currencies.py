"""Books that keep several currencies: nothing foreign is ever posted silently wrong."""

import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
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
    assert "by hand with the rate" in parked[f"order/{abroad[0]}"]["cure"]
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
