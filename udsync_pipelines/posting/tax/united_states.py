"""The tax of companies in the United States, with and without automated sales tax."""

from collections.abc import Sequence
from decimal import Decimal

from udsync_pipelines.posting.company import TaxCode
from udsync_pipelines.posting.tax.arithmetic import PredictedTax, TaxedAmount, line_taxes

TAXABLE = "TAX"
NOT_TAXABLE = "NON"


def taxed_codes(lines: Sequence[TaxedAmount]) -> dict[str, TaxCode]:
    """The codes of the taxed lines by their id; a document may have one of them only."""
    return {line.code.id: line.code for line in lines if not line.code.is_untaxed}


class ManualSalesTax:
    """Without automated sales tax: one code a document, charged on the sum of its taxed lines."""

    @property
    def rounds_each_line(self) -> bool:
        """The tax is worked out on the sum, so a split line changes nothing."""
        return False

    def predict(self, lines: Sequence[TaxedAmount]) -> PredictedTax:
        """Each rate of the document's code on the sum of the taxed lines, rounded half up."""
        by_rate: dict[str, Decimal] = {}
        for code in taxed_codes(lines).values():
            base = sum((line.amount for line in lines if line.code.id == code.id), Decimal(0))
            for component, tax in zip(code.components, line_taxes(base, code), strict=True):
                by_rate[component.rate_id] = by_rate.get(component.rate_id, Decimal(0)) + tax
        return PredictedTax(sum(by_rate.values(), Decimal(0)), by_rate)

    def problem(self, lines: Sequence[TaxedAmount]) -> str | None:
        """Two taxed codes cannot stand on one document."""
        names = sorted(code.name for code in taxed_codes(lines).values())
        if len(names) <= 1:
            return None
        return f"its lines are taxed by {' and '.join(names)}, and a document has one tax code"


class AutomatedSalesTax:
    """With automated sales tax the books choose the rates: only no tax at all is predictable."""

    @property
    def rounds_each_line(self) -> bool:
        """The tax is the books' own matter, so a split line changes nothing."""
        return False

    def predict(self, lines: Sequence[TaxedAmount]) -> PredictedTax | None:
        """Zero for lines that are all untaxed, else None."""
        return None if taxed_codes(lines) else PredictedTax(Decimal(0))

    def problem(self, lines: Sequence[TaxedAmount]) -> str | None:
        """Any lines may stand together: the books tax each by its address."""
        del lines
        return None
