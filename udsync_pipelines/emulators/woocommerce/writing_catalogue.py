"""POST, PUT and DELETE of products, variations, coupons and tax rates."""

import re
import unicodedata
from typing import Any

from udsync_pipelines.emulators.woocommerce.amounts import parse, show
from udsync_pipelines.emulators.woocommerce.answers import ApiError, invalid_parameters
from udsync_pipelines.emulators.woocommerce.lists import (
    COUPONS,
    PRODUCTS,
    TAXES,
    VARIATIONS,
)
from udsync_pipelines.emulators.woocommerce.reading import missing, shown
from udsync_pipelines.emulators.woocommerce.store import Store
from udsync_pipelines.emulators.woocommerce.variations import price_html

Json = dict[str, Any]

_ALLOW = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_PARAGRAPH = re.compile(r"<p>(.*)</p>\n")
_TAGS = re.compile(r"<[^>]*>")
_PRICES = ("regular_price", "sale_price")


def create_product(store: Store, body: Json) -> Json:
    """Create a simple product.

    Raises:
        ApiError: 400 for a SKU in use (``product_invalid_sku`` names the other product; one of a
            trashed product stays taken) or for a stock that is no number.
    """
    _check_stock(body)
    _check_sku(store, str(body.get("sku") or ""), 0)
    template = store.records.document("product", store.records.rows("kind='product'")[0].id) or {}
    product_id = store.next_id("product")
    name = encoded(str(body.get("name") or "Product"))
    slug = _slug(name)
    site = store.options.site_url
    product = {
        **template,
        **_BLANK,
        "id": product_id,
        "name": name,
        "slug": slug,
        "permalink": f"{site.replace('http:', 'https:')}/product/{slug}/",
        "type": body.get("type", "simple"),
        "status": body.get("status", "publish"),
        "categories": [{"id": 15, "name": "Uncategorized", "slug": "uncategorized"}],
        "_links": _links(f"{site}/wp-json/wc/v3/products", product_id),
    }
    store.stamp(product, ("created", "modified"))
    _apply_product(product, body)
    store.save("product", product)
    return as_edited(store, product)


_BLANK: Json = {
    "description": "", "short_description": "", "sku": "", "price": "", "regular_price": "",
    "sale_price": "", "total_sales": 0, "tax_status": "taxable", "tax_class": "",
    "manage_stock": False, "stock_quantity": None, "stock_status": "instock", "weight": "",
    "price_html": "", "related_ids": [], "meta_data": [], "variations": [],
}  # fmt: skip


def update_product(store: Store, product_id: int, body: Json) -> Json:
    """Change a product; any PUT moves it. Old lines show a new SKU at once, not a new name.

    Raises:
        ApiError: 400 for an unknown id, a SKU in use or a bad stock.
    """
    product = store.records.document("product", product_id)
    if product is None:
        raise ApiError(400, *PRODUCTS.invalid)
    _check_stock(body)
    if "sku" in body:
        _check_sku(store, str(body["sku"]), product_id)
        store.note_sku(product_id, str(body["sku"]))
    _apply_product(product, body)
    store.stamp(product, ("modified",))
    store.save("product", product)
    return as_edited(store, product)


def as_edited(store: Store, product: Json) -> Json:
    """Return a product as writes answer it: texts as typed, the rating unrounded, slugs added."""
    site = store.options.site_url.replace("http:", "https:")
    links = product["_links"]
    shown_product = {key: value for key, value in product.items() if key != "_links"}
    summary = _PARAGRAPH.fullmatch(product["short_description"])
    return shown_product | {
        "description": product["description"].rstrip("\n"),
        "short_description": summary[1] if summary else product["short_description"],
        "average_rating": product["average_rating"].removesuffix(".00"),
        "permalink_template": f"{site}/product/%pagename%/",
        "generated_slug": product["slug"],
        "_links": links,
    }


def update_variation(store: Store, parent_id: int, variation_id: int, body: Json) -> Json:
    """Change a variation; its parent moves too.

    Raises:
        ApiError: 404 for an unknown id.
    """
    variation = shown(store, VARIATIONS, variation_id, parent_id)
    if "sku" in body:
        store.note_sku(variation_id, str(body["sku"]))
    _apply_product(variation, body)
    store.stamp(variation, ("modified",))
    store.save("variation", variation, parent_id)
    store.change("product", parent_id, lambda parent: store.stamp(parent, ("modified",)))
    return {**variation, "tax_class": variation["tax_class"] or "parent"}


def _apply_product(product: Json, body: Json) -> None:
    known = set(product) - {"id", "_links", "date_created", "date_modified", "price", "name"}
    for name in known & set(body):
        product[name] = body[name]
    for name in _PRICES:
        if name in body:
            product[name] = str(body[name]) if body[name] is not None else ""
    if "name" in body:
        product["name"] = encoded(str(body["name"]))
    if any(name in body for name in _PRICES):
        product["price"] = product["sale_price"] or product["regular_price"]
        product["on_sale"] = bool(product["sale_price"])
        if "price_html" in product:
            product["price_html"] = price_html(product["price"])


def encoded(name: str) -> str:
    """Return a name as WordPress stores it: trimmed, without tags, ``&`` encoded."""
    text = _TAGS.sub("", name).strip()
    return re.sub(r"&(?!#?\w+;)", "&amp;", text)


def delete_product(store: Store, product_id: int, *, force: bool) -> Json:
    """Trash a product (it moves), or remove it: its old lines then show product 0, no SKU.

    Raises:
        ApiError: 404 for an unknown id, 410 when it is in the trash already.
    """
    product = store.records.document("product", product_id)
    if product is None:
        raise missing(PRODUCTS)
    if force:
        answer = as_edited(store, product)
        store.records.delete("product", product_id)
        store.note_sku(product_id, None)
        for row in store.records.rows("kind='variation' AND parent=?", (product_id,)):
            store.records.delete("variation", row.id)
            store.note_sku(row.id, None)
        return answer
    if product["status"] == "trash":
        message = "The product has already been deleted."
        raise ApiError(410, "woocommerce_rest_already_trashed", message)
    store.stamp(product, ("modified",))
    store.save("product", {**product, "status": "trash", "slug": f"{product['slug']}__trashed"})
    return as_edited(store, product)


def create_coupon(store: Store, body: Json) -> Json:
    """Create a coupon; its code is kept in small letters.

    Raises:
        ApiError: 400 without a code, or for a code in use.
    """
    code = str(body.get("code") or "").casefold()
    if not code:
        raise ApiError(
            400, "rest_missing_callback_param", "Missing parameter(s): code",
            {"status": 400, "params": ["code"]},
        )  # fmt: skip
    if store.records.rows("kind='coupon' AND sku=?", (code,)):
        raise ApiError(
            400, "woocommerce_rest_coupon_code_already_exists", "The coupon code already exists"
        )
    template = store.records.document("coupon", store.records.rows("kind='coupon'")[0].id) or {}
    coupon_id = store.next_id("coupon")
    coupon = {
        **template,
        "id": coupon_id,
        "code": code,
        "amount": show(parse(body.get("amount"))),
        "discount_type": body.get("discount_type", "fixed_cart"),
        "description": body.get("description", ""),
        "date_expires": None,
        "date_expires_gmt": None,
        "usage_count": 0,
        "used_by": [],
        "meta_data": [],
        "_links": _links(f"{store.options.site_url}/wp-json/wc/v3/coupons", coupon_id),
    }
    store.stamp(coupon, ("created", "modified"))
    store.save("coupon", coupon)
    return coupon


def delete_coupon(store: Store, coupon_id: int, *, force: bool) -> Json:
    """Trash or remove a coupon.

    Raises:
        ApiError: 404 for an unknown id.
    """
    coupon = shown(store, COUPONS, coupon_id)
    if force:
        store.records.delete("coupon", coupon_id)
    else:
        store.stamp(coupon, ("modified",))
        store.save("coupon", {**coupon, "status": "trash"})
    return coupon


def delete_tax(store: Store, tax_id: int, *, force: bool) -> Json:
    """Remove a tax rate; orders keep their snapshot of it.

    Raises:
        ApiError: 404 for an unknown id, 501 without ``force``.
    """
    rate = shown(store, TAXES, tax_id)
    refuse_trash(force=force, name="Taxes")
    store.records.delete("tax", tax_id)
    return rate


def refuse_trash(*, force: bool, name: str) -> None:
    """Refuse to delete what knows no trash.

    Raises:
        ApiError: 501 when ``force`` is not given.
    """
    if not force:
        raise ApiError(
            501, "woocommerce_rest_trash_not_supported", f"{name} do not support trashing."
        )


def _check_stock(body: Json) -> None:
    stock = body.get("stock_quantity")
    if stock is not None and not isinstance(stock, int):
        message = "stock_quantity is not of type integer."
        extra = {"param": "stock_quantity"}
        raise invalid_parameters({"stock_quantity": ("rest_invalid_type", message, extra)})


def _check_sku(store: Store, sku: str, own_id: int) -> None:
    if not sku:
        return
    for row in store.records.rows("sku=? AND kind IN ('product','variation')", (sku.casefold(),)):
        if row.id == own_id:
            continue
        if row.status == "trash":
            message = (
                f"The product with SKU ({sku}) you are trying to insert is already present in "
                "the lookup table"
            )
            raise ApiError(400, "woocommerce_rest_product_not_created", message)
        facts = {"status": 400, "resource_id": row.id, "unique_sku": f"{sku}-1"}
        raise ApiError(400, "product_invalid_sku", "Invalid or duplicated SKU.", facts)


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.casefold()).strip("-")


def _links(base: str, record_id: int) -> Json:
    return {
        "self": [{"href": f"{base}/{record_id}", "targetHints": {"allow": _ALLOW}}],
        "collection": [{"href": base}],
    }
