"""Documents that are taken back after a person has agreed, and the answer to it lost."""

from decimal import Decimal

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.posting.policy import RefundForm
from udsync_pipelines.sync.books.writes import WriteAction
from udsync_pipelines.sync.plan import Approval, PlanState, SyncOptions
from udsync_pipelines_tests.posting.books import policy
from udsync_pipelines_tests.sync.books.posted_orders import (
    AGREED,
    cancel,
    decided,
    live,
    number_of,
)
from udsync_pipelines_tests.sync.books.posted_orders import on_account as on_account
from udsync_pipelines_tests.sync.books.posted_orders import posted as posted
from udsync_pipelines_tests.sync.books.world import DRY, FULL, BooksWorld, sale_of
from udsync_pipelines_tests.sync.memory import Crash


def test_a_cancelled_order_is_voided_once_a_person_has_said_so(posted: BooksWorld) -> None:
    cancel(posted)
    before = live(posted)

    decided(posted, "void")

    assert before == {"sales_receipt": Decimal("21.00")}
    assert live(posted) == {}
    assert posted.codes() == {}
    assert posted.ledger.standing == {}
    assert posted.ledger.bound[sale_of(1)].is_withdrawn


def test_a_deleted_order_is_voided_once_a_person_has_said_so(posted: BooksWorld) -> None:
    posted.shop.delete(Entity.ORDER, 1)
    posted.sync()

    decided(posted, "void")

    assert live(posted) == {}
    assert posted.codes() == {}


def test_books_that_are_kept_stay_and_nobody_is_asked_again(posted: BooksWorld) -> None:
    cancel(posted)

    decided(posted, "keep_books")
    full = posted.sync(FULL)

    assert live(posted) == {"sales_receipt": Decimal("21.00")}
    assert posted.codes() == {}
    assert full.parked == 0


def test_a_decision_about_another_state_of_the_shop_is_not_carried_out(posted: BooksWorld) -> None:
    cancel(posted)
    posted.ledger.decide("order/1", "void")
    posted.shop.sell(1, "20.00", status="refunded", note="changed again")
    posted.shop.sell(1, "20.00", status="failed")

    posted.sync()

    assert live(posted) == {"sales_receipt": Decimal("21.00")}
    assert posted.codes() == {"order/1": "posted_but_gone"}
    assert posted.ledger.standing["order/1"].choice is None


def test_a_decision_about_another_state_of_the_books_is_not_carried_out(
    posted: BooksWorld,
) -> None:
    cancel(posted)
    posted.ledger.decide("order/1", "void")
    posted.books.edit(posted.books.the("sales_receipt"), Decimal("99.00"))

    posted.sync()

    assert live(posted) == {"sales_receipt": Decimal("99.00")}
    assert posted.codes() == {"order/1": "posted_but_gone"}


def test_an_edit_between_plan_and_void_keeps_the_document_and_asks_again(
    posted: BooksWorld,
) -> None:
    cancel(posted)
    posted.ledger.decide("order/1", "void")
    plan = posted.planned()
    posted.books.edit(posted.books.the("sales_receipt"), Decimal("99.00"))

    posted.load(plan)
    conflicted = posted.codes()
    posted.sync()

    assert conflicted == {"order/1": "edited_in_books"}
    assert posted.codes() == {"order/1": "posted_but_gone"}
    assert live(posted) == {"sales_receipt": Decimal("99.00")}


def test_what_takes_back_waits_while_the_rest_of_the_plan_goes_on(posted: BooksWorld) -> None:
    posted.shop.sell(1, "20.00", status="cancelled")
    posted.shop.sell(2, "30.00")

    report = posted.sync()

    assert posted.codes() == {"order/1": "posted_but_gone"}
    assert {one.total for one in posted.books.of("sales_receipt")} == {
        Decimal("21.00"),
        Decimal("31.50"),
    }
    assert report.plan.state is PlanState.APPLIED
    assert posted.books.called("withdraw") == []


def test_a_person_who_agrees_to_everything_agrees_to_voids_too(posted: BooksWorld) -> None:
    posted.shop.sell(1, "20.00", status="cancelled")

    report = posted.sync(AGREED)

    assert live(posted) == {}
    assert posted.counts(report)["sales_receipt.voided"] == 1
    assert report.parked == 0


def test_an_approved_plan_voids_what_it_has_shown(posted: BooksWorld) -> None:
    posted.shop.sell(1, "20.00", status="cancelled")
    plan = posted.planned(SyncOptions(approve=Approval.ask))
    (write,) = posted.plan_writes(plan)

    posted.ledger.approve(plan.id, "operator")
    posted.load(posted.ledger.plan(plan.id))

    assert plan.state is PlanState.AWAITING_APPROVAL
    assert (write.action, write.code) == (WriteAction.DELETE, "posted_but_gone")
    assert live(posted) == {}


def test_a_dry_run_shows_what_would_be_voided_and_asks_nothing(posted: BooksWorld) -> None:
    posted.shop.sell(1, "20.00", status="cancelled")

    plan = posted.planned(DRY)
    posted.load(plan)

    (write,) = posted.plan_writes(plan)
    assert write.action is WriteAction.DELETE
    assert "Sales receipt WC-1 stands in the books." in (write.reason or "")
    assert live(posted) == {"sales_receipt": Decimal("21.00")}
    assert posted.ledger.standing == {}


def test_a_paid_invoice_is_voided_after_its_payment(on_account: BooksWorld) -> None:
    cancel(on_account, "cheque")

    decided(on_account, "void")

    assert live(on_account) == {}
    assert [what.partition(" ")[0] for _, what in on_account.books.called("withdraw")] == [
        "payment",
        "invoice",
    ]


def test_an_invoice_stays_while_its_payment_cannot_be_voided(on_account: BooksWorld) -> None:
    cancel(on_account, "cheque")
    on_account.books.refuse("payment")

    decided(on_account, "void")

    assert live(on_account) == {"invoice": Decimal("21.00"), "payment": Decimal("21.00")}
    assert on_account.codes() == {"order/1": "refused_by_books"}


def test_of_a_document_that_is_locked_against_voiding_only_keeping_is_offered(
    posted: BooksWorld,
) -> None:
    cancel(posted)
    posted.books.lock("sales_receipt", "books_closed")

    decided(posted, "void")
    asked = posted.ledger.question("order/1")
    posted.books.refusals.clear()
    decided(posted, "keep_books")

    assert asked.kind == "books_closed"
    assert [one.name for one in asked.choices] == ["keep_books"]
    assert live(posted) == {"sales_receipt": Decimal("21.00")}
    assert posted.codes() == {}


def test_a_payment_that_did_not_arrive_is_taken_off_its_invoice(on_account: BooksWorld) -> None:
    on_account.policy = policy(invoice_statuses=frozenset({"on-hold"}))
    on_account.shop.sell(1, "20.00", method="cheque", status="on-hold")
    on_account.sync()

    decided(on_account, "void")
    on_account.shop.sell(1, "20.00", method="cheque", status="completed")
    on_account.sync()

    assert live(on_account) == {"invoice": Decimal("21.00"), "payment": Decimal("21.00")}
    assert [number_of(one) for one in on_account.books.of("payment")] == ["WC-1", "WC-1-v2"]
    assert on_account.books.the("invoice").edits == 0


def test_a_deleted_refund_is_taken_back_with_its_order_left_alone(posted: BooksWorld) -> None:
    posted.shop.refund(11, 1, "5.00")
    posted.sync()
    posted.shop.delete(Entity.REFUND, 11)
    posted.sync()

    decided(posted, "void", "refund/11")

    assert live(posted) == {"sales_receipt": Decimal("21.00")}
    assert posted.codes() == {}


def test_a_credit_memo_is_deleted_for_books_cannot_void_it(world: BooksWorld) -> None:
    world.policy = policy(refund_form=RefundForm.CREDIT_MEMO)
    world.shop.sell(1)
    world.shop.refund(11, 1, "5.00")
    world.sync()
    world.shop.delete(Entity.REFUND, 11)
    world.sync()

    decided(world, "void", "refund/11")

    assert world.books.of("credit_memo") == []
    assert world.codes() == {}


def test_refunds_of_a_deleted_order_are_taken_back_too(posted: BooksWorld) -> None:
    posted.shop.refund(11, 1, "5.00")
    posted.sync()
    posted.shop.delete(Entity.ORDER, 1)
    posted.sync()
    asked = posted.parked()["refund/11"]

    posted.ledger.decide("order/1", "void")
    decided(posted, "void", "refund/11")

    assert asked.code == "posted_but_gone"
    assert asked.reason.endswith("Its order was deleted in the shop.")
    assert live(posted) == {}


def test_a_new_refund_of_a_deleted_order_is_not_posted(posted: BooksWorld) -> None:
    posted.shop.delete(Entity.ORDER, 1)
    posted.shop.refund(11, 1, "5.00")

    posted.sync()

    assert posted.books.of("refund_receipt") == []
    assert posted.codes() == {"order/1": "posted_but_gone"}


def test_refunds_of_a_cancelled_order_are_asked_about_with_it(posted: BooksWorld) -> None:
    posted.shop.refund(11, 1, "5.00")
    posted.sync()
    cancel(posted)
    asked = posted.codes()

    posted.ledger.decide("order/1", "void")
    decided(posted, "void", "refund/11")

    assert asked == {"order/1": "posted_but_gone", "refund/11": "posted_but_gone"}
    assert live(posted) == {}
    assert posted.codes() == {}


def test_what_a_person_voided_before_us_needs_no_question(posted: BooksWorld) -> None:
    posted.books.void(posted.books.the("sales_receipt"))

    cancel(posted)

    assert posted.codes() == {}
    assert posted.ledger.bound[sale_of(1)].is_withdrawn


def test_a_document_of_which_nothing_is_known_any_more_is_not_taken_back(
    posted: BooksWorld,
) -> None:
    posted.ledger.settled.clear()

    cancel(posted)

    assert posted.codes() == {"order/1": "document_unknown"}


def test_an_unknown_document_that_is_gone_already_needs_nothing(posted: BooksWorld) -> None:
    posted.ledger.settled.clear()
    posted.books.delete(posted.books.the("sales_receipt"))

    cancel(posted)

    assert posted.codes() == {}


# --- the answer to a void is lost --------------------------------------------------------------


@pytest.mark.parametrize("answer", ["lost", "hidden"])
def test_a_void_whose_answer_was_lost_is_looked_up_before_it_is_sent_again(
    posted: BooksWorld, answer: str
) -> None:
    cancel(posted)
    posted.ledger.decide("order/1", "void")
    posted.books.answers["sales_receipt"] = [answer]
    posted.sync()
    posted.wait()

    posted.sync()

    assert live(posted) == {}
    assert posted.codes() == {}
    assert len(posted.books.called("withdraw")) == (2 if answer == "lost" else 1)


def test_a_void_whose_answer_was_lost_has_arrived_when_its_document_is_gone(
    posted: BooksWorld,
) -> None:
    cancel(posted)
    posted.ledger.decide("order/1", "void")
    plan = posted.planned()
    posted.die_at("books.sent")
    posted.books.delete(posted.books.the("sales_receipt"))
    with pytest.raises(Crash):
        posted.load(plan)
    posted.restart()

    posted.sync()

    assert posted.codes() == {}
    assert posted.ledger.bound[sale_of(1)].is_withdrawn
    assert posted.books.called("withdraw") == []


@pytest.mark.parametrize("point", ["books.sent", "books.answered", "books.settled"])
def test_a_death_in_the_middle_of_a_void_leaves_one_void(posted: BooksWorld, point: str) -> None:
    cancel(posted)
    posted.ledger.decide("order/1", "void")
    plan = posted.planned()
    posted.die_at(point)
    with pytest.raises(Crash):
        posted.load(plan)
    posted.restart()
    posted.wait()

    posted.sync()
    posted.sync()

    assert live(posted) == {}
    assert posted.codes() == {}
    assert posted.books.the("sales_receipt").edits == 1
