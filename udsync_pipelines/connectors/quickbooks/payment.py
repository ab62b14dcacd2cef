"""Payment: money received, applied to an invoice or left as a credit."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.posted import PostedDocument, read_document
from udsync_pipelines.connectors.quickbooks.sales_form import (
    LONGEST_PAYMENT_REFERENCE,
    BooksIds,
)
from udsync_pipelines.connectors.quickbooks.text_fields import note_with
from udsync_pipelines.connectors.quickbooks.wire import Row, cut, reference, without_empty
from udsync_pipelines.posting.documents import PaymentDraft


def payload(draft: PaymentDraft, ids: BooksIds, invoice_id: str | None) -> Mapping[str, object]:
    """The draft as QuickBooks takes it, applied to this invoice; None leaves it unapplied.

    `PaymentRefNum` carries the marker: it is the only text of a payment that a query can find.

    Raises:
        RecordRejectedError: its customer is not in the books yet.
    """
    account, method = draft.account_id, draft.payment_method_id
    return without_empty(
        {
            "CustomerRef": reference(ids.customer(draft)),
            "TotalAmt": draft.amount,
            "TxnDate": draft.dated_on,
            "CurrencyRef": reference(draft.currency) if ids.has_multicurrency else None,
            "ExchangeRate": draft.exchange_rate,
            "PaymentRefNum": cut(draft.reference, LONGEST_PAYMENT_REFERENCE),
            "PrivateNote": note_with(draft.private_note, draft.texts),
            "PaymentMethodRef": reference(method) if method else None,
            "DepositToAccountRef": reference(account) if account else None,
            "Line": [_applied(draft, invoice_id)] if invoice_id else None,
        }
    )


def credit_application(
    customer_id: str, invoice_id: str, credit_memo_id: str, amount: Decimal, dated_on: date
) -> Mapping[str, object]:
    """A payment of zero that applies this much of a credit memo to an invoice."""
    return {
        "CustomerRef": reference(customer_id),
        "TotalAmt": 0,
        "TxnDate": dated_on,
        "Line": [
            {"Amount": amount, "LinkedTxn": [{"TxnId": invoice_id, "TxnType": "Invoice"}]},
            {"Amount": amount, "LinkedTxn": [{"TxnId": credit_memo_id, "TxnType": "CreditMemo"}]},
        ],
    }


def read(row: Row, home_currency: str) -> PostedDocument:
    """A payment as it stands in the books.

    Raises:
        RecordRejectedError: a field is missing or unreadable.
    """
    return read_document(BookEntity.PAYMENT, row, home_currency)


def _applied(draft: PaymentDraft, invoice_id: str) -> Mapping[str, object]:
    return {
        "Amount": draft.amount,
        "LinkedTxn": [{"TxnId": invoice_id, "TxnType": BookEntity.INVOICE}],
    }
