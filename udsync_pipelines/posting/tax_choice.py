"""Which tax code each line of an order gets, and which share of a negative fee is taxed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from udsync_pipelines.domain.order import LineKind, Order, OrderLine
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.company import Company, TaxCode
from udsync_pipelines.posting.gift_cards import owed_kind
from udsync_pipelines.posting.policy import PostingPolicy
from udsync_pipelines.posting.tax.arithmetic import (
    CENT,
    combined_rate,
    exact_base,
    line_taxes,
    to_cents,
)

NO_TAX = TaxCode("", "no tax")
"""The code of every line in books without sales tax: none is sent."""

_HUNDRED = Decimal(100)
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class TaxChoice:
    """Finds the tax codes of one order's lines."""

    order: Order
    policy: PostingPolicy
    company: Company

    def code_of(self, rates: frozenset[str]) -> TaxCode:
        """The code of a set of the shop's rates; without rates, the one for untaxed lines.

        Raises:
            RecordRejectedError: no code is mapped, or the books no longer offer it.
        """
        code_id = self.policy.taxes.codes.get(rates) if rates else self.policy.taxes.untaxed
        if not code_id and not rates and not self.company.has_sales_tax:
            return NO_TAX
        if not code_id:
            raise self._unmapped(rates)
        return self._existing(code_id)

    def out_of_scope(self) -> TaxCode:
        """The code of what is no sale: rounding lines, gift cards and tips."""
        return self._existing(self.policy.taxes.out_of_scope or self.policy.taxes.untaxed)

    def shares_of(self, line: OrderLine, amount: Decimal) -> list[tuple[Decimal, TaxCode]]:
        """The line's amount by tax code: one share, or several for a negative fee.

        WooCommerce spreads a negative fee's tax over the order's tax classes, so only a share of
        the fee is taxed: that share goes on its own code and the rest on the untaxed one.
        """
        taxes = _taxes_of(line)
        if not line.total_tax and owed_kind(line, self.policy):
            return [(amount, self.out_of_scope())]
        if line.kind is LineKind.FEE and amount < 0:
            return self._shares_of_negative_fee(amount, taxes)
        return [(amount, self.code_of(frozenset(taxes)))]

    def _shares_of_negative_fee(
        self, amount: Decimal, taxes: Mapping[str, Decimal]
    ) -> list[tuple[Decimal, TaxCode]]:
        left = dict.fromkeys((tax.rate_id for tax in self.order.taxes), _NOTHING) | dict(taxes)
        shares: list[tuple[Decimal, TaxCode]] = []
        untaxed = amount
        for rates in self._sets_within(taxes):
            share = self._taxed_share(rates, left, untaxed)
            if share:
                code = self.code_of(rates)
                shares.append((share, code))
                untaxed -= share
                for rate in rates & set(left):
                    left[rate] -= to_cents(share * self._percent(rate) / _HUNDRED)
        if any(abs(tax) > CENT for tax in left.values()):
            raise self._unmapped(frozenset(taxes))
        if untaxed or not shares:
            shares.append((untaxed, self.code_of(frozenset())))
        return shares

    def _taxed_share(
        self, rates: frozenset[str], left: Mapping[str, Decimal], most: Decimal
    ) -> Decimal:
        """The share of a negative amount whose tax by these rates is what is left of it."""
        code = self.code_of(rates)
        wanted = sum((left.get(rate, _NOTHING) for rate in rates), _NOTHING)
        if wanted >= 0 or not combined_rate(code):
            return _NOTHING
        if sum(line_taxes(most, code)) == wanted:
            return most
        known = [rate for rate in rates if self._percent(rate)]
        bears = [(-left.get(rate, _NOTHING), self._percent(rate)) for rate in known]
        if not bears:
            return max(exact_base(wanted, code), most)
        # A rate that another set bears too allows no more than its own tax; a cent is rounding.
        allowed = min((tax + CENT) * _HUNDRED / percent for tax, percent in bears)
        if -wanted / combined_rate(code) <= allowed:
            return max(exact_base(wanted, code), most)
        least = min(tax * _HUNDRED / percent for tax, percent in bears)
        return max(-to_cents(least), most)

    def _sets_within(self, taxes: Mapping[str, Decimal]) -> Sequence[frozenset[str]]:
        """Sets of rates that may bear these taxes: of the order's lines first, larger ones first.

        A set of a line counts also when one of its taxes was too small to be told.
        """
        borne = {rate for rate, tax in taxes.items() if tax}
        on_lines = {
            frozenset(_taxes_of(line)) for line in self.order.lines if line.total.amount > 0
        }
        mapped = {rates for rates in self.policy.taxes.codes if rates <= set(taxes)}
        return sorted(
            (rates for rates in on_lines | mapped if rates & borne),
            key=lambda rates: (rates not in on_lines, -len(rates), sorted(rates)),
        )

    def _percent(self, rate: str) -> Decimal:
        for tax in self.order.taxes:
            if tax.rate_id == rate:
                return tax.rate_percent
        return _NOTHING

    def _existing(self, code_id: str) -> TaxCode:
        code = self.company.tax_code(code_id)
        if code is None or not code.is_active:
            raise RecordRejectedError(
                f"The posting policy names tax code {code_id or '(none)'}, which the books do not "
                "offer.",
                code="tax_code_missing",
                record=f"order/{self.order.id}",
                cure="Choose another tax code in the posting policy, then retry this order.",
            )
        return code

    def _unmapped(self, rates: frozenset[str]) -> RecordRejectedError:
        return RecordRejectedError(
            f"No tax code of the books is mapped for {self._named(rates)}.",
            code="tax_code_unmapped",
            record=f"order/{self.order.id}",
            cure="Map it to a tax code in the posting policy, then retry this order.",
        )

    def _named(self, rates: frozenset[str]) -> str:
        if not rates:
            return "lines without tax"
        labels = {
            tax.rate_id: f"{tax.label} {_plain(tax.rate_percent)} %" for tax in self.order.taxes
        }
        named = [f"{labels.get(rate, 'rate')} (rate {rate})" for rate in sorted(rates)]
        return "the shop's " + " with ".join(named)


def _taxes_of(line: OrderLine) -> dict[str, Decimal]:
    return {tax.rate_id: tax.total.amount for tax in line.taxes}


def _plain(percent: Decimal) -> str:
    return f"{percent.normalize():f}"
