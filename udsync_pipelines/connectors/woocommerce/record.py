"""An object as the store sent it, made into the record that is archived."""

from collections.abc import Mapping
from datetime import UTC, datetime

import orjson

from udsync_pipelines.connectors.woocommerce import (
    coupon,
    customer,
    order,
    product,
    refund,
    tax_rate,
    variation,
)
from udsync_pipelines.connectors.woocommerce.client import Row
from udsync_pipelines.connectors.woocommerce.content_hash import HashRules, content_hash
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.records import SourceRecord

HASH_RULES: Mapping[Entity, HashRules] = {
    Entity.CUSTOMER: customer.HASH_RULES,
    Entity.PRODUCT: product.HASH_RULES,
    Entity.VARIATION: variation.HASH_RULES,
    Entity.ORDER: order.HASH_RULES,
    Entity.REFUND: refund.HASH_RULES,
    Entity.TAX_RATE: tax_rate.HASH_RULES,
    Entity.COUPON: coupon.HASH_RULES,
}
_HAS_PARENT = frozenset({Entity.REFUND, Entity.VARIATION})


def source_record(entity: Entity, row: Row, parent_id: int | None = None) -> SourceRecord:
    """The record of one row, with every field and their order as sent.

    `parent_id` names the parent where the row does not: a refund that was read by its order.
    """
    parent = row.get("parent_id") or parent_id
    return SourceRecord(
        entity=entity,
        source_id=str(row["id"]),
        raw=orjson.dumps(row),
        content_hash=content_hash(row, HASH_RULES[entity]),
        modified_at=moment(row, "date_modified_gmt"),
        parent_id=str(parent) if entity in _HAS_PARENT and parent else None,
    )


def moment(row: Row, field: str) -> datetime | None:
    """A `*_gmt` field as an instant; None when it is missing or cannot be read as one."""
    text = row.get(field)
    if not isinstance(text, str):
        return None
    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
