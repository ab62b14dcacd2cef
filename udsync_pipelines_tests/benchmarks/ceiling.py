"""How fast the emulated store can be read at all: every page, with a plain client."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter

import httpx

from udsync_pipelines_tests.benchmarks.machine import tree_seconds
from udsync_pipelines_tests.benchmarks.shop import Shop

PER_PAGE = 100
AT_A_TIME = 2  # as many requests as our own reader has under way
BY_ID = {"orderby": "id", "order": "asc"}
LISTS = {"orders": {**BY_ID, "status": "any"}, "refunds": BY_ID}


@dataclass(frozen=True)
class Ceiling:
    """Orders per second with all their refunds, bytes thrown away; the store's own work."""

    orders_per_second: float
    shop_milliseconds_per_order: float


def measure(shop: Shop) -> Ceiling:
    """Read both lists to their ends by offsets, two requests at a time."""
    before, started = tree_seconds(shop.pid), perf_counter()
    orders, _ = (_read(shop, path) for path in LISTS)
    seconds, used = perf_counter() - started, tree_seconds(shop.pid) - before
    return Ceiling(orders / seconds, 1000 * used / orders)


def _read(shop: Shop, path: str) -> int:
    url = f"{shop.url}/wp-json/wc/v3/{path}"
    with (
        httpx.Client(auth=(shop.consumer_key, shop.consumer_secret), timeout=60) as client,
        ThreadPoolExecutor(AT_A_TIME) as threads,
    ):

        def page(number: int) -> int:
            place = {"per_page": PER_PAGE, "offset": number * PER_PAGE}
            answer = client.get(url, params={**LISTS[path], **place}).raise_for_status()
            return int(answer.headers["X-WP-Total"])

        total = page(0)
        list(threads.map(page, range(1, -(-total // PER_PAGE))))
    return total
