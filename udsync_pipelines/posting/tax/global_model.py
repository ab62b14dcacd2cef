"""The tax of companies outside the United States: per line and per rate, half up, then summed."""

from collections.abc import Sequence
from decimal import Decimal

from udsync_pipelines.posting.tax.arithmetic import PredictedTax, TaxedAmount, line_taxes


class GlobalTax:
    """QuickBooks Online in Canada, the United Kingdom and elsewhere (TaxExcluded documents).

    Each line's tax is rounded to cents for each rate of its code by itself, then added up.
    Three lines of 0.10 at 5 % bear 0.03, not 0.02.
    """

    @property
    def rounds_each_line(self) -> bool:
        """Splitting a line can change the tax."""
        return True

    def predict(self, lines: Sequence[TaxedAmount]) -> PredictedTax:
        """The sum over lines and rates."""
        by_rate: dict[str, Decimal] = {}
        for amount, code in lines:
            for component, tax in zip(code.components, line_taxes(amount, code), strict=True):
                by_rate[component.rate_id] = by_rate.get(component.rate_id, Decimal(0)) + tax
        return PredictedTax(sum(by_rate.values(), Decimal(0)), by_rate)

    def problem(self, lines: Sequence[TaxedAmount]) -> str | None:
        """Any lines may stand together."""
        del lines
        return None
