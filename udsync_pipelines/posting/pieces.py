"""The parts of a document while its tax is being fitted: net amounts in cents and their codes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from udsync_pipelines.posting.company import TaxCode
from udsync_pipelines.posting.documents import DraftLine, DraftLineKind, ItemRef
from udsync_pipelines.posting.tax.arithmetic import CENT, TaxedAmount, to_cents
from udsync_pipelines.posting.tax.united_states import NOT_TAXABLE, TAXABLE

_PRICE = Decimal("0.0000001")  # the books keep seven decimals of a unit price


@dataclass(frozen=True, slots=True)
class Piece:
    """A line of a document to be: what it is, its net amount in whole cents, its tax code."""

    kind: DraftLineKind
    item: ItemRef
    description: str
    quantity: Decimal | None
    amount: Decimal
    code: TaxCode
    origin_id: str | None = None

    def worth(self, amount: Decimal) -> "Piece":
        """The same piece with another amount."""
        return replace(self, amount=amount)

    def split(self, parts: Sequence[Decimal]) -> "list[Piece]":
        """Pieces of the same item and code: what the parts leave, then the parts.

        The first keeps the quantity, the parts have none.
        """
        rest = self.worth(self.amount - sum(parts, Decimal(0)))
        return [rest, *(replace(self, amount=part, quantity=None) for part in parts)]


def taxed(pieces: Sequence[Piece]) -> list[TaxedAmount]:
    """What tax arithmetic sees of the pieces."""
    return [TaxedAmount(piece.amount, piece.code) for piece in pieces]


def net_of(pieces: Sequence[Piece]) -> Decimal:
    """The sum of the pieces."""
    return sum((piece.amount for piece in pieces), Decimal(0))


def in_cents(amounts: Sequence[Decimal]) -> list[Decimal]:
    """Amounts in whole cents whose sum is the exact sum in whole cents.

    What rounding loses or gains goes to the largest amount.
    """
    cents = [to_cents(amount) for amount in amounts]
    lost = to_cents(sum(amounts, Decimal(0))) - sum(cents, Decimal(0))
    if lost:
        largest = max(range(len(cents)), key=lambda index: abs(cents[index]))
        cents[largest] += lost
    return cents


def draft_lines(pieces: Sequence[Piece], *, is_per_line: bool) -> tuple[DraftLine, ...]:
    """The lines as they are written; `is_per_line` False writes TAX and NON (United States)."""
    return tuple(_draft_line(piece, is_per_line=is_per_line) for piece in pieces)


def _draft_line(piece: Piece, *, is_per_line: bool) -> DraftLine:
    flag = NOT_TAXABLE if piece.code.is_untaxed else TAXABLE
    return DraftLine(
        kind=piece.kind,
        item=piece.item,
        description=piece.description,
        quantity=piece.quantity,
        unit_price=_unit_price(piece),
        amount=piece.amount.quantize(CENT),
        tax_code=piece.code.id if is_per_line else flag,
        origin_id=piece.origin_id,
    )


def _unit_price(piece: Piece) -> Decimal | None:
    # The books refuse an amount that is not quantity times price to the cent, so send no price.
    if not piece.quantity:
        return None
    price = (piece.amount / piece.quantity).quantize(_PRICE)
    if to_cents(price * piece.quantity) != piece.amount:
        return None
    return to_cents(price) if to_cents(price) == price else price.normalize()
