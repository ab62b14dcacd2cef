"""Syncing again after a crash, and what must be true then."""

import time
from collections.abc import Callable

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines_tests.scenarios.evidence import differences
from udsync_pipelines_tests.scenarios.shops import ConnectedShop, Row


def differences_of_orders(shop: ConnectedShop) -> list[str]:
    """What differs in orders and refunds; the other lanes were not synced here."""
    return [
        line
        for line in differences(shop)
        if not line.startswith(("woo_products", "woo_variations", "woo_customers"))
    ]


def rerun(shop: ConnectedShop, lane: str = "orders") -> SyncReport:
    """Sync again; the server may need a moment to notice that a killed process is gone."""
    return _when_free(lambda: shop.sync(lane))


def _when_free(attempt: Callable[[], SyncReport]) -> SyncReport:
    deadline = time.monotonic() + 20
    while True:
        try:
            return attempt()
        except ConfigurationError as busy:
            if busy.code != "lane_busy" or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def open_intents(shop: ConnectedShop) -> list[Row]:
    """Batches that are neither settled nor superseded."""
    return list(
        shop.state(
            "select state from udsync.sync_queue where kind = 'batch'"
            " and state not in ('settled', 'superseded')"
        )
    )
