"""Refunds of generated orders: by line, by amount, zero, twice, and the whole order."""

from typing import Any
from zoneinfo import ZoneInfo

from udsync_pipelines.emulators.woocommerce.amounts import CENT, parse
from udsync_pipelines.emulators.woocommerce.generated.schedule import Head
from udsync_pipelines.emulators.woocommerce.refund_documents import (
    RefundHead,
    Returned,
    refund_document,
    share_of,
)

Json = dict[str, Any]

_REASONS = {
    "line": "Damaged item — returned 1",
    "shipping": "Shipping back",
    "amount": "Goodwill",
    "zero": "",
    "full_lines": "Full return",
    "status": "Order fully refunded.",
}
_GOODWILL = 500 * CENT


def refunds_of(head: Head, order: Json, zone: ZoneInfo, site: str) -> list[Json]:
    """Return an order's refunds, oldest first; together they never exceed its total."""
    left = parse(order["total"])
    made = []
    for place, (way, created) in enumerate(zip(head.refunds, head.refund_times, strict=True)):
        returned = _returned(way, order)
        amount = _amount(way, order, returned, left)
        whole = way in ("status", "full_lines")
        facts = RefundHead(
            head.order_id + 1 + place, head.order_id, created, amount, _REASONS[way], whole=whole
        )
        made.append(refund_document(facts, returned, order, zone, site))
        left -= amount
    return made


def _returned(way: str, order: Json) -> list[Returned]:
    if way == "full_lines":
        whole = [*order["line_items"], *order["shipping_lines"], *order["fee_lines"]]
        return [share_of(line, line.get("quantity", 1)) for line in whole]
    if way == "line" and order["line_items"]:
        return [share_of(order["line_items"][0], 1)]
    if way == "shipping":
        return [share_of(line, 1) for line in order["shipping_lines"]]
    return []


def _amount(way: str, order: Json, returned: list[Returned], left: int) -> int:
    if way in ("status", "full_lines"):
        return parse(order["total"])
    if way == "amount":
        return min(_GOODWILL, left)
    return min(left, sum(item.total + sum(item.taxes.values()) for item in returned))
