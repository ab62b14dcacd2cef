"""How WooCommerce adds an order up: taxes per rate, negative fees, totals.

A port of ``WC_Abstract_Order::calculate_totals`` and ``update_taxes``, checked against every
recorded order. All amounts are whole millionths of the currency unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from udsync_pipelines.emulators.woocommerce.amounts import (
    CENT,
    UNIT,
    half_down,
    half_up,
    to_cents,
)


class TaxRate(NamedTuple):
    """A rate as tax lines show it; ``millionths`` is the rate itself (5 % = 50,000)."""

    id: int
    millionths: int
    label: str
    code: str
    percent: int | float
    on_shipping: bool
    compound: bool = False


class Mode(NamedTuple):
    """The shop's tax settings when the order was made; the order does not tell them."""

    prices_include_tax: bool = False
    round_at_subtotal: bool = False


@dataclass(slots=True)
class Part:
    """One line, fee or shipping line: its net amounts, and its taxes once added up."""

    kind: str
    total: int
    rates: Sequence[TaxRate] = ()
    subtotal: int = 0
    taxable: bool = True
    tax_class: str = ""
    taxes: dict[int, int] = field(default_factory=dict)
    subtotal_taxes: dict[int, int] = field(default_factory=dict)

    @property
    def total_tax(self) -> int:
        """The line's tax as the API shows it: each rate's share rounded, then added."""
        return sum(to_cents(tax) for tax in self.taxes.values())

    @property
    def subtotal_tax(self) -> int:
        """The tax before coupons, shown in the same way."""
        return sum(to_cents(tax) for tax in self.subtotal_taxes.values())


class Totals(NamedTuple):
    """The figures of the order itself; taxes per rate are for ``tax_lines``."""

    total: int
    total_tax: int
    cart_tax: int
    shipping_tax: int
    shipping_total: int
    discount_total: int
    discount_tax: int
    cart_taxes: dict[int, int]
    shipping_taxes: dict[int, int]


def tax_of(net: int, rates: Sequence[TaxRate], mode: Mode) -> dict[int, int]:
    """Return the tax on a net amount per rate id, to six decimals as WooCommerce keeps it."""
    divide = half_down if mode.prices_include_tax else half_up
    taxes = {rate.id: divide(net * rate.millionths, UNIT) for rate in rates if not rate.compound}
    for rate in rates:
        if rate.compound:
            taxes[rate.id] = divide((net + sum(taxes.values())) * rate.millionths, UNIT)
    return taxes


def add_up(
    parts: Sequence[Part], mode: Mode, rates_by_class: dict[str, Sequence[TaxRate]]
) -> Totals:
    """Work out all taxes and totals; fills each part's taxes on the way.

    Args:
        parts: lines, fees and shipping lines. A negative fee is capped at what it may take off.
        mode: the tax settings in force.
        rates_by_class: the rates at the customer's place by tax class, for negative fees.
    """
    lines = [part for part in parts if part.kind == "line"]
    shipping = [part for part in parts if part.kind == "shipping"]
    cart_total = _sum_of_lines([line.total for line in lines], mode)
    cart_subtotal = _sum_of_lines([line.subtotal for line in lines], mode)
    shipping_total = sum(to_cents(part.total) for part in shipping)
    fees_total = _cap_fees(parts, cart_total, shipping_total)
    for part in parts:
        _tax_part(part, parts, mode, rates_by_class)
    cart_taxes = _taxes_per_rate([p for p in parts if p.kind != "shipping"], mode)
    shipping_taxes = _taxes_per_rate(shipping, mode)
    cart_tax, shipping_tax = sum(cart_taxes.values()), sum(shipping_taxes.values())
    saved_tax = sum(sum(p.subtotal_taxes.values()) - sum(p.taxes.values()) for p in lines)
    divide = half_down if mode.prices_include_tax else half_up
    return Totals(
        total=to_cents(cart_total + fees_total + shipping_total + cart_tax + shipping_tax),
        total_tax=to_cents(cart_tax + shipping_tax),
        cart_tax=to_cents(cart_tax),
        shipping_tax=to_cents(shipping_tax),
        shipping_total=shipping_total,
        discount_total=to_cents(cart_subtotal - cart_total),
        discount_tax=divide(saved_tax, CENT) * CENT,
        cart_taxes=cart_taxes,
        shipping_taxes=shipping_taxes,
    )


def _sum_of_lines(amounts: Sequence[int], mode: Mode) -> int:
    if mode.round_at_subtotal:
        return to_cents(sum(amounts))
    return sum(to_cents(amount) for amount in amounts)


def _cap_fees(parts: Sequence[Part], cart_total: int, shipping_total: int) -> int:
    fees_total = 0
    for fee in (part for part in parts if part.kind == "fee"):
        most = to_cents(cart_total + fees_total + shipping_total)
        if fee.total < 0 and most > 0:
            fee.total = max(fee.total, -most)
        fees_total += fee.total
    return fees_total


def _tax_part(
    part: Part,
    parts: Sequence[Part],
    mode: Mode,
    rates_by_class: dict[str, Sequence[TaxRate]],
) -> None:
    if part.kind == "fee" and part.total < 0:
        part.taxes = _tax_of_negative_fee(part.total, parts, mode, rates_by_class)
        return
    rates = part.rates if part.taxable else ()
    if part.kind == "shipping":
        rates = [rate for rate in rates if rate.on_shipping]
    part.taxes = tax_of(part.total, rates, mode)
    if part.kind == "line":
        part.subtotal_taxes = tax_of(part.subtotal, rates, mode)


def _tax_of_negative_fee(
    amount: int,
    parts: Sequence[Part],
    mode: Mode,
    rates_by_class: dict[str, Sequence[TaxRate]],
) -> dict[int, int]:
    # WooCommerce spreads the fee over the order's tax classes (class-wc-order-item-fee.php), so
    # only a share of it is taxed, whatever its own tax status says.
    costs: dict[str | None, int] = {}
    for part in parts:
        if part.total > 0:
            key = part.tax_class if part.taxable else None
            costs[key] = costs.get(key, 0) + part.total
    whole = sum(costs.values())
    divide = half_down if mode.prices_include_tax else half_up
    taxes: dict[int, int] = {}
    for tax_class, cost in costs.items():
        for rate in rates_by_class.get(tax_class, ()) if tax_class is not None else ():
            share = divide(amount * cost * rate.millionths, whole * UNIT)
            taxes[rate.id] = taxes.get(rate.id, 0) + share
    return taxes


def _taxes_per_rate(parts: Sequence[Part], mode: Mode) -> dict[int, int]:
    divide = half_down if mode.prices_include_tax else half_up
    sums: dict[int, int] = {}
    for part in parts:
        for rate_id, tax in part.taxes.items():
            counted = tax if mode.round_at_subtotal else divide(tax, CENT) * CENT
            sums[rate_id] = sums.get(rate_id, 0) + counted
    return sums
