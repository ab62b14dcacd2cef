"""The JSON shape of refunds: positive ``amount``, negative lines linked to the order's lines."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from udsync_pipelines.emulators.woocommerce.amounts import half_up, parse, show, unit_price
from udsync_pipelines.emulators.woocommerce.clock import gmt_text, local_text

Json = dict[str, Any]
_LISTS = {"line_items": "line", "shipping_lines": "shipping", "fee_lines": "fee"}


class Returned(NamedTuple):
    """What is given back of one line of the order. Amounts are positive millionths."""

    line: Json
    quantity: int
    total: int
    taxes: dict[int, int]

    @property
    def kind(self) -> str:
        """Which list of the order the line stands in."""
        if "method_id" in self.line:
            return "shipping_lines"
        return "line_items" if "product_id" in self.line else "fee_lines"


class RefundHead(NamedTuple):
    """A refund beside its lines. ``whole`` marks one that leaves nothing on the order."""

    id: int
    order_id: int
    created: int
    amount: int
    reason: str
    whole: bool = False
    paid_back: bool = False


def refund_document(
    head: RefundHead, returned: Sequence[Returned], order: Json, zone: ZoneInfo, site: str
) -> Json:
    """Return a refund as ``orders/<id>/refunds`` sends it (the global list adds ``parent_id``)."""
    first = head.id * 16
    lists: dict[str, list[Json]] = {name: [] for name in _LISTS}
    for position, item in enumerate(returned):
        lists[item.kind].append(_line(item, first + position))
    base = f"{site}/wp-json/wc/v3/orders/{head.order_id}"
    return {
        "id": head.id,
        "date_created": local_text(head.created, zone),
        "date_created_gmt": gmt_text(head.created),
        "amount": show(head.amount),
        "reason": head.reason,
        "refunded_by": 1,
        "refunded_payment": head.paid_back,
        "meta_data": [
            {"id": first, "key": "_refund_type", "value": "full" if head.whole else "partial"}
        ],
        "line_items": lists["line_items"],
        "shipping_lines": lists["shipping_lines"],
        "tax_lines": _tax_lines(returned, order, first + len(returned)),
        "fee_lines": lists["fee_lines"],
        "_links": {
            "self": [
                {
                    "href": f"{base}/refunds/{head.id}",
                    "targetHints": {"allow": ["GET", "DELETE"]},
                }
            ],
            "collection": [{"href": f"{base}/refunds"}],
            "up": [{"href": base}],
        },
    }


def refund_summary(refund: Json) -> Json:
    """Return the entry of ``order.refunds[]``: the amount negative, ``-0.00`` included."""
    tax = sum(parse(line["total_tax"]) for name in _LISTS for line in refund[name])
    return {
        "id": refund["id"],
        "reason": refund["reason"],
        "total": f"-{refund['amount']}",
        "total_tax": show(tax),
    }


def share_of(line: Json, quantity: int) -> Returned:
    """Return some units of an order's line with their share of its net and of each tax."""
    units = max(1, line.get("quantity", 1))
    return Returned(
        line=line,
        quantity=quantity,
        total=half_up(parse(line["total"]) * quantity, units * 10_000) * 10_000,
        taxes={
            tax["id"]: half_up(parse(tax["total"]) * quantity, units * 10_000) * 10_000
            for tax in line["taxes"]
        },
    )


def _line(item: Returned, line_id: int) -> Json:
    tax = sum(item.taxes.values())
    subtotal = show(-item.total) if item.kind == "line_items" else ""
    document = {**item.line, "id": line_id, "total": show(-item.total), "total_tax": show(-tax)}
    document["taxes"] = [
        {"id": rate, "total": show(-share), "subtotal": show(-share) if subtotal else ""}
        for rate, share in item.taxes.items()
        if share
    ]
    origin = str(item.line["id"])
    document["meta_data"] = [
        {
            "id": line_id,
            "key": "_refunded_item_id",
            "value": origin,
            "display_key": "_refunded_item_id",
            "display_value": origin,
        }
    ]
    if item.kind == "line_items":
        document |= {
            "quantity": -item.quantity,
            "subtotal": subtotal,
            "subtotal_tax": show(-tax),
            "price": unit_price(item.total, item.quantity) if item.quantity else 0,
        }
    return document


def _tax_lines(returned: Sequence[Returned], order: Json, first_id: int) -> list[Json]:
    cart: dict[int, int] = {}
    shipping: dict[int, int] = {}
    for item in returned:
        sums = shipping if item.kind == "shipping_lines" else cart
        for rate, share in item.taxes.items():
            if share:
                sums[rate] = sums.get(rate, 0) + share
    known = {line["rate_id"]: line for line in order["tax_lines"]}
    used = [rate for rate in dict.fromkeys([*cart, *shipping]) if rate in known]
    return [
        {
            **known[rate],
            "id": first_id + position,
            "tax_total": show(-cart.get(rate, 0)),
            "shipping_tax_total": show(-shipping.get(rate, 0)),
            "meta_data": [],
        }
        for position, rate in enumerate(used)
    ]
