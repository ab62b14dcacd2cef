"""What every tax arithmetic answers, and the rounding that they share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple, Protocol

from udsync_pipelines.posting.company import TaxCode

CENT = Decimal("0.01")
_PERCENT = Decimal("0.01")
_NEIGHBOURS = 12  # cents around the computed amount that are tried for an exact tax


class TaxedAmount(NamedTuple):
    """A net amount in whole cents and the code it is taxed by."""

    amount: Decimal
    code: TaxCode


@dataclass(frozen=True, slots=True)
class PredictedTax:
    """The tax that the books will work out. `by_rate` is keyed by the books' rate id."""

    total: Decimal
    by_rate: Mapping[str, Decimal] = field(default_factory=dict)


class TaxArithmetic(Protocol):
    """How one regime works out the tax of a document."""

    @property
    def rounds_each_line(self) -> bool:
        """True when splitting a line can change the tax."""
        ...

    def predict(self, lines: Sequence[TaxedAmount]) -> PredictedTax | None:
        """The books' own tax of these lines; None when nobody outside the books can know it."""
        ...

    def problem(self, lines: Sequence[TaxedAmount]) -> str | None:
        """Why these lines cannot stand on one document, as a sentence; None when they can."""
        ...


def to_cents(amount: Decimal) -> Decimal:
    """The amount in whole cents, a half rounded away from zero."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def line_taxes(amount: Decimal, code: TaxCode) -> tuple[Decimal, ...]:
    """The tax of each component on one amount, each rounded by itself to whole cents.

    A compound rate is charged on the amount plus the rounded taxes before it.
    """
    taxes: list[Decimal] = []
    for component in code.components:
        base = amount + sum(taxes) if component.is_compound else amount
        taxes.append(to_cents(base * component.percent * _PERCENT))
    return tuple(taxes)


def combined_rate(code: TaxCode) -> Decimal:
    """The tax on one unit of money, as a fraction: 0.14975 for 5 % and 9.975 %."""
    total = Decimal(0)
    for component in code.components:
        base = 1 + total if component.is_compound else Decimal(1)
        total += base * component.percent * _PERCENT
    return total


def exact_base(tax: Decimal, code: TaxCode) -> Decimal:
    """The amount in cents that bears this tax; where none does to the cent, the computed one.

    The code must have a rate above zero.
    """
    computed = to_cents(tax / combined_rate(code))
    for distance in range(_NEIGHBOURS + 1):
        for amount in (computed - CENT * distance, computed + CENT * distance):
            if sum(line_taxes(amount, code)) == tax:
                return amount
    return computed
