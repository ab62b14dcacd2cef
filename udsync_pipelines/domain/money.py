"""Exact money: a Decimal and its currency, never a float."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, Inexact, InvalidOperation
from functools import total_ordering

# The default context rounds to 28 digits without a word. Here, what cannot be exact is an error.
_EXACT = Context(prec=100, traps=[DivisionByZero, Inexact, InvalidOperation])
_ROUNDING = Context(prec=100, traps=[DivisionByZero, InvalidOperation])


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

    def __add__(self, other: "Money") -> "Money":
        return Money(_EXACT.add(self.amount, self._same_currency(other)), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(_EXACT.subtract(self.amount, self._same_currency(other)), self.currency)

    def __neg__(self) -> "Money":
        return Money(_EXACT.minus(self.amount), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same_currency(other)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def rounded(self, places: int = 2) -> "Money":
        """This amount, rounded half up (away from zero) to so many decimal places."""
        unit = Decimal(1).scaleb(-places)
        rounded = self.amount.quantize(unit, rounding=ROUND_HALF_UP, context=_ROUNDING)
        return Money(rounded, self.currency)

    def _same_currency(self, other: object) -> Decimal:
        if not isinstance(other, Money):
            raise TypeError(f"money goes with money, not with {type(other).__name__}")
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
        ValueError: no weight, a negative or infinite weight, or weights that sum to zero.
    """
    if not weights or not all(weight.is_finite() and weight >= 0 for weight in weights):
        raise ValueError("a split needs weights, each finite and zero or more")
    if not any(weights):
        raise ValueError("a split needs a weight above zero")
    decimals = max(places, _decimals(money.amount))
    shares = _shares(abs(_in_units(money.amount, decimals)), weights)
    sign = -1 if money.amount < 0 else 1
    unit = Decimal(1).scaleb(-decimals)
    return [Money(_EXACT.multiply(unit, sign * share), money.currency) for share in shares]


def _shares(units: int, weights: Sequence[Decimal]) -> list[int]:
    """Whole units in proportion to the weights. In integers, so that no division can round."""
    finest = max(_decimals(weight) for weight in weights)
    whole_weights = [_in_units(weight, finest) for weight in weights]
    whole = sum(whole_weights)
    shares, losses = [], []
    for weight in whole_weights:
        share, loss = divmod(units * weight, whole)
        shares.append(share)
        losses.append(loss)
    by_loss = sorted(range(len(shares)), key=lambda index: (-losses[index], index))
    for index in by_loss[: units - sum(shares)]:
        shares[index] += 1
    return shares


def _decimals(number: Decimal) -> int:
    return max(0, -int(number.as_tuple().exponent))  # an int for every finite number


def _in_units(number: Decimal, decimals: int) -> int:
    return int(number.scaleb(decimals, context=_EXACT))
