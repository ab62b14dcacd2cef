"""Orders told from the index alone: quick answers to sweeps by id and stamp."""

from typing import Any

from udsync_pipelines.emulators.woocommerce.clock import gmt_text
from udsync_pipelines.emulators.woocommerce.records import Row

Json = dict[str, Any]

INDEXED = frozenset(
    {
        "id", "status", "date_created", "date_modified", "customer_id",
        "date_created_gmt", "date_modified_gmt",
    }
)  # fmt: skip
"""The fields of an order that the index holds."""


def from_index(row: Row, wanted: set[str]) -> Json:
    """Return some fields of an order, in the order in which an order has them."""
    known = {
        "id": row.id,
        "status": row.status,
        "date_created": gmt_text(row.created_wall),
        "date_modified": gmt_text(row.modified_wall),
        "customer_id": row.customer,
        "date_created_gmt": gmt_text(row.created),
        "date_modified_gmt": gmt_text(row.modified),
    }
    return {name: value for name, value in known.items() if name in wanted}
