"""Making the books' tax equal to the shop's by the first remedy that does it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from udsync_pipelines.posting.company import TaxCode
from udsync_pipelines.posting.documents import Remedy, TaxOverride
from udsync_pipelines.posting.moving import most_change, moves
from udsync_pipelines.posting.pieces import Piece, taxed
from udsync_pipelines.posting.splitting import Splitter
from udsync_pipelines.posting.tax.arithmetic import CENT, PredictedTax, TaxArithmetic

_MOST_MOVES_TRIED = 40


@dataclass(frozen=True, slots=True)
class Target:
    """What the shop charged: tax in all, and per rate of the books where that can be told."""

    total: Decimal
    by_rate: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """How far the fitting may go.

    `untaxed` is the code of what bears no tax, `untaxed_share` the most of a line that may be put
    on it, or taken from it, where a document is taxed as a whole.
    """

    moved_cents: int
    allow_override: bool
    untaxed: TaxCode | None = None
    untaxed_share: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Pieces whose tax in the books is the target, and how that was reached."""

    pieces: list[Piece]
    remedy: Remedy
    predicted: PredictedTax
    splits: int = 0
    moved_cents: int = 0
    override: TaxOverride | None = None
    untaxed_share: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Unfitted:
    """No remedy reaches the target. `predicted` is None where the books' tax is unknowable.

    `is_explained` is False when the difference is more than rounding can make.
    """

    predicted: PredictedTax | None
    is_explained: bool = True


def fit(
    pieces: Sequence[Piece], target: Target, arithmetic: TaxArithmetic, limits: Limits
) -> Fitted | Unfitted:
    """As is, else the first remedy that is exact: see `Remedy` for their order."""
    predicted = arithmetic.predict(taxed(pieces))
    if predicted is None:
        return _overridden(pieces, target, predicted, limits) or Unfitted(None)
    if predicted.total == target.total:
        return Fitted(list(pieces), Remedy.AS_IS, predicted)
    if abs(target.total - predicted.total) > _most_of_rounding(pieces):
        return Unfitted(predicted, is_explained=False)
    found = _reshaped(pieces, target, predicted, limits) if arithmetic.rounds_each_line else None
    if found is not None:
        reached = arithmetic.predict(taxed(found.pieces))
        if reached is not None and reached.total == target.total:
            return Fitted(found.pieces, found.remedy, reached, found.splits, found.moved_cents)
    if not arithmetic.rounds_each_line:
        shared = _shared(pieces, target, arithmetic, limits)
        if shared is not None:
            return shared
    return _overridden(pieces, target, predicted, limits) or Unfitted(predicted)


def _shared(
    pieces: Sequence[Piece], target: Target, arithmetic: TaxArithmetic, limits: Limits
) -> Fitted | None:
    """A share of the largest taxed line put on the untaxed code, so that the rest bears the tax.

    A negative share is taxed twice, as it were: the line grows by it and an untaxed line takes it
    off again. The smallest share that is exact is taken.
    """
    taxed_ones = [place for place, piece in enumerate(pieces) if not piece.code.is_untaxed]
    if limits.untaxed is None or not taxed_ones:
        return None
    place = max(taxed_ones, key=lambda each: pieces[each].amount)
    for cents in range(1, int(min(limits.untaxed_share, pieces[place].amount) / CENT) + 1):
        for share in (CENT * cents, -CENT * cents):
            rest, part = pieces[place].split([share])
            divided = [*pieces[:place], rest, replace(part, code=limits.untaxed)]
            divided += pieces[place + 1 :]
            reached = arithmetic.predict(taxed(divided))
            if reached is not None and reached.total == target.total:
                return Fitted(divided, Remedy.UNTAXED_SHARE, reached, splits=1, untaxed_share=share)
    return None


@dataclass(frozen=True, slots=True)
class _Reshaped:
    pieces: list[Piece]
    remedy: Remedy
    splits: int
    moved_cents: int


def _reshaped(
    pieces: Sequence[Piece], target: Target, predicted: PredictedTax, limits: Limits
) -> _Reshaped | None:
    needed = target.total - predicted.total
    by_rate = {
        rate: amount - predicted.by_rate.get(rate, Decimal(0))
        for rate, amount in target.by_rate.items()
    }
    splitter = Splitter()
    divided = splitter.split(pieces, needed, by_rate)
    if divided is not None:
        return _Reshaped(divided, Remedy.SPLIT, len(divided) - len(pieces), 0)
    moved = _moved(pieces, needed, by_rate, splitter, limits)
    if moved is not None:
        return moved
    divided = Splitter(uses_counterparts=True).split(pieces, needed, by_rate)
    if divided is None:
        return None
    return _Reshaped(divided, Remedy.SPLIT, len(divided) - len(pieces), 0)


def _moved(
    pieces: Sequence[Piece],
    needed: Decimal,
    by_rate: Mapping[str, Decimal],
    splitter: Splitter,
    limits: Limits,
) -> _Reshaped | None:
    if abs(needed) <= most_change(pieces, limits.moved_cents):
        for move in moves(pieces, limits.moved_cents):
            if move.change == needed:
                return _Reshaped(move.pieces, Remedy.MOVED_CENT, 0, move.cents)
    for tried, move in enumerate(moves(pieces, limits.moved_cents)):
        if tried >= _MOST_MOVES_TRIED:
            break
        divided = splitter.split(move.pieces, needed - move.change, by_rate)
        if divided is not None:
            splits = len(divided) - len(pieces)
            return _Reshaped(divided, Remedy.MOVED_CENT, splits, move.cents)
    return None


def _overridden(
    pieces: Sequence[Piece], target: Target, predicted: PredictedTax | None, limits: Limits
) -> Fitted | None:
    if not limits.allow_override:
        return None
    # Where the books choose the rates, the shares by rate are theirs too.
    override = TaxOverride(target.total, dict(target.by_rate) if predicted else {})
    reached = PredictedTax(target.total, target.by_rate or (predicted.by_rate if predicted else {}))
    return Fitted(list(pieces), Remedy.OVERRIDE, reached, override=override)


def _most_of_rounding(pieces: Sequence[Piece]) -> Decimal:
    # Shop and books each round a line's tax of one rate by half a cent at most.
    roundings = sum(
        sum(1 for component in piece.code.components if component.percent) for piece in pieces
    )
    return CENT * max(1, roundings)
