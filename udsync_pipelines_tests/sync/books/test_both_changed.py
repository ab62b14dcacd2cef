"""Documents that a person has changed or locked when the shop changes too."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from udsync_pipelines_tests.posting.books import policy
from udsync_pipelines_tests.sync.books.posted_orders import (
    AGREED,
    decided,
    live,
    number_of,
)
from udsync_pipelines_tests.sync.books.posted_orders import on_account as on_account
from udsync_pipelines_tests.sync.books.posted_orders import posted as posted
from udsync_pipelines_tests.sync.books.world import FULL, BooksWorld

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


def test_a_document_is_written_once_its_lock_is_said_to_be_gone(posted: BooksWorld) -> None:
    posted.books.lock("sales_receipt", "deposited")
    posted.shop.sell(1, "30.00")
    posted.sync()
    posted.books.refusals.clear()

    decided(posted, "write_order")

    assert live(posted) == {"sales_receipt": Decimal("31.50")}
    assert posted.codes() == {}
    assert posted.ledger.standing == {}


def test_a_document_that_is_still_locked_is_asked_about_again(posted: BooksWorld) -> None:
    posted.books.lock("sales_receipt", "deposited")
    posted.shop.sell(1, "30.00")
    posted.sync()

    decided(posted, "write_order")

    assert live(posted) == {"sales_receipt": Decimal("21.00")}
    assert posted.codes() == {"order/1": "deposited"}
    assert posted.ledger.standing["order/1"].choice is None


def test_a_new_document_in_closed_books_is_no_question(world: BooksWorld) -> None:
    world.books.lock("sales_receipt", "books_closed")
    world.shop.sell(1)

    world.sync()

    assert world.parked()["order/1"].question is None
