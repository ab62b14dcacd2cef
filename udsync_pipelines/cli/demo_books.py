"""The proof for the books at the end of the demo: shop, books, parked, difference."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from rich.table import Table

from udsync_pipelines.cli.demo_shop import Sale, Sales, Sums, by_currency
from udsync_pipelines.cli.output import console, say
from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.sync.plan import Parked

SALES_FORMS = ("SalesReceipt", "Invoice")
FORM_OF_KIND = {"refund_receipt": "RefundReceipt", "credit_memo": "CreditMemo"}
REFUND_FORMS = tuple(FORM_OF_KIND.values())

EXPECTED_CODES = frozenset({"currency_not_supported", "waits_for_order"})
"""Why the demo's company cannot take some: it keeps one currency only, as most companies do."""


@dataclass(frozen=True, slots=True)
class BooksFigure:
    """One figure: what the shop has, what the books have, and what is parked with a reason."""

    name: str
    shop: Decimal
    books: Decimal
    parked: Decimal

    @property
    def difference(self) -> Decimal:
        """What the books have too much; what is parked is accounted for."""
        return self.books + self.parked - self.shop


@dataclass(frozen=True, slots=True)
class BooksProof:
    """How shop and books compare, what the company's own audit found, and what is parked.

    `tax_unsaid` is, by currency, the tax that the books gave back with amounts of which the shop
    does not say it; it is in no figure.
    """

    figures: tuple[BooksFigure, ...]
    faults: tuple[str, ...]
    parked: tuple[Parked, ...]
    written_again: int
    tax_unsaid: Mapping[str, Decimal]

    @property
    def unexpected(self) -> tuple[Parked, ...]:
        """Parked for another reason than the one that the demo's company must give."""
        return tuple(one for one in self.parked if one.code not in EXPECTED_CODES)

    @property
    def is_good(self) -> bool:
        """Every sale to the cent or parked for its currency, and nothing written twice."""
        is_equal = all(not one.difference for one in self.figures)
        return is_equal and not (self.faults or self.unexpected or self.written_again)


def prove(
    company: CompanyEmulator,
    sales: Sales,
    parked: Mapping[str, Sequence[Parked]],
    documents: Mapping[str, str],
    again: int,
) -> BooksProof:
    """Compare the shop's own sales with the books as the company's own audit sums them.

    `parked` holds what is parked of `orders` and of `refunds`, `documents` where refunds were
    posted (refund id → `refund_receipt/12`); `again` is how often the second sync wrote to the
    company.
    """
    audit = company.audit()
    unsaid = _tax_unsaid(company, sales.refunds, documents)
    figures = (
        *_figures("sales", sales.orders, parked["orders"], _of_books(audit, SALES_FORMS)),
        *_figures(
            "refunds",
            sales.refunds,
            parked["refunds"],
            _less_tax(_of_books(audit, REFUND_FORMS), unsaid),
        ),
    )
    everything = tuple(one for entity in parked.values() for one in entity)
    return BooksProof(figures, tuple(_faults(audit)), everything, again, unsaid)


def count_writes(company: CompanyEmulator) -> int:
    """How many requests so far would change something, by the company's own journal."""
    return sum(
        number
        for name, number in company.requests.counts().items()
        if name.startswith("POST ") and not name.startswith(("POST /query", "POST /oauth2"))
    )


def print_proof(proof: BooksProof) -> None:
    """The figures as a table, then what is parked and why, then a verdict."""
    table = Table("", title="Shop against books (orders in the posting statuses)")
    for heading in ("shop", "books", "parked", "difference"):
        table.add_column(heading, justify="right")
    for one in proof.figures:
        cells = (one.shop, one.books, one.parked, one.difference)
        table.add_row(one.name, *(f"{cell:,}" for cell in cells))
    console.print(table)
    for currency, tax in proof.tax_unsaid.items():
        say(
            f"Not compared: {tax:,} {currency} of tax in refunds that name no lines and give back "
            "a part only. The shop does not say it; the books took the order's share."
        )
    for (code, reason, cure), number in Counter(
        (one.code, one.reason, one.cure) for one in proof.parked
    ).items():
        note = " This is expected here." if code in EXPECTED_CODES else ""
        say(f"Parked, {number} times: {reason} {cure}{note}")
    for sentence in proof.faults:
        say(f"The company's audit: {sentence}")
    _say_verdict(proof)


def _say_verdict(proof: BooksProof) -> None:
    if proof.is_good:
        if proof.parked:
            say(
                f"{len(proof.parked)} orders stay parked: this company keeps one currency. That is "
                "how it should end; the first run failed in Dagster, and `udsync sync` would leave "
                "with 3, so that somebody looks."
            )
        say(
            "Every sale and refund that this company can hold is in the books, equal to the cent "
            "in total and tax; its own audit finds nothing; the second sync wrote nothing."
        )
        return
    if proof.written_again:
        say(f"The second sync wrote to the books {proof.written_again} times, not once expected.")
    if any(one.difference for one in proof.figures):
        say("Shop and books differ: see the table.")
    if proof.unexpected:
        say(f"{len(proof.unexpected)} records are parked for a reason that is not expected here.")


def _figures(
    what: str, sales: Sequence[Sale], parked: Iterable[Parked], books: Mapping[str, Sums]
) -> Iterator[BooksFigure]:
    parked_ids = {one.source_id for one in parked}
    shop = by_currency(sales)
    waiting = by_currency(sale for sale in sales if sale.id in parked_ids)
    for currency in sorted({*shop, *books}):
        has, holds = shop.get(currency, Sums()), books.get(currency, Sums())
        waits = waiting.get(currency, Sums())
        name = f"{currency} {what}"
        yield BooksFigure(name, Decimal(has.count), Decimal(holds.count), Decimal(waits.count))
        yield BooksFigure(f"{name}, total", has.total, holds.total, waits.total)
        yield BooksFigure(f"{name}, tax in it", has.tax, holds.tax, waits.tax)


def _of_books(audit: Mapping[str, Any], forms: Sequence[str]) -> dict[str, Sums]:
    """Currency → sums of the documents of these forms."""
    found: dict[str, Sums] = {}
    for form in forms:
        for currency, row in audit["sums"].get(form, {}).items():
            sums = Sums(row["count"], Decimal(row["total"]), Decimal(row["tax"]))
            found[currency] = found.get(currency, Sums()) + sums
    return found


def _tax_unsaid(
    company: CompanyEmulator, refunds: Iterable[Sale], documents: Mapping[str, str]
) -> dict[str, Decimal]:
    """Currency → the tax in the documents of refunds of which the shop does not say it."""
    found: dict[str, Decimal] = {}
    with company.company.lock:
        for refund in refunds:
            kind, _, identifier = documents.get(refund.id, "").partition("/")
            if refund.is_tax_said or not identifier:
                continue
            document = company.company.find(FORM_OF_KIND[kind], identifier) or {}
            tax = Decimal(str(document.get("TxnTaxDetail", {}).get("TotalTax", 0)))
            found[refund.currency] = found.get(refund.currency, Decimal(0)) + tax
    return found


def _less_tax(books: Mapping[str, Sums], tax: Mapping[str, Decimal]) -> dict[str, Sums]:
    return {
        currency: replace(sums, tax=sums.tax - tax.get(currency, Decimal(0)))
        for currency, sums in books.items()
    }


def _faults(audit: Mapping[str, Any]) -> Iterator[str]:
    """What an auditor would complain of, a sentence each."""
    for kind, several in audit["duplicates"].items():
        for name, documents in several.items():
            yield f"{name!r} is borne by {', '.join(documents)} ({kind.replace('_', ' ')})."
    yield from audit["orphans"]
    for name in audit["unequal"]:
        yield f"the lines of {name} do not add up to its total."
    for payment, left in audit["unapplied_payments"].items():
        yield f"payment {payment} is not applied: {left} is left."
