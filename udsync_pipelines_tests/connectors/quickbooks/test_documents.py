"""Drafts as QuickBooks takes them, and documents as it gives them back."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from udsync_pipelines.connectors.quickbooks import (
    credit_memo,
    customer,
    invoice,
    item,
    payment,
    refund_receipt,
    sales_receipt,
)
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.posted import read_document
from udsync_pipelines.connectors.quickbooks.sales_form import BooksIds, sparse_change
from udsync_pipelines.connectors.quickbooks.wire import parse_json
from udsync_pipelines.domain.money import Money
from udsync_pipelines.domain.party import Address
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.company import Regime
from udsync_pipelines.posting.customers import CustomerDraft
from udsync_pipelines.posting.documents import (
    DraftKind,
    DraftLine,
    DraftLineKind,
    ItemRef,
    ItemSource,
    PaymentDraft,
    SalesDraft,
    TaxOverride,
)
from udsync_pipelines.posting.items import ItemDraft, ItemKind
from udsync_pipelines_tests.connectors.quickbooks.samples import sample

IDS = BooksIds(customers={"customer/12": "58"}, items={"product/7": "21"})
BOARD = DraftLine(
    DraftLineKind.PRODUCT,
    ItemRef(ItemSource.PRODUCT, "7"),
    "Alder board",
    Decimal(2),
    Decimal("25.00"),
    Decimal("50.00"),
    "5",
)
SHIPPING = DraftLine(
    DraftLineKind.SHIPPING,
    ItemRef(ItemSource.BOOKS, "30"),
    "Shipping",
    None,
    None,
    Decimal("12.50"),
    "5",
)


def draft(**differences: Any) -> SalesDraft:
    values: dict[str, Any] = {
        "kind": DraftKind.SALES_RECEIPT,
        "source": "order/10482",
        "customer": "customer/12",
        "currency": "CAD",
        "dated_on": date(2026, 3, 14),
        "number": "W-10482",
        "marker": "W-10482",
        "private_note": "W-10482 from the shop",
        "lines": (BOARD, SHIPPING),
        "total": Decimal("65.63"),
        "total_tax": Decimal("3.13"),
        "account_id": "112",
        "payment_method_id": "4",
        "payment_reference": "ch_3Q",
    }
    return SalesDraft(**values | differences)


def test_a_sales_receipt_has_every_line_with_its_code_and_no_computed_total() -> None:
    sent = sales_receipt.payload(draft(), IDS)

    assert sent == {
        "DocNumber": "W-10482",
        "TxnDate": date(2026, 3, 14),
        "CustomerRef": {"value": "58"},
        "GlobalTaxCalculation": "TaxExcluded",
        "PrivateNote": "W-10482 from the shop",
        "Line": [
            {
                "Amount": Decimal("50.00"),
                "Description": "Alder board",
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {
                    "ItemRef": {"value": "21"},
                    "Qty": Decimal(2),
                    "UnitPrice": Decimal("25.00"),
                    "TaxCodeRef": {"value": "5"},
                },
            },
            {
                "Amount": Decimal("12.50"),
                "Description": "Shipping",
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {
                    "ItemRef": {"value": "30"},
                    "TaxCodeRef": {"value": "5"},
                },
            },
        ],
        "PaymentMethodRef": {"value": "4"},
        "PaymentRefNum": "ch_3Q",
        "DepositToAccountRef": {"value": "112"},
    }


def test_an_invoice_is_due_on_its_day_and_never_mails_the_customer() -> None:
    sent = invoice.payload(draft(kind=DraftKind.INVOICE, due_on=date(2026, 4, 13)), IDS)

    assert sent["DueDate"] == date(2026, 4, 13)
    assert sent["EmailStatus"] == "NotSet"
    assert sent["AllowOnlineCreditCardPayment"] is False
    assert "DepositToAccountRef" not in sent


def test_a_refund_without_an_account_says_where_to_name_one() -> None:
    with pytest.raises(RecordRejectedError, match="account") as caught:
        refund_receipt.payload(draft(account_id=None), IDS)

    assert caught.value.code == "account_missing"


def test_a_credit_memo_moves_no_money() -> None:
    sent = credit_memo.payload(draft(kind=DraftKind.CREDIT_MEMO), IDS)

    assert not {"PaymentMethodRef", "PaymentRefNum", "DepositToAccountRef"} & set(sent)


def test_a_company_in_the_united_states_gets_one_code_for_the_document() -> None:
    us = replace(IDS, regime=Regime.US_MANUAL)

    sent = sales_receipt.payload(draft(document_tax_code="3"), us)

    assert "GlobalTaxCalculation" not in sent
    assert sent["TxnTaxDetail"] == {"TxnTaxCodeRef": {"value": "3"}}


def test_a_currency_is_sent_only_where_the_company_has_several() -> None:
    many = replace(IDS, has_multicurrency=True)

    assert "CurrencyRef" not in sales_receipt.payload(draft(), IDS)
    assert sales_receipt.payload(draft(), many)["CurrencyRef"] == {"value": "CAD"}


def test_an_override_names_each_rate_with_its_amount() -> None:
    override = TaxOverride(Decimal("3.13"), {"1": Decimal("3.13")})

    sent = sales_receipt.payload(draft(tax_override=override), IDS)

    assert sent["TxnTaxDetail"] == {
        "TotalTax": Decimal("3.13"),
        "TaxLine": [
            {
                "Amount": Decimal("3.13"),
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {"TaxRateRef": {"value": "1"}, "PercentBased": True},
            }
        ],
    }


def test_no_number_is_sent_where_the_company_numbers_documents_itself() -> None:
    assert "DocNumber" not in sales_receipt.payload(draft(number=None), IDS)


def test_a_number_that_is_too_long_is_refused_with_what_to_change() -> None:
    with pytest.raises(RecordRejectedError, match="number pattern") as caught:
        sales_receipt.payload(draft(number="W" * 22), IDS)

    assert caught.value.code == "document_number_long"


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        (replace(IDS, customers={}), "waits_for_customer"),
        (replace(IDS, items={}), "waits_for_item"),
    ],
)
def test_a_document_waits_for_what_is_not_in_the_books_yet(ids: BooksIds, code: str) -> None:
    with pytest.raises(RecordRejectedError) as caught:
        sales_receipt.payload(draft(), ids)

    assert caught.value.code == code
    assert caught.value.record == "order/10482"


def test_a_change_sends_all_lines_and_leaves_tax_to_quickbooks() -> None:
    sent = sparse_change(sales_receipt.payload(draft(), IDS), "901", "2")

    assert (sent["Id"], sent["SyncToken"], sent["sparse"]) == ("901", "2", True)
    assert len(list(sent["Line"])) == 2  # type: ignore[call-overload]  # a list of lines
    assert "TxnTaxDetail" not in sent


def test_a_payment_is_applied_to_its_invoice_and_carries_its_marker() -> None:
    received = PaymentDraft(
        DraftKind.PAYMENT,
        "order/10482",
        "customer/12",
        "CAD",
        date(2026, 3, 15),
        "W-10482",
        "W-10482",
        "Paid",
        Decimal("65.63"),
        "W-10482",
    )

    sent = payment.payload(received, IDS, "640")

    assert sent["PaymentRefNum"] == "W-10482"
    assert sent["TotalAmt"] == Decimal("65.63")
    assert sent["Line"] == [
        {"Amount": Decimal("65.63"), "LinkedTxn": [{"TxnId": "640", "TxnType": "Invoice"}]}
    ]
    assert "Line" not in payment.payload(received, IDS, None)


def test_a_credit_memo_is_applied_by_a_payment_of_zero() -> None:
    sent = payment.credit_application("58", "640", "700", Decimal("10.00"), date(2026, 3, 15))

    assert sent["TotalAmt"] == 0
    linked = [line["LinkedTxn"][0]["TxnType"] for line in sent["Line"]]  # type: ignore[attr-defined]  # two lines
    assert linked == ["Invoice", "CreditMemo"]


def test_a_customer_is_sent_with_its_address_and_a_name_that_is_free() -> None:
    person = CustomerDraft(
        "customer/12",
        "Ada Byron",
        given_name="Ada",
        family_name="Byron",
        email="a@example.com",
        phone="780-555-0100",
        billing=Address(address_1="1 Main St", city="Edmonton", state="AB", country="CA"),
        currency="CAD",
    )

    sent = customer.payload(person, "Ada Byron (a@example.com)", has_multicurrency=True)

    assert sent == {
        "DisplayName": "Ada Byron (a@example.com)",
        "GivenName": "Ada",
        "FamilyName": "Byron",
        "PrimaryEmailAddr": {"Address": "a@example.com"},
        "PrimaryPhone": {"FreeFormNumber": "780-555-0100"},
        "BillAddr": {
            "Line1": "1 Main St",
            "City": "Edmonton",
            "CountrySubDivisionCode": "AB",
            "Country": "CA",
        },
        "CurrencyRef": {"value": "CAD"},
    }
    assert "CurrencyRef" not in customer.payload(person, "Ada", has_multicurrency=False)


def test_an_item_is_sent_with_both_accounts() -> None:
    new = ItemDraft(
        "product/7", "Alder board", "AB-1", "", ItemKind.NON_INVENTORY, Decimal("25.00")
    )

    sent = item.payload(new, new.name, income_account_id="80", expense_account_id="90")

    assert sent == {
        "Name": "Alder board",
        "Type": "NonInventory",
        "Sku": "AB-1",
        "UnitPrice": Decimal("25.00"),
        "IncomeAccountRef": {"value": "80"},
        "ExpenseAccountRef": {"value": "90"},
    }


def test_an_answer_gives_total_tax_and_currency_to_the_cent() -> None:
    row = parse_json(sample("create_sales_receipt.json"))["SalesReceipt"]

    posted = sales_receipt.read(row, "CAD")

    assert (posted.id, posted.sync_token, posted.number) == ("901", "0", "W-10482")
    assert posted.total == Money(Decimal("65.63"), "CAD")
    assert posted.tax == Money(Decimal("3.13"), "CAD")
    assert posted.tax_by_rate == {"1": Decimal("3.13")}
    assert posted.dated_on == date(2026, 3, 14)
    assert posted.customer_id == "58"
    assert posted.balance is None


def test_the_taxes_of_each_rate_are_told_apart() -> None:
    row = {
        "Id": "1",
        "SyncToken": "0",
        "TxnTaxDetail": parse_json(sample("two_rate_tax_lines.json")),
    }

    posted = read_document(BookEntity.INVOICE, row, "CAD")

    assert posted.tax_by_rate == {"1": Decimal("5.0"), "10": Decimal("7.0")}
    assert posted.tax == Money(Decimal("12.0"), "CAD")


def test_a_document_without_currency_or_number_is_in_the_companys_own() -> None:
    posted = read_document(BookEntity.INVOICE, {"Id": "1", "SyncToken": "0"}, "GBP")

    assert posted.total == Money(Decimal(0), "GBP")
    assert posted.number == ""


@pytest.mark.parametrize(
    ("entity", "member"),
    [
        (BookEntity.INVOICE, "Balance"),
        (BookEntity.CREDIT_MEMO, "RemainingCredit"),
        (BookEntity.PAYMENT, "UnappliedAmt"),
    ],
)
def test_what_is_still_open_is_read_from_each_entitys_own_member(
    entity: BookEntity, member: str
) -> None:
    row = {"Id": "1", "SyncToken": "0", member: Decimal("9.99")}

    assert read_document(entity, row, "CAD").balance == Money(Decimal("9.99"), "CAD")


def test_a_voided_document_is_known_by_its_note_and_its_zero() -> None:
    row = {"Id": "1", "SyncToken": "1", "TotalAmt": 0, "PrivateNote": "Voided - W-10482"}

    assert read_document(BookEntity.INVOICE, row, "CAD").is_voided
    assert not read_document(BookEntity.INVOICE, row | {"TotalAmt": 5}, "CAD").is_voided


def test_a_payment_tells_which_documents_it_pays() -> None:
    line = {"Amount": 5, "LinkedTxn": [{"TxnId": "640", "TxnType": "Invoice"}]}
    row = {"Id": "1", "SyncToken": "0", "PaymentRefNum": "W-1", "Line": [line]}

    posted = payment.read(row, "CAD")

    assert posted.links == ("640",)
    assert posted.number == "W-1"


@pytest.mark.parametrize("row", [{}, {"Id": 7, "SyncToken": "0"}, {"Id": "7"}])
def test_a_document_without_id_or_sync_token_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(RecordRejectedError):
        read_document(BookEntity.INVOICE, row, "CAD")
