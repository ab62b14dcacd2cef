"""The shop's tax per rate, told in the books' rates."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from udsync_pipelines.domain.order import OrderTax
from udsync_pipelines.posting.company import TaxCode
from udsync_pipelines.posting.tax.arithmetic import PredictedTax


def in_books_rates(
    taxes: Iterable[tuple[Decimal, Decimal]], codes: Iterable[TaxCode]
) -> dict[str, Decimal]:
    """Tax per rate of the books, from pairs of (per cent, tax); empty where it cannot be told.

    A rate of the shop is a rate of the books of the same height. Where two rates of the books
    used together have one height, nothing is told, for it would be a guess.
    """
    by_percent: dict[Decimal, set[str]] = {}
    for code in codes:
        for component in code.components:
            if component.percent:
                by_percent.setdefault(component.percent, set()).add(component.rate_id)
    told: dict[str, Decimal] = {}
    for percent, tax in taxes:
        rates = by_percent.get(percent, set())
        if len(rates) == 1:
            told[next(iter(rates))] = told.get(next(iter(rates)), Decimal(0)) + tax
        elif tax:
            return {}
    return told


def pairs_of(taxes: Iterable[OrderTax]) -> list[tuple[Decimal, Decimal]]:
    """(per cent, tax with shipping) of an order's taxes."""
    return [(tax.rate_percent, tax.total.amount + tax.shipping_total.amount) for tax in taxes]


def differences(
    wanted: Mapping[str, Decimal], predicted: PredictedTax, codes: Iterable[TaxCode]
) -> tuple[str, ...]:
    """A sentence for each rate whose tax in the books differs from the shop's."""
    names = {part.rate_id: part.name or part.rate_id for code in codes for part in code.components}
    sentences = []
    for rate, amount in sorted(wanted.items()):
        books = predicted.by_rate.get(rate, Decimal(0))
        if books != amount:
            sentences.append(
                f"The tax of {names.get(rate, rate)} is {books} in the books and {amount} in the "
                "shop; the tax in all is equal."
            )
    return tuple(sentences)
