"""Exact sums over the whole store, to audit a sync against."""

from collections.abc import Iterator
from typing import Any

import orjson

from udsync_pipelines.emulators.woocommerce.amounts import parse, show
from udsync_pipelines.emulators.woocommerce.clock import seconds_of
from udsync_pipelines.emulators.woocommerce.indexing import UNLISTED_ORDERS
from udsync_pipelines.emulators.woocommerce.store import Store

Json = dict[str, Any]
_BATCH = 200
_FIGURES = ("total", "total_tax", "shipping_total", "discount_total")


class Sums:
    """Counts, and sums of money per currency, of all orders that ``status=any`` lists.

    Args:
        store: the store.
        created_from: ISO time (UTC); only orders created at or after it.
        created_to: ISO time (UTC); only orders created before it.
    """

    def __init__(self, store: Store, created_from: str = "", created_to: str = "") -> None:
        self._store = store
        self._from = seconds_of(created_from) if created_from else None
        self._to = seconds_of(created_to) if created_to else None
        self._orders: dict[str, dict[str, int]] = {}
        self._refunds: dict[str, dict[str, int]] = {}
        self._statuses: dict[str, int] = {}

    def steps(self) -> Iterator[None]:
        """Add up a batch of orders at a time; nothing is kept but the sums."""
        last = 0
        while True:
            with self._store.lock:
                rows = self._store.records.rows(
                    "kind='order' AND listed=1 AND id>?", (last,), f"ORDER BY id LIMIT {_BATCH}"
                )
                for row in rows:
                    if self._wanted(row.created):
                        self._add(row.id, row.status)
            if not rows:
                return
            last = rows[-1].id
            yield

    def run(self) -> Json:
        """Add everything up and return the result."""
        for _ in self.steps():
            pass
        return self.result()

    def result(self) -> Json:
        """Return counts, and amounts as texts with two decimals."""
        return {
            "orders": _shown(self._orders),
            "refunds": _shown(self._refunds),
            "orders_by_status": dict(sorted(self._statuses.items())),
        }

    def _wanted(self, created: int | None) -> bool:
        moment = created or 0
        return (self._from is None or moment >= self._from) and (
            self._to is None or moment < self._to
        )

    def _add(self, order_id: int, status: str) -> None:
        stored = self._store.records.stored_body("order", order_id)
        order = orjson.loads(stored) if stored else self._store.generated.figures(order_id)
        self._statuses[status] = self._statuses.get(status, 0) + 1
        sums = self._orders.setdefault(order["currency"], {"count": 0})
        sums["count"] += 1
        for name in _FIGURES:
            sums[name] = sums.get(name, 0) + parse(order[name])
        for entry in order["refunds"]:
            given = self._refunds.setdefault(order["currency"], {"count": 0})
            given["count"] += 1
            given["amount"] = given.get("amount", 0) - parse(entry["total"])
            given["total_tax"] = given.get("total_tax", 0) - parse(entry["total_tax"])


def _shown(sums: dict[str, dict[str, int]]) -> Json:
    return {
        currency: {
            name: value if name == "count" else show(value) for name, value in figures.items()
        }
        for currency, figures in sorted(sums.items())
    }


def unlisted_count(store: Store) -> dict[str, int]:
    """Return how many orders no ``any`` list shows, by status."""
    with store.lock:
        return {
            status: store.records.count("kind='order' AND status=?", (status,))
            for status in UNLISTED_ORDERS
        }
