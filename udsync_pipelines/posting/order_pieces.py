"""An order's lines as pieces of a document: item, net amount in cents, tax code."""

from collections.abc import Sequence
from decimal import Decimal

from udsync_pipelines.domain.order import LineKind, OrderLine
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.documents import DraftLineKind, ItemRef, ItemSource
from udsync_pipelines.posting.pieces import Piece, in_cents, net_of
from udsync_pipelines.posting.policy import PostingPolicy
from udsync_pipelines.posting.tax_choice import TaxChoice

_MOST_OF_DESCRIPTION = 4000
KINDS = {
    LineKind.PRODUCT: DraftLineKind.PRODUCT,
    LineKind.SHIPPING: DraftLineKind.SHIPPING,
    LineKind.FEE: DraftLineKind.FEE,
}


def order_pieces(choice: TaxChoice) -> list[Piece]:
    """The order's lines as pieces; a negative fee may become several.

    Raises:
        RecordRejectedError: a tax code or an item is missing.
    """
    lines = choice.order.lines
    amounts = in_cents([line.total.amount for line in lines])
    return [
        piece
        for line, amount in zip(lines, amounts, strict=True)
        for piece in _pieces_of(line, amount, choice)
    ]


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


def item_of(line: OrderLine, policy: PostingPolicy, record: str) -> ItemRef:
    """The item of a line: its variation or product, else the policy's item for its kind.

    Raises:
        RecordRejectedError: the policy has no item for it.
    """
    if line.kind is LineKind.SHIPPING:
        return books_item("shipping", policy, record)
    if line.kind is LineKind.FEE:
        return books_item("fees", policy, record)
    if line.variation_id:
        return ItemRef(ItemSource.VARIATION, line.variation_id)
    if line.product_id:
        return ItemRef(ItemSource.PRODUCT, line.product_id)
    return books_item("unmatched", policy, record)


def books_item(role: str, policy: PostingPolicy, record: str) -> ItemRef:
    """The policy's item for a role: a field of `ItemPolicy`.

    Raises:
        RecordRejectedError: the policy names none.
    """
    item_id = str(getattr(policy.items, role))
    if not item_id:
        raise RecordRejectedError(
            f"The posting policy names no item for {role}.",
            code="item_missing",
            record=record,
            cure=f"Choose an item of the books for {role} in the posting policy, then retry.",
        )
    return ItemRef(ItemSource.BOOKS, item_id)


def _pieces_of(line: OrderLine, amount: Decimal, choice: TaxChoice) -> list[Piece]:
    item = item_of(line, choice.policy, f"order/{choice.order.id}")
    counted = line.kind is LineKind.PRODUCT and bool(line.quantity)
    return [
        Piece(
            kind=KINDS[line.kind],
            item=item,
            description=line.name[:_MOST_OF_DESCRIPTION],
            quantity=line.quantity if counted and place == 0 else None,
            amount=share,
            code=code,
            origin_id=line.id,
        )
        for place, (share, code) in enumerate(choice.shares_of(line, amount))
    ]
