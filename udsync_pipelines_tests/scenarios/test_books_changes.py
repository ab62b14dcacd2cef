"""Orders that change after they were posted: the document follows, or a person decides."""

from decimal import Decimal

import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.scenarios.books import ShopWithBooks, StartBooks, sell
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books import empty_store as empty_store
from udsync_pipelines_tests.scenarios.books import start_books as start_books
from udsync_pipelines_tests.scenarios.books_evidence import (
    Json,
    document_of,
    fingerprint,
    rows,
    tax_of,
    unequal_books,
    writes,
)
from udsync_pipelines_tests.scenarios.evidence import listed

pytestmark = pytest.mark.postgres


@pytest.fixture
def order(empty_store: StoreEmulator) -> int:
    """Two hammers sold, and shipped for 12.00; the order's id."""
    return sell(
        empty_store,
        email="robin@example.org",
        quantity=2,
        shipping_lines=[{"method_id": "flat_rate", "method_title": "Flat", "total": "12.00"}],
    )


@pytest.fixture
def shop(empty_store: StoreEmulator, start_books: StartBooks, order: int) -> ShopWithBooks:
    """The shop with that order posted; the requests so far are forgotten."""
    shop = start_books(empty_store)
    shop.sync()
    assert unequal_books(empty_store, shop.company) == []
    shop.company.requests.clear()
    return shop


def test_another_quantity_brings_the_document_to_the_new_amounts(
    shop: ShopWithBooks, order: int
) -> None:
    change_line(shop, order, quantity=5, total="99.95", subtotal="99.95")

    report = shop.sync()

    document = document_of(shop.company, order)
    assert report.plan.counts["quickbooks.sales_receipt.updated"] == 1
    assert document["SyncToken"] == "1"
    assert len(writes(shop.company)) == 1
    assert [(line["Amount"], quantity_of(line)) for line in item_lines(document)] == [
        (Decimal("99.95"), Decimal(5)),
        (Decimal("12.00"), Decimal(1)),
    ]
    assert unequal_books(shop.store, shop.company) == []


def test_a_line_more_is_added_and_the_old_ones_stay(shop: ShopWithBooks, order: int) -> None:
    shop.store.control.edit_order(order, {"line_items": [{"product_id": 11, "quantity": 1}]})

    shop.sync()

    assert len(item_lines(document_of(shop.company, order))) == 3
    assert shop.company.count("SalesReceipt") == 1
    assert unequal_books(shop.store, shop.company) == []


def test_a_line_less_is_taken_off(shop: ShopWithBooks, order: int) -> None:
    shipping = listed(shop.store, "woo_orders")[order]["shipping_lines"][0]["id"]
    shop.store.control.edit_order(
        order, {"shipping_lines": [{"id": shipping, "method_id": None, "method_title": None}]}
    )

    shop.sync()

    assert len(item_lines(document_of(shop.company, order))) == len(lines_of(shop, order))
    assert unequal_books(shop.store, shop.company) == []


@pytest.mark.parametrize(
    "change",
    [
        {"status": "completed"},
        {"customer_note": "ring twice"},
        {"meta_data": [{"key": "a", "value": 1}]},
    ],
    ids=["status", "note", "meta"],
)
def test_a_change_that_the_books_do_not_hold_moves_no_money(
    shop: ShopWithBooks, order: int, change: Json
) -> None:
    before = document_of(shop.company, order)
    shop.store.control.edit_order(order, change)

    report = shop.sync()
    again = shop.sync(full=True)
    after = document_of(shop.company, order)

    assert report.parked == again.parked == 0
    assert len(writes(shop.company)) <= 1
    assert (after["TotalAmt"], tax_of(after)) == (before["TotalAmt"], tax_of(before))
    assert [without_id(one) for one in item_lines(after)] == [
        without_id(one) for one in item_lines(before)
    ]
    assert unequal_books(shop.store, shop.company) == []


def test_a_change_there_and_back_and_there_again_is_followed_each_time(
    shop: ShopWithBooks, order: int
) -> None:
    differences = []
    for total in ("50.00", "39.98", "50.00", "39.98", "50.00"):
        change_line(shop, order, total=total, subtotal=total)
        shop.sync()
        differences += unequal_books(shop.store, shop.company)

    assert differences == []
    assert document_of(shop.company, order)["SyncToken"] == "5"


def test_a_document_edited_by_hand_is_never_written_over(shop: ShopWithBooks, order: int) -> None:
    edit_by_hand(shop, order)
    change_line(shop, order, total="50.00", subtotal="50.00")
    before = fingerprint(shop.company)

    shop.sync()
    parked = shop.parked()[f"order/{order}"]
    again = shop.sync()

    assert parked["code"] == "edited_in_books"
    assert "changed" in parked["reason"]
    assert parked["cure"]
    assert again.count_newly_parked == 0
    assert fingerprint(shop.company) == before


def test_a_document_edited_by_hand_alone_is_left_in_peace(shop: ShopWithBooks, order: int) -> None:
    edit_by_hand(shop, order)
    before = fingerprint(shop.company)

    report = shop.sync(full=True)

    assert report.parked == 0
    assert fingerprint(shop.company) == before


def test_a_hand_edit_that_is_taken_back_lets_the_change_through(
    shop: ShopWithBooks, order: int
) -> None:
    document = document_of(shop.company, order)
    edit_by_hand(shop, order)
    change_line(shop, order, total="50.00", subtotal="50.00")
    shop.sync()
    shop.company.control.edit(
        "SalesReceipt", document["Id"], {"PrivateNote": document["PrivateNote"]}
    )

    report = shop.sync()

    assert report.parked == 0
    assert unequal_books(shop.store, shop.company) == []


@pytest.mark.parametrize("status", ["cancelled", "failed", "on-hold"])
def test_an_order_that_is_off_is_parked_until_its_document_is_voided(
    shop: ShopWithBooks, order: int, status: str
) -> None:
    shop.store.control.edit_order(order, {"status": status})

    shop.sync()
    parked = shop.parked()
    untouched = writes(shop.company)
    shop.company.control.void("SalesReceipt", document_of(shop.company, order)["Id"])
    released = shop.sync()

    assert parked[f"order/{order}"]["code"] == "posted_but_gone"
    assert f"Sales receipt WC-{order} stands in the books" in parked[f"order/{order}"]["reason"]
    assert "udsync failures decide" in parked[f"order/{order}"]["cure"]
    assert untouched == []
    assert released.parked == 0


@pytest.mark.parametrize("how", ["trash_order", "delete_order"])
def test_an_order_that_is_gone_in_the_shop_is_parked_not_deleted(
    shop: ShopWithBooks, order: int, how: str
) -> None:
    sell(shop.store, email="stays@example.org")
    shop.sync()
    shop.company.requests.clear()
    shop.store.control.act(how, order_id=order)

    shop.sync(full=True)
    parked = shop.parked()
    shop.company.control.delete("SalesReceipt", document_of(shop.company, order)["Id"])
    released = shop.sync(full=True)

    assert parked[f"order/{order}"]["code"] == "posted_but_gone"
    assert writes(shop.company) == []
    assert released.parked == 0


def test_a_refund_after_posting_gets_its_document_and_the_sale_stays(
    shop: ShopWithBooks, order: int
) -> None:
    sale = document_of(shop.company, order)
    shop.store.control.refund_order(order, {"amount": "10.00"})

    shop.sync()

    assert document_of(shop.company, order) == sale
    assert [one["TotalAmt"] for one in rows(shop.company, "RefundReceipt")] == [Decimal("10.00")]
    assert unequal_books(shop.store, shop.company) == []


def test_an_order_on_account_follows_a_change_with_invoice_and_payment(
    shop: ShopWithBooks,
) -> None:
    order = sell(shop.store, email="account@example.org", payment_method="cheque")
    shop.sync()
    change_line(shop, order, total="25.00", subtotal="25.00")

    shop.sync()
    parked = shop.parked()

    if not parked:
        assert unequal_books(shop.store, shop.company) == []
    else:
        assert list(parked) == [f"order/{order}"]
        assert parked[f"order/{order}"]["cure"]


def change_line(shop: ShopWithBooks, order: int, **changes: object) -> None:
    """Change the first line of an order as a shop manager does."""
    line = listed(shop.store, "woo_orders")[order]["line_items"][0]["id"]
    shop.store.control.edit_order(order, {"line_items": [{"id": line, **changes}]})


def edit_by_hand(shop: ShopWithBooks, order: int) -> None:
    """Have a bookkeeper write something into the document's note."""
    document = document_of(shop.company, order)
    note = f"{document['PrivateNote']} checked"
    shop.company.control.edit("SalesReceipt", document["Id"], {"PrivateNote": note})


def item_lines(document: Json) -> list[Json]:
    """A document's lines without the subtotal."""
    return [one for one in document["Line"] if one["DetailType"] == "SalesItemLineDetail"]


def without_id(line: Json) -> Json:
    """A line as it reads; QuickBooks numbers lines anew when all are sent."""
    return {name: value for name, value in line.items() if name != "Id"}


def quantity_of(line: Json) -> Decimal:
    """The quantity of a line; one where it names none."""
    return Decimal(line["SalesItemLineDetail"].get("Qty", 1))


def lines_of(shop: ShopWithBooks, order: int) -> list[Json]:
    """The lines that the shop's order has now."""
    held = listed(shop.store, "woo_orders")[order]
    return [*held["line_items"], *held["shipping_lines"], *held["fee_lines"]]
