"""Exact money: a Decimal and its currency, never a float."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import total_ordering
from typing import Self


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency (ISO 4217 code, upper case), kept exactly as given.

    Raises:
        TypeError: the amount is not a Decimal (a float has already lost the cent).
        ValueError: the amount is not finite, or the currency is not three upper-case letters.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError(f"money needs a Decimal, not {type(self.amount).__name__}")
        if not self.amount.is_finite():
            raise ValueError(f"money needs a finite amount, not {self.amount}")
        currency = self.currency
        if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):  # noqa: PLR2004
            raise ValueError(f"{currency!r} is not a currency code of three letters")
        if not currency.isupper():
            raise ValueError(f"{currency!r} must be written in upper case")

    def __add__(self, other: Self) -> "Money":
        return Money(self.amount + self._same_currency(other), self.currency)

    def __sub__(self, other: Self) -> "Money":
        return Money(self.amount - self._same_currency(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Self) -> bool:
        return self.amount < self._same_currency(other)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def rounded(self, places: int = 2) -> "Money":
        """This amount, rounded half up (away from zero) to so many decimal places."""
        return Money(
            self.amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP), self.currency
        )

    def _same_currency(self, other: "Money") -> Decimal:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")
        return other.amount


def zero(currency: str) -> Money:
    """No money, in this currency."""
    return Money(Decimal(0), currency)


def sum_money(amounts: Iterable[Money], currency: str | None = None) -> Money:
    """The sum of the amounts; of none, zero in the given currency.

    Raises:
        ValueError: currencies are mixed, or there is nothing to sum and no currency was given.
    """
    total = zero(currency) if currency is not None else None
    for amount in amounts:
        total = amount if total is None else total + amount
    if total is None:
        raise ValueError("the sum of nothing has no currency: name one")
    return total


def split(money: Money, weights: Sequence[Decimal], places: int = 2) -> list[Money]:
    """Parts of the money in proportion to the weights, in their order; the parts sum to the money.

    Each part is cut to `places` decimals (or to as many as the money itself has, if more), then
    the remainder is given away a smallest unit at a time to the parts that lost the most.

    Raises:
        ValueError: no weight, a negative weight, or weights that sum to zero.
    """
    whole = sum(weights, Decimal(0))
    if not weights or min(weights) < 0 or whole == 0:
        raise ValueError("a split needs weights of zero or more that do not all vanish")
    exponent = money.amount.as_tuple().exponent
    own_places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    unit = Decimal(1).scaleb(-max(places, own_places))
    exact = [money.amount * weight / whole for weight in weights]
    parts = [amount.quantize(unit, rounding=ROUND_DOWN) for amount in exact]
    remainder = money.amount - sum(parts, Decimal(0))
    step = unit if remainder > 0 else -unit
    by_loss = sorted(range(len(parts)), key=lambda i: (-abs(exact[i] - parts[i]), i))
    for index in by_loss[: int(abs(remainder) / unit)]:
        parts[index] += step
    return [Money(part, money.currency) for part in parts]
