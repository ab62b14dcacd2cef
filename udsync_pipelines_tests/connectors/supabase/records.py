"""Mapped records with named differences, as the engine hands them to the destination."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.records import MappedRecord, Row

NOON = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)


def line(order_id: int, number: int = 1, **differences: Any) -> dict[str, object]:
    """A line for 10.00 and 2.00 tax."""
    mug = {
        "order_id": str(order_id),
        "kind": "product",
        "line_id": str(order_id * 100 + number),
        "position": number,
        "name": "Blue mug",
        "quantity": Decimal(1),
        "total": Decimal("10.00"),
        "total_tax": Decimal("2.00"),
        "meta": '{"colour": "blue"}',
    }
    return {**mug, **differences}


def order(
    order_id: int,
    *,
    lines: Sequence[Row] | None = None,
    raw: bytes | None = None,
    deleted_at: datetime | None = None,
    **differences: Any,
) -> MappedRecord:
    """An order of one mug for 12.00 euros, with differences in its root row."""
    row = {
        "id": str(order_id),
        "number": f"N{order_id}",
        "status": "processing",
        "currency": "EUR",
        "total": Decimal("12.00"),
        "total_tax": Decimal("2.00"),
        "prices_include_tax": False,
        "customer_id": None,
        "billing_name": "Zoë Ångström 🎁",
        "coupon_codes": ["SAVE10"],
        "created_at": NOON,
    }
    own_lines = [line(order_id)] if lines is None else list(lines)
    tables = {"woo_orders": [{**row, **differences}], "woo_order_lines": own_lines}
    return record(Entity.ORDER, str(order_id), tables, raw=raw, deleted_at=deleted_at)


def refund(refund_id: int, **differences: Any) -> MappedRecord:
    """A refund of 3.00 euros, with differences."""
    row = {"id": str(refund_id), "order_id": "1", "currency": "EUR", "amount": Decimal("3.00")}
    return record(Entity.REFUND, str(refund_id), {"woo_refunds": [{**row, **differences}]})


def record(
    entity: Entity,
    source_id: str,
    tables: dict[str, list[Any]],
    *,
    raw: bytes | None = None,
    deleted_at: datetime | None = None,
) -> MappedRecord:
    """A record with these rows, and the hash that they have."""
    sent = f'{{"id": {source_id}}}'.encode() if raw is None else raw
    digest = hashlib.blake2b(sent, digest_size=16)
    digest.update(repr(tables).encode(errors="surrogatepass"))
    digest.update(b"live" if deleted_at is None else b"deleted")
    return MappedRecord(entity, source_id, tables, digest.digest(), sent, deleted_at)
