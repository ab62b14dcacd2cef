"""POST, PUT and DELETE of orders, with the traces each leaves on ``date_modified``."""

from typing import Any

from udsync_pipelines.emulators.woocommerce.amounts import parse, show
from udsync_pipelines.emulators.woocommerce.answers import ApiError, invalid_parameters
from udsync_pipelines.emulators.woocommerce.arithmetic import Mode
from udsync_pipelines.emulators.woocommerce.clock import seconds_of
from udsync_pipelines.emulators.woocommerce.documents import (
    PAID,
    OrderHead,
    meta_entry,
    order_document,
    order_links,
)
from udsync_pipelines.emulators.woocommerce.generated.dice import Dice
from udsync_pipelines.emulators.woocommerce.lists import ORDERS
from udsync_pipelines.emulators.woocommerce.order_lines import (
    LISTS,
    Lines,
    apply_coupons,
    apply_lines,
    rates_for,
    stored_lines,
    written,
)
from udsync_pipelines.emulators.woocommerce.parameters import listed
from udsync_pipelines.emulators.woocommerce.reading import missing
from udsync_pipelines.emulators.woocommerce.store import Store
from udsync_pipelines.emulators.woocommerce.writing_refunds import refund_whole_order

Json = dict[str, Any]

_BILLING = (
    "first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode",
    "country", "email", "phone",
)  # fmt: skip
_TEXTS = ("payment_method", "payment_method_title", "transaction_id", "customer_note", "currency")
_EDITABLE = ("pending", "on-hold", "auto-draft")


def create_order(store: Store, body: Json, *, checked: bool = True) -> Json:
    """Create an order; an empty body makes an empty pending one. Twice is two orders.

    Args:
        store: the store.
        body: the request.
        checked: False inside a batch, whose items skip schema validation.

    Raises:
        ApiError: 400 for a bad status, e-mail, customer, product or coupon.
    """
    if checked:
        _check(store, body)
    _check_customer(store, body)
    now = store.clock.now()
    order_id = store.next_id("order")
    status = body.get("status", "pending")
    head = OrderHead(
        id=order_id,
        status=status if status in store.options.order_statuses else "pending",
        created=now,
        modified=now,
        customer_id=body.get("customer_id") or 0,
        billing=_address(body.get("billing"), _BILLING),
        shipping=_address(body.get("shipping"), [key for key in _BILLING if key != "email"]),
        currency=body.get("currency", "CAD"),
        payment_method=body.get("payment_method", ""),
        payment_method_title=body.get("payment_method_title", ""),
        transaction_id=body.get("transaction_id", ""),
        customer_note=body.get("customer_note", ""),
        order_key=f"wc_order_{Dice(store.options.seed, order_id).letters(13)}",
        meta=[_meta(store, entry) for entry in body.get("meta_data") or ()],
    )
    if body.get("set_paid") and head.status == "pending":
        head.status = "processing"
    _date_status(head, now)
    places = {"shipping": head.shipping, "billing": head.billing}
    by_class = rates_for(store, places)
    lines = Lines()
    apply_lines(store, lines, body, by_class)
    if body.get("coupon_lines"):
        apply_coupons(store, lines, [entry["code"] for entry in body["coupon_lines"]], Mode())
    totals, lists = written(store, lines, Mode(), by_class)
    order = order_document(
        head, totals, {**lists, "refunds": []}, store.zone, store.options.site_url
    )
    _reduce_stock(store, order)
    store.save("order", order)
    return order


def update_order(store: Store, order_id: int, body: Json, *, checked: bool = True) -> Json:
    """Change an order; any PUT moves it on HPOS, one without content does not on CPT.

    Raises:
        ApiError: 400 for an unknown id or a bad value.
    """
    order = store.records.document("order", order_id)
    if order is None:
        raise ApiError(400, *ORDERS.invalid)
    if checked:
        _check(store, body)
    _check_customer(store, body)
    before = {key: value for key, value in order.items() if key != "meta_data"}
    _apply_heading(store, order, body)
    if any(body.get(name) for name in LISTS):
        _rewrite_lines(store, order, body)
    _apply_status(store, order, body)
    _apply_meta(store, order, body)
    unchanged = {key: value for key, value in order.items() if key != "meta_data"} == before
    if store.options.storage == "hpos" or not unchanged:
        store.stamp(order, ("modified",))
    store.save("order", order)
    return store.freshen_lines(order)


def delete_order(store: Store, order_id: int, *, force: bool) -> Json:
    """Trash an order (it moves, and leaves every ``any`` list), or remove it for good.

    Returns the order as it was before, as WooCommerce answers.

    Raises:
        ApiError: 404 for an unknown id, 410 when it is in the trash already.
    """
    order = store.records.document("order", order_id)
    if order is None:
        raise missing(ORDERS)
    if force:
        store.records.delete("order", order_id)
        for row in store.records.rows("kind='refund' AND parent=?", (order_id,)):
            store.records.delete("refund", row.id)
        return store.freshen_lines(order)
    if order["status"] == "trash":
        raise ApiError(
            410, "woocommerce_rest_already_trashed", "The shop_order has already been deleted."
        )
    trashed = {**order, "status": "trash", "meta_data": list(order["meta_data"])}
    for key, value in (
        ("_wp_trash_meta_status", f"wc-{order['status']}"),
        ("_wp_trash_meta_time", str(store.clock.now())),
    ):
        trashed["meta_data"].append(meta_entry(next(store.items), key, value, shown=False))
    store.stamp(trashed, ("modified",))
    _refresh_flags(trashed)
    store.save("order", trashed)
    return store.freshen_lines(order)


def _check(store: Store, body: Json) -> None:
    problems = {}
    known = ("auto-draft", *store.options.order_statuses)
    if "status" in body and body["status"] not in (*known, "trash"):
        message = f"status is not one of {listed(known)}."
        problems["status"] = ("rest_not_in_enum", message, None)
    email = (body.get("billing") or {}).get("email")
    if email and "@" not in email:
        problems["billing"] = ("rest_invalid_email", "Invalid email address.", None)
    if problems:
        raise invalid_parameters(problems)


def _check_customer(store: Store, body: Json) -> None:
    customer_id = body.get("customer_id")
    if customer_id and store.records.row("customer", customer_id) is None:
        raise ApiError(400, "woocommerce_rest_invalid_customer_id", "Customer ID is invalid.")


def _address(sent: Json | None, keys: Any) -> Json:
    return {key: str((sent or {}).get(key) or "") for key in keys}


def _meta(store: Store, entry: Json) -> Json:
    return meta_entry(next(store.items), entry["key"], entry.get("value"), shown=False)


def _date_status(head: OrderHead, now: int) -> None:
    if head.status in PAID and head.paid is None:
        head.paid = now
    if head.status == "completed" and head.completed is None:
        head.completed = now


def _apply_heading(store: Store, order: Json, body: Json) -> None:
    for name in _TEXTS:
        if name in body:
            order[name] = body[name]
    for name in ("billing", "shipping"):
        order[name] = {
            **order[name],
            **{k: v for k, v in (body.get(name) or {}).items() if k in _BILLING},
        }
    if "customer_id" in body:
        order["customer_id"] = body["customer_id"]
        order["_links"] = order_links(order["id"], body["customer_id"], store.options.site_url)


def _rewrite_lines(store: Store, order: Json, body: Json) -> None:
    by_class = rates_for(store, order)
    mode = Mode(prices_include_tax=order["prices_include_tax"])
    lines = stored_lines(store, order, by_class)
    apply_lines(store, lines, body, by_class)
    if body.get("coupon_lines"):
        apply_coupons(store, lines, [entry["code"] for entry in body["coupon_lines"]], mode)
    if _only_quantities(body):
        # A quantity alone changes nothing but itself: not the total, not the tax.
        quantities = {line.id: line.quantity for line, _ in lines.items}
        for item in order["line_items"]:
            item["quantity"] = quantities[item["id"]]
            price = float(item["total"]) / max(1, item["quantity"])
            item["price"] = int(price) if price == int(price) else price
        return
    totals, lists = written(store, lines, mode, by_class)
    images = {item["id"]: item["image"] for item in order["line_items"]}
    for item in lists["line_items"]:
        item["image"] = images.get(item["id"], item["image"])
    order |= lists
    for name in totals._fields[:7]:
        order[name] = show(getattr(totals, name))


def _only_quantities(body: Json) -> bool:
    if any(body.get(name) for name in LISTS if name != "line_items"):
        return False
    return all(set(sent) == {"id", "quantity"} and sent["quantity"] for sent in body["line_items"])


def _apply_status(store: Store, order: Json, body: Json) -> None:
    status = body.get("status", order["status"])
    if body.get("set_paid") and order["date_paid"] is None and "status" not in body:
        status = "processing"
    if status == order["status"] or status not in (*store.options.order_statuses, "trash"):
        return
    order["status"] = status
    if status in PAID and order["date_paid"] is None:
        store.stamp(order, ("paid",))
    if status == "completed":
        store.stamp(order, ("completed",))
    _reduce_stock(store, order)
    _refresh_flags(order)
    if status == "refunded":
        refund_whole_order(store, order)


def _refresh_flags(order: Json) -> None:
    order["is_editable"] = order["status"] in _EDITABLE
    unpaid = order["status"] in ("pending", "failed")
    order["needs_payment"] = unpaid and parse(order["total"]) > 0


def _apply_meta(store: Store, order: Json, body: Json) -> None:
    for entry in body.get("meta_data") or ():
        key = entry.get("key")
        held = next(
            (
                known
                for known in order["meta_data"]
                if known["id"] == entry.get("id") or ("id" not in entry and known["key"] == key)
            ),
            None,
        )
        if held is not None:
            held["value"] = entry.get("value")
        elif key:
            order["meta_data"].append(_meta(store, entry))


def _reduce_stock(store: Store, order: Json) -> None:
    if order["status"] not in (*PAID, "on-hold"):
        return
    for line in order["line_items"]:
        product = store.records.document("product", line["product_id"])
        reduced = any(entry["key"] == "_reduced_stock" for entry in line["meta_data"])
        if product and product["manage_stock"] and not reduced:
            line["meta_data"].append(
                meta_entry(next(store.items), "_reduced_stock", str(line["quantity"]))
            )
            product["stock_quantity"] -= line["quantity"]
            store.stamp(product, ("modified",))
            store.save("product", product)


def touch_order(store: Store, order_id: int, moment: str | int | None = None) -> Json:
    """Move an order's ``date_modified`` to now, or to a given UTC time, and nothing else."""
    seconds = seconds_of(moment) if isinstance(moment, str) else moment
    order = store.change(
        "order", order_id, lambda order: store.stamp(order, ("modified",), seconds)
    )
    store.webhooks.announce("order", order_id, "updated")
    return order
