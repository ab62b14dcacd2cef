"""An order's lines when it is written: from the request, or read back from what is stored."""

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from udsync_pipelines.emulators.woocommerce.amounts import (
    CENT,
    half_up,
    parse,
    show_plain,
    to_cents,
)
from udsync_pipelines.emulators.woocommerce.answers import ApiError
from udsync_pipelines.emulators.woocommerce.arithmetic import (
    Mode,
    Part,
    TaxRate,
    Totals,
    add_up,
    tax_of,
)
from udsync_pipelines.emulators.woocommerce.coupons import Coupon, DiscountLine, discounts_of
from udsync_pipelines.emulators.woocommerce.documents import (
    OrderLine,
    fee_document,
    line_document,
    meta_entry,
    shipping_document,
    tax_documents,
)
from udsync_pipelines.emulators.woocommerce.store import Store

Json = dict[str, Any]
Rates = dict[str, Sequence[TaxRate]]

LISTS = ("line_items", "fee_lines", "shipping_lines", "coupon_lines")


@dataclass(slots=True)
class Lines:
    """All lines of an order that is being written."""

    items: list[tuple[OrderLine, Part]] = field(default_factory=list)
    fees: list[tuple[int, str, Part]] = field(default_factory=list)
    shipping: list[tuple[int, str, str, Part]] = field(default_factory=list)
    coupons: list[Json] = field(default_factory=list)

    @property
    def parts(self) -> list[Part]:
        """The amounts of all lines, in WooCommerce's order."""
        return [
            *(part for _, part in self.items),
            *(part for _, _, part in self.fees),
            *(part for _, _, _, part in self.shipping),
        ]


def rates_for(store: Store, order: Json) -> Rates:
    """Return the rates at the order's place: shipping address, else billing, else the shop's."""
    for address in (order["shipping"], order["billing"]):
        if address.get("country"):
            return store.taxes().at(address["country"], address.get("state", ""))
    return store.taxes().at("CA", "AB")


def stored_lines(store: Store, order: Json, by_class: Rates) -> Lines:
    """Read an order's stored lines back, so that it can be added up again."""
    lines = Lines()
    for item in order["line_items"]:
        product = store.records.document("product", item["product_id"]) or {}
        taxable = product.get("tax_status", "taxable") == "taxable"
        rates = by_class.get(item["tax_class"], ())
        part = Part(
            "line", parse(item["total"]), rates, parse(item["subtotal"]), taxable, item["tax_class"]
        )
        line = OrderLine(
            item["id"],
            item["name"],
            item["quantity"],
            item["product_id"],
            item["variation_id"],
            item["tax_class"],
            item["sku"],
            item["parent_name"],
            item["meta_data"],
        )
        lines.items.append((line, part))
    for item in order["fee_lines"]:
        rates = by_class.get(item["tax_class"], ())
        taxable = item["tax_status"] == "taxable"
        part = Part("fee", parse(item["total"]), rates, 0, taxable, item["tax_class"])
        lines.fees.append((item["id"], item["name"], part))
    for item in order["shipping_lines"]:
        part = Part("shipping", parse(item["total"]), by_class.get("", ()))
        lines.shipping.append((item["id"], item["method_title"], item["method_id"], part))
    lines.coupons = list(order["coupon_lines"])
    return lines


def apply_lines(store: Store, lines: Lines, body: Json, by_class: Rates) -> None:
    """Change lines as a POST or PUT asks: an id edits, no id adds, null or zero takes away.

    Raises:
        ApiError: 400 for a new line without a product, or an unknown product or line.
    """
    for sent in body.get("line_items") or ():
        _apply_item(store, lines, sent, by_class)
    for sent in body.get("fee_lines") or ():
        _apply_fee(store, lines, sent, by_class)
    for sent in body.get("shipping_lines") or ():
        _apply_shipping(store, lines, sent, by_class)


def _apply_item(store: Store, lines: Lines, sent: Json, by_class: Rates) -> None:
    if sent.get("id"):
        found = next((pair for pair in lines.items if pair[0].id == sent["id"]), None)
        if found is None:
            raise _bad(
                "woocommerce_rest_invalid_item_id",
                "Order item ID provided is not associated with order.",
            )
        line, part = found
        if sent.get("quantity") == 0 or ("product_id" in sent and sent["product_id"] is None):
            lines.items.remove(found)
            return
        # Only what is sent changes: a new quantity alone leaves the total as it was.
        line.quantity = int(sent.get("quantity", line.quantity))
        line.name = sent.get("name", line.name)
        part.total = parse(sent.get("total", None)) if "total" in sent else part.total
        part.subtotal = parse(sent["subtotal"]) if "subtotal" in sent else part.subtotal
        part.rates = by_class.get(line.tax_class, ())
        return
    lines.items.append(_new_item(store, sent, by_class))


def _new_item(store: Store, sent: Json, by_class: Rates) -> tuple[OrderLine, Part]:
    product_id = sent.get("variation_id") or sent.get("product_id") or 0
    if not product_id and sent.get("sku"):
        row = store.records.rows("sku=?", (str(sent["sku"]).casefold(),), "LIMIT 1")
        product_id = row[0].id if row else 0
    if not product_id:
        raise _bad("woocommerce_rest_required_product_reference", "Product ID or SKU is required.")
    variation = store.records.document("variation", product_id)
    parent = store.records.document("product", variation["parent_id"] if variation else product_id)
    if parent is None:
        raise _bad("woocommerce_rest_invalid_product_id", "Invalid product ID.")
    sold = variation or parent
    quantity = int(sent.get("quantity", 1))
    line_id = next(store.items)
    name = f"{parent['name']} - {variation['name']}" if variation else parent["name"]
    options = [
        (entry["slug"], entry["option"]) for entry in (variation or {}).get("attributes", ())
    ]
    line = OrderLine(
        line_id,
        str(sent.get("name") or name),
        quantity,
        parent["id"],
        variation["id"] if variation else 0,
        parent["tax_class"],
        sold["sku"],
        parent["name"] if variation else None,
        [meta_entry(next(store.items), key, value) for key, value in options],
    )
    listed = parse(sold["price"]) * quantity
    subtotal = parse(sent["subtotal"]) if "subtotal" in sent else listed
    total = parse(sent["total"]) if "total" in sent else subtotal
    taxable = parent["tax_status"] == "taxable"
    rates = by_class.get(parent["tax_class"], ())
    return line, Part("line", total, rates, subtotal, taxable, parent["tax_class"])


def _apply_fee(store: Store, lines: Lines, sent: Json, by_class: Rates) -> None:
    tax_class = sent.get("tax_class", "")
    if sent.get("id"):
        found = next((fee for fee in lines.fees if fee[0] == sent["id"]), None)
        if found is None:
            raise _bad(
                "woocommerce_rest_invalid_item_id",
                "Order item ID provided is not associated with order.",
            )
        if "name" in sent and sent["name"] is None:
            lines.fees.remove(found)
        elif "total" in sent:
            found[2].total = parse(sent["total"])
        return
    taxable = sent.get("tax_status", "taxable") == "taxable"
    part = Part("fee", parse(sent.get("total")), by_class.get(tax_class, ()), 0, taxable, tax_class)
    name = html.escape(sent.get("name") or "Fee", quote=False)
    lines.fees.append((next(store.items), name, part))


def _apply_shipping(store: Store, lines: Lines, sent: Json, by_class: Rates) -> None:
    if sent.get("id"):
        found = next((entry for entry in lines.shipping if entry[0] == sent["id"]), None)
        if found is None:
            raise _bad(
                "woocommerce_rest_invalid_item_id",
                "Order item ID provided is not associated with order.",
            )
        if "method_id" in sent and sent["method_id"] is None:
            lines.shipping.remove(found)
        elif "total" in sent:
            found[3].total = parse(sent["total"])
        return
    part = Part("shipping", parse(sent.get("total")), by_class.get("", ()))
    title, method = sent.get("method_title", ""), sent.get("method_id", "")
    lines.shipping.append((next(store.items), title, method, part))


def apply_coupons(store: Store, lines: Lines, codes: list[str], mode: Mode) -> None:
    """Put coupons on an order: all lines go back to their subtotals first, as in WooCommerce.

    Raises:
        ApiError: 400 for a code that the shop does not have.
    """
    lines.coupons = []
    for _, part in lines.items:
        part.total = part.subtotal
    prices = [
        DiscountLine(half_up(part.subtotal, CENT), line.quantity) for line, part in lines.items
    ]
    for code in codes:
        row = store.records.rows("kind='coupon' AND sku=? AND listed=1", (code.casefold(),))
        found = store.records.document("coupon", row[0].id) if row else None
        if found is None:
            message = f'Coupon "{html.escape(code)}" does not exist!'
            raise _bad("woocommerce_rest_invalid_coupon", message)
        coupon = Coupon(
            found["id"], found["code"], found["discount_type"], parse(found["amount"]) // CENT
        )
        lines.coupons.append(_use(store, coupon, lines, prices, mode))


def _use(
    store: Store, coupon: Coupon, lines: Lines, prices: list[DiscountLine], mode: Mode
) -> Json:
    given = tax = 0
    for (_, part), wanted in zip(lines.items, discounts_of(coupon, prices), strict=True):
        discount = min(wanted, to_cents(part.total))
        part.total -= discount
        given += discount
        if part.taxable:
            tax += sum(to_cents(share) for share in tax_of(discount, part.rates, mode).values())
    line_id = next(store.items)
    kind = "null" if coupon.kind == "fixed_cart" else f'"{coupon.kind}"'
    facts = f'[{coupon.id},"{coupon.code}",{kind},{coupon.nominal}]'
    return {
        "id": line_id,
        "code": coupon.code,
        "discount": show_plain(given),
        "discount_tax": show_plain(tax),
        "meta_data": [meta_entry(line_id, "coupon_info", facts)],
        "discount_type": coupon.kind,
        "nominal_amount": coupon.nominal,
        "free_shipping": False,
    }


def written(store: Store, lines: Lines, mode: Mode, by_class: Rates) -> tuple[Totals, Json]:
    """Add the lines up; return the totals and the five line lists as JSON."""
    totals = add_up(lines.parts, mode, by_class)
    rates = [rate for found in by_class.values() for rate in found]
    return totals, {
        "line_items": [line_document(line, part) for line, part in lines.items],
        "tax_lines": tax_documents(totals, rates, next(store.items)),
        "shipping_lines": [shipping_document(*entry) for entry in lines.shipping],
        "fee_lines": [fee_document(*entry) for entry in lines.fees],
        "coupon_lines": lines.coupons,
    }


def _bad(code: str, message: str) -> ApiError:
    return ApiError(400, code, message)
