"""A shop whose store delivers webhooks to the API, and syncs that take up what was delivered.

The clock of the inbox is the database's own: a record whose webhooks come thick and fast waits for
a pause there, as in production, so that not each delivery makes a sync of its own.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from udsync_pipelines.services import deliveries
from udsync_pipelines.services.engines import open_engine
from udsync_pipelines.services.store_webhooks import StoreWebhooks, check_store, register_store
from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines.sync.entities import DESTINATIONS, lane_named
from udsync_pipelines.sync.plan import SyncOptions
from udsync_pipelines_tests.api.intake import Api, api_server
from udsync_pipelines_tests.scenarios.shops import ConnectedShop
from udsync_pipelines_tests.scenarios.store_days import StoreDay

SENSOR_SECONDS = 1.0
"""So often `webhook_inbox` looks."""


@contextmanager
def delivering(shop: ConnectedShop) -> Iterator[Api]:
    """The API answers inside this block, and the store's webhooks lead to it."""
    with api_server(shop.installation.state, shop.installation.keys) as api:
        register_store(shop.installation, shop.tenant, str(api.client.base_url).rstrip("/"))
        yield api


def sync_what_waits(shop: ConnectedShop) -> list[SyncReport]:
    """Do what the runs do that `webhook_inbox` asks for: one for each lane with deliveries."""
    work = deliveries.work(shop.installation)
    lanes = dict.fromkeys(one.lane for one in work if one.tenant == shop.tenant.name)
    return [_take_up(shop, lane) for lane in lanes]


@contextmanager
def taking_up(shop: ConnectedShop) -> Iterator[list[SyncReport]]:
    """Beside this block do what `webhook_inbox` and its runs do, until nothing waits any more.

    The syncs so far are in the list given, all of them once the block has ended.
    """
    syncs: list[SyncReport] = []
    over = threading.Event()

    def work() -> None:
        while not over.is_set() or _waits(shop):
            syncs.extend(sync_what_waits(shop))
            time.sleep(SENSOR_SECONDS)

    with ThreadPoolExecutor(1) as beside:
        work_done = beside.submit(work)
        try:
            yield syncs
        finally:
            over.set()
        work_done.result()


def _waits(shop: ConnectedShop) -> bool:
    return bool(shop.state("select from udsync.webhook_events where state = 'pending' limit 1"))


def sweep(shop: ConnectedShop) -> StoreWebhooks:
    """Do what `lost_webhooks` and `watch_webhooks` do: look, set right, sync what has changed."""
    found = check_store(shop.installation, shop.tenant)
    assert found is not None
    if found.problems:
        register_store(shop.installation, shop.tenant)
        shop.sync_all()
    return found


def _take_up(shop: ConnectedShop, lane: str) -> SyncReport:
    run_id = str(uuid4())
    with open_engine(shop.installation, shop.tenant.name, clock=shop.now) as opened:
        plan = opened.open(lane_named(lane), SyncOptions(), trigger="webhook", run_id=run_id)
        taken = opened.claim_deliveries(run_id, plan)
        opened.engine.extract(plan.id, taken.records)
        opened.engine.map(plan.id)
        opened.engine.resolve(plan.id)
        for platform in DESTINATIONS:
            opened.engine.load(plan.id, platform)
        report = opened.close_sync(plan.id)
        opened.finish_deliveries(run_id, lane)
    return report


@dataclass
class DeliveredDay(StoreDay):
    """A day whose syncs are those that webhooks ask for; `syncs` are their reports."""

    syncs: list[SyncReport] = field(default_factory=list)

    def _sync(self) -> None:
        self.shop.store.control.run_webhooks()
        self.syncs += sync_what_waits(self.shop)
