"""Moving cents between two lines of one tax code, where no split reaches the shop's tax."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations
from typing import NamedTuple

from udsync_pipelines.posting.pieces import Piece
from udsync_pipelines.posting.tax.arithmetic import CENT, line_taxes


class Move(NamedTuple):
    """The pieces after a move, how many cents moved, and how far the tax changed."""

    pieces: list[Piece]
    cents: int
    change: Decimal


def moves(pieces: Sequence[Piece], limit: int) -> Iterator[Move]:
    """Every move of one to `limit` cents between two pieces of one code, fewest cents first.

    No piece changes its sign, and the code's net amount stays what it was.
    """
    for cents in range(1, limit + 1):
        shift = CENT * cents
        for first, second in combinations(range(len(pieces)), 2):
            if pieces[first].code.id != pieces[second].code.id or pieces[first].code.is_untaxed:
                continue
            for giver, taker in ((first, second), (second, first)):
                moved = _move(pieces, giver, taker, shift)
                if moved is not None:
                    change = sum(
                        _tax(moved[place]) - _tax(pieces[place]) for place in (giver, taker)
                    )
                    yield Move(moved, cents, Decimal(change))


def most_change(pieces: Sequence[Piece], limit: int) -> Decimal:
    """The tax that no move of up to `limit` cents changes by more.

    Two pieces are rounded anew, each for every rate, and both bear the rates on what has moved.
    """
    rates = max((len(piece.code.components) for piece in pieces), default=0)
    return CENT * (2 * rates + 2 * limit)


def _move(pieces: Sequence[Piece], giver: int, taker: int, shift: Decimal) -> list[Piece] | None:
    less = pieces[giver].amount - shift
    more = pieces[taker].amount + shift
    if less * pieces[giver].amount < 0 or more * pieces[taker].amount < 0:
        return None
    moved = list(pieces)
    moved[giver] = pieces[giver].worth(less)
    moved[taker] = pieces[taker].worth(more)
    return moved


def _tax(piece: Piece) -> Decimal:
    return sum(line_taxes(piece.amount, piece.code), Decimal(0))
