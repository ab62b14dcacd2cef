"""Randomness that depends on nothing but a seed and a number."""

from collections.abc import Sequence
from typing import TypeVar

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
Choice = TypeVar("Choice")


def mix(seed: int, number: int) -> int:
    """Return 64 well mixed bits for a seed and a number (SplitMix64)."""
    value = (seed * _GOLDEN + number * 0xD1342543DE82EF95 + _GOLDEN) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


class Dice:
    """A quick stream of choices for one record; the same seed and number give the same stream."""

    __slots__ = ("_state",)

    def __init__(self, seed: int, number: int) -> None:
        self._state = mix(seed, number)

    def below(self, limit: int) -> int:
        """Return a whole number from 0 up to, but not including, the limit."""
        self._state = (self._state + _GOLDEN) & _MASK
        value = ((self._state ^ (self._state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        return ((value ^ (value >> 27)) * limit >> 64) % limit

    def chance(self, per_thousand: int) -> bool:
        """Return True that many times in a thousand."""
        return self.below(1000) < per_thousand

    def pick(self, choices: Sequence[Choice]) -> Choice:
        """Return one of the choices."""
        return choices[self.below(len(choices))]

    def letters(self, length: int) -> str:
        """Return letters and digits, as order keys have them."""
        return "".join(_LETTERS[self.below(62)] for _ in range(length))


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
