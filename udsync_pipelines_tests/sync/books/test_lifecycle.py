"""Documents that are taken back, posted anew, kept or written over: after a person has agreed."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.posting.documents import PaymentDraft, SalesDraft
from udsync_pipelines.posting.policy import RefundForm
from udsync_pipelines.sync.books.writes import WriteAction
from udsync_pipelines.sync.plan import Approval, PlanState, SyncOptions
from udsync_pipelines_tests.posting.books import CANADA, policy
from udsync_pipelines_tests.sync.books.company import Held
from udsync_pipelines_tests.sync.books.test_documents import OneRate
from udsync_pipelines_tests.sync.books.world import DRY, FULL, BooksWorld, sale_of
from udsync_pipelines_tests.sync.memory import Crash

AGREED = SyncOptions(approve=Approval.everything)


@pytest.fixture
def posted(world: BooksWorld) -> BooksWorld:
    """One order, posted as a sales receipt."""
    world.shop.sell(1, "20.00")
    world.sync()
    world.books.calls.clear()
    return world


@pytest.fixture
def on_account(world: BooksWorld) -> BooksWorld:
    """One order, posted as an invoice that is paid."""
    world.shop.sell(1, "20.00", method="cheque")
    world.sync()
    world.books.calls.clear()
    return world


def live(world: BooksWorld) -> dict[str, Decimal]:
    """Kind → total of the documents that were neither voided nor deleted; one of a kind."""
    found = [
        one
        for one in world.books.held.values()
        if not one.is_voided and one.target_id.partition("/")[0] not in ("customer", "item")
    ]
    kinds = [one.target_id.partition("/")[0] for one in found]
    assert len(set(kinds)) == len(kinds)
    return {kind: one.total or Decimal(0) for kind, one in zip(kinds, found, strict=True)}


def decided(world: BooksWorld, choice: str, record: str = "order/1") -> None:
    """Take a choice, and sync."""
    world.ledger.decide(record, choice)
    world.sync()


def number_of(held: Held) -> str:
    draft = held.draft
    assert isinstance(draft, SalesDraft | PaymentDraft)
    return (draft.reference if isinstance(draft, PaymentDraft) else draft.number) or ""


def cancel(world: BooksWorld, method: str = "stripe") -> None:
    world.shop.sell(1, "20.00", method=method, status="cancelled")
    world.sync()


# --- taken back --------------------------------------------------------------------------------


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


# --- posted again ------------------------------------------------------------------------------


def test_a_reopened_order_gets_one_new_document_under_a_number_of_its_own(
    posted: BooksWorld,
) -> None:
    cancel(posted)
    decided(posted, "void")
    posted.shop.sell(1, "30.00", status="processing")

    posted.sync()
    full = posted.sync(FULL)

    assert live(posted) == {"sales_receipt": Decimal("31.50")}
    assert [number_of(one) for one in posted.books.of("sales_receipt")] == ["WC-1", "WC-1-v2"]
    assert full.parked == 0
    assert posted.counts(full) == {"order.mapped": 1, "order.skip": 1}


def test_a_reopened_order_is_updated_and_cancelled_again_like_any_other(
    posted: BooksWorld,
) -> None:
    cancel(posted)
    decided(posted, "void")
    posted.shop.sell(1, "30.00", status="completed")
    posted.sync()
    posted.shop.sell(1, "40.00")
    posted.sync()
    edited = live(posted)
    cancel(posted)
    decided(posted, "void")
    posted.shop.sell(1, "50.00", status="completed")

    posted.sync()

    assert edited == {"sales_receipt": Decimal("42.00")}
    assert live(posted) == {"sales_receipt": Decimal("52.50")}
    numbers = [number_of(one) for one in posted.books.of("sales_receipt")]
    assert numbers == ["WC-1", "WC-1-v2", "WC-1-v3"]


def test_a_reopened_invoice_is_paid_by_a_payment_of_its_own(on_account: BooksWorld) -> None:
    cancel(on_account, "cheque")
    decided(on_account, "void")
    on_account.shop.sell(1, "30.00", status="completed")

    on_account.sync()

    assert live(on_account) == {"invoice": Decimal("31.50"), "payment": Decimal("31.50")}
    payment = on_account.books.of("payment")[-1]
    assert isinstance(payment.draft, PaymentDraft)
    assert payment.draft.pays_number == "WC-1-v2"
    assert f"invoice/{payment.symbols.invoice_id}" == on_account.books.of("invoice")[-1].target_id


def test_a_refund_of_a_reopened_order_waits_until_the_order_is_there_again(
    posted: BooksWorld,
) -> None:
    cancel(posted)
    decided(posted, "void")
    posted.books.refuse("sales_receipt")
    posted.shop.sell(1, "30.00", status="completed")
    posted.shop.refund(11, 1, "5.00")
    posted.sync()
    waiting = posted.codes()
    posted.books.refusals.clear()

    posted.sync()

    assert waiting["refund/11"] == "waits_for_order"
    assert live(posted) == {"sales_receipt": Decimal("31.50"), "refund_receipt": Decimal("5.00")}


@pytest.mark.parametrize("choice", ["repost", "keep_books"])
def test_an_order_of_another_form_is_posted_anew_or_kept(posted: BooksWorld, choice: str) -> None:
    posted.shop.sell(1, "20.00", method="cheque")
    posted.sync()

    decided(posted, choice)

    reposted = {"invoice": Decimal("21.00"), "payment": Decimal("21.00")}
    kept = {"sales_receipt": Decimal("21.00")}
    assert live(posted) == (reposted if choice == "repost" else kept)
    assert posted.codes() == {}


def test_an_invoice_with_its_payment_becomes_a_receipt(on_account: BooksWorld) -> None:
    on_account.shop.sell(1, "20.00", method="stripe")
    on_account.sync()
    asked = on_account.parked()["order/1"].reason

    decided(on_account, "repost")

    assert asked.startswith("Payment WC-1 and Invoice WC-1 stand in the books, and the order")
    assert live(on_account) == {"sales_receipt": Decimal("21.00")}


def test_a_payment_follows_its_invoice_to_another_customer_by_being_made_anew(
    on_account: BooksWorld,
) -> None:
    on_account.shop.sell(1, "20.00", method="cheque", customer="13", email="bea@example.com")
    on_account.sync()
    asked = on_account.parked()["order/1"]

    decided(on_account, "repost")

    assert asked.code == "form_changed"
    assert "its payment is of another customer" in asked.reason
    assert live(on_account) == {"invoice": Decimal("21.00"), "payment": Decimal("21.00")}
    assert on_account.books.the("invoice").edits == 1


def test_an_order_of_another_currency_is_posted_anew(posted: BooksWorld) -> None:
    posted.books.company_ = replace(CANADA, has_multicurrency=True)
    posted.rates = OneRate(Decimal("1.47"))
    posted.shop.sell(1, "20.00", currency="EUR")
    posted.sync()
    asked = posted.parked()["order/1"]

    decided(posted, "repost")

    assert asked.code == "form_changed"
    assert "the order is in EUR now" in asked.reason
    (former, receipt) = posted.books.of("sales_receipt")
    assert former.is_voided
    assert isinstance(receipt.draft, SalesDraft)
    assert receipt.draft.currency == "EUR"


def test_a_refund_becomes_a_credit_memo_where_the_form_changes(posted: BooksWorld) -> None:
    posted.shop.refund(11, 1, "5.00")
    posted.sync()
    posted.policy = policy(refund_form=RefundForm.CREDIT_MEMO)
    posted.shop.refund(11, 1, "4.00")
    posted.sync()

    decided(posted, "repost", "refund/11")

    assert live(posted) == {"sales_receipt": Decimal("21.00"), "credit_memo": Decimal("4.00")}


# --- a person changed the books ----------------------------------------------------------------

Disturb = Callable[[BooksWorld], None]


def edit(world: BooksWorld) -> None:
    world.books.edit(world.books.the("sales_receipt"), Decimal("99.00"))


def void(world: BooksWorld) -> None:
    world.books.void(world.books.the("sales_receipt"))


def delete(world: BooksWorld) -> None:
    world.books.delete(world.books.the("sales_receipt"))


@pytest.mark.parametrize(
    ("disturb", "choice", "number"),
    [
        (edit, "write_order", "WC-1"),
        (void, "post_again", "WC-1-v2"),
        (delete, "post_again", "WC-1-v2"),
    ],
)
def test_a_document_that_both_changed_is_brought_to_the_shop_when_a_person_says_so(
    posted: BooksWorld, disturb: Disturb, choice: str, number: str
) -> None:
    disturb(posted)
    posted.shop.sell(1, "30.00")
    posted.sync()

    decided(posted, choice)
    again = posted.sync(FULL)

    assert live(posted) == {"sales_receipt": Decimal("31.50")}
    assert number_of(posted.books.of("sales_receipt")[-1]) == number
    assert posted.codes() == {}
    assert posted.counts(again) == {"order.mapped": 1, "order.skip": 1}


@pytest.mark.parametrize("disturb", [edit, void, delete])
def test_a_document_that_both_changed_is_kept_when_a_person_says_so(
    posted: BooksWorld, disturb: Disturb
) -> None:
    disturb(posted)
    posted.shop.sell(1, "30.00")
    posted.sync()
    before = live(posted)

    decided(posted, "keep_books")
    again = posted.sync(FULL)
    posted.shop.sell(1, "40.00")
    posted.sync()

    assert live(posted) == before
    assert again.parked == 0
    assert posted.ledger.standing["order/1"].choice is None


def test_a_question_that_has_answered_itself_is_asked_no_more(posted: BooksWorld) -> None:
    held = posted.books.the("sales_receipt")
    posted.books.edit(held)
    posted.shop.sell(1, "30.00")
    posted.sync()
    held.edits = 0  # changed back to what was posted

    posted.sync()

    assert live(posted) == {"sales_receipt": Decimal("31.50")}
    assert posted.codes() == {}
    assert posted.ledger.standing == {}


def test_a_voided_invoice_is_made_anew_and_its_payment_put_on_it(on_account: BooksWorld) -> None:
    on_account.books.void(on_account.books.the("invoice"))
    on_account.shop.sell(1, "30.00", method="cheque")
    on_account.sync()

    decided(on_account, "post_again")

    assert live(on_account) == {"invoice": Decimal("31.50"), "payment": Decimal("31.50")}
    payment = on_account.books.the("payment")
    assert f"invoice/{payment.symbols.invoice_id}" == on_account.books.of("invoice")[-1].target_id


def test_a_form_change_of_a_document_that_a_person_voided_asks_before_it_is_made_anew(
    posted: BooksWorld,
) -> None:
    void(posted)
    posted.shop.sell(1, "20.00", method="cheque")
    posted.sync()
    asked = posted.codes()

    decided(posted, "post_again")

    assert asked == {"order/1": "voided_in_books"}
    assert live(posted) == {"invoice": Decimal("21.00"), "payment": Decimal("21.00")}


def test_an_edited_document_beside_one_to_be_taken_back_is_one_question(
    on_account: BooksWorld,
) -> None:
    on_account.policy = policy(invoice_statuses=frozenset({"on-hold"}))
    on_account.books.edit(on_account.books.the("invoice"), Decimal("99.00"))
    on_account.shop.sell(1, "30.00", method="cheque", status="on-hold")
    on_account.sync()
    first = on_account.codes()
    on_account.sync()
    second = on_account.codes()

    decided(on_account, "void")

    assert first == second == {"order/1": "document_not_due"}
    assert live(on_account) == {"invoice": Decimal("31.50")}
    assert on_account.codes() == {}


def test_an_approved_plan_does_not_write_over_what_a_person_has_edited(
    on_account: BooksWorld,
) -> None:
    on_account.policy = policy(invoice_statuses=frozenset({"on-hold"}))
    on_account.books.edit(on_account.books.the("invoice"), Decimal("99.00"))
    on_account.shop.sell(1, "30.00", method="cheque", status="on-hold")
    on_account.sync()

    on_account.sync(AGREED)

    assert on_account.books.the("invoice").total == Decimal("99.00")
    assert on_account.codes() == {"order/1": "document_not_due"}


def test_a_document_that_came_out_otherwise_is_written_again_or_kept(world: BooksWorld) -> None:
    world.books.moved_tax = Decimal("0.01")
    world.shop.sell(1)
    world.shop.sell(2, "30.00")
    world.sync()
    world.books.moved_tax = Decimal(0)

    world.ledger.decide("order/1", "write_order")
    decided(world, "keep_books", "order/2")

    assert [one.total for one in world.books.of("sales_receipt")] == [
        Decimal("21.00"),
        Decimal("31.51"),
    ]
    assert world.codes() == {}


# --- what is locked ----------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["completed", "cancelled"], ids=["update", "void"])
def test_a_locked_document_may_be_kept_or_unlocked(posted: BooksWorld, status: str) -> None:
    posted.books.lock("sales_receipt", "deposited")
    posted.shop.sell(1, "30.00", status=status)
    posted.sync(AGREED)
    asked = posted.codes()

    decided(posted, "keep_books")
    kept = posted.codes()
    posted.books.refusals.clear()
    posted.shop.sell(1, "40.00", status=status)
    posted.sync(AGREED)

    assert asked == {"order/1": "deposited"}
    assert kept == {}
    assert live(posted) == ({} if status == "cancelled" else {"sales_receipt": Decimal("42.00")})


def test_a_locked_document_is_tried_again_by_every_sync_until_somebody_decides(
    posted: BooksWorld,
) -> None:
    posted.books.lock("sales_receipt", "books_closed")
    posted.shop.sell(1, "30.00")
    posted.sync()
    posted.books.refusals.clear()

    posted.sync()

    assert live(posted) == {"sales_receipt": Decimal("31.50")}
    assert posted.codes() == {}


def test_a_new_document_in_closed_books_is_no_question(world: BooksWorld) -> None:
    world.books.lock("sales_receipt", "books_closed")
    world.shop.sell(1)

    world.sync()

    assert world.parked()["order/1"].question is None


# --- payments and refunds that follow ----------------------------------------------------------


def test_a_paid_invoice_becomes_less_after_its_payment_did(on_account: BooksWorld) -> None:
    on_account.shop.sell(1, "10.00", method="cheque")

    on_account.sync()

    assert live(on_account) == {"invoice": Decimal("10.50"), "payment": Decimal("10.50")}
    assert [what.partition(" ")[0] for _, what in on_account.books.called("update")] == [
        "payment",
        "invoice",
    ]


def test_a_paid_invoice_becomes_more_before_its_payment_does(on_account: BooksWorld) -> None:
    on_account.shop.sell(1, "30.00", method="cheque")

    on_account.sync()

    assert live(on_account) == {"invoice": Decimal("31.50"), "payment": Decimal("31.50")}
    assert [what.partition(" ")[0] for _, what in on_account.books.called("update")] == [
        "invoice",
        "payment",
    ]


def test_a_refund_follows_an_edit_of_its_order(posted: BooksWorld) -> None:
    posted.shop.refund(11, 1, "5.00")
    posted.sync()
    posted.shop.sell(1, "20.00", customer="13", email="bea@example.com")

    posted.sync()
    unchanged = posted.sync(FULL)

    (refund,) = posted.books.of("refund_receipt")
    assert isinstance(refund.draft, SalesDraft)
    assert refund.draft.customer == "customer/13"
    assert posted.counts(unchanged)["refund.skip"] == 1


def test_a_status_that_means_the_same_does_not_touch_the_refunds(posted: BooksWorld) -> None:
    posted.shop.refund(11, 1, "5.00")
    posted.sync()
    posted.books.calls.clear()
    posted.shop.sell(1, "20.00", status="processing")

    posted.sync()

    assert posted.books.called("update", "create", "read", "withdraw") == []
