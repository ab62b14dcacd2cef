"""A variation shown as a product: ``products/<variation id>`` and ``products?sku=``."""

from typing import Any
from urllib.parse import quote_plus

from udsync_pipelines.emulators.woocommerce.amounts import parse, show
from udsync_pipelines.emulators.woocommerce.store import Store

Json = dict[str, Any]


def as_product(store: Store, variation: Json) -> Json:
    """Return a variation in the shape of a product, ``type`` "variation"."""
    parent_id = variation["parent_id"]
    parent = store.records.document("product", parent_id) or {}
    name = f"{parent.get('name', '')} - {variation['name']}"
    base = f"{store.options.site_url}/wp-json/wc/v3/products"
    shaped = {key: variation.get(key, value) for key, value in parent.items()}
    return shaped | {
        "name": name,
        "slug": quote_plus(
            name.casefold().replace(" - ", "-").replace(", ", "-").replace(" ", "-")
        ),
        "type": "variation",
        "featured": False,
        "catalog_visibility": "visible",
        "short_description": "",
        "total_sales": "0",
        "external_url": "",
        "button_text": "",
        "sold_individually": False,
        "shipping_required": not variation["virtual"],
        "shipping_taxable": not variation["virtual"],
        "reviews_allowed": False,
        "average_rating": "0.00",
        "rating_count": 0,
        "upsell_ids": [],
        "cross_sell_ids": [],
        "purchase_note": "",
        "categories": [],
        "brands": [],
        "tags": [],
        "images": [],
        "default_attributes": [],
        "variations": [],
        "grouped_products": [],
        "price_html": price_html(variation["price"]),
        "related_ids": [],
        "has_options": False,
        "post_password": "",
        "_links": {
            "self": [
                {
                    "href": f"{base}/{variation['id']}",
                    "targetHints": {"allow": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
                }
            ],
            "collection": [{"href": base}],
            "up": [{"href": f"{base}/{parent_id}"}],
        },
    }


def price_html(price: str) -> str:
    """Return WooCommerce's HTML for a price."""
    if not price:
        return ""
    return (
        '<span class="woocommerce-Price-amount amount"><bdi><span class="woocommerce-Price-'
        f'currencySymbol" translate="no">&#36;</span>{show(parse(price))}</bdi></span>'
    )
