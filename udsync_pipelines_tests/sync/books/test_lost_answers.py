"""Answers that were lost: looked for first, sent again only when they cannot have arrived."""

from datetime import timedelta
from decimal import Decimal

import pytest

from udsync_pipelines.sync.books.questions import POST_AGAIN
from udsync_pipelines.sync.decisions import KEEP_BOOKS
from udsync_pipelines.sync.plan import IntentState, Plan, PlanState
from udsync_pipelines_tests.sync.books.company import Held
from udsync_pipelines_tests.sync.books.world import (
    DRY,
    HORIZON,
    BooksWorld,
    markers,
    sale_of,
)
from udsync_pipelines_tests.sync.memory import Crash


def states(world: BooksWorld, plan: Plan) -> list[IntentState]:
    return [write.state for write in world.plan_writes(plan)]


# --- looked for at once ------------------------------------------------------------------------


def test_a_write_that_arrived_without_an_answer_is_found_at_once(sold: BooksWorld) -> None:
    sold.books.answers["sales_receipt"] = ["hidden"]

    report = sold.sync()

    assert sold.counts(report)["sales_receipt.found"] == 1
    assert sold.counts(report)["sales_receipt.cents.CAD"] == 3150
    assert [name for name, _ in sold.books.called("create", "find")] == ["create", "find"]
    assert (report.in_doubt, report.parked) == (0, 0)
    assert markers(sold) == ["order/1", "order/2"]


def test_a_write_that_is_not_found_stays_in_doubt_and_is_parked(sold: BooksWorld) -> None:
    sold.books.answers["sales_receipt"] = ["lost"]

    report = sold.sync()

    parked = sold.parked()["order/2"]
    assert (report.in_doubt, report.parked, report.count_newly_parked) == (1, 1, 1)
    assert sold.counts(report)["sales_receipt.unknown"] == 1
    assert parked.code == "answer_lost"
    assert parked.cure == "Nothing: the next sync looks again and goes on by itself."
    assert report.plan.state is PlanState.APPLIED
    assert markers(sold) == ["order/1"]


def test_a_customer_in_doubt_parks_its_order_and_comes_with_the_next_sync(
    world: BooksWorld,
) -> None:
    world.shop.sell(1)
    world.books.answers["customer"] = ["lost"]
    world.sync()
    parked = world.parked()["order/1"]

    early = world.sync()
    while_early = world.codes()
    world.wait()
    late = world.sync()

    assert parked.code == "waits_for_customer"
    assert parked.reason == (
        "It waits for its customer. It was sent to the books and the answer was lost."
    )
    assert while_early == {"order/1": "waits_for_customer"}
    assert "customer.create" not in world.counts(early)
    assert world.counts(late)["customer.created"] == 1
    assert world.codes() == {}
    assert world.books.kinds() == {"customer": 1, "item": 1, "sales_receipt": 1}


# --- looked for by the next sync ---------------------------------------------------------------


def test_the_next_sync_finds_what_the_books_showed_late(sold: BooksWorld) -> None:
    sold.books.answers["sales_receipt"] = ["hidden"]
    sold.books.delay = timedelta(minutes=2)
    first = sold.sync()
    sold.wait(timedelta(minutes=3))

    second = sold.sync()

    assert first.in_doubt == 1
    assert (second.in_doubt, second.parked) == (0, 0)
    assert sold.counts(second)["sales_receipt.found"] == 1
    assert "sales_receipt.create" not in sold.counts(second)
    assert markers(sold) == ["order/1", "order/2"]
    assert sold.ledger.bound[sale_of(2)].source_hash is not None


def test_before_the_books_must_show_it_nothing_is_sent_again(sold: BooksWorld) -> None:
    sold.books.answers["sales_receipt"] = ["lost"]
    sold.sync()
    sold.wait(HORIZON - timedelta(seconds=1))
    sold.books.calls.clear()

    report = sold.sync()

    assert sold.books.called("create") == []
    assert sold.books.called("find") == [("find", "sales_receipt udsync:WC:order/2")]
    assert (report.in_doubt, report.parked, report.count_newly_parked) == (1, 1, 0)


def test_what_never_arrived_is_sent_again_under_the_same_request_id(sold: BooksWorld) -> None:
    sold.books.answers["sales_receipt"] = ["lost"]
    first = sold.planned()
    sold.load(first)
    sold.wait()

    report = sold.sync()

    ids = sold.books.request_ids
    assert ids[-1] == ids[-2] != ids[-3]
    assert states(sold, first) == [IntentState.SUPERSEDED]
    assert sold.counts(report)["sales_receipt.created"] == 1
    assert (report.in_doubt, report.parked) == (0, 0)
    assert markers(sold) == ["order/1", "order/2"]


# --- answered with what was made before --------------------------------------------------------


def made_unseen(world: BooksWorld) -> Held:
    """The receipt of order 2: its answer was lost, and the books do not show it for an hour."""
    world.books.keeps_request_ids = True
    world.books.delay = timedelta(hours=1)
    world.books.answers["sales_receipt"] = ["hidden"]
    world.sync()
    world.wait()
    return world.books.of("sales_receipt")[-1]


def test_what_the_books_answer_again_is_read_back_before_it_is_believed(sold: BooksWorld) -> None:
    made = made_unseen(sold)

    report = sold.sync()

    assert sold.ledger.bound[sale_of(2)].target_id == made.target_id
    assert sold.books.called("create", "read")[-2:] == [
        ("create", "sales_receipt udsync:WC:order/2"),
        ("read", made.target_id),
    ]
    assert (report.in_doubt, report.parked) == (0, 0)
    assert markers(sold) == ["order/1", "order/2"]


def test_what_was_deleted_before_its_answer_came_again_is_a_question(sold: BooksWorld) -> None:
    sold.books.delete(made_unseen(sold))

    report = sold.sync()
    told = sold.parked()["order/2"]
    sold.sync()
    asked = sold.parked()["order/2"].question
    sold.ledger.decide("order/2", POST_AGAIN)
    sold.sync()

    assert (report.in_doubt, report.count_newly_parked) == (0, 1)
    assert told.code == "deleted_in_books"
    assert "its answer was lost" in told.reason
    assert asked is not None
    assert [choice.name for choice in asked.choices] == [POST_AGAIN, KEEP_BOOKS]
    assert sold.codes() == {}
    assert markers(sold) == ["order/1", "order/2"]


def test_what_was_edited_before_its_answer_came_again_is_compared_as_it_is(
    sold: BooksWorld,
) -> None:
    sold.books.edit(made_unseen(sold), Decimal("99.00"))

    sold.sync()

    parked = sold.parked()["order/2"]
    assert parked.code == "books_differ"
    assert "99.00" in parked.reason


# --- beside it ---------------------------------------------------------------------------------


def test_a_dry_run_neither_looks_for_nor_plans_what_is_in_doubt(sold: BooksWorld) -> None:
    sold.books.answers["sales_receipt"] = ["lost"]
    sold.sync()
    sold.wait()
    sold.books.calls.clear()

    report = sold.sync(DRY)

    assert sold.books.called("find", "create") == []
    assert "sales_receipt.create" not in sold.counts(report)
    assert report.in_doubt == 1


def test_an_order_in_doubt_that_changed_meanwhile_is_brought_up_to_date(
    sold: BooksWorld,
) -> None:
    sold.books.answers["sales_receipt"] = ["hidden"]
    sold.books.delay = timedelta(minutes=1)
    sold.sync()
    sold.shop.sell(2, "40.00")
    while_in_doubt = sold.sync()
    sold.wait()

    report = sold.sync()

    assert while_in_doubt.in_doubt == 1
    assert sold.counts(report)["sales_receipt.updated"] == 1
    assert sold.books.of("sales_receipt")[1].total == Decimal("42.00")
    assert sold.codes() == {}


@pytest.mark.parametrize("is_shown", [True, False])
def test_an_order_is_not_forgotten_when_the_sync_that_settled_its_doubt_dies(
    sold: BooksWorld, is_shown: bool
) -> None:
    sold.books.answers["sales_receipt"] = ["hidden" if is_shown else "lost"]
    sold.books.delay = timedelta(minutes=1)
    sold.sync()
    sold.shop.sell(2, "40.00")
    sold.sync()
    sold.wait()
    sold.die_at("books.mapped")
    with pytest.raises(Crash):
        sold.sync()
    sold.restart()

    report = sold.sync()

    assert report.parked == 0
    assert markers(sold) == ["order/1", "order/2"]
    assert sold.books.of("sales_receipt")[1].total == Decimal("42.00")


def test_a_payment_is_made_although_its_invoice_was_found_a_sync_later(
    sold: BooksWorld,
) -> None:
    sold.shop.sell(2, "30.00", method="cheque")
    sold.books.answers["invoice"] = ["hidden"]
    sold.books.delay = timedelta(minutes=1)
    first = sold.sync()
    codes = sold.codes()
    sold.wait()

    second = sold.sync()

    assert (first.in_doubt, codes) == (1, {"order/2": "answer_lost"})
    assert sold.counts(second)["invoice.found"] == 1
    assert sold.counts(second)["payment.created"] == 1
    assert sold.codes() == {}


def test_a_refund_waits_while_its_sale_is_in_doubt(sold: BooksWorld) -> None:
    sold.shop.refund(21, 2, "5.00")
    sold.books.answers["sales_receipt"] = ["lost"]
    sold.sync()
    first = sold.codes()

    sold.sync()
    second = sold.codes()
    sold.wait()
    sold.sync()

    assert first == second == {"order/2": "answer_lost", "refund/21": "waits_for_order"}
    assert sold.codes() == {}
    assert markers(sold, "refund_receipt") == ["refund/21"]


def test_several_that_could_be_it_are_left_to_a_person(sold: BooksWorld) -> None:
    sold.books.answers["sales_receipt"] = ["hidden"]
    sold.books.delay = timedelta(minutes=1)
    sold.sync()
    made = sold.books.of("sales_receipt")[1]
    sold.books.held["sales_receipt/900"] = made
    sold.wait()

    sold.sync()

    assert sold.codes() == {"order/2": "number_taken"}
    assert len(sold.books.called("create")) == 1


def test_an_update_whose_answer_was_lost_is_found_by_what_it_reads_like(
    sold: BooksWorld,
) -> None:
    sold.sync()
    sold.shop.sell(2, "40.00")
    sold.books.answers["sales_receipt"] = ["hidden"]

    report = sold.sync()

    assert sold.counts(report)["sales_receipt.found"] == 1
    assert sold.books.of("sales_receipt")[1].edits == 1
    assert (report.in_doubt, report.parked) == (0, 0)


def test_an_update_that_never_arrived_is_sent_again(sold: BooksWorld) -> None:
    sold.sync()
    sold.shop.sell(2, "40.00")
    sold.books.answers["sales_receipt"] = ["lost"]
    doubted = sold.sync()
    sold.wait()

    report = sold.sync()

    assert doubted.in_doubt == 1
    assert sold.counts(report)["sales_receipt.updated"] == 1
    assert sold.books.of("sales_receipt")[1].total == Decimal("42.00")


def test_an_update_of_words_only_is_not_taken_for_arrived_by_its_amounts(
    sold: BooksWorld,
) -> None:
    sold.sync()
    sold.shop.sell(2, "30.00", title="Porcelain mug")
    sold.books.answers["sales_receipt"] = ["lost"]
    doubted = sold.sync()
    sold.wait()

    report = sold.sync()

    assert doubted.in_doubt == 1
    assert sold.counts(report)["sales_receipt.updated"] == 1
    assert sold.books.of("sales_receipt")[1].edits == 1


def test_an_update_that_a_person_has_changed_since_is_a_question(sold: BooksWorld) -> None:
    sold.sync()
    sold.books.keeps_request_ids = False
    sold.shop.sell(2, "40.00")
    plan = sold.planned()
    sold.die_at("books.answered")
    with pytest.raises(Crash):
        sold.load(plan)
    sold.restart()
    held = sold.books.of("sales_receipt")[1]
    sold.books.edit(held, Decimal("99.00"))
    sold.wait()

    sold.sync()

    assert sold.codes() == {"order/2": "edited_in_books"}
    assert held.total == Decimal("99.00")


def test_an_update_of_something_deleted_meanwhile_is_not_taken_for_arrived(
    sold: BooksWorld,
) -> None:
    sold.sync()
    sold.shop.sell(2, "40.00")
    sold.books.answers["sales_receipt"] = ["lost"]
    sold.sync()
    sold.books.delete(sold.books.of("sales_receipt")[1])
    sold.wait()

    sold.sync()

    assert sold.codes() == {"order/2": "deleted_in_books"}
