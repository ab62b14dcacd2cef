"""The canonical product and its variations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Product:
    """Something sold. Prices are in the store's currency, which the product does not name.

    A price is None when the shop has none. `stock_quantity` is None when stock is not managed,
    which is not the same as zero. Names and category names are plain text, not HTML.
    """

    id: str
    kind: str
    status: str
    name: str
    sku: str
    description: str
    price: Decimal | None
    regular_price: Decimal | None
    sale_price: Decimal | None
    tax_status: str
    tax_class: str
    manages_stock: bool
    stock_quantity: Decimal | None
    stock_status: str
    is_virtual: bool
    is_downloadable: bool
    categories: tuple[str, ...]
    variation_ids: tuple[str, ...]
    created_at: datetime | None
    modified_at: datetime | None
    meta: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Variation:
    """One variant of a variable product, named by its attributes.

    A variation without a SKU of its own shows its parent's, so SKUs repeat.
    """

    id: str
    product_id: str
    status: str
    name: str
    sku: str
    description: str
    price: Decimal | None
    regular_price: Decimal | None
    sale_price: Decimal | None
    tax_status: str
    tax_class: str
    manages_stock: bool
    stock_quantity: Decimal | None
    stock_status: str
    attributes: Mapping[str, str]
    created_at: datetime | None
    modified_at: datetime | None
    meta: Mapping[str, object] = field(default_factory=dict)
