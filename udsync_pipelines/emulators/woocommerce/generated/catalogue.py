"""What a generated store sells: the recorded catalogue, and more simple products like it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from udsync_pipelines.emulators.woocommerce.amounts import CENT, parse
from udsync_pipelines.emulators.woocommerce.generated.dice import Dice
from udsync_pipelines.emulators.woocommerce.generated.schedule import FIRST_PRODUCT

Json = dict[str, Any]

_GOODS = ("Kettle", "Lamp", "Blanket", "Mug", "Backpack", "Théière", "Desk &amp; Chair", "カップ")
_KINDS = ("Blue", "Large", "10&quot; wide", "édition spéciale", "Pack of 10", "Nº 5", "Classic")
_CENTS = (7, 199, 333, 499, 999, 1295, 1999, 2475, 3333, 4950, 6410, 9900, 12900, 38995)


class Sellable(NamedTuple):
    """One thing a line may sell; the price is in cents, net or gross as the shop has it."""

    product_id: int
    variation_id: int
    name: str
    sku: str
    cents: int
    tax_class: str
    taxable: bool
    parent_name: str | None
    options: tuple[tuple[str, str], ...]


def sellables(
    products: Sequence[Json], variations: Sequence[Json], seed: int, more: int
) -> list[Sellable]:
    """Return everything on sale: published products with a price, variations, and more."""
    found = [
        _simple(product)
        for product in products
        if product["type"] == "simple" and product["status"] == "publish" and product["price"]
    ]
    parents = {product["id"]: product for product in products}
    found += [_variation(item, parents[item["parent_id"]]) for item in variations]
    return found + [_simple(made_product(products[0], seed, number)) for number in range(more)]


def _simple(product: Json) -> Sellable:
    return Sellable(
        product_id=product["id"],
        variation_id=0,
        name=product["name"],
        sku=product["sku"],
        cents=parse(product["price"]) // CENT,
        tax_class=product["tax_class"],
        taxable=product["tax_status"] == "taxable",
        parent_name=None,
        options=(),
    )


def _variation(variation: Json, parent: Json) -> Sellable:
    return Sellable(
        product_id=parent["id"],
        variation_id=variation["id"],
        name=f"{parent['name']} - {variation['name']}",
        sku=variation["sku"],
        cents=parse(variation["price"]) // CENT,
        tax_class=parent["tax_class"],
        taxable=parent["tax_status"] == "taxable",
        parent_name=parent["name"],
        options=tuple((entry["slug"], entry["option"]) for entry in variation["attributes"]),
    )


def made_product(template: Json, seed: int, number: int) -> Json:
    """Return generated product ``number``, in the shape of a recorded simple product."""
    dice = Dice(seed ^ 0x9B0D, number)
    product_id = FIRST_PRODUCT + number
    name = f"{dice.pick(_GOODS)} {dice.pick(_KINDS)} {number:03d}"
    if number % 17 == 5:  # noqa: PLR2004 - some names are not unique
        name = "Duplicate Name Widget"
    slug = f"product-{product_id}"
    cents = dice.pick(_CENTS) + dice.below(60)
    price = f"{cents // 100}.{cents % 100:02d}"
    text = template["price_html"].replace(template["price"], price)
    links = {
        "self": [
            {
                **template["_links"]["self"][0],
                "href": template["_links"]["collection"][0]["href"] + f"/{product_id}",
            }
        ],
        "collection": template["_links"]["collection"],
    }
    return {
        **template,
        "id": product_id,
        "name": name,
        "slug": slug,
        "permalink": template["permalink"].replace(template["slug"], slug),
        "description": "",
        "short_description": "",
        "sku": "" if number % 23 == 11 else f"GEN-{number:05d}",  # noqa: PLR2004 - some have none
        "price": price,
        "regular_price": price,
        "total_sales": 0,
        "tax_class": "zero-rate" if number % 19 == 3 else "",  # noqa: PLR2004 - some are zero-rated
        "manage_stock": False,
        "stock_quantity": None,
        "stock_status": "instock",
        "price_html": text,
        "related_ids": [],
        "_links": links,
    }
