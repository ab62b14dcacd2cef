"""An order's lines as pieces of a document: item, net amount in cents, tax code."""

from collections.abc import Sequence
from decimal import Decimal

from udsync_pipelines.domain.order import OrderLine
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.bundles import Bundles
from udsync_pipelines.posting.documents import DraftLineKind
from udsync_pipelines.posting.gift_cards import redeemed_as_coupons, redeemed_beside_lines
from udsync_pipelines.posting.line_items import books_item, item_shares, owed_item
from udsync_pipelines.posting.pieces import Piece, in_cents, net_of
from udsync_pipelines.posting.tax.arithmetic import to_cents
from udsync_pipelines.posting.tax_choice import TaxChoice

_MOST_OF_DESCRIPTION = 4000
_REDEEMED = "Gift card"


def order_pieces(choice: TaxChoice) -> list[Piece]:
    """The order's lines as pieces; a negative fee, a bundle or a gift card may make several of one.

    Raises:
        RecordRejectedError: a tax code or an item is missing.
    """
    order, bundles = choice.order, Bundles.of(choice.order)
    coupons = redeemed_as_coupons(order, choice.policy)
    pieces: list[Piece] = []
    for line, amount in zip(
        order.lines, in_cents([line.total.amount for line in order.lines]), strict=True
    ):
        of_line = _pieces_of(line, amount, choice, bundles)
        pieces += _with_coupon(of_line, to_cents(coupons.get(line.id, Decimal(0))), choice)
    return [*pieces, *_beside_lines(choice)]


def rounding_pieces(choice: TaxChoice, pieces: Sequence[Piece]) -> list[Piece]:
    """A rounding line where the order itself does not add up, else nothing.

    Raises:
        RecordRejectedError: it lacks more than the policy lets a rounding line hold.
    """
    order, policy = choice.order, choice.policy
    net = net_of(pieces)
    missing = order.total.amount - order.total_tax.amount - net
    if not missing:
        return []
    if abs(missing) > policy.rounding_limit:
        raise RecordRejectedError(
            f"The order does not add up: its lines come to {net} and its tax to "
            f"{order.total_tax.amount}, but its total is {order.total.amount}.",
            code="order_does_not_add_up",
            record=f"order/{order.id}",
            cure="Recalculate the order in the shop, or let the posting policy's rounding limit "
            f"be {abs(missing)} at least, then retry.",
        )
    item = books_item("rounding", policy, f"order/{order.id}")
    return [Piece(DraftLineKind.ROUNDING, item, "Rounding", None, missing, choice.out_of_scope())]


def _pieces_of(
    line: OrderLine, amount: Decimal, choice: TaxChoice, bundles: Bundles
) -> list[Piece]:
    record = f"order/{choice.order.id}"
    return [
        Piece(
            kind=part.kind,
            item=part.item,
            description=part.name[:_MOST_OF_DESCRIPTION],
            quantity=part.quantity if place == 0 else None,
            amount=part.amount,
            code=code,
            origin_id=line.id,
        )
        for place, (share, code) in enumerate(choice.shares_of(line, amount))
        for part in item_shares(line, share, bundles, choice.policy, record)
    ]


def _with_coupon(pieces: list[Piece], taken: Decimal, choice: TaxChoice) -> list[Piece]:
    """A line at its price before a coupon that is a gift card, and the card's part as its own line.

    Both bear the line's tax code, for the shop charged the tax on the price after the coupon.
    """
    if not taken or not pieces:
        return pieces
    item = owed_item(DraftLineKind.GIFT_CARD, choice.policy, f"order/{choice.order.id}")
    first = pieces[0]
    card = Piece(
        DraftLineKind.GIFT_CARD, item, _REDEEMED, None, -taken, first.code, first.origin_id
    )
    return [first.worth(first.amount + taken), *pieces[1:], card]


def _beside_lines(choice: TaxChoice) -> list[Piece]:
    taken = to_cents(redeemed_beside_lines(choice.order, choice.policy))
    if not taken:
        return []
    item = owed_item(DraftLineKind.GIFT_CARD, choice.policy, f"order/{choice.order.id}")
    return [Piece(DraftLineKind.GIFT_CARD, item, _REDEEMED, None, -taken, choice.out_of_scope())]
