"""Products of the shop as items of the books: names, SKUs, duplicates."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from udsync_pipelines.domain.order import OrderLine
from udsync_pipelines.domain.product import Product, Variation
from udsync_pipelines.posting.documents import ItemSource
from udsync_pipelines.posting.names import cleaned, first_free, shortened, with_suffix

MOST_OF_NAME = 100
MOST_OF_SKU = 100
MOST_OF_DESCRIPTION = 4000
_MOST_OF_SHOWN_SKU = 40


class ItemKind(StrEnum):
    """The types of item that posting creates (the platform's own words)."""

    NON_INVENTORY = "NonInventory"
    SERVICE = "Service"


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """An item to be written, not yet matched with the books. `price` is net or gross as listed.

    `key` is symbolic: `product/12` or `variation/34`, as `ItemRef` writes it. `texts` holds the
    text fields by the profile: field name of the destination → text.
    """

    key: str
    name: str
    sku: str
    description: str
    kind: ItemKind
    price: Decimal | None = None
    texts: Mapping[str, str] = field(default_factory=dict, hash=False)


def item_of_product(product: Product) -> ItemDraft:
    """A product as an item; what is virtual is a service."""
    return _draft(
        f"{ItemSource.PRODUCT}/{product.id}",
        product.name,
        product.sku,
        product.description,
        is_service=product.is_virtual,
        price=product.price,
    )


def item_of_variation(variation: Variation, parent: Product) -> ItemDraft:
    """A variation as an item, named `Parent - Size - Colour`."""
    options = [value for value in variation.attributes.values() if value]
    name = " - ".join([parent.name, *options])
    if not options and variation.name and variation.name != parent.name:
        name = f"{parent.name} - {variation.name}"
    return _draft(
        f"{ItemSource.VARIATION}/{variation.id}",
        name,
        variation.sku,
        variation.description or parent.description,
        is_service=parent.is_virtual,
        price=variation.price,
    )


def item_of_line(line: OrderLine) -> ItemDraft:
    """The item of an order's line whose product is not known, by what the line says of it.

    Raises:
        ValueError: the line belongs to no product.
    """
    if line.variation_id:
        key = f"{ItemSource.VARIATION}/{line.variation_id}"
    elif line.product_id:
        key = f"{ItemSource.PRODUCT}/{line.product_id}"
    else:
        raise ValueError(f"line {line.id} belongs to no product")
    return _draft(key, line.name, line.sku or "", "", is_service=False, price=None)


def item_names(draft: ItemDraft) -> Iterator[str]:
    """The names to try, in order: plain, with the SKU, with the shop's id."""
    yield draft.name
    if draft.sku:
        yield with_suffix(draft.name, f" ({draft.sku[:_MOST_OF_SHOWN_SKU]})", MOST_OF_NAME)
    yield with_suffix(draft.name, _mark(draft), MOST_OF_NAME)


def free_item_name(draft: ItemDraft, taken: Collection[str]) -> str | None:
    """The first of the draft's names that is free; `taken` holds `names.comparable` forms."""
    return first_free(item_names(draft), taken)


def _draft(
    key: str, name: str, sku: str, description: str, *, is_service: bool, price: Decimal | None
) -> ItemDraft:
    short_sku = cleaned(sku)[:MOST_OF_SKU]
    return ItemDraft(
        key=key,
        name=_item_name(cleaned(name), short_sku, key),
        sku=short_sku,
        description=description.strip()[:MOST_OF_DESCRIPTION],
        kind=ItemKind.SERVICE if is_service else ItemKind.NON_INVENTORY,
        price=price,
    )


def _item_name(name: str, sku: str, key: str) -> str:
    if not name:
        return sku or key.replace("/", " ").capitalize()
    if len(name) <= MOST_OF_NAME or not sku:
        return shortened(name, MOST_OF_NAME)
    # What a long name loses may be all that tells two variations apart: keep the SKU.
    return with_suffix(name, f" ({sku[:_MOST_OF_SHOWN_SKU]})", MOST_OF_NAME)


def _mark(draft: ItemDraft) -> str:
    kind, _, number = draft.key.partition("/")
    return f" #{'V' if kind == ItemSource.VARIATION else 'P'}{number}"
