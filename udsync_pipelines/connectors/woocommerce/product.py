"""WooCommerce's product: its wire form, what of it matters, and the canonical product."""

from udsync_pipelines.connectors.woocommerce.content_hash import EVERYWHERE, HashRules
from udsync_pipelines.connectors.woocommerce.wire import (
    AmountOrNone,
    GmtOrNone,
    Meta,
    NumberOrNone,
    PlainText,
    Text,
    WireModel,
    WooTerm,
    parse,
)
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.domain.product import Product

HASH_RULES = HashRules(
    volatile={
        **EVERYWHERE,
        "date_on_sale_from": "the site's local time of date_on_sale_from_gmt",
        "date_on_sale_to": "the site's local time of date_on_sale_to_gmt",
        "related_ids": "reshuffled at every read",
        "total_sales": "moves with every order, not with the product",
        "price_html": "markup that the theme makes from the prices",
        "average_rating": "moves with reviews",
        "rating_count": "moves with reviews",
    },
    money=frozenset({"price", "regular_price", "sale_price"}),
)


class WooSellable(WireModel):
    """What products and variations have in common. A price is an empty text when there is none."""

    id: int
    status: str
    name: PlainText = ""
    sku: Text = ""
    description: Text = ""
    price: AmountOrNone = None
    regular_price: AmountOrNone = None
    sale_price: AmountOrNone = None
    tax_status: Text = ""
    tax_class: Text = ""
    # A variation whose stock its parent manages says "parent" here.
    manage_stock: bool | str = False
    stock_quantity: NumberOrNone = None
    stock_status: Text = ""
    date_created_gmt: GmtOrNone = None
    date_modified_gmt: GmtOrNone = None
    meta_data: Meta


class WooProduct(WooSellable):
    """A product of `wc/v3/products`: drafts and private ones too, no variations, no trash."""

    type: str
    virtual: bool = False
    downloadable: bool = False
    categories: tuple[WooTerm, ...] = ()
    variations: tuple[int, ...] = ()


def canonical(raw: bytes) -> Product:
    """The canonical product of one archived product.

    Raises:
        RecordRejectedError: a field is missing or unreadable.
    """
    product = parse(WooProduct, Entity.PRODUCT, raw)
    return Product(
        id=str(product.id),
        kind=product.type,
        status=product.status,
        name=product.name,
        sku=product.sku,
        description=product.description,
        price=product.price,
        regular_price=product.regular_price,
        sale_price=product.sale_price,
        tax_status=product.tax_status,
        tax_class=product.tax_class,
        manages_stock=product.manage_stock is True,
        stock_quantity=product.stock_quantity,
        stock_status=product.stock_status,
        is_virtual=product.virtual,
        is_downloadable=product.downloadable,
        categories=tuple(category.name for category in product.categories),
        variation_ids=tuple(str(identifier) for identifier in product.variations),
        created_at=product.date_created_gmt,
        modified_at=product.date_modified_gmt,
        meta=product.meta_data,
    )
