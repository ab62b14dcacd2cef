"""Pieces become lines whose total and tax are exact, or the record is parked."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from udsync_pipelines.posting.company import Company, Regime
from udsync_pipelines.posting.documents import DraftLine
from udsync_pipelines.posting.fitting import Fitted, Limits, Target, Unfitted, fit
from udsync_pipelines.posting.pieces import Piece, draft_lines, taxed
from udsync_pipelines.posting.policy import AutomatedTaxRule, PostingPolicy
from udsync_pipelines.posting.rates import differences
from udsync_pipelines.posting.refusals import check_form, check_sales_tax, unequal_tax
from udsync_pipelines.posting.tax import arithmetic_of
from udsync_pipelines.posting.tax.united_states import taxed_codes


@dataclass(frozen=True, slots=True)
class Books:
    """Where and how documents are written: the policy and the company it was made for."""

    policy: PostingPolicy
    company: Company


@dataclass(frozen=True, slots=True)
class Booked:
    """The lines of a document with the tax that the books will work out on them."""

    fitted: Fitted
    lines: tuple[DraftLine, ...]
    document_tax_code: str | None
    notes: tuple[str, ...]


def book(
    pieces: Sequence[Piece], total: Decimal, target: Target, record: str, books: Books
) -> Booked:
    """The lines of a document of this total and tax.

    Raises:
        RecordRejectedError: no document can hold the pieces, or no remedy makes the tax equal.
    """
    company = books.company
    arithmetic = arithmetic_of(company.regime)
    check_form(pieces, total, record, arithmetic)
    check_sales_tax(target, record, company)
    limits = Limits(
        moved_cents=books.policy.moved_cents_limit,
        allow_override=_may_send_tax(books),
        untaxed=company.tax_code(books.policy.taxes.untaxed),
        untaxed_share=books.policy.untaxed_share_limit,
    )
    fitted = fit(pieces, target, arithmetic, limits)
    if isinstance(fitted, Unfitted):
        raise unequal_tax(fitted, target, record)
    codes = [piece.code for piece in fitted.pieces]
    return Booked(
        fitted=fitted,
        lines=draft_lines(fitted.pieces, is_per_line=company.regime is Regime.GLOBAL),
        document_tax_code=_document_code(fitted.pieces, company),
        notes=(*_shared(fitted), *differences(target.by_rate, fitted.predicted, codes)),
    )


def _may_send_tax(books: Books) -> bool:
    """Whether the shop's tax may be sent: where it was seen to be kept, or will be compared."""
    policy, company = books.policy, books.company
    if company.regime is Regime.US_AUTOMATED and policy.automated_tax is AutomatedTaxRule.COMPARE:
        return True
    return policy.allow_override and company.honours_tax_override


def _shared(fitted: Fitted) -> tuple[str, ...]:
    share = fitted.untaxed_share
    if not share:
        return ()
    what = f"{share} of a taxed line is" if share > 0 else f"{-share} more than sold is"
    mark = "marked as not taxed" if share > 0 else "taxed, and taken off untaxed"
    return (
        f"{what} {mark}, so that the books' tax, which they work out on the document as a whole, "
        "equals the shop's; the taxable sales that the books report differ by that much.",
    )


def _document_code(pieces: Sequence[Piece], company: Company) -> str | None:
    if company.regime is not Regime.US_MANUAL:
        return None
    return next(iter(taxed_codes(taxed(pieces))), None)
