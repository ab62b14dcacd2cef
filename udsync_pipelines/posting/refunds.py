"""A refund becomes a refund receipt or a credit memo over exactly what was given back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from udsync_pipelines.domain.money import Money
from udsync_pipelines.domain.order import Order
from udsync_pipelines.domain.refund import Refund
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.booking import Booked, Books, book
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.compose import book_sale, is_on_account, is_settled, reason_to_skip
from udsync_pipelines.posting.customers import customer_key
from udsync_pipelines.posting.dating import day_of, open_day, sale_day
from udsync_pipelines.posting.documents import Composition, DraftKind, SalesDraft, Skipped
from udsync_pipelines.posting.fitting import Target
from udsync_pipelines.posting.given_back import (
    GivenBack,
    amount_given_back,
    gross_of_lines,
    lines_given_back,
    rest_of_sale,
    sale_and_returns,
)
from udsync_pipelines.posting.numbering import marker_of, note_of, refund_number
from udsync_pipelines.posting.pieces import Piece
from udsync_pipelines.posting.policy import PostingPolicy, RefundForm
from udsync_pipelines.posting.refusals import check_currency
from udsync_pipelines.posting.tax.arithmetic import CENT
from udsync_pipelines.posting.tax_choice import TaxChoice

SALE_NOT_POSTED = "sale_not_posted"
"""The code of a refund that is skipped because its order is."""


def compose_refund(
    refund: Refund,
    order: Order,
    refunds: Sequence[Refund],
    policy: PostingPolicy,
    company: Company,
) -> Composition | Skipped:
    """The document of one refund.

    All refunds of an order together, once they come to its total, net its sale to zero in
    amount, in tax and on every tax code.

    Args:
        refund: the refund.
        order: the order it belongs to.
        refunds: all known refunds of that order, in any order, with or without this one.
        policy: the posting policy.
        company: the books.

    Raises:
        RecordRejectedError: the refund must be parked; the message says why, with the numbers.
    """
    skipped = _reason_to_skip(refund, order, policy)
    if skipped:
        return skipped
    earlier = [other for other in _in_time(refunds) if _place(other) < _place(refund)]
    ledger = _Ledger.of(order, Books(policy, company), refund)
    for other in earlier:
        if other.amount:
            ledger = ledger.after(other, waiting=refund)
    booked, tax = ledger.booked(refund)
    fitted = booked.fitted
    return Composition(
        documents=(_document(refund, order, booked, tax, ledger.books),),
        remedy=fitted.remedy,
        splits=fitted.splits,
        moved_cents=fitted.moved_cents,
        notes=booked.notes,
    )


@dataclass(frozen=True, slots=True)
class _Ledger:
    """A sale and what earlier refunds gave back of it."""

    order: Order
    books: Books
    choice: TaxChoice
    sale: tuple[Piece, ...]
    earlier: tuple[Piece, ...] = ()
    amount: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)

    @classmethod
    def of(cls, order: Order, books: Books, refund: Refund) -> "_Ledger":
        """The sale before any refund."""
        try:
            day = sale_day(order, books.policy)
            sale = book_sale(order, books.policy, books.company.on(day))
        except RecordRejectedError as error:
            raise _waits(refund, f"order {order.number}", "order", error) from error
        choice = TaxChoice(order, books.policy, books.company)
        return cls(order, books, choice, tuple(sale.booked.fitted.pieces))

    def after(self, refund: Refund, *, waiting: Refund) -> "_Ledger":
        """The ledger once an earlier refund is booked."""
        try:
            booked, tax = self.booked(refund)
        except RecordRejectedError as error:
            raise _waits(waiting, f"refund {refund.id}", "refund", error) from error
        return replace(
            self,
            earlier=(*self.earlier, *booked.fitted.pieces),
            amount=self.amount + refund.amount.amount,
            tax=self.tax + tax,
        )

    def booked(self, refund: Refund) -> tuple[Booked, Decimal]:
        """The refund's lines, and its tax."""
        record = f"refund/{refund.id}"
        check_currency(refund.amount, record, self.books.company)
        remaining = self.order.total.amount - self.amount
        if refund.amount.amount > remaining:
            raise RecordRejectedError(
                f"It gives back {refund.amount.amount}, and only {remaining} of order "
                f"{self.order.number} remains.",
                code="refund_exceeds",
                record=record,
                cure="Compare the refunds of the order in the shop, and delete what was not paid "
                "back; then retry.",
            )
        dated = self._on(day_of(refund.created_at, self.books.policy))
        if refund.amount.amount == remaining:
            tax = self.order.total_tax.amount - self.tax
            return dated._rest(refund, tax), tax  # noqa: SLF001 - a ledger of another day
        given = dated._given_back(refund)  # noqa: SLF001 - a ledger of another day
        return dated._book(refund, given.pieces, given.tax), given.tax  # noqa: SLF001 - as above

    def _on(self, day: date) -> "_Ledger":
        """The ledger with the tax rates of a day: the books use those of a document's date."""
        company = self.books.company.on(day)
        if company is self.books.company:
            return self
        return replace(
            self,
            books=Books(self.books.policy, company),
            choice=TaxChoice(self.order, self.books.policy, company),
            sale=tuple(replace(piece, code=piece.code.on(day)) for piece in self.sale),
            earlier=tuple(replace(piece, code=piece.code.on(day)) for piece in self.earlier),
        )

    def _rest(self, refund: Refund, tax: Decimal) -> Booked:
        """All that remains of the sale: in short where that is exact, else written out."""
        if not self.earlier:
            return self._book(refund, self.sale, tax)
        rest = rest_of_sale(self.sale, self.earlier, self.choice)
        try:
            return self._book(refund, rest, tax)
        except RecordRejectedError:
            return self._book(refund, sale_and_returns(self.sale, self.earlier), tax)

    def _book(self, refund: Refund, pieces: Sequence[Piece], tax: Decimal) -> Booked:
        record = f"refund/{refund.id}"
        return book(pieces, refund.amount.amount, Target(tax), record, self.books)

    def _given_back(self, refund: Refund) -> GivenBack:
        amount = refund.amount.amount
        if not refund.lines:
            return amount_given_back(refund.amount, self.sale, self.choice)
        lines = lines_given_back(refund, self.choice)
        beyond = amount - gross_of_lines(refund)
        if not beyond:
            return lines
        if beyond < 0:
            return amount_given_back(refund.amount, lines.pieces or self.sale, self.choice)
        more = Money(beyond, refund.amount.currency)
        goodwill = amount_given_back(more, self.sale, self.choice)
        return GivenBack([*lines.pieces, *goodwill.pieces], lines.tax + goodwill.tax)


def _reason_to_skip(refund: Refund, order: Order, policy: PostingPolicy) -> Skipped | None:
    if not refund.amount:
        return Skipped("nothing_refunded", "It gives back 0.00, so there is nothing to post.")
    skipped = reason_to_skip(order, policy)
    if skipped is None:
        return None
    return Skipped(SALE_NOT_POSTED, f"Its order is not posted. {skipped.reason}")


def _document(
    refund: Refund, order: Order, booked: Booked, tax: Decimal, books: Books
) -> SalesDraft:
    policy, record = books.policy, f"refund/{refund.id}"
    kind = _kind(order, policy)
    is_paid_out = kind is DraftKind.REFUND_RECEIPT
    gateway = policy.gateway(order.payment_method, order.currency)
    if is_paid_out and not gateway.account_id:
        raise RecordRejectedError(
            f"The posting policy names no account that refunds by {order.payment_method or 'hand'} "
            "are paid from.",
            code="account_missing",
            record=record,
            cure="Choose the account of this payment gateway in the posting policy, then retry.",
        )
    number = refund_number(order, refund, policy)
    marker = marker_of(record, policy)
    return SalesDraft(
        kind=kind,
        source=record,
        customer=customer_key(order, policy, books.company),
        currency=order.currency,
        dated_on=open_day(day_of(refund.created_at, policy), record, policy, books.company),
        number=number if books.company.has_custom_numbers else None,
        marker=marker,
        private_note=note_of(marker, f"Refund {refund.id} of order {order.number} of the shop."),
        lines=booked.lines,
        total=refund.amount.amount.quantize(CENT),
        total_tax=tax.quantize(CENT),
        account_id=gateway.account_id if is_paid_out else None,
        payment_method_id=gateway.payment_method_id if is_paid_out else None,
        document_tax_code=booked.document_tax_code,
        tax_override=booked.fitted.override,
    )


def _kind(order: Order, policy: PostingPolicy) -> DraftKind:
    if policy.refund_form is RefundForm.REFUND_RECEIPT:
        return DraftKind.REFUND_RECEIPT
    if policy.refund_form is RefundForm.CREDIT_MEMO:
        return DraftKind.CREDIT_MEMO
    is_unpaid = is_on_account(order, policy) and not is_settled(order, policy)
    return DraftKind.CREDIT_MEMO if is_unpaid else DraftKind.REFUND_RECEIPT


def _in_time(refunds: Sequence[Refund]) -> list[Refund]:
    return sorted(refunds, key=_place)


def _place(refund: Refund) -> tuple[object, int, str]:
    return (refund.created_at, len(refund.id), refund.id)


def _waits(
    refund: Refund, what: str, entity: str, error: RecordRejectedError
) -> RecordRejectedError:
    return RecordRejectedError(
        f"The refund waits for {what}, which is parked: {error.message}",
        code=f"waits_for_{entity}",
        record=f"refund/{refund.id}",
        cure="It goes on by itself once that is settled.",
    )
