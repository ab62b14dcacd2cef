"""What changes the version of an object of the books, and what does not."""

import json
from decimal import Decimal
from typing import Any

import pytest

from udsync_pipelines.connectors.quickbooks.books import _fingerprint
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.wire import write_json
from udsync_pipelines.posting.customers import CustomerDraft
from udsync_pipelines.posting.documents import (
    DraftKind,
)
from udsync_pipelines_tests.connectors.quickbooks.companies import Books
from udsync_pipelines_tests.connectors.quickbooks.posting import (
    FORMS,
    Company,
    company_of,
    entity_and_id,
    id_of,
)


@pytest.fixture
def company(books: Books) -> Company:
    return company_of(books)


# --- fingerprints ------------------------------------------------------------------------------


def test_a_payment_that_is_applied_leaves_the_invoices_version_alone(company: Company) -> None:
    invoice = company.create(company.sale(DraftKind.INVOICE))
    before = company.emulated.client.read(BookEntity.INVOICE, id_of(invoice))

    company.create(company.payment(), invoice_id=id_of(invoice))

    after = company.emulated.client.read(BookEntity.INVOICE, id_of(invoice))
    assert after["SyncToken"] != before["SyncToken"]
    assert company.read(invoice).version == invoice.version


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize(
    "moved",
    [
        {"EmailStatus": "EmailSent"},
        {"BillAddr": {"Line1": "1 Main Street", "Id": "95", "Lat": "53.5", "Long": "-113.4"}},
        {"BillAddr": {"Line1": "1", "Line2": "Main Street"}},
    ],
)
def test_stamps_and_places_on_the_map_leave_the_version_alone(
    company: Company, kind: DraftKind, moved: dict[str, Any]
) -> None:
    posted = company.create(company.sale(kind))
    company.edit(posted, BillAddr={"Line1": "1 Main Street"})
    before = company.read(posted).version

    company.edit(posted, **moved)

    assert company.read(posted).version == before


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize(
    "typed",
    [
        {"CustomerMemo": {"value": "Thank you"}},
        {"BillEmail": {"Address": "office@example.org"}},
        {"BillAddr": {"Line1": "2 Side Street", "City": "Calgary"}},
    ],
)
def test_a_text_that_a_person_typed_changes_the_version(
    company: Company, kind: DraftKind, typed: dict[str, Any]
) -> None:
    posted = company.create(company.sale(kind))

    company.edit(posted, **typed)

    assert company.read(posted).version != posted.version


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("change", ["amount", "description", "line", "date", "customer", "note"])
def test_a_persons_edit_of_what_matters_changes_the_version(
    company: Company, kind: DraftKind, change: str
) -> None:
    posted = company.create(company.sale(kind))
    entity, identifier = entity_and_id(posted)
    lines = company.emulated.client.read(BookEntity(entity), identifier)["Line"]
    sold = [line for line in lines if line["DetailType"] == "SalesItemLineDetail"]
    first = {**sold[0], "SalesItemLineDetail": dict(sold[0]["SalesItemLineDetail"])}
    edits: dict[str, dict[str, Any]] = {
        "amount": {"Line": [_priced(first, "60.00"), *sold[1:]]},
        "description": {"Line": [{**first, "Description": "Oak board"}, *sold[1:]]},
        "line": {"Line": [first]},
        "date": {"TxnDate": "2026-03-15"},
        "customer": {"CustomerRef": {"value": company.emulated.customer("Cy Dee")}},
        "note": {"PrivateNote": "Looked at by hand"},
    }

    company.edit(posted, **edits[change])

    assert company.read(posted).version != posted.version


def _priced(line: dict[str, Any], amount: str) -> dict[str, Any]:
    detail = {
        name: value
        for name, value in line["SalesItemLineDetail"].items()
        if name not in ("Qty", "UnitPrice")
    }
    return {**line, "Amount": Decimal(amount), "SalesItemLineDetail": detail}


@pytest.mark.parametrize(
    "changes",
    [
        {"FamilyName": "Lovelace"},
        {"PrimaryEmailAddr": {"Address": "other@example.com"}},
        {"DisplayName": "Countess"},
    ],
)
def test_a_persons_edit_of_a_customer_changes_the_version(
    company: Company, changes: dict[str, Any]
) -> None:
    posted = company.create(CustomerDraft("customer/13", "Bea Cole"), "Bea Cole")

    company.edit(posted, **changes)

    assert company.read(posted).version != posted.version


def test_a_sale_leaves_its_customer_and_its_item_as_they_were(company: Company) -> None:
    customer = company.books.read(f"customer/{company.symbols.customers['customer/12']}")
    item = company.books.read(f"item/{company.symbols.items['product/7']}")

    company.create(company.sale(DraftKind.INVOICE))

    assert customer is not None
    assert item is not None
    assert company.read(customer).version == customer.version
    assert company.read(item).version == item.version


def test_the_same_update_again_gives_the_same_version(company: Company) -> None:
    posted = company.create(company.sale())

    same = company.update(company.sale(), posted)

    assert same.version == posted.version
    assert same.receipt["sync_token"] != posted.receipt["sync_token"]


def test_renaming_what_a_document_names_leaves_its_version_alone(company: Company) -> None:
    posted = company.create(company.sale())
    row = company.emulated.client.read(BookEntity.SALES_RECEIPT, id_of(posted))
    text = write_json(row).decode()

    text = text.replace('"Ada Byron"', '"Countess"').replace("board", "plank")
    renamed = json.loads(text, parse_float=Decimal)
    lines = [{**line, "Description": "Alder board"} for line in renamed["Line"][:-1]]

    assert renamed["CustomerRef"]["name"] == "Countess"
    assert lines[0]["SalesItemLineDetail"]["ItemRef"]["name"] == "Alder plank"
    assert _fingerprint({**renamed, "Line": lines}) == posted.version


def test_amounts_that_are_written_in_another_way_are_the_same_version() -> None:
    line = {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"Qty": 2}}
    rows: list[dict[str, Any]] = [
        {"TotalAmt": amount, "Active": True, "Line": [{**line, "Amount": amount}]}
        for amount in (50, Decimal("50.0"), Decimal("50.00"), Decimal("50.01"))
    ]

    versions = [_fingerprint(row) for row in rows]

    assert len(set(versions[:3])) == 1
    assert versions[3] != versions[0]
    assert _fingerprint({**rows[0], "Active": False}) != versions[0]
