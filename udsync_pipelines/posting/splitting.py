"""Splitting a line so that the rounded taxes of its parts add up to what the shop charged.

Both parts keep the item and the code: revenue per item and tax base are unchanged.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from udsync_pipelines.posting.company import TaxCode
from udsync_pipelines.posting.pieces import Piece
from udsync_pipelines.posting.tax.arithmetic import CENT, line_taxes, to_cents

MOST_SPLITS = 40
_LARGEST_PART = 2_000  # cents; two rates such as 5 % and 9.975 % repeat after 4,000
_LARGEST_COUNTERPART = 100  # cents
_MOST_EQUAL_PARTS = 8
_MOST_STEPS = 400  # of one search
_MOST_RANKED = 200_000  # cuts, for one document: a second or two, so that none can hold a run up


class Cut(NamedTuple):
    """A way to split an amount: the parts cut off, and the change of tax per component."""

    parts: tuple[Decimal, ...]
    change: tuple[Decimal, ...]

    @property
    def total(self) -> Decimal:
        """The change of the tax as a whole."""
        return sum(self.change, Decimal(0))


@dataclass(slots=True)
class Splitter:
    """Finds the splits that change the tax of a document by what is needed.

    Keeps what it learned about an amount and a code, so one serves a document only. With
    `uses_counterparts` the second part may have the other sign (0.05 as 0.08 and -0.03), and there
    may be several equal parts (7.00 as 6.48, 0.26 and 0.26): the last resort.
    """

    uses_counterparts: bool = False
    _cuts: dict[tuple[Decimal, str], tuple[Cut, ...]] = field(default_factory=dict)
    _steps: int = 0
    _ranked: int = 0

    def split(
        self, pieces: Sequence[Piece], needed: Decimal, by_rate: Mapping[str, Decimal]
    ) -> list[Piece] | None:
        """The pieces with as few splits as found, so that their tax changes by `needed`.

        Args:
            pieces: the parts of the document.
            needed: the wanted change of its tax, in currency units.
            by_rate: the wanted change per rate of the books where known: it decides which of
                two equally good splits is taken.
        """
        self._steps = 0
        return self._search(list(pieces), needed, dict(by_rate), MOST_SPLITS)

    def _search(
        self, pieces: list[Piece], needed: Decimal, by_rate: dict[str, Decimal], most: int
    ) -> list[Piece] | None:
        if not needed:
            return pieces
        if most <= 0 or self._steps >= _MOST_STEPS or self._ranked >= _MOST_RANKED:
            return None
        for index, cut in self._best_first(pieces, needed, by_rate):
            self._steps += 1
            piece = pieces[index]
            divided = [*pieces[:index], *piece.split(cut.parts), *pieces[index + 1 :]]
            left = _less(by_rate, piece.code, cut.change)
            found = self._search(divided, needed - cut.total, left, most - len(cut.parts))
            if found is not None:
                return found
        return None

    def _best_first(
        self, pieces: Sequence[Piece], needed: Decimal, by_rate: Mapping[str, Decimal]
    ) -> list[tuple[int, Cut]]:
        ranked = []
        for index, piece in enumerate(pieces):
            cuts = self._cuts_of(piece.amount, piece.code)
            self._ranked += len(cuts)
            for cut in cuts:
                left = abs(needed - cut.total)
                if left < abs(needed):
                    misfit = _misfit(_less(by_rate, piece.code, cut.change))
                    merit = (left, len(cut.parts), misfit, -abs(piece.amount))
                    ranked.append(((*merit, index, cut.parts), cut))
        ranked.sort(key=lambda entry: entry[0])
        return [(rank[4], cut) for rank, cut in ranked]

    def _cuts_of(self, amount: Decimal, code: TaxCode) -> tuple[Cut, ...]:
        key = (amount, code.id)
        if key not in self._cuts:
            parts = _parts(amount, _period(code), self.uses_counterparts)
            is_one_sign = not any(component.is_compound for component in code.components)
            # Two parts of one sign change a rate's rounding one way only: by nothing or one cent.
            most = None if self.uses_counterparts else 2 if is_one_sign else 3
            self._cuts[key] = tuple(_cuts(amount, parts, code, most))
        return self._cuts[key]


def _period(code: TaxCode) -> int:
    """After how many cents a part's effect on the rounding repeats: 20 for 5 %."""
    shares = [Fraction(part.percent) / 100 for part in code.components if part.percent]
    if any(part.is_compound for part in code.components):
        return _LARGEST_PART
    return min(lcm(*(share.denominator for share in shares)), _LARGEST_PART)


def _parts(amount: Decimal, period: int, uses_counterparts: bool) -> Iterator[tuple[Decimal, ...]]:  # noqa: FBT001 - the splitter's own
    """Amounts to cut off, in the order of preference: the smallest first."""
    unit = CENT if amount > 0 else -CENT
    for cents in range(1, min(int(abs(amount) / CENT) // 2, period) + 1):
        yield (unit * cents,)
    if uses_counterparts and amount:
        for cents in range(1, _LARGEST_COUNTERPART + 1):
            yield (-unit * cents,)
        for count in range(2, _MOST_EQUAL_PARTS):
            yield (to_cents(amount / (count + 1)),) * count
        for cents in range(1, _LARGEST_COUNTERPART + 1):
            for count in range(2, min(int(abs(amount) / CENT) // cents, _MOST_EQUAL_PARTS)):
                yield (unit * cents,) * count


def _cuts(
    amount: Decimal, parts: Iterable[tuple[Decimal, ...]], code: TaxCode, most: int | None
) -> Iterator[Cut]:
    """For each change of tax that these parts can bring, the first part that brings it.

    `most` is how many changes a single rate can undergo, where that is known: when every one of
    them is found, no more parts are tried.
    """
    if code.is_untaxed:
        return
    whole = line_taxes(amount, code)
    seen = {tuple(Decimal(0) for _ in whole)}
    for cut_off in parts:
        every = [amount - sum(cut_off), *cut_off]
        taxes = zip(*(line_taxes(part, code) for part in every), strict=True)
        change = tuple(sum(each) - before for each, before in zip(taxes, whole, strict=True))
        if change not in seen:
            seen.add(change)
            yield Cut(cut_off, change)
            if most is not None and len(seen) == most ** len(whole):
                return


def _less(
    by_rate: Mapping[str, Decimal], code: TaxCode, change: Sequence[Decimal]
) -> dict[str, Decimal]:
    left = dict(by_rate)
    for component, amount in zip(code.components, change, strict=True):
        if component.rate_id in left:
            left[component.rate_id] -= amount
    return left


def _misfit(by_rate: Mapping[str, Decimal]) -> Decimal:
    return sum((abs(amount) for amount in by_rate.values()), Decimal(0))
