"""`kill -9` at every named point, and a rerun: nothing lost, nothing doubled, little read again.

The store has 288 orders on 3 pages and 36 refunds on one; the process that dies loads them in
batches of 60.
"""

import re
from pathlib import Path

import pytest

from udsync_pipelines import sync
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.sync.plan import PlanState
from udsync_pipelines_tests.scenarios.evidence import differences
from udsync_pipelines_tests.scenarios.reruns import differences_of_orders, open_intents, rerun
from udsync_pipelines_tests.scenarios.shops import ConnectedShop, written

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

KILLED = -9
CALLS_OF_AN_OVERLAP = 3  # the list and its trash, and one page more

WHILE_READING = (
    "page.read", "page.read:2", "page.read:3", "page.read:4", "page.read:5",
    "page.archived", "page.archived:2", "page.archived:3", "page.archived:4", "page.archived:6",
)  # fmt: skip
WHILE_PLANNING = (
    "map.planned", "map.planned:3", "map.planned:6", "resolve.planned", "resolve.planned:4",
    "resolve.planned:6",
)  # fmt: skip
WHILE_LOADING = (
    "load.sent", "load.sent:4", "load.sent:6", "load.committed", "load.committed:4",
    "load.committed:6", "load.settled", "load.settled:4", "load.settled:6",
)  # fmt: skip


@pytest.mark.parametrize("point", WHILE_READING)
def test_a_read_that_is_killed_goes_on_after_the_last_stored_page(
    shop: ConnectedShop, point: str
) -> None:
    ended = shop.start_sync(fail_at=point).wait()
    stored = _full_read_offset(shop)
    shop.store.requests.clear()

    report = rerun(shop)

    assert ended.exit_code == KILLED
    assert report.plan.state is PlanState.APPLIED
    assert differences_of_orders(shop) == []
    assert open_intents(shop) == []
    assert all(offset >= stored for offset in _offsets_read(shop.store))


@pytest.mark.parametrize("point", WHILE_PLANNING)
def test_planning_that_is_killed_costs_no_page_and_no_order(
    shop: ConnectedShop, point: str
) -> None:
    ended = shop.start_sync(fail_at=point).wait()
    shop.store.requests.clear()

    report = rerun(shop)
    calls = shop.store.requests.counts()

    assert ended.exit_code == KILLED
    assert written(report) == {"order.created": 288, "refund.created": 36}
    assert differences_of_orders(shop) == []
    assert open_intents(shop) == []
    assert max(calls.values()) <= CALLS_OF_AN_OVERLAP


@pytest.mark.parametrize("point", WHILE_LOADING)
def test_loading_that_is_killed_writes_each_order_once_in_the_end(
    shop: ConnectedShop, point: str
) -> None:
    ended = shop.start_sync(fail_at=point).wait()
    arrived = {row["id"]: row["xmin"] for row in _order_versions(shop)}
    shop.store.requests.clear()

    report = rerun(shop)
    calls = shop.store.requests.counts()

    assert ended.exit_code == KILLED
    assert report.plan.counts["order.created"] == 288 - len(arrived)
    assert differences_of_orders(shop) == []
    assert {row["id"]: row["xmin"] for row in _order_versions(shop) if row["id"] in arrived} == (
        arrived
    )
    assert open_intents(shop) == []
    assert max(calls.values()) <= CALLS_OF_AN_OVERLAP


def test_every_named_point_of_the_engine_is_killed_here() -> None:
    tested = {
        point.partition(":")[0] for point in (*WHILE_READING, *WHILE_PLANNING, *WHILE_LOADING)
    }

    assert tested == set(_named_points())


def test_five_crashes_in_a_row_still_end_with_the_whole_store(shop: ConnectedShop) -> None:
    points = ("page.read:2", "page.archived:1", "map.planned:2", "load.sent:3", "load.committed:2")
    codes = [shop.start_sync(fail_at=point).wait().exit_code for point in points]

    report = rerun(shop)

    assert codes == [KILLED] * 5
    assert report.plan.state is PlanState.APPLIED
    assert differences_of_orders(shop) == []
    assert open_intents(shop) == []
    assert _plan_states(shop) == ["superseded"] * 5 + ["applied"]


def test_changes_read_before_a_crash_arrive_with_the_next_sync(synced_shop: ConnectedShop) -> None:
    edited = sorted(synced_shop.live("woo_orders"))[:7]
    for order in edited:
        synced_shop.store.control.edit_order(order, {"customer_note": "call before delivery"})
    ended = synced_shop.start_sync(fail_at="page.archived").wait()

    report = rerun(synced_shop)

    assert ended.exit_code == KILLED
    assert written(report) == {"order.updated": 7}
    assert differences(synced_shop) == []


@pytest.mark.parametrize("lane", ["customers", "products"])
@pytest.mark.parametrize("point", ["page.archived", "load.committed"])
def test_the_other_lanes_survive_a_kill_as_orders_do(
    shop: ConnectedShop, lane: str, point: str
) -> None:
    ended = shop.start_sync(lane, fail_at=point, batch=20).wait()

    report = rerun(shop, lane)
    shop.sync_all()

    assert ended.exit_code == KILLED
    assert report.plan.state is PlanState.APPLIED
    assert differences(shop) == []
    assert open_intents(shop) == []


def _full_read_offset(shop: ConnectedShop) -> int:
    """How many orders a full read has stored, less the one that is read again as an anchor."""
    bookmark = shop.bookmark("order")
    if not bookmark:
        return 0
    full = bookmark.get("full")
    return 10**6 if full is None else int(full["position"]["offset"])


def _offsets_read(store: StoreEmulator) -> list[int]:
    """The offsets of the pages of the full list of orders that were asked for, trash aside."""
    found = store.requests.records(r"/orders\?.*orderby=id.*offset=\d+")
    return [
        int(re.findall(r"offset=(\d+)", record.query)[0])
        for record in found
        if "status=trash" not in record.query
    ]


def _order_versions(shop: ConnectedShop) -> list[dict[str, object]]:
    return [dict(row) for row in shop.select("select id, xmin::text from woo_orders")]


def _plan_states(shop: ConnectedShop) -> list[str]:
    return [
        row["state"] for row in shop.state("select state from udsync.plans order by created_at")
    ]


def _named_points() -> list[str]:
    """The points that the engine names in its source."""
    folder = Path(sync.__path__[0])
    source = "".join(path.read_text() for path in folder.glob("*.py"))
    return re.findall(r'reached\("([a-z_.]+)"\)', source)
