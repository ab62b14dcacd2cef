"""Loads that end early: what was under way is looked for before anything is sent again."""

import signal
import sys
import threading
import time
import traceback
from datetime import timedelta

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError, PlatformUnavailableError
from udsync_pipelines.posting.draft_json import AnyDraft
from udsync_pipelines.sync.books.ports import Posted, Symbols
from udsync_pipelines.sync.books.writes import Key, Role, WriteAction
from udsync_pipelines.sync.plan import IntentState, PlanState
from udsync_pipelines_tests.sync.books.company import key_of
from udsync_pipelines_tests.sync.books.world import (
    BooksWorld,
    markers,
)
from udsync_pipelines_tests.sync.memory import Crash


@pytest.mark.parametrize(
    ("point", "passage"),
    [
        *[("books.sent", passage) for passage in range(1, 6)],
        *[("books.answered", passage) for passage in range(1, 6)],
        *[("books.settled", passage) for passage in range(1, 3)],
    ],
)
def test_a_load_that_died_looks_before_it_sends_again(
    world: BooksWorld, point: str, passage: int
) -> None:
    world.books.keeps_request_ids = world.books.refuses_same_number = False
    world.shop.sell(1, method="cheque")
    world.shop.refund(11, 1, "5.00")
    plan = world.planned()
    world.die_at(point, passage)
    with pytest.raises(Crash):
        world.load(plan)
    world.restart()
    world.wait()

    report = world.load(plan)

    assert report.plan.state is PlanState.APPLIED
    assert world.codes() == {}
    kinds = {"customer": 1, "invoice": 1, "item": 1, "payment": 1, "refund_receipt": 1}
    assert world.books.kinds() == kinds
    created = [what for _, what in world.books.called("create")]
    assert len(created) == len(set(created)) == 5
    assert len(world.books.called("find")) == (point != "books.settled")


def test_a_load_taken_up_at_once_leaves_what_was_under_way_in_doubt(world: BooksWorld) -> None:
    world.shop.sell(1)
    plan = world.planned()
    world.die_at("books.sent", 3)
    with pytest.raises(Crash):
        world.load(plan)
    world.restart()

    report = world.load(plan)

    assert report.in_doubt == 1
    assert world.codes() == {"order/1": "answer_lost"}
    assert world.books.kinds() == {"customer": 1, "item": 1}


def test_a_sync_that_died_is_followed_by_one_that_looks_first(sold: BooksWorld) -> None:
    sold.die_at("books.answered")
    with pytest.raises(Crash):
        sold.sync()
    sold.restart()
    sold.books.calls.clear()

    report = sold.sync()

    assert sold.books.called("find", "create") == [("find", "sales_receipt udsync:WC:order/2")]
    assert sold.counts(report)["sales_receipt.found"] == 1
    assert markers(sold) == ["order/1", "order/2"]


def test_a_doubt_left_by_a_dead_sync_keeps_its_order_due(sold: BooksWorld) -> None:
    sold.books.delay = timedelta(minutes=1)
    sold.die_at("books.answered")
    with pytest.raises(Crash):
        sold.sync()
    sold.restart()

    early = sold.sync()
    codes = sold.codes()
    sold.wait()
    late = sold.sync()

    assert (early.in_doubt, codes) == (1, {"order/2": "answer_lost"})
    assert (late.in_doubt, late.parked) == (0, 0)
    assert markers(sold) == ["order/1", "order/2"]


def test_a_load_is_refused_once_a_newer_sync_has_taken_over(world: BooksWorld) -> None:
    world.shop.sell(1)
    plan = world.planned()
    world.books.fails_with = PlatformUnavailableError("The books do not answer.")
    with pytest.raises(PlatformUnavailableError):
        world.load(plan)
    world.books.fails_with = None
    world.engine().open("orders", plan.options)  # and dies before it has planned anything

    with pytest.raises(ConfigurationError, match="A newer sync has taken over"):
        world.load(plan)
    world.wait()
    report = world.sync()

    assert report.plan.state is PlanState.APPLIED
    assert markers(world) == ["order/1"]


def test_an_item_made_by_another_lane_meanwhile_is_not_made_twice(world: BooksWorld) -> None:
    world.shop.product(11, "Cup")
    products = world.planned(lane="products")
    world.shop.sell(2, product="11")
    orders = world.planned()
    world.load(products)

    report = world.load(orders)

    (write,) = [one for one in world.plan_writes(orders) if one.key.entity is Entity.PRODUCT]
    assert (write.action, write.state) == (WriteAction.CREATE, IntentState.SETTLED)
    assert world.counts(report)["item.found"] == 1
    assert [one.name for one in world.books.of("item")] == ["Cup"]
    assert markers(world) == ["order/2"]


def test_a_doubt_is_looked_for_also_where_its_customer_is_not_bound_any_more(
    sold: BooksWorld,
) -> None:
    sold.books.answers["sales_receipt"] = ["hidden"]
    sold.books.delay = timedelta(minutes=1)
    sold.sync()
    del sold.ledger.bound[Key(Entity.CUSTOMER, "12", Role.CUSTOMER)]
    sold.wait()

    report = sold.sync()

    assert sold.counts(report)["sales_receipt.found"] == 1
    assert report.parked == 0


def interrupt_main_thread() -> None:
    """Send it what control-C sends, and wait until it has left off to wait for the others.

    Python may drop it, where it comes while something is collected: then it is sent again.
    """
    main = threading.main_thread().ident or 0
    for _ in range(10):
        signal.pthread_kill(main, signal.SIGINT)
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            frames = traceback.extract_stack(sys._current_frames()[main])
            if any(frame.name == "shutdown" for frame in frames):
                return
            time.sleep(0.005)


def test_an_interrupt_lets_end_what_is_under_way_and_begins_nothing_more(
    world: BooksWorld,
) -> None:
    for number in range(1, 6):
        world.shop.sell(number)
    plan = world.planned()
    create = world.books.create

    def interrupted(draft: AnyDraft, name: str, symbols: Symbols, request_id: str) -> Posted:
        if key_of(draft).endswith("order/2"):
            interrupt_main_thread()
        return create(draft, name, symbols, request_id)

    world.books.create = interrupted  # type: ignore[method-assign]  # control-C while it posts
    with pytest.raises(KeyboardInterrupt):
        world.load(plan)
    written = markers(world)
    world.books.create = create  # type: ignore[method-assign]  # as it was
    report = world.load(plan)

    assert written == ["order/1", "order/2"]
    assert len(markers(world)) == len(set(markers(world))) == 5
    assert report.plan.state is PlanState.APPLIED
