"""Texts by profile reach an emulated company over loopback HTTP, as they were given."""

from typing import Any

import pytest

from udsync_pipelines.connectors.quickbooks import (
    customer,
    invoice,
    item,
    payment,
    sales_receipt,
)
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.faults import RejectedByBooksError
from udsync_pipelines.connectors.quickbooks.lookup import carries
from udsync_pipelines.connectors.quickbooks.sales_form import BooksIds
from udsync_pipelines.connectors.quickbooks.text_fields import KNOWN_TARGETS
from udsync_pipelines.domain.party import Address
from udsync_pipelines.posting.customers import CustomerDraft
from udsync_pipelines.posting.documents import DraftKind, PaymentDraft
from udsync_pipelines.posting.items import ItemDraft, ItemKind
from udsync_pipelines_tests.connectors.quickbooks.companies import Books
from udsync_pipelines_tests.connectors.quickbooks.test_emulated_company import DAY, FORMS, draft


def longest_texts(role: str) -> dict[str, str]:
    """Every field of a role, filled to its last character (an address lower, for its sum)."""
    return {
        name: ("x" * min(longest, 400)) if ".Line" in name else "x" * longest
        for name, longest in KNOWN_TARGETS[role].items()
        if name != "BillEmail"
    }


@pytest.fixture
def ids(books: Books) -> BooksIds:
    return BooksIds({"customer/12": books.customer()}, {"product/7": books.item()})


@pytest.mark.parametrize(("kind", "entity", "module"), FORMS)
def test_each_form_takes_every_field_at_its_full_length(
    books: Books, ids: BooksIds, kind: DraftKind, entity: BookEntity, module: Any
) -> None:
    role = "refund" if "refund" in kind or "credit" in kind else "sale"
    texts = {**longest_texts(role), "BillEmail": "a" * 88 + "@example.com"}

    row = books.create(entity, module.payload(draft(books, kind, texts=texts), ids))

    assert row["CustomerMemo"]["value"] == texts["CustomerMemo"]
    assert row["BillEmail"]["Address"] == texts["BillEmail"]
    assert row["EmailStatus"] == "NotSet"
    assert [one["StringValue"] for one in row["CustomField"]] == ["x" * 31] * 3
    assert row["BillAddr"]["Line5"] == row["ShipAddr"]["Line5"] == "x" * 400
    assert row["PrivateNote"] == f"W-1 from the shop\n{'x' * 3800}"
    assert carries(row, "W-1")


@pytest.mark.parametrize("kind", [DraftKind.SALES_RECEIPT, DraftKind.INVOICE])
def test_a_sale_tells_how_it_is_shipped_and_tracked(
    books: Books, ids: BooksIds, kind: DraftKind
) -> None:
    texts = {"ShipMethodRef": "Express parcel", "TrackingNum": "1Z999"}
    module, entity = {
        DraftKind.SALES_RECEIPT: (sales_receipt, BookEntity.SALES_RECEIPT),
        DraftKind.INVOICE: (invoice, BookEntity.INVOICE),
    }[kind]

    row = books.create(entity, module.payload(draft(books, kind, texts=texts), ids))

    assert row["ShipMethodRef"]["value"] == "Express parcel"
    assert row["TrackingNum"] == "1Z999"


@pytest.mark.parametrize(("kind", "entity", "module"), FORMS)
def test_an_e_mail_that_is_none_does_not_cost_the_document(
    books: Books, ids: BooksIds, kind: DraftKind, entity: BookEntity, module: Any
) -> None:
    texts = {"BillEmail": "ada at example.com", "CustomerMemo": "Hello"}

    row = books.create(entity, module.payload(draft(books, kind, texts=texts), ids))

    assert row["CustomerMemo"] == {"value": "Hello"}
    assert "BillEmail" not in row


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("BillEmail", {"Address": "ada at example.com"}, "2210"),
        ("CustomerMemo", {"value": "x" * 1001}, "2050"),
        ("ShipMethodRef", {"value": "x" * 31}, "2050"),
        ("CustomField", [{"DefinitionId": "1", "StringValue": "x" * 32}], "2050"),
        ("CustomField", [{"DefinitionId": "4", "StringValue": "x"}], "3000"),
        ("BillAddr", {f"Line{line}": "x" * 401 for line in range(1, 6)}, "2050"),
    ],
)
def test_the_company_itself_refuses_what_the_connector_never_sends(
    books: Books, ids: BooksIds, member: str, value: object, code: str
) -> None:
    body = {**sales_receipt.payload(draft(books, DraftKind.SALES_RECEIPT), ids), member: value}

    with pytest.raises(RejectedByBooksError) as refused:
        books.create(BookEntity.SALES_RECEIPT, body)

    assert {fault.code for fault in refused.value.faults} == {code}


def test_a_payment_carries_the_profiles_note_behind_its_own(books: Books, ids: BooksIds) -> None:
    received = PaymentDraft(
        kind=DraftKind.PAYMENT,
        source="order/1",
        customer="customer/12",
        currency="CAD",
        dated_on=DAY,
        reference="W-1",
        marker="W-1",
        private_note="W-1\nPayment of order 1.",
        amount=draft(books, DraftKind.INVOICE).total,
        pays_number=None,
        texts={"PrivateNote": "Payment method: Bank transfer"},
    )

    row = books.create(BookEntity.PAYMENT, payment.payload(received, ids, None))

    assert row["PrivateNote"] == "W-1\nPayment of order 1.\nPayment method: Bank transfer"


def test_a_customer_takes_every_field_at_its_full_length(books: Books) -> None:
    person = CustomerDraft(
        "customer/9",
        "Ada Byron",
        email="ada byron@example.com",
        billing=Address(address_1="1 Main St", city="Edmonton"),
        texts=longest_texts("customer"),
    )

    row = books.create(
        BookEntity.CUSTOMER, customer.payload(person, "Ada Byron", has_multicurrency=False)
    )

    assert row["Notes"] == "x" * 2000
    assert row["AlternatePhone"]["FreeFormNumber"] == "x" * 30
    assert row["BillAddr"]["Line1"] == "x" * 400
    assert "PrimaryEmailAddr" not in row


def test_an_item_takes_the_profiles_description_in_the_place_of_the_shops(books: Books) -> None:
    cup = ItemDraft(
        "product/7",
        "Cup",
        "CUP-1",
        "<p>Blue</p>",
        ItemKind.NON_INVENTORY,
        texts={"Description": "Blue", "PurchaseDesc": "Cup, blue"},
    )
    accounts = {
        "income_account_id": books.id_of(BookEntity.ACCOUNT, "Sales"),
        "expense_account_id": books.id_of(BookEntity.ACCOUNT, "Cost of Goods Sold"),
    }

    row = books.create(BookEntity.ITEM, item.payload(cup, cup.name, **accounts))

    assert (row["Description"], row["PurchaseDesc"]) == ("Blue", "Cup, blue")
