"""Why an order or refund cannot become a document, as sentences with the numbers."""

from collections.abc import Sequence
from decimal import Decimal

from udsync_pipelines.domain.money import Money
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.fitting import Target, Unfitted
from udsync_pipelines.posting.pieces import Piece, taxed
from udsync_pipelines.posting.tax.arithmetic import TaxArithmetic, to_cents

MOST_TAXED_LINES = 750


def check_currency(amount: Money, record: str, company: Company) -> None:
    """Refuse a currency that the books do not keep, and amounts finer than a cent.

    Raises:
        RecordRejectedError: multicurrency is off, or the amount has more than two decimals.
    """
    if amount.currency != company.home_currency and not company.has_multicurrency:
        raise RecordRejectedError(
            f"It is in {amount.currency}, and the books keep {company.home_currency} only.",
            code="currency_not_supported",
            record=record,
            cure=f"Enter it in the books by hand, in {company.home_currency}; it stays listed as "
            "parked. Or turn on multicurrency in the books, which cannot be undone, choose where "
            "rates come from (exchange_rates.source), and sync again.",
        )
    check_decimals(amount, record)


def check_decimals(amount: Money, record: str) -> None:
    """Refuse an amount finer than a cent.

    Raises:
        RecordRejectedError: the amount has more than two decimals.
    """
    if to_cents(amount.amount) != amount.amount:
        raise RecordRejectedError(
            f"Its amount {amount} has more than two decimals, and the books keep two.",
            code="too_many_decimals",
            record=record,
            cure="Enter it in the books by hand.",
        )


def check_form(
    pieces: Sequence[Piece], total: Decimal, record: str, arithmetic: TaxArithmetic
) -> None:
    """Refuse what no document can hold: a negative total, too many lines, two codes in the US.

    Raises:
        RecordRejectedError: with the reason.
    """
    if total < 0:
        raise _refused(
            f"Its total is {total}, and no document may be below zero", record, "below_zero"
        )
    if len(pieces) > MOST_TAXED_LINES:
        count = f"It needs {len(pieces)} lines, and a document holds {MOST_TAXED_LINES}"
        raise _refused(count, record, "too_many_lines")
    problem = arithmetic.problem(taxed(pieces))
    if problem:
        raise _refused(f"It cannot be one document: {problem}", record, "two_tax_codes")


def check_sales_tax(target: Target, record: str, company: Company) -> None:
    """Refuse tax where the company has sales tax turned off: it would drop it without a word.

    Raises:
        RecordRejectedError: code `sales_tax_off`.
    """
    if target.total and not company.has_sales_tax:
        raise RecordRejectedError(
            f"The shop charged {target.total} tax, and sales tax is off in these books.",
            code="sales_tax_off",
            record=record,
            cure="Set up sales tax in the books, map the shop's rates in the posting policy, then "
            "sync again.",
        )


def unequal_tax(unfitted: Unfitted, target: Target, record: str) -> RecordRejectedError:
    """The error of a tax that no remedy reaches; it names both amounts and the difference."""
    if unfitted.predicted is None:
        return RecordRejectedError(
            f"The shop charged {target.total} tax, and these books work tax out by themselves "
            "(automated sales tax), so the two may differ.",
            code="tax_unpredictable",
            record=record,
            cure="Enter this one by hand; or set automated_tax=compare in the posting policy: then "
            "it is posted with the shop's tax, and taken back at once if the books make another.",
        )
    books = unfitted.predicted.total
    numbers = f"The shop charged {target.total} tax, the books would work out {books}"
    difference = f"a difference of {abs(target.total - books)}"
    if unfitted.is_explained:
        return RecordRejectedError(
            f"{numbers}: {difference} that no split of its lines cures.",
            code="tax_unequal",
            record=record,
            cure="Enter this one by hand with the shop's amounts.",
        )
    return RecordRejectedError(
        f"{numbers}: {difference}, more than rounding can make.",
        code="tax_not_explained",
        record=record,
        cure="Compare the shop's rates with the tax codes mapped in the posting policy, and look "
        "whether its tax was changed by hand; then retry.",
    )


def _refused(reason: str, record: str, code: str) -> RecordRejectedError:
    return RecordRejectedError(
        f"{reason}.", code=code, record=record, cure="Enter it in the books by hand."
    )
