"""Amounts and numbers that go wrong elsewhere: cents of tax, refunds, closed books."""

from decimal import Decimal

import pytest

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services import preflight
from udsync_pipelines_tests.scenarios.books import ALBERTA, ShopWithBooks, StartBooks, sell
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
from udsync_pipelines_tests.scenarios.evidence import listed

pytestmark = pytest.mark.postgres

QUEBEC: Json = {**ALBERTA, "state": "QC", "city": "Montreal", "postcode": "H2X 1Y4"}
ONTARIO: Json = {**ALBERTA, "state": "ON", "city": "Toronto", "postcode": "M5H 2N2"}


def test_cents_of_tax_that_each_line_rounds_away_are_kept(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    for place in (ALBERTA, QUEBEC, ONTARIO):
        for prices in (("0.99",) * 7, ("14.90",), ("0.10",) * 12, ("448.39", "0.01", "33.33")):
            items = [
                {"product_id": 10, "quantity": 1, "total": price, "subtotal": price}
                for price in prices
            ]
            sell(empty_store, email="robin@example.org", line_items=items, shipping=place)
    shop = start_books(empty_store)

    report = shop.sync()

    assert report.parked == 0
    assert unequal_books(empty_store, shop.company) == []
    assert report.plan.counts["quickbooks.order.rounding_lines"] == 0
    assert not shop.company.options.tax_override


def test_lines_with_more_decimals_than_cents_still_come_to_the_total(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    orders = [
        sell(
            empty_store,
            email="robin@example.org",
            line_items=[
                {"product_id": 10, "quantity": 3, "total": total, "subtotal": total}
                for total in ("10.004956", "33.333333", "0.994999")
            ],
        ),
        sell(
            empty_store,
            email="robin@example.org",
            line_items=[
                {"product_id": 10, "quantity": 1, "total": "1.004956", "subtotal": "1.004956"}
            ],
        ),
    ]
    shop = start_books(empty_store)

    shop.sync()

    assert shop.parked() == {}
    assert unequal_books(empty_store, shop.company) == []
    amounts = [line["Amount"] for key in orders for line in document_of(shop.company, key)["Line"]]
    assert all(amount == round(amount, 2) for amount in amounts)


REFUNDS = ("lines", "amount", "shipping", "fee", "tax", "lines_and_more", "whole")


@pytest.mark.parametrize("payment", ["stripe", "cheque"])
def test_whatever_is_given_back_is_one_document_over_that_amount(
    empty_store: StoreEmulator, start_books: StartBooks, payment: str
) -> None:
    orders = {what: sell_with_everything(empty_store, payment) for what in REFUNDS}
    held = listed(empty_store, "woo_orders")
    bodies = {what: refund_body(held[order], what) for what, order in orders.items()}
    refunds = {
        f"WC-{order}-R{empty_store.control.refund_order(order, bodies[what])['id']}": bodies[what]
        for what, order in orders.items()
    }
    shop = start_books(empty_store)

    shop.sync()
    documents = {one["DocNumber"]: one for one in rows(shop.company, "RefundReceipt")}

    assert shop.parked() == {}
    assert unequal_books(empty_store, shop.company) == []
    assert {number: tax_of(one) for number, one in documents.items()} == {
        number: tax_given_back(body, tax_of(documents[number])) for number, body in refunds.items()
    }


def test_refund_after_refund_nets_an_order_to_nothing(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    order = sell_with_everything(empty_store, "stripe")
    shop = start_books(empty_store)
    shop.sync()
    for what in ("tax", "lines", "amount"):
        body = refund_body(listed(empty_store, "woo_orders")[order], what)
        empty_store.control.refund_order(order, body)
        shop.sync()
    empty_store.control.edit_order(order, {"status": "refunded"})

    shop.sync()

    refunds = rows(shop.company, "RefundReceipt")
    sale = document_of(shop.company, order)
    assert len(refunds) == 4
    assert sum(one["TotalAmt"] for one in refunds) == sale["TotalAmt"]
    assert sum(tax_of(one) for one in refunds) == tax_of(sale)
    assert unequal_books(empty_store, shop.company) == []


def test_a_refund_waits_for_its_parked_sale_and_follows_it(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    order = sell(empty_store, email="robin@example.org")
    refund = empty_store.control.refund_order(order, {"amount": "5.00"})["id"]
    shop = start_books(empty_store)
    today = shop.company.clock.today()
    shop.company.control.close_books(tomorrow_of(today))
    shop.agree_to_park()

    shop.sync()
    parked = shop.parked()
    shop.company.control.close_books("")
    shop.sync(full=True)
    later = shop.parked()

    assert set(parked) == {f"order/{order}", f"refund/{refund}"}
    assert parked[f"order/{order}"]["code"] in ("period_closed", "books_closed")
    assert "closed" in parked[f"order/{order}"]["reason"]
    assert parked[f"order/{order}"]["cure"]
    assert later == {}
    assert unequal_books(empty_store, shop.company) == []


def test_closed_books_that_are_redated_by_policy_take_the_first_open_day(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    order = sell(empty_store, email="robin@example.org")
    shop = start_books(empty_store, book_close_date="2099-06-30")
    shop.change_policy(closed_period="redate")

    with pytest.raises(ConfigurationError, match="dated later"):
        shop.sync()
    preflight.decide(shop.installation, shop.tenant.name, "start_on", "go_on", every=False)
    shop.sync()

    assert shop.parked() == {}
    assert document_of(shop.company, order)["TxnDate"] == "2099-07-01"


@pytest.mark.parametrize("warns", [True, False], ids=["warns", "allows"])
def test_a_number_that_a_person_has_used_is_a_question_or_kept_apart(
    empty_store: StoreEmulator, start_books: StartBooks, *, warns: bool
) -> None:
    order = sell(empty_store, email="robin@example.org")
    shop = start_books(empty_store, warn_duplicate_numbers=warns)
    by_hand = enter_by_hand(shop, f"WC-{order}")

    shop.sync()
    parked = shop.parked()
    number = {"DocNumber": "1001"}
    shop.company.control.edit("SalesReceipt", by_hand, number)
    shop.sync()
    document = document_of(shop.company, order)

    assert document["Id"] != by_hand
    assert shop.parked() == {}
    assert bool(parked) is warns
    if warns:
        assert parked[f"order/{order}"]["code"] in ("number_taken", "document_number_taken")
        assert f"WC-{order}" in parked[f"order/{order}"]["reason"]


@pytest.mark.parametrize("refusal", ["item", "customer"])
def test_what_was_made_inactive_parks_the_sale_until_it_is_active(
    empty_store: StoreEmulator, start_books: StartBooks, refusal: str
) -> None:
    sell(empty_store, email="robin@example.org")
    shop = start_books(empty_store)
    shop.sync()
    entity = refusal.capitalize()
    used = document_of_last(shop.company)
    identifier = (
        used["CustomerRef"]["value"]
        if refusal == "customer"
        else used["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"]
    )
    shop.company.control.inactivate(entity, identifier)
    order = sell(empty_store, email="robin@example.org")

    shop.sync()
    parked = shop.parked()
    before = shop.company.count("SalesReceipt")
    shop.company.control.edit(entity, identifier, {"Active": True})
    shop.sync()

    assert before == 1
    assert "inactive" in parked[f"order/{order}"]["reason"]
    assert "active" in parked[f"order/{order}"]["cure"]
    assert shop.parked() == {}
    assert unequal_books(empty_store, shop.company) == []


def test_an_item_name_taken_while_we_sync_is_settled_by_the_next_sync(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    order = sell(empty_store, email="robin@example.org")
    shop = start_books(empty_store)
    account = next(one["Id"] for one in rows(shop.company, "Account") if one["Name"] == "Sales")
    taken = {
        "Name": "Hammer",
        "Type": "Service",
        "IncomeAccountRef": {"value": account},
        "ExpenseAccountRef": {"value": expense_account(shop.company)},
    }
    shop.company.faults.add(
        "act",
        path=r"/item\?",
        method="POST",
        when="before",
        actions=[{"action": "create", "entity": "Item", "body": taken}],
    )

    shop.sync()
    raced = shop.parked()
    shop.sync()

    assert raced[f"order/{order}"]["code"] == "waits_for_item"
    assert shop.parked() == {}
    assert unequal_books(empty_store, shop.company) == []


def test_a_number_that_is_too_long_gives_way_to_the_orders_id(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    order = sell(empty_store, email="robin@example.org")
    empty_store.control.edit_silently("order", order, {"number": "INVOICE-2026-11-000123456"})
    shop = start_books(empty_store)

    shop.sync()

    (document,) = rows(shop.company, "SalesReceipt")
    assert document["DocNumber"] == f"WC-{order}"
    assert "INVOICE-2026-11-000123456" in document["PrivateNote"]
    assert shop.parked() == {}


def test_a_company_that_numbers_documents_itself_still_gets_one_of_each(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    orders = [sell(empty_store, email="robin@example.org") for _ in range(3)]
    shop = start_books(empty_store, doc_number_custom=False, requestid=False)
    shop.company.faults.add("lost_answer", path=r"/salesreceipt\?", method="POST", nth=2)

    shop.sync_until_certain()
    shop.sync(full=True)

    notes = [one["PrivateNote"] for one in rows(shop.company, "SalesReceipt")]
    assert len(notes) == 3
    assert all(any(f"order/{key}\n" in note for note in notes) for key in orders)
    assert shop.parked() == {}


def test_invoices_payments_and_refunds_without_numbers_are_found_after_lost_answers(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    orders = [
        sell(empty_store, email=f"{n}@example.org", payment_method="cheque") for n in range(3)
    ]
    refunds = [empty_store.control.refund_order(one, {"amount": "5.00"})["id"] for one in orders]
    shop = start_books(empty_store, doc_number_custom=False, requestid=False)
    for form in ("invoice", "payment", "refundreceipt"):
        shop.company.faults.add("lost_answer", path=rf"/{form}\?", method="POST", nth=2)

    shop.sync_until_certain()
    shop.sync(full=True)

    for entity, records in (
        ("Invoice", [f"order/{one}" for one in orders]),
        ("Payment", [f"order/{one}" for one in orders]),
        ("RefundReceipt", [f"refund/{one}" for one in refunds]),
    ):
        notes = [one["PrivateNote"] for one in rows(shop.company, entity)]
        assert len(notes) == len(records)
        assert all(any(f"{one}\n" in note for note in notes) for one in records)
    assert shop.parked() == {}


def test_a_clean_sync_writes_each_document_once_and_retries_nothing(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    for n in range(6):
        sell(empty_store, last=f"Guest {n % 3}", email=f"g{n % 3}@example.org")
    shop = start_books(empty_store)

    shop.sync()

    posted = [one.partition("?")[0].rpartition("/")[2] for one in writes(shop.company)]
    assert sorted(posted) == ["customer"] * 3 + ["item"] + ["salesreceipt"] * 6
    assert set(shop.company.requests.statuses()) == {200}


def sell_with_everything(store: StoreEmulator, payment: str) -> int:
    """Three hammers, shipping and a fee; return the order's id."""
    return sell(
        store,
        email="robin@example.org",
        quantity=3,
        payment_method=payment,
        shipping_lines=[{"method_id": "flat_rate", "method_title": "Flat", "total": "12.34"}],
        fee_lines=[{"name": "Gift wrap", "total": "5.55", "tax_status": "taxable"}],
    )


def refund_body(order: Json, what: str) -> Json:
    """The body of a request that refunds one part of an order."""
    item, fee, shipping = order["line_items"][0], order["fee_lines"][0], order["shipping_lines"][0]
    third = by_lines(returned(item, part=Decimal(1) / 3, quantity=1))
    taxes = [{"id": one["id"], "refund_total": one["total"]} for one in item["taxes"]]
    return {
        "lines": third,
        "shipping": by_lines(returned(shipping)),
        "fee": by_lines(returned(fee)),
        "tax": by_lines({"id": item["id"], "refund_total": "0.00", "refund_tax": taxes}),
        "lines_and_more": {**third, "amount": str(Decimal(third["amount"]) + Decimal("3.00"))},
        "amount": {"amount": "7.77"},
        "whole": {"amount": order["total"]},
    }[what]


def returned(line: Json, part: Decimal = Decimal(1), quantity: int = 0) -> Json:
    """A line of a refund over a part of a line of the order."""
    cent = Decimal("0.01")
    taxes = [
        {"id": one["id"], "refund_total": str((Decimal(one["total"]) * part).quantize(cent))}
        for one in line["taxes"]
        if one["total"]
    ]
    total = str((Decimal(line["total"]) * part).quantize(cent))
    return {"id": line["id"], "quantity": quantity, "refund_total": total, "refund_tax": taxes}


def by_lines(line: Json) -> Json:
    """The body of a refund of one line, with its amount."""
    taxes = sum((Decimal(one["refund_total"]) for one in line["refund_tax"]), Decimal(0))
    return {"amount": str(Decimal(line["refund_total"]) + taxes), "line_items": [line]}


def tax_given_back(body: Json, otherwise: Decimal) -> Decimal:
    """The tax that the lines of a refund give back, where they say all of it."""
    lines = body.get("line_items", [])
    taxes = sum(
        (Decimal(tax["refund_total"]) for one in lines for tax in one["refund_tax"]), Decimal(0)
    )
    net = sum((Decimal(one["refund_total"]) for one in lines), Decimal(0))
    return taxes if lines and net + taxes == Decimal(body["amount"]) else otherwise


def enter_by_hand(shop: ShopWithBooks, number: str) -> str:
    """A sales receipt with this number that a person has entered; return its id."""
    customer = shop.company.control.create("Customer", {"DisplayName": "Walk-in"})
    item = next(one["Id"] for one in rows(shop.company, "Item") if one["Name"] == "Services")
    exempt = next(one["Id"] for one in rows(shop.company, "TaxCode") if one["Name"] == "Exempt")
    detail = {"ItemRef": {"value": item}, "TaxCodeRef": {"value": exempt}}
    made = shop.company.control.create(
        "SalesReceipt",
        {
            "DocNumber": number,
            "CustomerRef": {"value": customer["Id"]},
            "Line": [
                {
                    "Amount": 5,
                    "DetailType": "SalesItemLineDetail",
                    "SalesItemLineDetail": detail,
                }
            ],
        },
    )
    return str(made["Id"])


def document_of_last(company: CompanyEmulator) -> Json:
    """The newest sales receipt."""
    return rows(company, "SalesReceipt")[-1]


def expense_account(company: CompanyEmulator) -> str:
    """The id of an account for costs."""
    found = rows(company, "Account")
    return next(str(one["Id"]) for one in found if one["Name"] == "Cost of Goods Sold")


def tomorrow_of(day: str) -> str:
    """A day that is surely not before the store's own, whatever its zone."""
    return f"{int(day[:4]) + 1}{day[4:]}" if not day.endswith("02-29") else f"{day[:4]}-12-31"
