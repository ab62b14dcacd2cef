"""WooCommerce's refund: its wire form, what of it matters, and the canonical refund."""

from decimal import Decimal

import orjson

from udsync_pipelines.connectors.woocommerce.address import PLATFORM
from udsync_pipelines.connectors.woocommerce.content_hash import EVERYWHERE, HashRules
from udsync_pipelines.connectors.woocommerce.lines import NESTED, WooLines
from udsync_pipelines.connectors.woocommerce.wire import (
    Amount,
    Gmt,
    Meta,
    Text,
    WireModel,
    in_domain,
    parse,
)
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.domain.money import Money
from udsync_pipelines.domain.order import OrderLine
from udsync_pipelines.domain.refund import Refund
from udsync_pipelines.errors import RecordRejectedError

HASH_RULES = HashRules(
    volatile={
        **EVERYWHERE,
        "parent_id": "sent by the global list only; the same refund read by its order lacks it",
    },
    money=frozenset({"amount"}),
    nested=NESTED,
)


class WooRefund(WooLines):
    """A refund of `wc/v3/refunds` or `wc/v3/orders/<id>/refunds`.

    `amount` is positive, lines are negative or missing. There is no currency and no
    modification time.
    """

    id: int
    amount: Amount
    reason: Text = ""
    date_created_gmt: Gmt
    meta_data: Meta


class _ParentOrder(WireModel):
    id: int
    currency: str


def canonical(raw: bytes, parent_raw: bytes | None) -> Refund:
    """The canonical refund of one archived refund; its currency is the order's.

    `total_tax` is positive like `amount`: the tax that the refund's lines give back. It is zero
    for a refund without lines, which carries no tax split.

    Raises:
        RecordRejectedError: a field is missing or unreadable, or (code `waits_for_order`) its
            order is not archived yet.
    """
    refund = parse(WooRefund, Entity.REFUND, raw)
    if parent_raw is None:
        raise _waits(refund.id, raw)
    parent = parse(_ParentOrder, Entity.ORDER, parent_raw)
    return in_domain(Entity.REFUND, refund.id, lambda: _refund(refund, parent))


def _refund(refund: WooRefund, parent: _ParentOrder) -> Refund:
    lines = refund.lines(parent.currency)
    return Refund(
        id=str(refund.id),
        order_id=str(parent.id),
        amount=Money(refund.amount, parent.currency),
        total_tax=Money(_given_back(lines), parent.currency),
        reason=refund.reason,
        lines=lines,
        created_at=refund.date_created_gmt,
        meta=refund.meta_data,
    )


def _given_back(lines: tuple[OrderLine, ...]) -> Decimal:
    return Decimal(0) - sum((line.total_tax.amount for line in lines), Decimal(0))


def _waits(identifier: int, raw: bytes) -> RecordRejectedError:
    order_id = orjson.loads(raw).get("parent_id")
    which = f"order {order_id}" if isinstance(order_id, int) and order_id else "its order"
    return RecordRejectedError(
        f"The refund waits for {which}, which has not been read yet.",
        code="waits_for_order",
        platform=PLATFORM,
        record=f"{Entity.REFUND}/{identifier}",
        cure="It goes on by itself once the order is read; sync orders if it stays here.",
    )
