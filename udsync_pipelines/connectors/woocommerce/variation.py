"""WooCommerce's variation: its wire form and the canonical variation."""

import orjson

from udsync_pipelines.connectors.woocommerce import product as woo_product
from udsync_pipelines.connectors.woocommerce.product import WooSellable
from udsync_pipelines.connectors.woocommerce.wire import (
    PlainText,
    Reference,
    WireModel,
    parse,
    rejected,
)
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.domain.product import Variation

HASH_RULES = woo_product.HASH_RULES


class WooAttribute(WireModel):
    """An attribute that tells a variation from its siblings."""

    name: PlainText
    option: PlainText = ""


class WooVariation(WooSellable):
    """A variation; one without a SKU of its own shows its parent's."""

    parent_id: Reference = None
    attributes: tuple[WooAttribute, ...] = ()


def canonical(raw: bytes, parent_raw: bytes | None) -> Variation:
    """The canonical variation of one archived variation.

    The parent is named by the variation itself or, in older stores, by the archived parent.

    Raises:
        RecordRejectedError: a field is missing or unreadable, or its product is unknown.
    """
    variation = parse(WooVariation, Entity.VARIATION, raw)
    product_id = variation.parent_id or _id_of(parent_raw)
    if product_id is None:
        raise rejected(Entity.VARIATION, variation.id, "it does not say which product it is of")
    return Variation(
        id=str(variation.id),
        product_id=product_id,
        status=variation.status,
        name=variation.name,
        sku=variation.sku,
        description=variation.description,
        price=variation.price,
        regular_price=variation.regular_price,
        sale_price=variation.sale_price,
        tax_status=variation.tax_status,
        tax_class=variation.tax_class,
        manages_stock=variation.manage_stock is True,
        stock_quantity=variation.stock_quantity,
        stock_status=variation.stock_status,
        attributes={attribute.name: attribute.option for attribute in variation.attributes},
        created_at=variation.date_created_gmt,
        modified_at=variation.date_modified_gmt,
        meta=variation.meta_data,
    )


def _id_of(parent_raw: bytes | None) -> str | None:
    return str(orjson.loads(parent_raw)["id"]) if parent_raw is not None else None
