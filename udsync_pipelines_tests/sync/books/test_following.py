"""When the books are looked at, and what their feed cannot be believed."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.sync.books.ports import Change, Changes
from udsync_pipelines_tests.sync.books.followed_books import (
    MONTH,
    delete,
    edit,
    followed,
    receipt_of,
    world_kinds,
)
from udsync_pipelines_tests.sync.books.followed_books import posted as posted
from udsync_pipelines_tests.sync.books.world import DRY, EVERY, BooksWorld

# --- when it looks ------------------------------------------------------------------------------


def test_the_first_sync_asks_nothing_for_nothing_is_bound(world: BooksWorld) -> None:
    world.shop.sell(1)

    world.sync()

    assert world.books.called("changes", "standing") == []
    assert world.watch.until == world.ledger.now


def test_the_books_are_followed_once_in_an_hour_for_all_lanes(posted: BooksWorld) -> None:
    for lane in ("customers", "products", "orders", "orders"):
        posted.sync(lane=lane)
    posted.wait(EVERY - timedelta(seconds=1))
    posted.sync()
    once = len(posted.books.called("changes"))
    posted.wait(timedelta(seconds=1))
    posted.sync()

    assert once == 1
    assert len(posted.books.called("changes")) == 2


def test_the_books_are_followed_at_once_when_they_tell_of_a_change(posted: BooksWorld) -> None:
    posted.sync()
    posted.wait(timedelta(seconds=1))
    posted.watch.told_at = posted.ledger.now
    posted.wait(timedelta(seconds=1))

    posted.sync()
    posted.sync()

    assert len(posted.books.called("changes")) == 2


def test_a_dry_run_does_not_look(posted: BooksWorld) -> None:
    delete(posted, receipt_of(posted, 1))

    posted.planned(DRY)

    assert posted.books.called("changes") == []
    assert posted.watch.held == {}


def test_the_echo_of_our_own_writes_makes_no_difference(posted: BooksWorld) -> None:
    posted.shop.sell(1, "25.00")
    first = posted.sync()
    posted.wait(EVERY)
    second = posted.sync()

    assert followed(posted, first) == {}
    assert followed(posted, second) == {"seen": 1, "echoes": 1}
    assert posted.parked() == {}


def test_books_whose_clock_is_behind_ours_hide_no_edit(posted: BooksWorld) -> None:
    posted.books.behind = timedelta(minutes=20)
    posted.sync()
    posted.wait(timedelta(seconds=30))
    edit(posted, receipt_of(posted, 1))
    posted.wait(EVERY)

    report = posted.sync()

    assert followed(posted, report)["edited"] == 1


# --- what the feed cannot be believed, or does not tell ------------------------------------------


def test_a_deletion_that_the_feed_tells_falsely_is_not_believed(posted: BooksWorld) -> None:
    held = receipt_of(posted, 1)
    posted.books.edit(held)
    posted.books.falsely_deleted.add(held.target_id)

    report = posted.sync()

    assert posted.books.called("read") == [("read", held.target_id)]
    assert followed(posted, report) == {"seen": 1, "harmless": 1}
    assert posted.codes() == {}


def test_after_a_month_everything_is_compared_and_deletions_are_confirmed(
    posted: BooksWorld,
) -> None:
    gone, edited = receipt_of(posted, 1), receipt_of(posted, 2)
    delete(posted, gone)
    edit(posted, edited)
    posted.wait(MONTH)

    report = posted.sync()

    assert posted.codes() == {"order/1": "deleted_in_books", "order/2": "edited_in_books"}
    assert ("read", gone.target_id) in posted.books.called("read")
    assert followed(posted, report)["compared"] == len(posted.ledger.bound)


def test_a_kind_of_which_too_much_changed_is_compared_as_a_whole(posted: BooksWorld) -> None:
    delete(posted, receipt_of(posted, 1))
    posted.books.untold = {"sales_receipt"}

    report = posted.sync()

    assert posted.codes() == {"order/1": "deleted_in_books"}
    assert followed(posted, report)["compared"] == 2


def test_books_that_were_posted_to_before_they_were_followed_are_compared(
    posted: BooksWorld,
) -> None:
    posted.watch.until = None
    delete(posted, receipt_of(posted, 1))

    posted.sync()

    assert posted.codes() == {"order/1": "deleted_in_books"}


def test_more_objects_than_a_page_are_compared_page_by_page(
    posted: BooksWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("udsync_pipelines.sync.books.following._PAGE", 2)
    delete(posted, receipt_of(posted, 2))
    posted.wait(MONTH)

    report = posted.sync()

    assert posted.codes() == {"order/2": "deleted_in_books"}
    assert followed(posted, report)["compared"] == len(posted.ledger.bound)


def test_what_cannot_be_read_does_not_hold_up_the_rest(
    posted: BooksWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = receipt_of(posted, 1)
    broken = Changes([Change(held.target_id, None), Change(receipt_of(posted, 2).target_id, None)])
    delete(posted, receipt_of(posted, 2))
    monkeypatch.setattr(posted.books, "changes", lambda *_: broken)
    posted.books.unreadable.add(held.target_id)

    report = posted.sync()

    assert followed(posted, report)["unreadable"] == 1
    assert posted.codes() == {"order/2": "deleted_in_books"}


# --- when the books may not be read --------------------------------------------------------------


def test_when_the_months_reads_are_spent_posting_goes_on_without_a_look(
    posted: BooksWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = posted.watch.until
    monkeypatch.setattr(posted.books, "changes", refusing("allowance_spent"))
    posted.shop.sell(3)

    report = posted.sync()

    assert followed(posted, report) == {"skipped": 1}
    assert world_kinds(posted) == {"sales_receipt": 3}
    assert posted.watch.until == until


def test_books_that_cannot_be_followed_for_another_cause_stop_the_sync(
    posted: BooksWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posted.books, "changes", refusing("needs_consent"))

    with pytest.raises(ConfigurationError):
        posted.sync()


def refusing(code: str) -> Callable[..., Changes]:
    """A look into the books that is refused with this code."""

    def refuse(*_: object) -> Changes:
        raise ConfigurationError("It is refused.", code=code)

    return refuse
