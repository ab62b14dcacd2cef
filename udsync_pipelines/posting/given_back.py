"""What a refund gives back, as pieces: its lines, an amount without lines, or all that remains."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from udsync_pipelines.domain.money import Money, split
from udsync_pipelines.domain.order import LineKind, LineTax, OrderLine
from udsync_pipelines.domain.refund import Refund
from udsync_pipelines.posting.bundles import Bundles
from udsync_pipelines.posting.company import TaxCode
from udsync_pipelines.posting.documents import DraftLineKind
from udsync_pipelines.posting.gift_cards import owed_kind
from udsync_pipelines.posting.line_items import books_item, item_shares
from udsync_pipelines.posting.pieces import Piece
from udsync_pipelines.posting.tax.arithmetic import (
    CENT,
    combined_rate,
    exact_base,
    line_taxes,
    to_cents,
)
from udsync_pipelines.posting.tax_choice import TaxChoice

_NOTHING = Decimal(0)
_ORIGIN = "_refunded_item_id"


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Pieces, positive like a sale's, and the tax they are to come to."""

    pieces: list[Piece]
    tax: Decimal


def lines_given_back(refund: Refund, choice: TaxChoice) -> GivenBack:
    """The refund's own lines, on the tax codes of the order's lines that they belong to.

    Raises:
        RecordRejectedError: a tax code or an item is missing.
    """
    by_id = {line.id: line for line in choice.order.lines}
    bundles = Bundles.of(choice.order)
    pieces: list[Piece] = []
    for line in refund.lines:
        origin = by_id.get(str(line.meta.get(_ORIGIN, "")))
        pieces += _pieces_of(_positive(line, origin), origin or line, choice, bundles)
    return GivenBack([piece for piece in pieces if piece.amount or piece.quantity], _tax_of(refund))


def gross_of_lines(refund: Refund) -> Decimal:
    """What the refund's lines come to with their tax, positive."""
    net = sum((to_cents(line.total.amount) for line in refund.lines), _NOTHING)
    return _tax_of(refund) - net


def amount_given_back(gross: Money, base: Sequence[Piece], choice: TaxChoice) -> GivenBack:
    """An amount without lines, split over the tax codes of the base in proportion to their gross.

    The parts with their taxes come to exactly the amount.
    """
    weights = _gross_by_code(base)
    item = books_item("refunds", choice.policy, f"order/{choice.order.id}")
    pieces, taxes = [], _NOTHING
    for part, code in zip(split(gross, list(weights.values())), _codes(base, weights), strict=True):
        if part:
            net = _net_of(part.amount, code)
            taxes += part.amount - net
            pieces.append(Piece(DraftLineKind.REFUND, item, "Refund", None, net, code))
    return GivenBack(pieces, taxes)


def rest_of_sale(sale: Sequence[Piece], earlier: Iterable[Piece], choice: TaxChoice) -> list[Piece]:
    """What remains of a sale after earlier refunds: with them it nets to zero line by line.

    An earlier amount without a line of the order is taken off on the item for refunds.
    """
    left = _merged(sale)
    item = None
    for piece in earlier:
        key = _key(piece)
        if key in left:
            left[key] = _minus(left[key], piece)
            continue
        item = item or books_item("refunds", choice.policy, f"order/{choice.order.id}")
        taken = Piece(DraftLineKind.REFUND, item, "Refunded earlier", None, _NOTHING, piece.code)
        other = ("", str(item), piece.code.id)
        left[other] = _minus(left.get(other, taken), replace(piece, quantity=None))
    return [piece for piece in left.values() if piece.amount]


def sale_and_returns(sale: Sequence[Piece], earlier: Iterable[Piece]) -> list[Piece]:
    """What remains of a sale, written out: the sale as it is, then every return with a minus.

    Longer than `rest_of_sale`, and exact wherever sale and returns are: a return with a minus
    bears exactly the tax that it gave back.
    """
    returns = [replace(piece, amount=-piece.amount, quantity=None) for piece in earlier]
    return [*sale, *returns]


def _pieces_of(
    line: OrderLine, origin: OrderLine, choice: TaxChoice, bundles: Bundles
) -> list[Piece]:
    record = f"order/{choice.order.id}"
    named = replace(origin, name=line.name)
    counted = line.kind is LineKind.PRODUCT and line.quantity > 0
    return [
        Piece(
            kind=part.kind,
            item=part.item,
            description=part.name,
            quantity=line.quantity if counted and part.quantity and not place else None,
            amount=part.amount,
            code=code,
            origin_id=origin.id,
        )
        for place, (share, code) in enumerate(_shares(line, origin, choice))
        for part in item_shares(named, share, bundles, choice.policy, record)
    ]


def _shares(line: OrderLine, origin: OrderLine, choice: TaxChoice) -> list[tuple[Decimal, TaxCode]]:
    amount = to_cents(line.total.amount)
    if line.kind is LineKind.FEE and amount < 0:
        return choice.shares_of(line, amount)
    if not line.total_tax and owed_kind(origin, choice.policy):
        return [(amount, choice.out_of_scope())]
    code = choice.code_of(frozenset(tax.rate_id for tax in line.taxes))
    wanted = sum((tax.total.amount for tax in line.taxes), _NOTHING)
    fits = abs(sum(line_taxes(amount, code)) - wanted) <= CENT * max(1, len(code.components))
    if fits or not combined_rate(code):
        return [(amount, code)]
    # More or less tax than the amount bears, up to tax alone: the share that bears it is taxed.
    share = exact_base(wanted, code)
    untaxed = choice.code_of(frozenset())
    parts = [(share, code), (amount - share, untaxed)]
    return [(part, of) for part, of in parts if part]


def _positive(line: OrderLine, origin: OrderLine | None) -> OrderLine:
    """A refund's line with the signs of a sale and the rates of the line it belongs to."""
    given = {tax.rate_id: -tax.total for tax in line.taxes}
    rates = [tax.rate_id for tax in origin.taxes] if origin else list(given)
    nothing = Money(_NOTHING, line.total.currency)
    every = [*rates, *(rate for rate in given if rate not in rates)]
    return replace(
        line,
        quantity=-line.quantity if line.kind is LineKind.PRODUCT else line.quantity,
        total=-line.total,
        total_tax=-line.total_tax,
        taxes=tuple(LineTax(rate, given.get(rate, nothing)) for rate in every),
    )


def _tax_of(refund: Refund) -> Decimal:
    return -sum((line.total_tax.amount for line in refund.lines), _NOTHING)


def _gross_by_code(base: Sequence[Piece]) -> dict[str, Decimal]:
    gross: dict[str, Decimal] = {}
    for piece in base:
        tax = sum(line_taxes(piece.amount, piece.code))
        gross[piece.code.id] = gross.get(piece.code.id, _NOTHING) + piece.amount + tax
    positive = {code: amount for code, amount in gross.items() if amount > 0}
    return positive or dict.fromkeys(gross, Decimal(1))


def _codes(base: Sequence[Piece], weights: Mapping[str, Decimal]) -> list[TaxCode]:
    by_id = {piece.code.id: piece.code for piece in base}
    return [by_id[code_id] for code_id in weights]


def _net_of(gross: Decimal, code: TaxCode) -> Decimal:
    """The net amount whose tax makes it the gross; the nearest where none does."""
    near = to_cents(gross / (1 + combined_rate(code)))
    for net in (near, near - CENT, near + CENT):
        if net + sum(line_taxes(net, code)) == gross:
            return net
    return near


def _merged(sale: Sequence[Piece]) -> dict[tuple[str, str, str], Piece]:
    """The sale's pieces by line, item and code, the parts of a split line together."""
    merged: dict[tuple[str, str, str], Piece] = {}
    for piece in sale:
        key = _key(piece)
        held = merged.get(key)
        merged[key] = held.worth(held.amount + piece.amount) if held else piece
    return merged


def _minus(piece: Piece, taken: Piece) -> Piece:
    quantity = piece.quantity
    if quantity is not None and taken.quantity is not None:
        quantity = max(quantity - taken.quantity, _NOTHING) or None
    return replace(piece, amount=piece.amount - taken.amount, quantity=quantity)


def _key(piece: Piece) -> tuple[str, str, str]:
    return (piece.origin_id or piece.kind, str(piece.item), piece.code.id)
