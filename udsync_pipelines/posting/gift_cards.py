"""Lines that are no revenue: gift cards and tips, and what redeemed cards take off an order."""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase

from udsync_pipelines.domain.money import Money, split
from udsync_pipelines.domain.order import LineKind, Order, OrderLine
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.documents import DraftLineKind
from udsync_pipelines.posting.policy import PostingPolicy
from udsync_pipelines.posting.selectors import patterns, selects, selects_text

_NOTHING = Decimal(0)
_AMOUNTS = ("amount", "total")


def owed_kind(line: OrderLine, policy: PostingPolicy) -> DraftLineKind | None:
    """Gift card or tip where the policy selects the line as one; None for revenue.

    A negative fee that is selected redeems a card.
    """
    cards = policy.gift_cards
    is_redemption = line.kind is LineKind.FEE and line.total.amount < 0
    if selects(cards.redeemed if is_redemption else cards.sold, line):
        return DraftLineKind.GIFT_CARD
    if selects(policy.tips.lines, line):
        return DraftLineKind.TIP
    return None


def redeemed_as_coupons(order: Order, policy: PostingPolicy) -> Mapping[str, Decimal]:
    """What coupons that are gift cards took off each line, by its id; positive, net of tax.

    Several coupons on one line cannot be told apart, so each takes its part of every line's
    discount. Together they take no more than the lines' discounts.
    """
    taken = sum(
        (
            discount.amount.amount
            for discount in order.discounts
            if selects_text(policy.gift_cards.redeemed, "coupon", discount.code)
        ),
        _NOTHING,
    )
    lowered = [line for line in order.lines if line.subtotal.amount > line.total.amount]
    weights = [line.subtotal.amount - line.total.amount for line in lowered]
    if taken <= 0 or not lowered:
        return {}
    parts = split(Money(min(taken, sum(weights, _NOTHING)), order.currency), weights)
    return {line.id: part.amount for line, part in zip(lowered, parts, strict=True)}


def redeemed_beside_lines(order: Order, policy: PostingPolicy) -> Decimal:
    """What gift cards paid of an order whose total is lower by it while no line tells so.

    Read from the order's meta fields that the policy names. Nothing where the order adds up
    without it: then the cards are on its lines already. Zero or positive.

    Raises:
        RecordRejectedError: such a field holds no amount.
    """
    if order.imbalance.amount >= 0:
        return _NOTHING
    return sum(
        (
            _amount_of(value, name, order)
            for name, value in order.meta.items()
            for pattern in patterns(policy.gift_cards.redeemed, "meta")
            if fnmatchcase(name, pattern)
        ),
        _NOTHING,
    )


def _amount_of(value: object, name: str, order: Order) -> Decimal:
    """The amount in a meta field: a number, a list of them, or an object by the card's code."""
    amounts = [*_amounts(value)]
    try:
        found = [Decimal(str(amount)) for amount in amounts]
    except InvalidOperation:
        found = []
    if len(found) != len(amounts) or not all(each.is_finite() for each in found):
        raise RecordRejectedError(
            f"Its field {name}, which tells what gift cards paid, holds no amount.",
            code="gift_card_unreadable",
            record=f"order/{order.id}",
            cure="Name the right field in the posting policy (gift_cards.redeemed), then retry.",
        )
    return sum(found, _NOTHING)


def _amounts(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        named = [value[name] for name in _AMOUNTS if name in value]
        yield from named[:1] or [part for each in value.values() for part in _amounts(each)]
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _amounts(each)
    else:
        yield value
