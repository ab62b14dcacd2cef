"""The index row of a record, read from its JSON."""

from typing import Any
from zoneinfo import ZoneInfo

from udsync_pipelines.emulators.woocommerce.clock import seconds_of, wall_seconds
from udsync_pipelines.emulators.woocommerce.records import Row

Json = dict[str, Any]

UNLISTED_ORDERS = ("trash", "checkout-draft", "auto-draft")


def row_of(kind: str, document: Json, zone: ZoneInfo, parent: int = 0) -> Row:
    """Return the index row for a record's JSON.

    A post keeps the wall clock it was stored with (products); orders follow the site's zone.
    """
    created = _seconds(document.get("date_created_gmt"))
    modified = _seconds(document.get("date_modified_gmt"))
    if kind in ("refund", "tax"):
        modified = created
    row = Row(
        kind=kind,
        id=document["id"],
        parent=parent or document.get("parent_id") or 0,
        created=created,
        modified=modified,
        created_wall=_wall(kind, document.get("date_created"), created, zone),
        modified_wall=_wall(kind, document.get("date_modified"), modified, zone),
    )
    return row._replace(**_DETAILS[kind](document))


def _seconds(text: str | None) -> int | None:
    return seconds_of(text) if text else None


def _wall(kind: str, stored: str | None, gmt: int | None, zone: ZoneInfo) -> int | None:
    if gmt is None:
        return None
    if kind in ("product", "variation", "coupon") and stored:
        return seconds_of(stored)
    return wall_seconds(gmt, zone)


def _order(document: Json) -> Json:
    billing = document["billing"]
    words = [str(document["id"]), *billing.values(), *document["shipping"].values()]
    words += [line["name"] for line in document["line_items"]]
    return {
        "listed": document["status"] not in UNLISTED_ORDERS,
        "status": document["status"],
        "customer": document["customer_id"],
        "email": billing.get("email", ""),
        "search": " ".join(str(word) for word in words if word).casefold(),
    }


def _product(document: Json) -> Json:
    return {
        "listed": document["status"] != "trash",
        "status": document["status"],
        "name": document["name"],
        "sku": document["sku"].casefold(),
        "search": document.get("type", "variation"),
    }


def _customer(document: Json) -> Json:
    return {
        "listed": document["role"] == "customer",
        "status": document["role"],
        "name": document["username"],
        "email": document["email"].casefold(),
    }


def _tax(document: Json) -> Json:
    # Taxes have no dates: the two columns that lists are ordered by hold order and priority.
    return {
        "status": document["class"],
        "created": document["order"],
        "modified": document["priority"],
    }


def _coupon(document: Json) -> Json:
    return {
        "listed": document["status"] != "trash",
        "status": document["status"],
        "sku": document["code"].casefold(),
    }


def _webhook(document: Json) -> Json:
    return {"status": document["status"], "name": document["name"]}


def _refund(document: Json) -> Json:
    return {"search": document["reason"].casefold()}


_DETAILS = {
    "order": _order,
    "refund": _refund,
    "product": _product,
    "variation": _product,
    "customer": _customer,
    "tax": _tax,
    "coupon": _coupon,
    "webhook": _webhook,
}
