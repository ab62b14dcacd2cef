"""`kill -9` while posting, at every named point: nothing is doubled, nothing is lost.

Twelve orders in batches of five, in a process that dies; another process goes on. The company
forgets request ids at once, so that only looking keeps a document from being sent twice.
"""

import itertools
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from udsync_pipelines.services.installation import Installation
from udsync_pipelines.sync import books
from udsync_pipelines.sync.plan import PlanState
from udsync_pipelines_tests.scenarios.books import ShopWithBooks, open_shop, sell
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books_evidence import unequal_books, writes
from udsync_pipelines_tests.scenarios.reruns import rerun

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

KILLED = -9
POINTS = (
    "books.mapped", "books.mapped:3", "books.planned", "books.planned:4",
    "books.sent", "books.sent:14", "books.answered", "books.answered:20",
    "books.settled", "books.settled:3",
)  # fmt: skip

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def gathered(books_installation: Installation) -> Iterator[ShopWithBooks]:
    """A shop whose books forget request ids at once, so that looking must be enough."""
    with open_shop(books_installation, requestid=False) as shop:
        yield shop


@pytest.fixture
def shop(gathered: ShopWithBooks) -> ShopWithBooks:
    """The shop with twelve new orders, some on account, and two refunds."""
    number = next(_numbers)
    for n in range(12):
        order = sell(
            gathered.store,
            last=f"Guest {number} {n % 7}",
            email=f"g{number}-{n % 7}@example.org",
            payment_method="cheque" if n % 3 == 0 else "stripe",
        )
        if n in (1, 10):
            gathered.store.control.refund_order(order, {"amount": "5.00"})
    gathered.company.requests.clear()
    return gathered


@pytest.mark.parametrize("point", POINTS)
def test_posting_that_is_killed_ends_with_one_document_of_each(
    shop: ShopWithBooks, point: str
) -> None:
    ended = shop.start_books_sync(fail_at=point).wait()
    rerun(shop)
    reports = shop.sync_until_certain()

    assert ended.exit_code == KILLED
    assert reports[-1].plan.state is PlanState.APPLIED
    assert unequal_books(shop.store, shop.company) == []
    assert shop.parked() == {}
    assert left_open(shop) == []


def test_what_arrived_before_a_kill_is_found_and_not_sent_again(shop: ShopWithBooks) -> None:
    ended = shop.start_books_sync(fail_at="books.answered:12").wait()
    rerun(shop)
    shop.sync_until_certain()
    created = [one for one in writes(shop.company) if "operation=" not in one]

    assert ended.exit_code == KILLED
    assert unequal_books(shop.store, shop.company) == []
    assert len(created) == len(set(created)) == 7 + 12 + 4 + 2 + new_items(shop)


def test_three_kills_in_a_row_still_end_with_one_of_each(shop: ShopWithBooks) -> None:
    points = ("books.sent:4", "books.answered:2", "books.answered:1")
    codes = []
    for point in points:
        codes.append(shop.start_books_sync(fail_at=point).wait().exit_code)

    rerun(shop)
    shop.sync_until_certain()

    assert codes == [KILLED] * 3
    assert unequal_books(shop.store, shop.company) == []
    assert shop.parked() == {}
    assert left_open(shop) == []


def test_what_a_killed_process_had_in_flight_keeps_nobody_waiting(
    books_installation: Installation,
) -> None:
    with open_shop(books_installation, requestid=False, latency=0.5) as shop:
        for n in range(12):
            sell(shop.store, last=f"Guest {n}", email=f"g{n}@example.org")
        process = shop.start_books_sync(batch=20)
        deadline = time.monotonic() + 60
        while shop.company.limits.in_flight < 9 and time.monotonic() < deadline:
            time.sleep(0.002)
        process.kill()
        ended = process.wait()

        rerun(shop)
        shop.sync_until_certain()

        assert ended.exit_code == KILLED
        assert shop.company.limits.most_in_flight >= 9  # the dead ones are still being answered
        assert shop.company.limits.refused == 0
        assert unequal_books(shop.store, shop.company) == []
        assert shop.state("select name from udsync.leases where expires_at > now()") == []


def test_every_named_point_of_posting_is_killed_here() -> None:
    folder = Path(books.__path__[0])
    source = "".join(path.read_text() for path in folder.glob("*.py"))
    named = set(re.findall(r'reached\("(books\.[a-z_.]+)"\)', source))

    assert named == {point.partition(":")[0] for point in POINTS}


def left_open(shop: ShopWithBooks) -> list[str]:
    """Writes that are neither settled nor superseded."""
    found = shop.state(
        "select role, state from udsync.sync_queue where kind = 'record'"
        " and state not in ('settled', 'superseded', 'rejected')"
    )
    return [f"{row['role']} is {row['state']}" for row in found]


def new_items(shop: ShopWithBooks) -> int:
    """How many items were created in the books since the requests were forgotten."""
    return len([one for one in writes(shop.company) if "/item?" in one])
