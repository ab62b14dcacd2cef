"""Books that work tax out by themselves: what came out otherwise is deleted again at once."""

from dataclasses import replace
from decimal import Decimal

import pytest

from udsync_pipelines.posting.company import Regime
from udsync_pipelines.posting.policy import AutomatedTaxRule
from udsync_pipelines.sync.decisions import KEEP_BOOKS
from udsync_pipelines_tests.posting.books import CANADA, POLICY
from udsync_pipelines_tests.sync.books.posted_orders import decided, live, number_of
from udsync_pipelines_tests.sync.books.world import FULL, BooksWorld
from udsync_pipelines_tests.sync.memory import Crash

OTHER = Decimal("0.25")
"""What the books add to the shop's tax."""


@pytest.fixture
def automated(world: BooksWorld) -> BooksWorld:
    """Automated sales tax, compared; one order is sold and not posted yet."""
    world.books.company_ = replace(CANADA, regime=Regime.US_AUTOMATED)
    world.policy = replace(POLICY, automated_tax=AutomatedTaxRule.COMPARE)
    world.shop.sell(1, "20.00")
    return world


@pytest.fixture
def refuted(automated: BooksWorld) -> BooksWorld:
    """The order was posted, came out otherwise, and was taken back."""
    automated.books.moved_tax = OTHER
    automated.sync()
    return automated


@pytest.fixture
def died(automated: BooksWorld) -> BooksWorld:
    """The process died when the books had answered, otherwise than the shop; another goes on."""
    automated.books.moved_tax = OTHER
    automated.die_at("books.answered", 3)
    with pytest.raises(Crash):
        automated.sync()
    automated.restart()
    return automated


def calls(world: BooksWorld) -> list[str]:
    """What the books were asked to do with sales, in order."""
    return [name for name, what in world.books.called("create", "erase") if "sales" in what]


def test_an_order_whose_tax_the_books_keep_is_posted(automated: BooksWorld) -> None:
    report = automated.sync()

    assert live(automated) == {"sales_receipt": Decimal("21.00")}
    assert automated.counts(report)["sales_receipt.created"] == 1
    assert automated.codes() == {}


def test_an_order_whose_tax_comes_out_otherwise_is_taken_back_and_parked(
    automated: BooksWorld,
) -> None:
    automated.books.moved_tax = OTHER

    report = automated.sync()

    parked = automated.parked()["order/1"]
    assert live(automated) == {}
    assert calls(automated) == ["create", "erase"]
    assert parked.code == "tax_differs"
    assert "came out at 21.25 CAD with 1.25 tax; the shop says 21.00 CAD with 1.00" in parked.reason
    assert "post_again" in parked.cure
    assert "sales_receipt.created" not in automated.counts(report)


def test_a_payment_is_not_sent_for_an_invoice_that_was_taken_back(automated: BooksWorld) -> None:
    automated.shop.sell(1, "20.00", method="cheque")
    automated.books.moved_tax = OTHER

    automated.sync()

    assert live(automated) == {}
    assert automated.codes() == {"order/1": "tax_differs"}


def test_a_refund_whose_tax_comes_out_otherwise_is_taken_back_and_its_sale_stays(
    automated: BooksWorld,
) -> None:
    automated.sync()
    automated.shop.refund(11, 1, "5.00")
    automated.books.moved_tax = OTHER

    automated.sync()

    assert live(automated) == {"sales_receipt": Decimal("21.00")}
    assert automated.codes() == {"refund/11": "tax_differs"}


def test_a_refund_whose_tax_the_books_keep_is_posted(automated: BooksWorld) -> None:
    automated.shop.refund(11, 1, "5.00")

    automated.sync()

    assert automated.codes() == {}
    assert live(automated)["refund_receipt"] == Decimal("5.00")


def test_what_was_taken_back_is_not_posted_again_unasked(refuted: BooksWorld) -> None:
    refuted.sync(FULL)
    refuted.sync()

    assert calls(refuted) == ["create", "erase"]
    assert refuted.codes() == {"order/1": "tax_differs"}


def test_what_was_taken_back_is_posted_again_when_a_person_says_so(refuted: BooksWorld) -> None:
    refuted.books.moved_tax = Decimal(0)

    decided(refuted, "post_again")

    assert live(refuted) == {"sales_receipt": Decimal("21.00")}
    assert number_of(refuted.books.the("sales_receipt")) == "WC-1"
    assert refuted.codes() == {}


def test_what_comes_out_otherwise_once_more_is_asked_about_again(refuted: BooksWorld) -> None:
    decided(refuted, "post_again")
    refuted.sync()

    assert live(refuted) == {}
    assert calls(refuted) == ["create", "erase"] * 2
    assert refuted.ledger.standing["order/1"].choice is None


def test_what_stays_out_by_decision_is_parked_no_more_until_it_changes(
    refuted: BooksWorld,
) -> None:
    decided(refuted, KEEP_BOOKS)
    kept = refuted.codes()
    refuted.books.moved_tax = Decimal(0)
    refuted.shop.sell(1, "30.00")

    refuted.sync()

    assert kept == {}
    assert live(refuted) == {"sales_receipt": Decimal("31.50")}


@pytest.mark.parametrize("answer", ["hidden", "lost"])
def test_a_lost_answer_to_the_sale_or_to_its_deletion_leaves_nothing_behind(
    automated: BooksWorld, answer: str
) -> None:
    automated.books.moved_tax = OTHER
    automated.books.answers["sales_receipt"] = ["fine", answer, answer, answer]

    automated.sync()
    while_unknown = automated.codes()
    for _ in range(3):
        automated.wait()
        automated.sync()

    assert set(while_unknown) == {"order/1"}
    assert live(automated) == {}
    assert automated.codes() == {"order/1": "tax_differs"}


def test_a_lost_answer_to_the_sale_alone_is_found_and_taken_back_at_once(
    automated: BooksWorld,
) -> None:
    automated.books.moved_tax = OTHER
    automated.books.answers["sales_receipt"] = ["hidden"]

    automated.sync()

    assert live(automated) == {}
    assert automated.codes() == {"order/1": "tax_differs"}


def test_a_process_that_died_in_between_is_followed_by_one_that_takes_it_back(
    died: BooksWorld,
) -> None:
    standing = live(died)

    died.sync()

    assert standing == {"sales_receipt": Decimal("21.25")}
    assert live(died) == {}
    assert calls(died) == ["create", "erase"]
    assert died.codes() == {"order/1": "tax_differs"}


def test_what_a_later_sync_took_back_is_not_posted_again_before_somebody_decides(
    died: BooksWorld,
) -> None:
    died.sync()
    died.sync(FULL)
    unasked = calls(died)
    died.books.moved_tax = Decimal(0)

    decided(died, "post_again")

    assert unasked == ["create", "erase"]
    assert live(died) == {"sales_receipt": Decimal("21.00")}
    assert died.codes() == {}


def test_a_new_document_for_one_that_a_person_deleted_is_compared_too(
    automated: BooksWorld,
) -> None:
    automated.sync()
    automated.books.delete(automated.books.the("sales_receipt"))
    automated.shop.sell(1, "30.00")
    automated.sync()
    automated.books.moved_tax = OTHER
    decided(automated, "post_again")
    compared = automated.codes()
    automated.books.moved_tax = Decimal(0)

    decided(automated, "post_again")

    assert compared == {"order/1": "tax_differs"}
    assert live(automated) == {"sales_receipt": Decimal("31.50")}
    assert automated.codes() == {}


def test_an_edited_order_keeps_its_document_and_is_asked_about(automated: BooksWorld) -> None:
    automated.sync()
    automated.books.moved_tax = OTHER
    automated.shop.sell(1, "30.00")

    automated.sync()

    assert calls(automated) == ["create"]
    assert live(automated) == {"sales_receipt": Decimal("31.75")}
    assert automated.codes() == {"order/1": "books_differ"}


def test_what_a_person_has_touched_meanwhile_is_left_and_asked_about(died: BooksWorld) -> None:
    died.books.edit(died.books.the("sales_receipt"))

    died.sync()

    assert live(died) == {"sales_receipt": Decimal("21.25")}
    assert died.codes() == {"order/1": "books_differ"}


def test_what_the_books_do_not_let_go_is_left_and_asked_about(automated: BooksWorld) -> None:
    automated.books.moved_tax = OTHER
    automated.books.refusals.append(lambda _: automated.books.calls[-1][0] == "erase")

    automated.sync()

    assert live(automated) == {"sales_receipt": Decimal("21.25")}
    assert automated.codes() == {"order/1": "books_differ"}
