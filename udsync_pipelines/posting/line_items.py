"""On which items of the books a line of the shop is posted, and which part of it on each."""

from dataclasses import dataclass, replace
from decimal import Decimal

from udsync_pipelines.domain.money import Money, split
from udsync_pipelines.domain.order import LineKind, OrderLine
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.bundles import Bundles, weights_of
from udsync_pipelines.posting.documents import DraftLineKind, ItemRef, ItemSource
from udsync_pipelines.posting.gift_cards import owed_kind
from udsync_pipelines.posting.policy import BundleRule, PostingPolicy

_KINDS = {
    LineKind.PRODUCT: DraftLineKind.PRODUCT,
    LineKind.SHIPPING: DraftLineKind.SHIPPING,
    LineKind.FEE: DraftLineKind.FEE,
}
_OWED_FIELDS = {DraftLineKind.GIFT_CARD: "gift_cards.item", DraftLineKind.TIP: "tips.item"}


@dataclass(frozen=True, slots=True)
class ItemShare:
    """A part of a line on one item; `quantity` is None where another part holds it."""

    kind: DraftLineKind
    item: ItemRef
    name: str
    amount: Decimal
    quantity: Decimal | None = None


def item_shares(
    line: OrderLine, amount: Decimal, bundles: Bundles, policy: PostingPolicy, record: str
) -> list[ItemShare]:
    """An amount of a line by item: one share, several for a bundle, or none where nothing is left.

    Raises:
        RecordRejectedError: the policy has no item for it.
    """
    quantity = line.quantity if line.kind is LineKind.PRODUCT and line.quantity else None
    share = ItemShare(_KINDS[line.kind], ItemRef(ItemSource.BOOKS, ""), line.name, amount, quantity)
    kind = owed_kind(line, policy)
    if kind is not None:
        return [replace(share, kind=kind, item=owed_item(kind, policy, record))]
    above = bundles.above(line)
    if policy.bundles is BundleRule.PARENT and above:
        if not amount:
            return []
        return [replace(share, item=item_of(above[-1], policy, record), quantity=None)]
    if policy.bundles is BundleRule.CHILDREN:
        if not amount and any(bundle.total.amount for bundle in above):
            return []
        parts = bundles.parts_of(line)
        if parts:
            return _on_parts(line, amount, parts, policy, record)
    return [replace(share, item=item_of(line, policy, record))]


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
    return _chosen(str(getattr(policy.items, role)), role, f"items.{role}", record)


def owed_item(kind: DraftLineKind, policy: PostingPolicy, record: str) -> ItemRef:
    """The policy's item for gift cards or tips, which is on a liability account.

    Raises:
        RecordRejectedError: the policy names none.
    """
    is_card = kind is DraftLineKind.GIFT_CARD
    item_id = policy.gift_cards.item if is_card else policy.tips.item
    return _chosen(item_id, "gift cards" if is_card else "tips", _OWED_FIELDS[kind], record)


def _chosen(item_id: str, role: str, field: str, record: str) -> ItemRef:
    if not item_id:
        raise RecordRejectedError(
            f"The posting policy names no item for {role}.",
            code="item_missing",
            record=record,
            cure=f"Choose an item of the books for {role} in the posting policy ({field}), then "
            "retry.",
        )
    return ItemRef(ItemSource.BOOKS, item_id)


def _on_parts(
    line: OrderLine,
    amount: Decimal,
    parts: tuple[OrderLine, ...],
    policy: PostingPolicy,
    record: str,
) -> list[ItemShare]:
    """A bundle's own amount on the items of what is in it; a part's own price has its own line."""
    shares = split(Money(amount, line.total.currency), weights_of(parts))
    return [
        ItemShare(
            DraftLineKind.PRODUCT,
            item_of(part, policy, record),
            part.name,
            share.amount,
            None if part.total.amount else part.quantity,
        )
        for part, share in zip(parts, shares, strict=True)
        if share
    ]
