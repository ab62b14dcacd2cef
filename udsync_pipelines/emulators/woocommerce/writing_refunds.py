"""POST and DELETE of refunds."""

from typing import Any

from udsync_pipelines.emulators.woocommerce.amounts import parse
from udsync_pipelines.emulators.woocommerce.answers import ApiError
from udsync_pipelines.emulators.woocommerce.lists import REFUNDS
from udsync_pipelines.emulators.woocommerce.reading import shown
from udsync_pipelines.emulators.woocommerce.refund_documents import (
    RefundHead,
    Returned,
    refund_document,
    refund_summary,
)
from udsync_pipelines.emulators.woocommerce.store import Store

Json = dict[str, Any]

_LINES = ("line_items", "shipping_lines", "fee_lines")


def create_refund(store: Store, order_id: int, body: Json) -> Json:
    """Refund an order by amount, by lines, or both (the two need not agree).

    The order moves; its own totals never change. Refunding all of it turns its status.

    Raises:
        ApiError: 404 for an unknown order; 500 (``data`` is then the number 500) when the amount
            is too large, or when ``api_refund`` is not switched off and the gateway cannot.
    """
    order = store.records.document("order", order_id)
    if order is None:
        raise ApiError(404, "woocommerce_rest_invalid_order_id", "Invalid order ID.")
    returned = [_returned(order, sent) for sent in body.get("line_items") or ()]
    if "amount" in body:
        amount = parse(body["amount"])
    else:
        amount = sum(item.total + sum(item.taxes.values()) for item in returned)
    left = refundable(order)
    if amount < 0 or amount > left:
        raise _refused("Invalid refund amount.")
    if body.get("api_refund", True):
        raise _refused("The payment gateway for this order does not support automatic refunds.")
    whole = amount == left and amount > 0
    head = _head(store, order, amount, body.get("reason", ""), whole=whole)
    return _book(store, order, head, returned, closes=whole)


def refund_whole_order(store: Store, order: Json) -> None:
    """Book what WooCommerce books when an order's status becomes ``refunded``."""
    left = refundable(order)
    if left > 0:
        head = _head(store, order, left, "Order fully refunded.", whole=True)
        _book(store, order, head, [], closes=False)


def refundable(order: Json) -> int:
    """Return what may still be refunded, in millionths."""
    return parse(order["total"]) + sum(parse(entry["total"]) for entry in order["refunds"])


def delete_refund(store: Store, order_id: int, refund_id: int) -> Json:
    """Remove a refund at once; the order keeps its stamp: only its ``refunds`` list tells.

    Raises:
        ApiError: 404 when the order has no such refund.
    """
    refund = shown(store, REFUNDS, refund_id, order_id)
    store.records.delete("refund", refund_id)
    if store.records.row("order", order_id):
        store.change(
            "order",
            order_id,
            lambda order: order.update(
                refunds=[entry for entry in order["refunds"] if entry["id"] != refund_id]
            ),
        )
    return refund


def _returned(order: Json, sent: Json) -> Returned:
    lines = [line for name in _LINES for line in order[name]]
    line = next((known for known in lines if known["id"] == sent.get("id")), None)
    if line is None:
        raise ApiError(
            400,
            "woocommerce_rest_invalid_item_id",
            "Order item ID provided is not associated with order.",
        )
    taxes = {int(tax["id"]): parse(tax.get("refund_total")) for tax in sent.get("refund_tax") or ()}
    return Returned(line, int(sent.get("quantity", 0)), parse(sent.get("refund_total")), taxes)


def _head(store: Store, order: Json, amount: int, reason: str, *, whole: bool) -> RefundHead:
    return RefundHead(
        id=store.next_id("refund"),
        order_id=order["id"],
        created=store.clock.now(),
        amount=amount,
        reason=reason,
        whole=whole,
    )


def _book(
    store: Store, order: Json, head: RefundHead, returned: list[Returned], *, closes: bool
) -> Json:
    refund = refund_document(head, returned, order, store.zone, store.options.site_url)
    store.save("refund", refund, order["id"])
    order["refunds"] = [refund_summary(refund), *order["refunds"]]
    if closes:
        order["status"] = "refunded"
        order["is_editable"] = order["needs_payment"] = False
    store.stamp(order, ("modified",))
    store.save("order", order)
    return refund


def _refused(message: str) -> ApiError:
    return ApiError(500, "woocommerce_rest_cannot_create_order_refund", message, 500)
