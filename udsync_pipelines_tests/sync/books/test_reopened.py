"""Orders that come back after a person has taken their documents out of the books."""

from decimal import Decimal

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.posting.policy import RefundForm
from udsync_pipelines_tests.posting.books import policy
from udsync_pipelines_tests.sync.books.company import Held
from udsync_pipelines_tests.sync.books.posted_orders import cancel, decided, live, number_of
from udsync_pipelines_tests.sync.books.posted_orders import on_account as on_account
from udsync_pipelines_tests.sync.books.posted_orders import posted as posted
from udsync_pipelines_tests.sync.books.world import EVERY, FULL, BooksWorld, sale_of

OFF = ("cancelled", "on-hold", "trash")
QUESTIONS = {"delete": "deleted_in_books", "void": "voided_in_books"}


def take_out(world: BooksWorld, how: str, kind: str = "sales_receipt") -> None:
    """A person voids or deletes a document in the books."""
    getattr(world.books, how)(world.books.the(kind))


def turn_off(world: BooksWorld, off: str, method: str = "stripe") -> None:
    if off == "trash":
        world.shop.delete(Entity.ORDER, 1)
    else:
        world.shop.sell(1, "20.00", method=method, status=off)


def reopen(world: BooksWorld, method: str = "stripe") -> None:
    """The order is processed after all; the books are looked at, and then the whole shop."""
    world.shop.sell(1, "20.00", method=method, status="processing")
    world.wait(EVERY)
    world.sync()
    world.sync(FULL)


def standing(world: BooksWorld) -> list[Held]:
    return [one for one in world.books.of("sales_receipt") if not one.is_voided]


@pytest.mark.parametrize("how", QUESTIONS)
@pytest.mark.parametrize("off", OFF)
@pytest.mark.parametrize("is_kept", [False, True], ids=["unasked", "kept"])
@pytest.mark.parametrize("is_synced", [False, True], ids=["unseen", "synced"])
def test_what_a_person_took_out_is_asked_about_when_its_order_is_reopened(
    posted: BooksWorld, how: str, off: str, *, is_kept: bool, is_synced: bool
) -> None:
    take_out(posted, how)
    if is_kept:
        posted.wait(EVERY)
        posted.sync()
        decided(posted, "keep_books")
    turn_off(posted, off)
    if is_synced:
        posted.wait(EVERY)
        posted.sync()
    while_off = posted.codes()

    reopen(posted)

    assert while_off == {}
    assert posted.codes() == {"order/1": QUESTIONS[how]}
    assert standing(posted) == []
    assert posted.books.called("create", "update", "withdraw") == []


@pytest.mark.parametrize("how", QUESTIONS)
def test_a_reopened_order_is_posted_again_once_a_person_said_so(
    posted: BooksWorld, how: str
) -> None:
    take_out(posted, how)
    cancel(posted)
    reopen(posted)

    decided(posted, "post_again")
    full = posted.sync(FULL)

    assert live(posted) == {"sales_receipt": Decimal("21.00")}
    assert number_of(standing(posted)[0]) == "WC-1-v2"
    assert (full.parked, posted.codes()) == (0, {})


@pytest.mark.parametrize("how", QUESTIONS)
def test_a_reopened_order_stays_out_of_the_books_where_a_person_keeps_them(
    posted: BooksWorld, how: str
) -> None:
    take_out(posted, how)
    cancel(posted)
    reopen(posted)

    decided(posted, "keep_books")
    posted.wait(EVERY)
    posted.sync(FULL)

    assert standing(posted) == []
    assert posted.codes() == {}


def test_an_answer_holds_when_the_books_refuse_the_new_document_at_first(
    posted: BooksWorld,
) -> None:
    take_out(posted, "delete")
    cancel(posted)
    reopen(posted)
    posted.books.refuse("sales_receipt")
    decided(posted, "post_again")
    refused = posted.codes()
    posted.books.refusals.clear()

    posted.sync()

    assert refused == {"order/1": "refused_by_books"}
    assert live(posted) == {"sales_receipt": Decimal("21.00")}
    assert posted.codes() == {}


def test_an_open_question_about_a_reopened_order_costs_no_more_reads(posted: BooksWorld) -> None:
    take_out(posted, "void")
    cancel(posted)
    reopen(posted)
    posted.trigger = "schedule"
    posted.books.calls.clear()

    posted.sync()
    posted.sync(FULL)

    assert posted.codes() == {"order/1": "voided_in_books"}
    assert posted.books.called("read", "standing") == []


def test_what_was_voided_and_then_deleted_by_hand_is_asked_about_as_deleted(
    posted: BooksWorld,
) -> None:
    take_out(posted, "void")
    cancel(posted)
    reopen(posted)

    take_out(posted, "delete")
    posted.sync()

    assert posted.codes() == {"order/1": "deleted_in_books"}


def test_an_order_that_is_off_again_needs_no_write_and_no_question(posted: BooksWorld) -> None:
    take_out(posted, "delete")
    cancel(posted)
    reopen(posted)
    posted.books.calls.clear()

    cancel(posted)

    assert posted.codes() == {}
    assert posted.books.called("create", "update", "withdraw") == []
    assert posted.ledger.bound[sale_of(1)].is_taken_out


def test_a_reopened_order_of_another_form_is_asked_about_too(posted: BooksWorld) -> None:
    take_out(posted, "delete")
    cancel(posted)
    reopen(posted, "cheque")
    asked = posted.codes()

    decided(posted, "post_again")

    assert asked == {"order/1": "deleted_in_books"}
    assert live(posted) == {"invoice": Decimal("21.00"), "payment": Decimal("21.00")}


def test_a_voided_document_that_a_person_filled_in_again_gets_no_second_one(
    posted: BooksWorld,
) -> None:
    receipt = posted.books.the("sales_receipt")
    posted.books.void(receipt)
    cancel(posted)
    receipt.is_voided = False
    posted.books.edit(receipt, Decimal("21.00"))
    reopen(posted)
    asked = posted.codes()

    decided(posted, "write_order")

    assert asked == {"order/1": "edited_in_books"}
    assert live(posted) == {"sales_receipt": Decimal("21.00")}
    assert len(posted.books.of("sales_receipt")) == 1
    assert posted.codes() == {}


def test_a_payment_that_a_person_deleted_is_asked_about_when_its_order_is_reopened(
    on_account: BooksWorld,
) -> None:
    take_out(on_account, "delete", "payment")
    cancel(on_account, "cheque")
    decided(on_account, "void")
    reopen(on_account, "cheque")
    asked = on_account.codes(), live(on_account)

    decided(on_account, "post_again")

    assert asked == ({"order/1": "deleted_in_books"}, {})
    assert live(on_account) == {"invoice": Decimal("21.00"), "payment": Decimal("21.00")}


@pytest.mark.parametrize("form", [RefundForm.REFUND_RECEIPT, RefundForm.CREDIT_MEMO])
def test_a_refund_that_a_person_deleted_is_asked_about_when_its_order_is_reopened(
    posted: BooksWorld, form: RefundForm
) -> None:
    posted.policy = policy(refund_form=form)
    posted.shop.refund(11, 1, "5.00")
    posted.sync()
    take_out(posted, "delete", form.value)
    cancel(posted)
    decided(posted, "void")

    reopen(posted)

    assert posted.codes() == {"refund/11": "deleted_in_books"}
    assert live(posted) == {"sales_receipt": Decimal("21.00")}
