"""An order becomes documents whose total and tax equal its own to the cent."""

from dataclasses import dataclass
from datetime import date, timedelta

from udsync_pipelines.domain.order import Order
from udsync_pipelines.posting.booking import Booked, Books, book
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.customers import customer_key
from udsync_pipelines.posting.dating import booked_day, day_of, sale_day
from udsync_pipelines.posting.documents import (
    Composition,
    Draft,
    DraftKind,
    PaymentDraft,
    SalesDraft,
    Skipped,
)
from udsync_pipelines.posting.fitting import Target
from udsync_pipelines.posting.numbering import MOST_OF_NUMBER, marker_of, note_of, sale_number
from udsync_pipelines.posting.order_pieces import order_pieces, rounding_pieces
from udsync_pipelines.posting.policy import DocumentForm, PostingPolicy
from udsync_pipelines.posting.rates import in_books_rates, pairs_of
from udsync_pipelines.posting.refusals import check_currency, check_decimals
from udsync_pipelines.posting.tax.arithmetic import CENT
from udsync_pipelines.posting.tax_choice import TaxChoice

STATUS_NOT_POSTED = "status_not_posted"
"""The code of an order that is skipped for its status, and may be posted one day."""


@dataclass(frozen=True, slots=True)
class Sale:
    """An order's lines as they are booked: what its documents and its refunds are made of."""

    booked: Booked
    rounding_lines: int


def compose_order(order: Order, policy: PostingPolicy, company: Company) -> Composition | Skipped:
    """The documents of one order; the same order, policy and company give the same documents.

    Total and tax of the sale equal the order's under the books' own arithmetic.

    Raises:
        RecordRejectedError: the order must be parked; the message says why, with the numbers.
    """
    skipped = reason_to_skip(order, policy)
    if skipped:
        return skipped
    dated_on = booked_day(order, policy, company)
    sale = book_sale(order, policy, company.on(dated_on))
    fitted = sale.booked.fitted
    return Composition(
        documents=_documents(order, sale, Books(policy, company), dated_on),
        remedy=fitted.remedy,
        splits=fitted.splits,
        moved_cents=fitted.moved_cents,
        rounding_lines=sale.rounding_lines,
        notes=sale.booked.notes,
    )


def reason_to_skip(order: Order, policy: PostingPolicy) -> Skipped | None:
    """Why an order has no documents by policy, or None when it has some."""
    if not _is_posted(order, policy):
        return Skipped(
            STATUS_NOT_POSTED, f"Orders that are {order.status} are not posted by the policy."
        )
    day = sale_day(order, policy)
    if policy.start_on is not None and day < policy.start_on:
        return Skipped(
            "before_start",
            f"It is dated {day}, before the first day to be posted, {policy.start_on}.",
        )
    return None


def is_on_account(order: Order, policy: PostingPolicy) -> bool:
    """True when the order gets an invoice."""
    form = policy.form_of(order.status, order.payment_method, order.currency)
    return form is DocumentForm.INVOICE_AND_PAYMENT


def is_settled(order: Order, policy: PostingPolicy) -> bool:
    """True when the money has arrived, so that an invoice gets its payment."""
    return order.status in policy.posting_statuses


def book_sale(order: Order, policy: PostingPolicy, company: Company) -> Sale:
    """The order's lines with total and tax made equal, whatever its status.

    The company must have the tax rates of the document's day (`Company.on`).

    Raises:
        RecordRejectedError: as `compose_order`.
    """
    record = f"order/{order.id}"
    check_currency(order.total, record, company)
    check_decimals(order.total_tax, record)
    choice = TaxChoice(order, policy, company)
    pieces = order_pieces(choice)
    rounding = rounding_pieces(choice, pieces)
    everything = [*pieces, *rounding]
    target = Target(
        order.total_tax.amount,
        in_books_rates(pairs_of(order.taxes), [piece.code for piece in everything]),
    )
    booked = book(everything, order.total.amount, target, record, Books(policy, company))
    return Sale(booked, len(rounding))


def _is_posted(order: Order, policy: PostingPolicy) -> bool:
    if order.status in policy.posting_statuses:
        return True
    return order.status in policy.invoice_statuses and is_on_account(order, policy)


def _documents(order: Order, sale: Sale, books: Books, dated_on: date) -> tuple[Draft, ...]:
    document = _sale_document(order, sale, books, dated_on)
    if document.kind is DraftKind.SALES_RECEIPT or not is_settled(order, books.policy):
        return (document,)
    if not order.total.amount:
        return (document,)  # nothing to pay: the books close a zero invoice by themselves
    return document, _payment(order, document, books)


def _sale_document(order: Order, sale: Sale, books: Books, dated_on: date) -> SalesDraft:
    policy, record = books.policy, f"order/{order.id}"
    on_account = is_on_account(order, policy)
    gateway = policy.gateway(order.payment_method, order.currency)
    marker = marker_of(record, policy)
    return SalesDraft(
        kind=DraftKind.INVOICE if on_account else DraftKind.SALES_RECEIPT,
        source=record,
        customer=customer_key(order, policy, books.company),
        currency=order.currency,
        dated_on=dated_on,
        number=sale_number(order, policy) if books.company.has_custom_numbers else None,
        marker=marker,
        private_note=note_of(marker, f"Order {order.number} of the shop."),
        lines=sale.booked.lines,
        total=order.total.amount.quantize(CENT),
        total_tax=order.total_tax.amount.quantize(CENT),
        due_on=dated_on + timedelta(days=policy.due_days) if on_account else None,
        account_id=None if on_account else gateway.account_id,
        payment_method_id=None if on_account else gateway.payment_method_id,
        payment_reference=None if on_account else _reference(order),
        document_tax_code=sale.booked.document_tax_code,
        tax_override=sale.booked.fitted.override,
    )


def _payment(order: Order, invoice: SalesDraft, books: Books) -> PaymentDraft:
    policy, record = books.policy, f"order/{order.id}"
    gateway = policy.gateway(order.payment_method, order.currency)
    paid_on = day_of(order.paid_at, policy) if order.paid_at else invoice.dated_on
    marker = marker_of(record, policy)
    return PaymentDraft(
        kind=DraftKind.PAYMENT,
        source=record,
        customer=invoice.customer,
        currency=order.currency,
        # Money cannot come before its invoice: the books would leave it unapplied.
        dated_on=max(paid_on, invoice.dated_on),
        reference=sale_number(order, policy),
        marker=marker,
        private_note=note_of(marker, f"Payment of order {order.number} of the shop."),
        amount=invoice.total,
        pays_number=invoice.number,
        account_id=gateway.account_id,
        payment_method_id=gateway.payment_method_id,
    )


def _reference(order: Order) -> str | None:
    return order.transaction_id[:MOST_OF_NUMBER] or None
