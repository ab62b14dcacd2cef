"""What others do in the books to what we posted: an echo, theirs to do, or a question."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.posting.documents import SalesDraft
from udsync_pipelines.posting.policy import ClosedPeriodRule
from udsync_pipelines.sync.books.ports import Change, Changes
from udsync_pipelines.sync.books.writes import WriteAction
from udsync_pipelines.sync.decisions import KEEP_BOOKS
from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines.sync.plan import SyncOptions
from udsync_pipelines_tests.posting.books import CANADA, policy
from udsync_pipelines_tests.sync.books.company import Held
from udsync_pipelines_tests.sync.books.world import DRY, EVERY, FULL, BooksWorld, sale_of

MONTH = timedelta(days=30)
Do = Callable[[BooksWorld, Held], None]


@pytest.fixture
def posted(world: BooksWorld) -> BooksWorld:
    """Two orders, posted as sales receipts, and the books followed since; an hour has passed."""
    world.shop.sell(1, "20.00")
    world.shop.sell(2, "30.00")
    world.sync()
    world.books.touched.clear()  # the echoes of these writes are no matter
    world.wait(EVERY)
    world.books.calls.clear()
    return world


def receipt_of(world: BooksWorld, order: int) -> Held:
    return world.books.held[world.ledger.bound[sale_of(order)].target_id]


def followed(world: BooksWorld, report: SyncReport) -> dict[str, object]:
    """What a sync saw when it followed the books."""
    return {
        name.removeprefix("followed."): number
        for name, number in world.counts(report).items()
        if name.startswith("followed.")
    }


def delete(world: BooksWorld, held: Held) -> None:
    world.books.delete(held)


def void(world: BooksWorld, held: Held) -> None:
    world.books.void(held)


def edit(world: BooksWorld, held: Held) -> None:
    world.books.edit(held, Decimal("99.00"))


def redate(world: BooksWorld, held: Held) -> None:
    world.books.edit(held, dated_on=date(2020, 2, 2))


def rebank(world: BooksWorld, held: Held) -> None:
    world.books.edit(held, account_id="99")


DEEDS = pytest.mark.parametrize(
    ("do", "code"),
    [
        (delete, "deleted_in_books"),
        (void, "voided_in_books"),
        (edit, "edited_in_books"),
        (redate, "edited_in_books"),
        (rebank, "edited_in_books"),
    ],
)


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


# --- what it makes of it ----------------------------------------------------------------------


@DEEDS
def test_a_document_that_others_changed_becomes_a_question_though_the_order_did_not(
    posted: BooksWorld, do: Do, code: str
) -> None:
    before = len(posted.books.held)
    do(posted, receipt_of(posted, 1))

    posted.sync()
    posted.sync()
    posted.wait(EVERY)
    report = posted.sync()

    assert posted.codes() == {"order/1": code}
    assert KEEP_BOOKS in {one.name for one in posted.ledger.question("order/1").choices}
    assert posted.books.called("create", "update") == []
    assert len(posted.books.held) <= before
    assert report.count_newly_parked == 0


@DEEDS
def test_a_full_sync_writes_nothing_over_what_others_did_either(
    posted: BooksWorld, do: Do, code: str
) -> None:
    do(posted, receipt_of(posted, 1))

    posted.sync(FULL)
    posted.shop.sell(1, "21.00")
    posted.sync()

    assert posted.codes() == {"order/1": code}
    assert posted.books.called("create", "update") == []


@DEEDS
def test_a_decision_to_keep_the_books_ends_the_question(
    posted: BooksWorld, do: Do, code: str
) -> None:
    do(posted, receipt_of(posted, 1))
    posted.sync()
    assert posted.codes() == {"order/1": code}
    posted.ledger.decide("order/1", KEEP_BOOKS)

    posted.sync()
    after = posted.codes()
    posted.wait(EVERY)
    posted.sync()
    posted.sync(FULL)

    assert after == {}
    assert posted.codes() == {}
    assert posted.books.called("create", "update") == []


@DEEDS
@pytest.mark.parametrize("options", [None, FULL])
def test_a_question_that_waits_costs_no_read_in_syncs_that_nobody_has_started(
    posted: BooksWorld, do: Do, code: str, options: SyncOptions | None
) -> None:
    posted.trigger = "schedule"
    do(posted, receipt_of(posted, 1))
    posted.sync(options)
    asked = posted.ledger.question("order/1")
    posted.wait(EVERY)
    posted.sync(options)  # what changed shortly before the last look is told once more
    posted.books.calls.clear()

    reports = []
    for _ in range(3):
        posted.wait(EVERY)
        reports.append(posted.sync(options))

    assert posted.books.called("read", "standing", "create", "update") == []
    assert posted.codes() == {"order/1": code}
    assert posted.ledger.question("order/1") == asked
    assert [report.count_newly_parked for report in reports] == [0, 0, 0]


@DEEDS
def test_a_person_who_starts_a_sync_has_the_books_asked_about_what_waits(
    posted: BooksWorld, do: Do, code: str
) -> None:
    do(posted, receipt_of(posted, 1))
    posted.sync()
    posted.books.calls.clear()

    posted.sync()

    assert posted.books.called("read") != []
    assert posted.codes() == {"order/1": code}


def test_a_question_that_waits_is_asked_anew_when_either_side_changes(posted: BooksWorld) -> None:
    posted.trigger = "schedule"
    edit(posted, receipt_of(posted, 1))
    posted.sync()
    first = posted.ledger.question("order/1").about
    posted.wait(EVERY)
    posted.books.edit(receipt_of(posted, 1), Decimal("88.00"))
    posted.sync()
    second = posted.ledger.question("order/1").about
    posted.shop.sell(1, "21.50")
    posted.sync()

    assert len({first, second, posted.ledger.question("order/1").about}) == 3


def test_a_deleted_document_is_posted_again_once_a_person_wants_it(posted: BooksWorld) -> None:
    former = receipt_of(posted, 1)
    delete(posted, former)
    posted.sync()
    posted.ledger.decide("order/1", "post_again")

    report = posted.sync()
    posted.wait(EVERY)
    posted.sync()

    assert world_kinds(posted) == {"sales_receipt": 2}
    assert receipt_of(posted, 1).target_id != former.target_id
    assert receipt_of(posted, 1).total == Decimal("21.00")
    assert posted.counts(report)["sales_receipt.created"] == 1
    assert posted.codes() == {}


def test_an_edited_document_is_brought_back_to_the_order_once_a_person_wants_it(
    posted: BooksWorld,
) -> None:
    edit(posted, receipt_of(posted, 1))
    posted.sync()
    posted.ledger.decide("order/1", "write_order")

    plan = posted.planned()
    posted.load(plan)

    (write,) = posted.plan_writes(plan)
    assert write.action is WriteAction.UPDATE
    assert receipt_of(posted, 1).total == Decimal("21.00")
    assert posted.codes() == {}


@pytest.mark.parametrize(
    ("do", "said"),
    [
        (redate, ", dated 2020-02-02 instead of {draft.dated_on}."),
        (rebank, ", on account 99 instead of {draft.account_id}."),
    ],
)
def test_a_document_on_another_day_or_account_is_named_and_brought_back(
    posted: BooksWorld, do: Do, said: str
) -> None:
    held = receipt_of(posted, 1)
    draft = held.draft
    assert isinstance(draft, SalesDraft)
    do(posted, held)
    posted.sync()
    reason = posted.parked()["order/1"].reason
    posted.ledger.decide("order/1", "write_order")

    posted.sync()

    assert reason.endswith(said.format(draft=draft))
    assert (held.dated_on, held.account_id) == (draft.dated_on, draft.account_id)
    assert posted.codes() == {}


def test_books_that_show_neither_day_nor_account_are_not_taken_for_edited(
    posted: BooksWorld,
) -> None:
    posted.books.shown_otherwise = {"dated_on": None, "account_id": None}
    posted.books.edit(receipt_of(posted, 1))

    report = posted.sync()

    assert followed(posted, report)["harmless"] == 1
    assert posted.codes() == {}


def test_a_document_dated_after_closed_books_is_not_taken_for_edited(world: BooksWorld) -> None:
    world.policy = policy(closed_period=ClosedPeriodRule.REDATE)
    world.books.company_ = replace(CANADA, book_close_date=date(2026, 12, 31))
    world.shop.sell(1)
    world.sync()
    receipt = receipt_of(world, 1)
    day = receipt.dated_on
    world.books.company_ = replace(CANADA, book_close_date=date(2027, 3, 31))
    world.books.touched.clear()
    world.wait(EVERY)
    world.books.edit(receipt)

    report = world.sync()
    world.sync(FULL)

    assert day == date(2027, 1, 1)
    assert followed(world, report)["harmless"] == 1
    assert world.codes() == {}
    assert receipt.dated_on == day


def test_what_is_edited_again_after_the_decision_is_asked_again(posted: BooksWorld) -> None:
    edit(posted, receipt_of(posted, 1))
    posted.sync()
    posted.ledger.decide("order/1", "write_order")
    posted.wait(EVERY)
    posted.books.edit(receipt_of(posted, 1), Decimal("88.00"))

    posted.sync()

    assert posted.codes() == {"order/1": "edited_in_books"}
    assert receipt_of(posted, 1).total == Decimal("88.00")


def test_an_edit_that_a_person_takes_back_ends_the_question(posted: BooksWorld) -> None:
    held = receipt_of(posted, 1)
    edit(posted, held)
    posted.sync()
    posted.wait(EVERY)
    posted.books.edit(held, Decimal("21.00"))

    posted.sync()
    posted.sync()

    assert posted.codes() == {}


def test_an_edit_that_moves_no_money_is_left_in_peace(posted: BooksWorld) -> None:
    posted.books.edit(receipt_of(posted, 1))

    report = posted.sync()

    assert followed(posted, report) == {"seen": 1, "harmless": 1}
    assert posted.codes() == {}


def test_what_a_person_does_to_a_customer_or_an_item_is_theirs(posted: BooksWorld) -> None:
    posted.books.edit(posted.books.the("customer"))

    report = posted.sync()

    assert followed(posted, report) == {"seen": 1, "harmless": 1}
    assert posted.watch.held == {}


def test_objects_that_are_not_ours_are_only_counted(posted: BooksWorld) -> None:
    posted.books.touched["sales_receipt/9999"] = posted.ledger.now

    report = posted.sync()

    assert followed(posted, report) == {"seen": 1, "foreign": 1}
    assert posted.books.called("read") == []


@pytest.mark.parametrize("do", [delete, void])
def test_a_voided_document_of_an_order_that_is_off_is_as_both_sides_want_it(
    posted: BooksWorld, do: Do
) -> None:
    do(posted, receipt_of(posted, 1))
    posted.shop.delete(Entity.ORDER, 1)

    for _ in range(2):  # the overlap tells it once more
        posted.sync()
        posted.wait(EVERY)
    reads = posted.books.called("read")
    posted.sync()

    assert posted.codes() == {}
    assert posted.watch.held == {}
    assert posted.books.called("read") == reads


def test_an_edited_document_of_an_order_that_is_off_still_has_to_be_voided(
    posted: BooksWorld,
) -> None:
    edit(posted, receipt_of(posted, 1))
    posted.shop.delete(Entity.ORDER, 1)

    posted.sync()

    assert posted.codes() == {"order/1": "posted_but_gone"}


def test_a_payment_that_is_deleted_is_asked_about_with_its_order(world: BooksWorld) -> None:
    world.shop.sell(1, "20.00", method="cheque")
    world.sync()
    world.wait(EVERY)
    delete(world, world.books.the("payment"))

    world.sync()
    asked = world.ledger.question("order/1")
    world.ledger.decide("order/1", "post_again")
    world.sync()

    assert asked.kind == "deleted_in_books"
    assert world_kinds(world) == {"invoice": 1, "payment": 1}
    assert world.codes() == {}


def test_an_invoice_voided_and_its_payment_deleted_are_one_question_and_posted_anew(
    world: BooksWorld,
) -> None:
    world.shop.sell(1, "20.00", method="cheque")
    world.sync()
    world.wait(EVERY)
    void(world, world.books.the("invoice"))
    delete(world, world.books.the("payment"))

    world.sync()

    asked = world.ledger.question("order/1")
    world.ledger.decide("order/1", "post_again")
    world.sync()

    assert asked.kind == "deleted_in_books"
    assert [one.is_voided for one in world.books.of("invoice")] == [True, False]
    assert world.books.the("payment").total == Decimal("21.00")
    assert world.codes() == {}


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


def world_kinds(world: BooksWorld) -> dict[str, int]:
    """How many documents of each kind there are."""
    return {k: n for k, n in world.books.kinds().items() if k not in ("customer", "item")}


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
