"""Before orders are posted somebody may have to decide; some are left to the books for good."""

import pytest

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.sync import due
from udsync_pipelines_tests.sync.books.world import DRY, BooksWorld, markers


def refuse() -> None:
    raise ConfigurationError("Something is to be decided.", code="preflight_undecided")


def test_nothing_is_posted_while_something_is_to_be_decided(world: BooksWorld) -> None:
    world.before_first_posting = refuse
    world.shop.sell(1)

    with pytest.raises(ConfigurationError, match="to be decided"):
        world.sync()

    assert world.books.kinds() == {}


def test_what_was_refused_is_posted_once_it_is_decided(world: BooksWorld) -> None:
    world.before_first_posting = refuse
    world.shop.sell(1)
    with pytest.raises(ConfigurationError):
        world.sync()

    world.restart()
    world.before_first_posting = lambda: None
    world.sync()

    assert markers(world) == ["order/1"]
    assert world.parked() == {}


def test_products_and_dry_runs_ask_nothing(world: BooksWorld) -> None:
    world.before_first_posting = refuse
    world.shop.product(10, "Mug")
    world.shop.sell(1)

    world.sync(lane="products")
    world.planned(DRY)

    assert world.books.kinds() == {"item": 1}


def test_a_sync_that_posts_nothing_asks_nothing(world: BooksWorld) -> None:
    world.before_first_posting = refuse
    world.shop.sell(1, status="pending")

    report = world.sync()

    assert world.counts(report)["order.skip"] == 1


def test_it_is_asked_once_a_sync_however_many_batches_there_are(
    world: BooksWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    world.before_first_posting = lambda: asked.append("asked")
    monkeypatch.setattr(due, "BATCH", 1)
    for number in range(3):
        world.shop.sell(number + 1)

    world.sync()

    assert asked == ["asked"]
    assert len(markers(world)) == 3


def test_an_order_that_is_left_to_the_books_is_never_posted_nor_its_refunds(
    world: BooksWorld,
) -> None:
    world.left_to_books = frozenset({"1"})
    world.shop.sell(1)
    world.shop.sell(2)
    world.shop.refund(11, 1, "5.00")
    world.sync()

    world.shop.sell(1, net="30.00")
    world.sync()

    assert markers(world) == ["order/2"]
    assert "refund_receipt" not in world.books.kinds()
    assert world.parked() == {}
