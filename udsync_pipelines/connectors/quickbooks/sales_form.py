"""What sales receipts, invoices, refund receipts and credit memos have in common when sent."""

from collections.abc import Mapping
from dataclasses import dataclass

from udsync_pipelines.connectors.quickbooks.address import PLATFORM
from udsync_pipelines.connectors.quickbooks.text_fields import note_with, sales_form_texts
from udsync_pipelines.connectors.quickbooks.wire import cut, reference, without_empty
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.company import Regime
from udsync_pipelines.posting.documents import (
    DraftLine,
    ItemRef,
    ItemSource,
    PaymentDraft,
    SalesDraft,
    TaxOverride,
)

LONGEST_NUMBER = 21
LONGEST_DESCRIPTION = 4000
LONGEST_PAYMENT_REFERENCE = 21


@dataclass(frozen=True, slots=True)
class BooksIds:
    """What the symbols of a draft are in this company.

    `customers` by the draft's customer, `items` by `str(ItemRef)`; items of the books are named
    by their own id and need no entry.
    """

    customers: Mapping[str, str]
    items: Mapping[str, str]
    regime: Regime = Regime.GLOBAL
    has_multicurrency: bool = False

    def customer(self, draft: SalesDraft | PaymentDraft) -> str:
        """The id of the draft's customer.

        Raises:
            RecordRejectedError: code `waits_for_customer`: it is not in the books yet.
        """
        if draft.customer not in self.customers:
            raise _waits("customer", draft.customer, draft.source)
        return self.customers[draft.customer]

    def item(self, item: ItemRef, source: str) -> str:
        """The id of an item.

        Raises:
            RecordRejectedError: code `waits_for_item`: it is not in the books yet.
        """
        if item.source is ItemSource.BOOKS:
            return item.id
        if str(item) not in self.items:
            raise _waits("item", str(item), source)
        return self.items[str(item)]


def sales_form(draft: SalesDraft, ids: BooksIds) -> dict[str, object]:
    """The members that all four forms share. Nothing that QuickBooks computes is sent.

    Raises:
        RecordRejectedError: its customer or an item is not in the books yet, or its number is
            longer than QuickBooks takes.
    """
    if draft.number is not None and len(draft.number) > LONGEST_NUMBER:
        raise RecordRejectedError(
            f"The document number {draft.number} is longer than QuickBooks'"
            f" {LONGEST_NUMBER} characters.",
            code="document_number_long",
            platform=PLATFORM,
            record=draft.source,
            cure="Shorten the number pattern in the posting policy, then retry.",
        )
    is_global = ids.regime is Regime.GLOBAL
    return without_empty(
        {
            "DocNumber": draft.number,
            "TxnDate": draft.dated_on,
            "CustomerRef": reference(ids.customer(draft)),
            "CurrencyRef": reference(draft.currency) if ids.has_multicurrency else None,
            "ExchangeRate": draft.exchange_rate,
            "GlobalTaxCalculation": "TaxExcluded" if is_global else None,
            "PrivateNote": note_with(draft.private_note, draft.texts),
            "Line": [_line(line, ids, draft.source) for line in draft.lines],
            "TxnTaxDetail": _tax_detail(draft),
            **sales_form_texts(draft.texts),
        }
    )


def unmailed(form: Mapping[str, object]) -> dict[str, object]:
    """A form with its e-mail address for information only: QuickBooks is told not to mail it."""
    return {**form, **({"EmailStatus": "NotSet"} if "BillEmail" in form else {})}


def money_members(draft: SalesDraft) -> dict[str, object]:
    """How and where the money of a receipt moves."""
    return without_empty(
        {
            "PaymentMethodRef": _reference_or_none(draft.payment_method_id),
            "PaymentRefNum": cut(draft.payment_reference or "", LONGEST_PAYMENT_REFERENCE),
            "DepositToAccountRef": _reference_or_none(draft.account_id),
        }
    )


def sparse_change(
    form: Mapping[str, object], identifier: str, sync_token: str
) -> Mapping[str, object]:
    """A form as the sparse update of a document that is there: all its lines are replaced.

    Tax is left out unless it is overridden, so that QuickBooks computes it anew.
    """
    return {**form, "Id": identifier, "SyncToken": sync_token, "sparse": True}


def _line(line: DraftLine, ids: BooksIds, source: str) -> Mapping[str, object]:
    """One line: by its amount, with price and quantity only where they give that amount."""
    detail = without_empty(
        {
            "ItemRef": reference(ids.item(line.item, source)),
            "Qty": line.quantity,
            "UnitPrice": line.unit_price if line.quantity is not None else None,
            "TaxCodeRef": reference(line.tax_code) if line.tax_code else None,
        }
    )
    return without_empty(
        {
            "Amount": line.amount,
            "Description": cut(line.description, LONGEST_DESCRIPTION),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": detail,
        }
    )


def _tax_detail(draft: SalesDraft) -> Mapping[str, object] | None:
    if draft.document_tax_code is None and draft.tax_override is None:
        return None
    code = draft.document_tax_code
    return {
        **({"TxnTaxCodeRef": reference(code)} if code else {}),
        **(_override(draft.tax_override) if draft.tax_override else {}),
    }


def _override(override: TaxOverride) -> Mapping[str, object]:
    lines = [
        {
            "Amount": amount,
            "DetailType": "TaxLineDetail",
            "TaxLineDetail": {"TaxRateRef": reference(rate), "PercentBased": True},
        }
        for rate, amount in override.by_rate.items()
    ]
    return without_empty({"TotalTax": override.total, "TaxLine": lines})


def _reference_or_none(identifier: str | None) -> Mapping[str, str] | None:
    return reference(identifier) if identifier else None


def _waits(what: str, symbol: str, source: str) -> RecordRejectedError:
    return RecordRejectedError(
        f"This waits for its {what} {symbol}, which is not in QuickBooks yet.",
        code=f"waits_for_{what}",
        platform=PLATFORM,
        record=source,
        cure=f"Settle the {what} first; this follows by itself.",
    )
