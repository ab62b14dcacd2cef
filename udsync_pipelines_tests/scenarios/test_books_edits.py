"""Thirty ways to change what is posted: one sync later the books are as if posted only now.

Every change is made to an order of its own, and one sync follows them all. Then an empty company
is connected to the same store: what that one gets is what the first must have by now.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

import pytest

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.services import deciding
from udsync_pipelines.services.installation import Installation
from udsync_pipelines_tests.scenarios.books import (
    FACTOR,
    ShopWithBooks,
    connect_books,
    sell,
)
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books_evidence import (
    DOCUMENTS,
    PREFIX,
    REFUNDS,
    SALES,
    Json,
    by_number,
    document_of,
    rows,
    stands,
    tax_of,
    unequal_books,
)
from udsync_pipelines_tests.scenarios.evidence import listed

pytestmark = pytest.mark.postgres

Change = Callable[[StoreEmulator, int], None]

SHIRT, ROPE = 53, 63
SHIPPED: Json = {"method_id": "flat_rate", "method_title": "Flat", "total": "12.00"}
BEFORE: dict[str, Json] = {
    "coupon removed": {"coupon_lines": [{"code": "save10"}]},
    "fee removed": {"fee_lines": [{"name": "Gift", "total": "5.00", "tax_status": "taxable"}]},
    "note emptied": {"customer_note": "Ring twice"},
    "status back": {"status": "completed"},
    "invoice becomes more": {"payment_method": "cheque"},
    "invoice becomes less": {"payment_method": "cheque"},
    "invoice becomes a receipt": {"payment_method": "cheque"},
    "invoice of another customer": {"payment_method": "cheque"},
}
"""What an order has before it is changed, beside two hammers, a rope and the shipping."""


def lines(*changes: Json) -> Change:
    """Change the first lines of an order, one after the other; lines without id are added."""

    def change(store: StoreEmulator, order: int) -> None:
        held = listed(store, "woo_orders")[order]["line_items"]
        sent = [
            {**({"id": held[place]["id"]} if place < len(held) else {}), **one}
            for place, one in enumerate(changes)
        ]
        store.control.edit_order(order, {"line_items": sent})

    return change


def edit(**changes: object) -> Change:
    """Change fields of an order as by PUT."""
    return lambda store, order: void(store.control.edit_order(order, changes))


def void(_: object) -> None:
    """Nothing of what a change returns."""


def part_of(kind: str, **changes: object) -> Change:
    """Change the first shipping or fee line of an order."""

    def change(store: StoreEmulator, order: int) -> None:
        held = listed(store, "woo_orders")[order][kind][0]
        store.control.edit_order(order, {kind: [{"id": held["id"], **changes}]})

    return change


def moved(**dates: str) -> Change:
    """Give an order other dates, as an importer does."""

    def change(store: StoreEmulator, order: int) -> None:
        store.control.edit_silently("order", order, dates)
        store.control.touch_order(order)

    return change


def taxed_elsewhere(store: StoreEmulator, order: int) -> None:
    store.control.edit_order(order, {"billing": {"state": "BC", "postcode": "V5K 0A1"}})
    lines({"total": "39.98", "subtotal": "39.98"})(store, order)


def shipped_otherwise(store: StoreEmulator, order: int) -> None:
    part_of("shipping_lines", method_id=None)(store, order)
    pick_up = {"method_id": "pickup", "method_title": "Pick up", "total": "12.00"}
    store.control.edit_order(order, {"shipping_lines": [pick_up]})


def refunded_and_edited(store: StoreEmulator, order: int) -> None:
    store.control.refund_order(order, {"amount": "10.00"})
    lines({"quantity": 3, "total": "59.97", "subtotal": "59.97"})(store, order)


def renamed_sku(store: StoreEmulator, order: int) -> None:
    store.control.edit_product(ROPE, {"sku": "ROPE-RENAMED"})
    store.control.touch_order(order)


CHANGES: dict[str, Change] = {
    "quantity": lines({"quantity": 5, "total": "99.95", "subtotal": "99.95"}),
    "price": lines({"total": "25.50", "subtotal": "25.50"}),
    "line added": lines({}, {}, {"product_id": SHIRT, "quantity": 1}),
    "line removed": lines({}, {"quantity": 0}),
    "line split": lines(
        {"quantity": 1, "total": "19.99", "subtotal": "19.99"},
        {},
        {"product_id": 10, "quantity": 1},
    ),
    "product replaced": lines({"quantity": 0}, {}, {"product_id": SHIRT, "quantity": 2}),
    "coupon added": edit(coupon_lines=[{"code": "save10"}]),
    "coupon removed": lines({"total": "39.98", "subtotal": "39.98"}),
    "fee added": edit(fee_lines=[{"name": "Gift", "total": "5.00", "tax_status": "taxable"}]),
    "fee removed": part_of("fee_lines", name=None),
    "negative fee": edit(fee_lines=[{"name": "Kind", "total": "-3.00", "tax_status": "taxable"}]),
    "shipping amount": part_of("shipping_lines", total="7.35"),
    "shipping method": shipped_otherwise,
    "tax": taxed_elsewhere,
    "address": edit(billing={"address_1": "9 Side Street", "city": "Calgary"}),
    "billing name": edit(billing={"first_name": "Ruth", "last_name": "Rowe"}),
    "e-mail": edit(billing={"email": "elsewhere@example.org"}),
    "note": edit(customer_note="Leave it at the door"),
    "note emptied": edit(customer_note=""),
    "status forward": edit(status="completed"),
    "status back": edit(status="processing"),
    "date created": moved(
        date_created="2026-02-03T10:00:00", date_created_gmt="2026-02-03T17:00:00"
    ),
    "date paid": moved(date_paid="2026-02-03T10:00:00", date_paid_gmt="2026-02-03T17:00:00"),
    "customer": edit(customer_id=58, billing={"email": "someone.else@example.org"}),
    "SKU": renamed_sku,
    "meta": edit(meta_data=[{"key": "colour", "value": "red"}]),
    "payment method": edit(payment_method="paypal", payment_method_title="PayPal"),
    "refund and quantity": refunded_and_edited,
    "invoice becomes more": lines({"quantity": 5, "total": "99.95", "subtotal": "99.95"}),
    "invoice becomes less": lines({"quantity": 1, "total": "19.99", "subtotal": "19.99"}),
}
WRITE_NOTHING = ("status forward", "status back", "meta", "SKU", "date paid")
ASKED: dict[str, Change] = {
    "receipt becomes an invoice": edit(payment_method="cheque"),
    "invoice becomes a receipt": edit(payment_method="stripe"),
    "invoice of another customer": edit(
        customer_id=58, billing={"email": "someone.else@example.org"}
    ),
}
"""Changes that no document can follow: it has to be voided, so a person is asked."""


@dataclass
class Edited:
    """A shop whose orders were posted, changed and synced once, and a company that starts anew."""

    shop: ShopWithBooks
    fresh: CompanyEmulator
    orders: dict[str, int]
    counts: dict[str, int]
    written: dict[str, int]
    parked: dict[str, Json]


@pytest.fixture(scope="module")
def edited(books_installation: Installation) -> Iterator[Edited]:
    """All changes, one sync, and the decisions that some of them need."""
    with StoreEmulator(recorded=False, customers=0, products=0) as store, company(1) as first:
        shop = connect_books(books_installation, store, first)
        orders = {
            name: order_for(store, name) for name in (*CHANGES, *ASKED, "unchanged", "currency")
        }
        shop.sync()
        assert unequal_books(store, first) == []
        before = counted(first)
        versions = {name: document_of(first, order)["SyncToken"] for name, order in orders.items()}
        for name, change in {**CHANGES, **ASKED, "currency": edit(currency="USD")}.items():
            change(store, orders[name])
        shop.sync()
        after = counted(first)
        written = {
            name: int(document_of(first, order)["SyncToken"]) - int(versions[name])
            for name, order in orders.items()
        }
        parked = shop.parked()
        for name in ASKED:
            deciding.decide(books_installation, shop.tenant, f"order/{orders[name]}", "repost")
        shop.sync()
        with company(2) as second:
            fresh = connect_books(books_installation, store, second)
            fresh.agree_to_park()
            fresh.sync()
            growth = {kind: after[kind] - before[kind] for kind in after}
            yield Edited(shop, second, orders, growth, written, parked)


@contextmanager
def company(seed: int) -> Iterator[CompanyEmulator]:
    with CompanyEmulator(limits_factor=FACTOR, sales_items=True, seed=seed) as opened:
        yield opened


def order_for(store: StoreEmulator, name: str) -> int:
    email = f"{name.replace(' ', '.')}@example.org"
    rope = {"product_id": ROPE, "quantity": 1}
    items = [{"product_id": 10, "quantity": 2}, rope]
    more = {"line_items": items, "shipping_lines": [SHIPPED], **BEFORE.get(name, {})}
    return sell(store, last=name.title(), email=email, **more)


def counted(company: CompanyEmulator) -> dict[str, int]:
    return {entity: len(rows(company, entity)) for entity in DOCUMENTS}


def seen(company: CompanyEmulator, order: int) -> Json:
    """Everything that a bookkeeper sees of an order's documents, but ids, numbers and stamps."""
    number = f"{PREFIX}-{order}"
    sale = by_number(company, *SALES)[number][0]
    payments = by_number(company, "Payment").get(number, [])
    refunds = by_number(company, *REFUNDS)
    return {
        "sale": shown(company, sale),
        "payments": [shown(company, one) for one in payments if stands(one)],
        "refunds": [
            shown(company, one)
            for key, found in sorted(refunds.items())
            if key.startswith(f"{number}-R")
            for one in found
        ],
    }


def shown(company: CompanyEmulator, document: Json) -> Json:
    address = document.get("BillAddr", {})
    return {
        "entity": document["entity"],
        "total": document["TotalAmt"],
        "tax": tax_of(document),
        "dated": document["TxnDate"],
        "customer": email_of(company, document["CustomerRef"]["value"]),
        "lines": [line_of(company, one) for one in document["Line"] if "Amount" in one],
        "memo": document.get("CustomerMemo", {}).get("value"),
        "email": document.get("BillEmail", {}).get("Address"),
        # A town moves into the lines of an address that is sent again.
        "address": sorted(" ".join(str(part) for part in address.values()).split()),
        "method": name_of(company, "PaymentMethod", document.get("PaymentMethodRef")),
        "account": name_of(company, "Account", document.get("DepositToAccountRef")),
        "shipped by": document.get("ShipMethodRef", {}).get("value"),
        "due": document.get("DueDate"),
    }


def line_of(company: CompanyEmulator, line: Json) -> tuple[object, ...]:
    detail = line.get("SalesItemLineDetail", {})
    return (
        line["Amount"],
        line.get("Description"),
        name_of(company, "Item", detail.get("ItemRef")),
        detail.get("Qty"),
        detail.get("UnitPrice"),
        name_of(company, "TaxCode", detail.get("TaxCodeRef")),
    )


def name_of(company: CompanyEmulator, entity: str, reference: Json | None) -> str | None:
    if reference is None:
        return None
    found = next((one for one in rows(company, entity) if one["Id"] == reference["value"]), {})
    return str(found.get("Name", reference["value"]))


def email_of(company: CompanyEmulator, identifier: str) -> str:
    found = next(one for one in rows(company, "Customer") if one["Id"] == identifier)
    return str(found.get("PrimaryEmailAddr", {}).get("Address", ""))


@pytest.mark.parametrize("name", [*CHANGES, *ASKED, "unchanged"])
def test_after_one_sync_a_changed_order_looks_as_if_posted_only_now(
    edited: Edited, name: str
) -> None:
    order = edited.orders[name]

    assert seen(edited.shop.company, order) == seen(edited.fresh, order)


def test_no_change_makes_a_document_more_or_less(edited: Edited) -> None:
    assert edited.counts == {
        "SalesReceipt": 0,
        "Invoice": 0,
        "Payment": 0,
        "CreditMemo": 0,
        "RefundReceipt": 1,
    }


@pytest.mark.parametrize("name", [*WRITE_NOTHING, "unchanged"])
def test_what_the_books_do_not_hold_is_not_written(edited: Edited, name: str) -> None:
    assert edited.written[name] == 0


@pytest.mark.parametrize("name", [one for one in CHANGES if one not in WRITE_NOTHING])
def test_each_change_that_the_books_hold_is_written_once(edited: Edited, name: str) -> None:
    # A payment that is changed is taken off its invoice and put on again: two versions of it more.
    assert edited.written[name] == (3 if name.startswith("invoice") else 1)


def test_only_what_no_document_can_follow_is_asked_about(edited: Edited) -> None:
    codes = {name: one["code"] for name, one in edited.parked.items()}

    assert codes == {
        **{f"order/{edited.orders[name]}": "form_changed" for name in ASKED},
        f"order/{edited.orders['currency']}": "currency_not_supported",
    }


def test_after_the_decisions_nothing_is_parked_but_the_foreign_currency(edited: Edited) -> None:
    assert list(edited.shop.parked()) == [f"order/{edited.orders['currency']}"]


def test_what_was_voided_for_another_form_stays_as_a_voided_document(edited: Edited) -> None:
    order = edited.orders["receipt becomes an invoice"]

    receipts = [
        one
        for one in rows(edited.shop.company, "SalesReceipt")
        if one["DocNumber"] == f"{PREFIX}-{order}"
    ]
    invoice = by_number(edited.shop.company, *SALES)[f"{PREFIX}-{order}"][0]

    assert [(one["TotalAmt"], stands(one)) for one in receipts] == [(Decimal(0), False)]
    assert (invoice["entity"], invoice["DocNumber"]) == ("Invoice", f"{PREFIX}-{order}-v2")
