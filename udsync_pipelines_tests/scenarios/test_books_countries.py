"""American and British companies: equal to the cent, or parked with the numbers."""

import random
import re
from dataclasses import replace
from decimal import Decimal

import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services import deciding, preflight
from udsync_pipelines_tests.scenarios.books import ALBERTA, StartBooks, sell
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books import empty_store as empty_store
from udsync_pipelines_tests.scenarios.books import start_books as start_books
from udsync_pipelines_tests.scenarios.books_evidence import (
    Json,
    document_of,
    rows,
    tax_of,
    unequal_books,
    writes,
)

pytestmark = pytest.mark.postgres

LEEDS: Json = {"address_1": "1 Park Row", "city": "Leeds", "postcode": "LS1 5HN", "country": "GB"}
SYDNEY: Json = {
    "address_1": "1 George Street",
    "city": "Sydney",
    "state": "NSW",
    "postcode": "2000",
    "country": "AU",
}
SAN_DIEGO: Json = {
    "address_1": "1 Harbor Drive",
    "city": "San Diego",
    "state": "CA",
    "postcode": "92101",
    "country": "US",
}
CENTS = ("1.05",) * 5
"""Lines of which the shop taxes each, and the books their sum."""

RENO: Json = {**SAN_DIEGO, "city": "Reno", "state": "NV", "postcode": "89501"}


def test_a_british_store_lands_in_british_books_to_the_penny(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    sell_many(empty_store, "GBP", LEEDS, seed=1)
    sell_many(empty_store, "GBP", {**LEEDS, "country": "FR"}, seed=2, count=4)
    shop = start_books(empty_store, country="GB")

    report = shop.sync()

    assert shop.parked() == {}
    assert unequal_books(empty_store, shop.company) == []
    assert report.plan.counts["quickbooks.order.rounding_lines"] == 0
    assert sum(tax_of(one) for one in rows(shop.company, "SalesReceipt", "Invoice")) > 100


def test_an_australian_store_lands_in_australian_books_to_the_cent(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    add_rate(empty_store, 31, country="AU", state="", rate="10.0000", name="GST", shipping=True)
    sell_many(empty_store, "AUD", SYDNEY, seed=11)
    sell_many(empty_store, "AUD", {**LEEDS, "country": "NZ"}, seed=12, count=4)
    shop = start_books(empty_store, country="AU")

    report = shop.sync()

    assert shop.parked() == {}
    assert unequal_books(empty_store, shop.company) == []
    assert report.plan.counts["quickbooks.order.rounding_lines"] == 0
    assert sum(tax_of(one) for one in rows(shop.company, "SalesReceipt", "Invoice")) > 100


def test_books_without_sales_tax_take_what_is_untaxed_and_park_the_rest(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    taxed = sell_many(empty_store, "CAD", ALBERTA, seed=13, count=3)
    untaxed = sell_many(empty_store, "CAD", {**LEEDS, "country": "NZ"}, seed=14, count=3)
    shop = start_books(empty_store, using_sales_tax=False)
    with pytest.raises(ConfigurationError) as refused:
        shop.sync()
    (asked,) = preflight.check(shop.installation, shop.tenant.name).undecided
    preflight.decide(shop.installation, shop.tenant.name, asked.kind, "park", every=True)

    shop.sync()

    parked = shop.parked()
    assert refused.value.code == "preflight_undecided"
    assert {key: one["code"] for key, one in parked.items() if key.startswith("order/")} == {
        f"order/{key}": "sales_tax_off" for key in taxed
    }
    assert all(document_of(shop.company, key) for key in untaxed)
    assert unequal_books(empty_store, shop.company, without=taxed) == []


def test_what_british_books_cannot_hold_is_parked_with_its_reason(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    sold = sell_many(empty_store, "GBP", LEEDS, seed=3, count=5)
    vancouver = {**ALBERTA, "state": "BC", "city": "Vancouver", "postcode": "V5K 0A1"}
    taxed_abroad = sell_many(empty_store, "GBP", vancouver, seed=4, count=3, refunds=False)
    in_dollars = sell_many(empty_store, "CAD", LEEDS, seed=5, count=2, refunds=False)
    shop = start_books(empty_store, country="GB")

    with pytest.raises(ConfigurationError, match="findings about the books") as refused:
        shop.sync()
    before = rows(shop.company, "SalesReceipt", "Invoice")
    for code in ("preflight.tax_unmapped", "preflight.currency_off"):
        preflight.decide(shop.installation, shop.tenant.name, code, "park", every=True)
    shop.sync()
    parked = shop.parked()

    assert "policy decide --all CODE" in str(refused.value.cure)
    assert before == []
    assert sorted(parked) == sorted(f"order/{key}" for key in (*taxed_abroad, *in_dollars))
    assert {parked[f"order/{key}"]["code"] for key in in_dollars} == {"currency_not_supported"}
    assert all("PST BC 7 %" in parked[f"order/{key}"]["reason"] for key in taxed_abroad)
    assert all(one["cure"] for one in parked.values())
    assert unequal_books(empty_store, shop.company, without=[*taxed_abroad, *in_dollars]) == []
    assert all(document_of(shop.company, key) for key in sold)


def test_a_store_in_california_lands_in_books_without_automated_tax(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    add_californian_rates(empty_store)
    taxed = sell_many(empty_store, "USD", SAN_DIEGO, seed=6)
    untaxed = sell_many(empty_store, "USD", RENO, seed=7, count=5)
    shop = start_books(empty_store, country="US", automated_sales_tax=False)

    shop.sync()
    parked = shop.parked()

    assert parked == {}
    assert unequal_books(empty_store, shop.company) == []
    assert all(document_of(shop.company, key) for key in taxed)
    codes = {
        line["SalesItemLineDetail"]["TaxCodeRef"]["value"]
        for one in rows(shop.company, "SalesReceipt", "Invoice")
        for line in one["Line"]
        if "SalesItemLineDetail" in line
    }
    assert codes == {"TAX", "NON"}
    assert all(document_of(shop.company, key) for key in untaxed)


def test_books_with_automated_tax_take_what_is_untaxed_and_park_the_rest(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    add_californian_rates(empty_store)
    taxed = sell_many(empty_store, "USD", SAN_DIEGO, seed=8, count=5, refunds=False)
    untaxed = sell_many(empty_store, "USD", RENO, seed=9, count=5)
    shop = start_books(empty_store, country="US")

    with pytest.raises(ConfigurationError, match="automated_tax=compare"):
        shop.sync()
    preflight.decide(shop.installation, shop.tenant.name, "automated_tax", "park", every=False)
    shop.sync()
    parked = shop.parked()

    assert sorted(parked) == sorted(f"order/{key}" for key in taxed)
    assert {one["code"] for one in parked.values()} == {"tax_unpredictable"}
    assert all(re.search(r"charged \d+\.\d\d tax", one["reason"]) for one in parked.values())
    assert unequal_books(empty_store, shop.company, without=taxed) == []
    assert all(tax_of(document_of(shop.company, key)) == 0 for key in untaxed)


def test_books_with_automated_tax_are_compared_and_what_they_tax_otherwise_is_taken_back(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    add_californian_rates(empty_store)
    alike = [sell_one(empty_store, "100.00"), sell_one(empty_store, "20.00", method="cheque")]
    refund = empty_store.control.refund_order(alike[0], {"amount": "10.00"})["id"]
    apart = [sell_one(empty_store, *CENTS), sell_one(empty_store, *CENTS, method="cheque")]
    shop = start_books(empty_store, country="US")
    shop.change_policy(automated_tax="compare")

    shop.sync()
    shop.sync(full=True)
    parked = shop.parked()

    assert set(parked) == {f"order/{key}" for key in apart}
    assert {one["code"] for one in parked.values()} == {"tax_differs"}
    assert all("with 0.41 tax; the shop says 5.70 USD" in one["reason"] for one in parked.values())
    assert unequal_books(empty_store, shop.company, without=apart) == []
    (given,) = rows(shop.company, "RefundReceipt")
    assert f"refund/{refund}" in given["PrivateNote"]
    assert len(rows(shop.company, "SalesReceipt", "Invoice")) == len(alike)
    assert sum("operation=delete" in one for one in writes(shop.company)) == len(apart)


def test_books_with_automated_tax_that_keep_the_shops_total_take_every_order(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    add_californian_rates(empty_store)
    taxed = sell_many(empty_store, "USD", SAN_DIEGO, seed=10, count=8)
    shop = start_books(empty_store, country="US", tax_override=True)
    shop.change_policy(automated_tax="compare")

    shop.sync()

    assert shop.parked() == {}
    assert unequal_books(empty_store, shop.company) == []
    assert all(tax_of(document_of(shop.company, key)) > 0 for key in taxed)


def test_an_order_that_was_taken_back_is_posted_once_both_sides_agree(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    add_californian_rates(empty_store)
    order = sell_one(empty_store, *CENTS)
    shop = start_books(empty_store, country="US")
    shop.change_policy(automated_tax="compare")
    shop.sync()
    before = rows(shop.company, "SalesReceipt")

    books = shop.company.company
    books.options = replace(books.options, tax_override=True)
    deciding.decide(shop.installation, shop.tenant, f"order/{order}", "post_again")
    shop.sync()

    assert before == []
    assert shop.parked() == {}
    assert document_of(shop.company, order)["DocNumber"] == f"WC-{order}"
    assert unequal_books(empty_store, shop.company) == []


def sell_one(store: StoreEmulator, *prices: str, method: str = "stripe") -> int:
    """Sell something for each of these prices in San Diego."""
    billing = {**SAN_DIEGO, "first_name": "Buyer", "email": f"{prices[0]}-{method}@example.org"}
    items = [{"product_id": 10, "quantity": 1, "total": p, "subtotal": p} for p in prices]
    return sell(store, billing=billing, currency="USD", payment_method=method, line_items=items)


def sell_many(
    store: StoreEmulator,
    currency: str,
    place: Json,
    *,
    seed: int,
    count: int = 20,
    refunds: bool = True,
) -> list[int]:
    """Sell baskets of all sorts to people in one place; every fourth gives something back."""
    dice = random.Random(seed)  # noqa: S311 - baskets, no secrets
    orders = []
    for number in range(count):
        prices = [Decimal(dice.randrange(5, 20000)) / 100 for _ in range(dice.randrange(1, 6))]
        items = [
            {
                "product_id": 10,
                "quantity": dice.randrange(1, 4),
                "total": str(p),
                "subtotal": str(p),
            }
            for p in prices
        ]
        shipping = str(Decimal(dice.randrange(100, 2000)) / 100)
        billing = {**place, "first_name": "Buyer", "last_name": str(number)}
        order = sell(
            store,
            billing={**billing, "email": f"buyer{seed}-{number}@example.org"},
            currency=currency,
            payment_method=dice.choice(["stripe", "stripe", "cheque"]),
            line_items=items,
            shipping_lines=[{"method_id": "flat_rate", "method_title": "F", "total": shipping}],
        )
        if refunds and number % 4 == 0:
            store.control.refund_order(order, {"amount": str(prices[0])})
        orders.append(order)
    return orders


def add_californian_rates(store: StoreEmulator) -> None:
    """Have the store charge 7.25 and 0.5 percent in California."""
    for rate_id, percent, name in ((21, "7.2500", "California"), (22, "0.5000", "District")):
        add_rate(
            store,
            rate_id,
            country="US",
            state="CA",
            rate=percent,
            name=name,
            priority=rate_id - 20,
        )


def add_rate(store: StoreEmulator, rate_id: int, **values: object) -> None:
    """Have the store charge one rate more."""
    with store.store.lock:
        known = store.store.records.document("tax", 11)
        assert known is not None
        store.store.save("tax", {**known, "id": rate_id, **values})
