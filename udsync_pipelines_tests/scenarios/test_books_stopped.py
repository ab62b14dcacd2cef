"""A worker that is stopped while it posts, and wakes up when another has taken its lane over."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.sync.plan import PlanState
from udsync_pipelines_tests.scenarios.books import ShopWithBooks, open_shop, sell
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books_evidence import unequal_books, writes
from udsync_pipelines_tests.scenarios.syncing import SyncProcess

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

LEASE_SECONDS = 2.0
ORDERS = 40


@pytest.fixture
def shop(books_installation: Installation) -> Iterator[ShopWithBooks]:
    """A shop with orders, whose books forget request ids at once and take their time."""
    with open_shop(books_installation, requestid=False) as opened:
        for number in range(ORDERS):
            sell(opened.store, last=f"Guest {number}", email=f"g{number}@example.org")
        opened.company.requests.clear()
        yield opened


def stopped_while_posting(shop: ShopWithBooks) -> SyncProcess:
    """A process that posts, stopped after some of its writes."""
    worker = shop.start_books_sync(lease_seconds=LEASE_SECONDS)
    deadline = time.monotonic() + 60
    while len(writes(shop.company)) < ORDERS // 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(worker.pid, signal.SIGSTOP)
    return worker


def take_over(shop: ShopWithBooks) -> None:
    """Sync in this process, as soon as the lane may be taken."""
    deadline = time.monotonic() + 60
    while True:
        try:
            shop.sync_until_certain()
            return
        except ConfigurationError as busy:
            if busy.code != "lane_busy" or time.monotonic() > deadline:
                raise
        time.sleep(0.1)


def test_a_worker_that_wakes_up_after_its_lease_writes_nothing_more(shop: ShopWithBooks) -> None:
    worker = stopped_while_posting(shop)
    take_over(shop)
    posted = len(writes(shop.company))

    os.kill(worker.pid, signal.SIGCONT)
    ended = worker.wait()

    assert "writes nothing more" in ended.error
    assert len(writes(shop.company)) == posted
    assert unequal_books(shop.store, shop.company) == []
    assert shop.parked() == {}
    assert shop.sync().plan.state is PlanState.APPLIED
    assert len(writes(shop.company)) == posted
