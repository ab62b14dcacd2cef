"""What others did to a document that we posted: theirs to do, or a question."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.posting.documents import SalesDraft
from udsync_pipelines.posting.policy import ClosedPeriodRule
from udsync_pipelines.sync.books.writes import WriteAction
from udsync_pipelines.sync.decisions import KEEP_BOOKS
from udsync_pipelines.sync.plan import SyncOptions
from udsync_pipelines_tests.posting.books import CANADA, policy
from udsync_pipelines_tests.sync.books.followed_books import (
    DEEDS,
    Do,
    delete,
    edit,
    followed,
    rebank,
    receipt_of,
    redate,
    void,
    world_kinds,
)
from udsync_pipelines_tests.sync.books.followed_books import posted as posted
from udsync_pipelines_tests.sync.books.world import EVERY, FULL, BooksWorld


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
