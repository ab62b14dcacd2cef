"""Exact amounts: whole millionths of the currency unit, rounded where WooCommerce rounds.

WooCommerce keeps six decimals inside and shows two. Whole numbers are exact and quick; no
float takes part, except in ``price``, which WooCommerce itself sends as a float.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

UNIT = 1_000_000
"""Millionths in one unit of the currency."""

CENT = 10_000
"""Millionths in one cent."""

_SIX_PLACES = Decimal("0.000001")


def half_up(numerator: int, divisor: int) -> int:
    """Divide and round a half away from zero, as PHP's ``round`` does by default."""
    quotient = (2 * abs(numerator) + divisor) // (2 * divisor)
    return quotient if numerator >= 0 else -quotient


def half_down(numerator: int, divisor: int) -> int:
    """Divide and round a half towards zero: WooCommerce's way with tax-inclusive prices."""
    quotient = -((divisor - 2 * abs(numerator)) // (2 * divisor))
    return quotient if numerator >= 0 else -quotient


def to_cents(amount: int) -> int:
    """Round an amount to whole cents, still in millionths."""
    return half_up(amount, CENT) * CENT


def parse(value: Any) -> int:
    """Read a money value of the API (text, number, empty or null) as millionths."""
    if value in (None, "", False):
        return 0
    exact = Decimal(str(value)).quantize(_SIX_PLACES, rounding=ROUND_HALF_UP)
    return int(exact * UNIT)


def show(amount: int, decimals: int = 2) -> str:
    """Write millionths as the text that the API sends: two decimals unless told."""
    if decimals == 2:  # noqa: PLR2004 - the shop's own number of decimals, by far the usual case
        cents = half_up(amount, CENT)
        sign = "-" if cents < 0 else ""
        whole, rest = divmod(abs(cents), 100)
        return f"{sign}{whole}.{rest:02d}"
    return show_more(Decimal(amount) / UNIT, decimals)


def show_more(amount: Decimal, decimals: int) -> str:
    """Write an amount with any number of decimals, a half rounded away from zero."""
    return f"{amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP):f}"


def show_plain(amount: int) -> str:
    """Write millionths without trailing zeros: how coupon lines show their discount."""
    text = show(amount, 6).rstrip("0").rstrip(".")
    return text or "0"


def unit_price(total: int, quantity: int) -> int | float:
    """Return WooCommerce's ``price``: total by quantity as a JSON number, a float at that."""
    price = (total / UNIT) / max(1, abs(quantity))
    return int(price) if price == int(price) else price
