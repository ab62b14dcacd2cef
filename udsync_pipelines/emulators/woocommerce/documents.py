"""The JSON shape of orders, lines and refunds, field for field as WooCommerce 11 sends it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from udsync_pipelines.emulators.woocommerce.amounts import show, unit_price
from udsync_pipelines.emulators.woocommerce.arithmetic import Part, TaxRate, Totals
from udsync_pipelines.emulators.woocommerce.clock import gmt_text, local_text

Json = dict[str, Any]

SYMBOLS = {"CAD": "$", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
PAID = ("processing", "completed")
_EDITABLE = ("pending", "on-hold", "auto-draft")
_ALLOW = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(slots=True)
class OrderLine:
    """A product line beside its amounts: what the customer bought."""

    id: int
    name: str
    quantity: int
    product_id: int = 0
    variation_id: int = 0
    tax_class: str = ""
    sku: str | None = None
    parent_name: str | None = None
    meta: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class OrderHead:
    """Everything of an order that is not an amount. Times are seconds since 1970."""

    id: int
    status: str
    created: int
    modified: int
    customer_id: int
    billing: Json
    shipping: Json
    currency: str = "CAD"
    prices_include_tax: bool = False
    payment_method: str = ""
    payment_method_title: str = ""
    transaction_id: str = ""
    created_via: str = "rest-api"
    customer_note: str = ""
    order_key: str = ""
    completed: int | None = None
    paid: int | None = None
    meta: list[Json] = field(default_factory=list)


def order_document(
    head: OrderHead, totals: Totals, lines: dict[str, list[Json]], zone: ZoneInfo, site: str
) -> Json:
    """Return the order as the API sends it; ``lines`` holds the five line lists and refunds."""
    return {
        "id": head.id,
        "parent_id": 0,
        "status": head.status,
        "currency": head.currency,
        "version": "11.0.1",
        "prices_include_tax": head.prices_include_tax,
        "date_created": local_text(head.created, zone),
        "date_modified": local_text(head.modified, zone),
        "discount_total": show(totals.discount_total),
        "discount_tax": show(totals.discount_tax),
        "shipping_total": show(totals.shipping_total),
        "shipping_tax": show(totals.shipping_tax),
        "cart_tax": show(totals.cart_tax),
        "total": show(totals.total),
        "total_tax": show(totals.total_tax),
        "customer_id": head.customer_id,
        "order_key": head.order_key,
        "billing": head.billing,
        "shipping": head.shipping,
        "payment_method": head.payment_method,
        "payment_method_title": head.payment_method_title,
        "transaction_id": head.transaction_id,
        "customer_ip_address": "",
        "customer_user_agent": "",
        "created_via": head.created_via,
        "customer_note": head.customer_note,
        "date_completed": local_text(head.completed, zone),
        "date_paid": local_text(head.paid, zone),
        "cart_hash": "",
        "number": str(head.id),
        "meta_data": head.meta,
        "line_items": lines["line_items"],
        "tax_lines": lines["tax_lines"],
        "shipping_lines": lines["shipping_lines"],
        "fee_lines": lines["fee_lines"],
        "coupon_lines": lines["coupon_lines"],
        "refunds": lines["refunds"],
        "payment_url": f"{site.replace('http:', 'https:')}/checkout/order-pay/{head.id}/"
        f"?pay_for_order=true&key={head.order_key}",
        "is_editable": head.status in _EDITABLE,
        "needs_payment": head.status in ("pending", "failed") and totals.total > 0,
        "needs_processing": bool(lines["line_items"]),
        "date_created_gmt": gmt_text(head.created),
        "date_modified_gmt": gmt_text(head.modified),
        "date_completed_gmt": gmt_text(head.completed),
        "date_paid_gmt": gmt_text(head.paid),
        "currency_symbol": SYMBOLS.get(head.currency, head.currency),
        "_links": order_links(head.id, head.customer_id, site),
    }


def order_links(order_id: int, customer_id: int, site: str) -> Json:
    """Return an order's ``_links``; guests have no link to a customer."""
    base = f"{site}/wp-json/wc/v3"
    links: Json = {
        "self": [{"href": f"{base}/orders/{order_id}", "targetHints": {"allow": _ALLOW}}],
        "collection": [{"href": f"{base}/orders"}],
        "email_templates": [
            {"embeddable": True, "href": f"{base}/orders/{order_id}/actions/email_templates"}
        ],
    }
    if customer_id:
        links["customer"] = [{"href": f"{base}/customers/{customer_id}"}]
    return links


def line_document(line: OrderLine, part: Part) -> Json:
    """Return one of an order's ``line_items``."""
    return {
        "id": line.id,
        "name": line.name,
        "product_id": line.product_id,
        "variation_id": line.variation_id,
        "quantity": line.quantity,
        "tax_class": line.tax_class,
        "subtotal": show(part.subtotal),
        "subtotal_tax": show(part.subtotal_tax),
        "total": show(part.total),
        "total_tax": show(part.total_tax),
        "taxes": [
            {"id": rate_id, "total": show(tax), "subtotal": show(part.subtotal_taxes[rate_id])}
            for rate_id, tax in part.taxes.items()
        ],
        "meta_data": line.meta,
        "sku": line.sku,
        "global_unique_id": "",
        "price": unit_price(part.total, line.quantity),
        "image": {"id": 0 if line.variation_id else "", "src": ""},
        "parent_name": line.parent_name,
    }


def _taxes_without_subtotal(part: Part) -> list[Json]:
    return [{"id": rate, "total": show(tax), "subtotal": ""} for rate, tax in part.taxes.items()]


def fee_document(line_id: int, name: str, part: Part) -> Json:
    """Return one of an order's ``fee_lines``."""
    return {
        "id": line_id,
        "name": name,
        "tax_class": part.tax_class,
        "tax_status": "taxable" if part.taxable else "none",
        "amount": "",
        "total": show(part.total),
        "total_tax": show(part.total_tax),
        "taxes": _taxes_without_subtotal(part),
        "meta_data": [],
    }


def shipping_document(line_id: int, title: str, method: str, part: Part) -> Json:
    """Return one of an order's ``shipping_lines``."""
    return {
        "id": line_id,
        "method_title": title,
        "method_id": method,
        "instance_id": "",
        "total": show(part.total),
        "total_tax": show(part.total_tax),
        "taxes": _taxes_without_subtotal(part),
        "tax_status": "taxable" if part.taxable else "none",
        "meta_data": [],
    }


def tax_documents(totals: Totals, rates: Sequence[TaxRate], first_id: int) -> list[Json]:
    """Return an order's ``tax_lines``, one per rate that any line carries."""
    by_id = {rate.id: rate for rate in rates}
    used = dict.fromkeys([*totals.cart_taxes, *totals.shipping_taxes])
    return [
        {
            "id": first_id + position,
            "rate_code": by_id[rate_id].code,
            "rate_id": rate_id,
            "label": by_id[rate_id].label,
            "compound": by_id[rate_id].compound,
            "tax_total": show(totals.cart_taxes.get(rate_id, 0)),
            "shipping_tax_total": show(totals.shipping_taxes.get(rate_id, 0)),
            "rate_percent": by_id[rate_id].percent,
            "meta_data": [],
        }
        for position, rate_id in enumerate(used)
    ]


def meta_entry(entry_id: int, key: str, value: Any, *, shown: bool = True) -> Json:
    """Return a ``meta_data`` entry; those of lines carry their display forms too."""
    entry: Json = {"id": entry_id, "key": key, "value": value}
    if shown:
        label = key if key.startswith("_") else key[:1].upper() + key[1:]
        entry |= {"display_key": label, "display_value": value}
    return entry
