"""How WooCommerce takes a coupon off an order's lines (a port of ``WC_Discounts``), in cents."""

from collections.abc import Sequence
from typing import NamedTuple

from udsync_pipelines.emulators.woocommerce.amounts import CENT, half_down


class Coupon(NamedTuple):
    """A coupon: ``amount`` in hundredths (of a per cent, or of the currency unit)."""

    id: int
    code: str
    kind: str
    amount: int

    @property
    def nominal(self) -> int | float:
        """The amount as coupon lines show it."""
        return self.amount // 100 if self.amount % 100 == 0 else self.amount / 100


class DiscountLine(NamedTuple):
    """What a discount looks at: the line's price in cents and its quantity."""

    cents: int
    quantity: int


def discounts_of(coupon: Coupon, lines: Sequence[DiscountLine]) -> list[int]:
    """Return the discount of each line, in millionths, in the order of the lines."""
    taken = [0] * len(lines)
    ranked = sorted(
        (index for index, line in enumerate(lines) if line.quantity > 0),
        key=lambda index: -lines[index].cents / lines[index].quantity,
    )
    if coupon.kind == "percent":
        _take_percent(coupon.amount, lines, ranked, taken)
    elif coupon.kind == "fixed_cart":
        _take_from_cart(coupon.amount, lines, ranked, taken)
    else:
        _take_per_unit(coupon.amount, lines, ranked, taken)
    return [cents * CENT for cents in taken]


def _take_percent(
    percent: int, lines: Sequence[DiscountLine], ranked: list[int], taken: list[int]
) -> None:
    for index in ranked:
        taken[index] = lines[index].cents * percent // 10_000
    whole = half_down(sum(lines[index].cents for index in ranked) * percent, 10_000)
    _take_remainder(whole - sum(taken), lines, ranked, taken)


def _take_from_cart(
    cents: int, lines: Sequence[DiscountLine], ranked: list[int], taken: list[int]
) -> None:
    left = cents
    while left > 0:
        priced = [index for index in ranked if lines[index].cents > taken[index]]
        units = sum(lines[index].quantity for index in priced)
        if not units:
            return
        per_unit = left // units
        if not per_unit:
            _take_remainder(left, lines, ranked, taken)
            return
        left -= _take_per_unit(per_unit, lines, priced, taken)


def _take_per_unit(
    cents: int, lines: Sequence[DiscountLine], ranked: list[int], taken: list[int]
) -> int:
    given = 0
    for index in ranked:
        discount = min(cents * lines[index].quantity, lines[index].cents - taken[index])
        taken[index] += discount
        given += discount
    return given


def _take_remainder(
    cents: int, lines: Sequence[DiscountLine], ranked: list[int], taken: list[int]
) -> None:
    left = cents
    for index in ranked:
        for _ in range(lines[index].quantity):
            if left <= 0 or taken[index] >= lines[index].cents:
                break
            taken[index] += 1
            left -= 1
