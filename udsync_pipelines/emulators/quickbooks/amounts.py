"""Amounts as the books keep them: decimals, halves rounded away from zero."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
PRICE = Decimal("0.0000001")  # prices keep seven decimals
ZERO = Decimal(0)


def cents(amount: Decimal) -> Decimal:
    """Return an amount in whole cents, half a cent away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def price(amount: Decimal) -> Decimal:
    """Return a unit price with the seven decimals that are kept."""
    return amount.quantize(PRICE, ROUND_HALF_UP)


def number(value: object) -> Decimal:
    """Return a number of a body as a decimal; nothing counts as zero."""
    return value if isinstance(value, Decimal) else Decimal(str(value or 0))


def plain(value: Decimal) -> int | float:
    """Return a decimal as a JSON number."""
    return int(value) if value == value.to_integral_value() else float(value)
