"""What is posted already: changed in the shop, in the books, in both, or gone."""

from dataclasses import replace
from decimal import Decimal

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConflictError
from udsync_pipelines.posting.draft_json import AnyDraft
from udsync_pipelines.posting.policy import DateBasis, DocumentForm, GatewayPolicy
from udsync_pipelines.sync.books.ports import Posted
from udsync_pipelines.sync.books.problems import unequal
from udsync_pipelines.sync.books.writes import Role, WriteAction
from udsync_pipelines_tests.posting.books import POLICY, policy
from udsync_pipelines_tests.sync.books.company import kind_of
from udsync_pipelines_tests.sync.books.world import DRY, FULL, BooksWorld, markers, sale_of


@pytest.fixture
def posted(world: BooksWorld) -> BooksWorld:
    """One order, posted as a sales receipt."""
    world.shop.sell(1, "20.00")
    world.sync()
    world.books.calls.clear()
    return world


# --- the shop changes --------------------------------------------------------------------------


def test_a_changed_order_updates_its_document_and_shows_the_differences(
    posted: BooksWorld,
) -> None:
    posted.shop.sell(1, "30.00")

    plan = posted.planned()
    report = posted.load(plan)

    (write,) = posted.plan_writes(plan)
    assert write.action is WriteAction.UPDATE
    assert write.target_id == posted.books.the("sales_receipt").target_id
    assert write.differences["total"] == ("21.00", "31.50")
    assert write.differences["lines.1.amount"] == ("20.00", "30.00")
    assert "customer" not in write.differences
    assert posted.counts(report) == {
        "order.mapped": 1,
        "sales_receipt.update": 1,
        "sales_receipt.updated": 1,
    }
    assert posted.books.the("sales_receipt").total == Decimal("31.50")


def test_an_update_is_planned_also_where_the_former_draft_is_not_known(
    posted: BooksWorld,
) -> None:
    posted.ledger.settled.clear()
    posted.shop.sell(1, "30.00")

    plan = posted.planned()

    (write,) = posted.plan_writes(plan)
    assert (write.action, write.differences) == (WriteAction.UPDATE, {})


def test_a_status_that_means_the_same_writes_nothing_in_the_books(posted: BooksWorld) -> None:
    posted.shop.sell(1, "20.00", status="processing")

    report = posted.sync()

    assert posted.counts(report) == {"order.mapped": 1, "order.skip": 1}
    assert posted.books.called("create", "update", "read") == []
    held = posted.ledger.bound[sale_of(1)].source_hash
    assert held == posted.archive.records[Entity.ORDER]["1"].content_hash


def test_there_and_back_again_are_two_updates_under_two_request_ids(posted: BooksWorld) -> None:
    for net in ("30.00", "20.00", "30.00"):
        posted.shop.sell(1, net)
        posted.sync()

    assert posted.books.the("sales_receipt").total == Decimal("31.50")
    assert posted.books.the("sales_receipt").edits == 3
    assert len(set(posted.books.request_ids)) == len(posted.books.request_ids) == 6


def test_an_unchanged_order_stays_as_posted_under_another_policy(posted: BooksWorld) -> None:
    posted.policy, posted.policy_version = policy(prefix="EU"), "policy-2"

    again, full = posted.sync(), posted.sync(FULL)

    assert posted.counts(again) == {"order.mapped": 1, "order.skip": 1}
    assert posted.counts(full) == {"order.mapped": 1, "order.skip": 1}
    assert posted.books.the("sales_receipt").edits == 0


def test_a_changed_order_follows_the_policy_of_now(posted: BooksWorld) -> None:
    posted.policy = policy(gateways={**POLICY.gateways, "stripe": GatewayPolicy("35", "1")})
    posted.shop.sell(1, "30.00")

    posted.sync()

    draft = posted.books.the("sales_receipt").draft
    assert getattr(draft, "account_id", None) == "35"


def test_an_order_that_would_get_another_form_is_parked(posted: BooksWorld) -> None:
    posted.shop.sell(1, "20.00", method="cheque")

    posted.sync()

    parked = posted.parked()["order/1"]
    assert parked.code == "form_changed"
    assert parked.reason == (
        "Sales receipt WC-1 stands in the books, and the order would now be posted as invoice: it "
        "cannot be changed into that."
    )
    assert posted.books.called("create", "update") == []


def test_a_refund_of_an_order_that_asks_about_its_form_waits_for_it(world: BooksWorld) -> None:
    world.shop.sell(1)
    world.shop.refund(11, 1, "5.00")
    world.sync()
    world.policy = policy(status_forms={"processing": DocumentForm.INVOICE_AND_PAYMENT})
    world.shop.sell(1, status="processing")
    world.shop.refund(11, 1, "4.00")

    world.sync()

    assert world.codes() == {"order/1": "form_changed", "refund/11": "waits_for_order"}
    assert world.books.the("refund_receipt").total == Decimal("5.00")


# --- the shop takes back -----------------------------------------------------------------------


def test_a_cancelled_order_is_parked_until_its_document_is_voided(posted: BooksWorld) -> None:
    posted.shop.sell(1, status="cancelled")
    posted.sync()
    parked = posted.parked()["order/1"]
    again = posted.sync()
    posted.books.void(posted.books.the("sales_receipt"))

    report = posted.sync()

    assert parked.code == "posted_but_gone"
    assert parked.reason == (
        "Sales receipt WC-1 stands in the books. Orders that are cancelled are not posted by the "
        "policy."
    )
    assert again.count_newly_parked == 0
    assert report.parked == 0
    assert posted.books.called("update", "create") == []


def test_a_deleted_order_is_parked_until_its_document_is_deleted(posted: BooksWorld) -> None:
    posted.shop.delete(Entity.ORDER, 1)
    posted.sync()
    parked = posted.parked()["order/1"]
    posted.books.delete(posted.books.the("sales_receipt"))

    report = posted.sync()

    assert parked.code == "posted_but_gone"
    assert parked.reason.endswith("It was deleted in the shop.")
    assert report.parked == 0


def test_an_order_that_was_deleted_before_it_was_posted_needs_nothing(world: BooksWorld) -> None:
    world.shop.sell(1, status="pending")
    world.sync()
    world.shop.delete(Entity.ORDER, 1)

    report = world.sync()

    assert world.counts(report) == {"order.mapped": 1, "order.skip": 1}
    assert world.books.held == {}


def test_a_payment_that_is_not_due_any_more_is_a_question(world: BooksWorld) -> None:
    world.policy = policy(invoice_statuses=frozenset({"on-hold"}))
    world.shop.sell(1, method="cheque")
    world.sync()
    world.shop.sell(1, method="cheque", status="on-hold")

    world.sync()
    parked = world.parked()["order/1"]
    world.books.void(world.books.the("payment"))
    voided = world.sync()
    world.books.delete(world.books.the("payment"))
    deleted = world.sync(FULL)

    assert parked.code == "document_not_due"
    assert parked.reason.startswith("Payment WC-1 stands in the books")
    assert (voided.parked, deleted.parked) == (0, 0)


def test_a_reopened_order_keeps_its_document(posted: BooksWorld) -> None:
    posted.shop.sell(1, status="cancelled")
    posted.sync()
    posted.shop.sell(1, status="completed")

    report = posted.sync()

    assert report.parked == 0
    assert posted.books.the("sales_receipt").edits == 0


# --- a person changes the books ----------------------------------------------------------------


def test_a_person_s_edit_stays_while_the_order_does_not_change(posted: BooksWorld) -> None:
    posted.books.edit(posted.books.the("sales_receipt"), Decimal("99.00"))

    report = posted.sync(FULL)

    assert report.parked == 0
    assert posted.books.the("sales_receipt").total == Decimal("99.00")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("edit", "edited_in_books"),
        ("void", "voided_in_books"),
        ("delete", "deleted_in_books"),
    ],
)
def test_a_document_that_both_sides_changed_is_parked(
    posted: BooksWorld, change: str, code: str
) -> None:
    getattr(posted.books, change)(posted.books.the("sales_receipt"))
    posted.shop.sell(1, "30.00")

    report = posted.sync()

    parked = posted.parked()["order/1"]
    assert parked.code == code
    assert parked.reason.startswith("The order changed in the shop after it was posted, and so did")
    assert parked.cure.startswith("Decide: ")
    assert posted.counts(report)["sales_receipt.rejected"] == 1


def test_customers_and_items_that_a_person_changed_are_left_for_good(world: BooksWorld) -> None:
    world.shop.person(12, "Ada Byron", "ada@example.com")
    world.shop.product(10, "Mug")
    world.sync(lane="customers")
    world.sync(lane="products")
    world.shop.sell(1)
    world.sync()
    world.books.edit(world.books.the("customer"))
    world.books.edit(world.books.the("item"))
    world.shop.person(12, "Ada Lovelace", "ada@example.com")
    world.shop.product(10, "Big mug")

    customers, items = world.sync(lane="customers"), world.sync(lane="products")
    world.shop.person(12, "Ada King", "ada@example.com")
    later = world.sync(lane="customers")

    assert world.counts(customers)["customer.kept"] == 1
    assert world.counts(items)["item.kept"] == 1
    assert world.counts(later) == {"customer.mapped": 1, "customer.skip": 1}
    assert world.codes() == {}
    assert world.books.the("customer").edits == world.books.the("item").edits == 1


# --- the books' own answer ---------------------------------------------------------------------


def test_an_answer_that_differs_parks_the_order_with_both_figures(world: BooksWorld) -> None:
    world.books.moved_tax = Decimal("0.01")
    world.shop.sell(1)

    report = world.sync()

    parked = world.parked()["order/1"]
    assert parked.code == "books_differ"
    assert parked.reason == (
        "Sales receipt WC-1 came out at 21.01 CAD with 1.01 tax; the shop says 21.00 CAD with "
        "1.00 tax."
    )
    assert world.counts(report)["sales_receipt.unequal"] == 1
    assert world.ledger.bound[sale_of(1)].digest is None
    assert world.ledger.bound[sale_of(1)].source_hash is None


def test_a_document_that_was_corrected_is_accepted_by_the_next_sync(world: BooksWorld) -> None:
    world.books.moved_tax = Decimal("0.01")
    world.shop.sell(1)
    world.sync()
    same = world.sync()
    sale = world.books.the("sales_receipt")
    sale.total, sale.tax = Decimal("21.00"), Decimal("1.00")

    report = world.sync()
    full = world.sync(FULL)
    sale.total = Decimal("99.00")
    wrong_again = world.sync(FULL)

    assert (same.parked, same.count_newly_parked) == (1, 0)
    assert (report.parked, full.parked, wrong_again.parked) == (0, 0, 1)
    assert len(world.books.called("create")) == 3


def test_a_document_that_differed_and_was_deleted_is_not_made_anew_unasked(
    world: BooksWorld,
) -> None:
    world.books.moved_tax = Decimal("0.01")
    world.shop.sell(1)
    world.sync()
    world.books.delete(world.books.the("sales_receipt"))

    world.sync()

    assert world.codes() == {"order/1": "deleted_in_books"}
    assert world.books.of("sales_receipt") == []


def test_a_payment_is_made_also_for_an_invoice_that_differs(world: BooksWorld) -> None:
    world.books.moved_tax = Decimal("0.01")
    world.shop.sell(1, method="cheque")

    world.sync()

    assert world.codes() == {"order/1": "books_differ"}
    assert world.books.the("payment").total == Decimal("21.00")


def test_an_update_that_differs_is_parked_like_a_new_document(posted: BooksWorld) -> None:
    posted.books.moved_tax = Decimal("-0.01")
    posted.shop.sell(1, "30.00")

    posted.sync()

    assert posted.codes() == {"order/1": "books_differ"}


# --- customers and items -----------------------------------------------------------------------


def test_customers_that_were_posted_follow_the_shop_and_others_are_not_made(
    world: BooksWorld,
) -> None:
    world.shop.person(12, "Ada Byron", "ada@example.com")
    world.shop.person(13, "Bea Cole", "bea@example.com")
    before = world.sync(lane="customers")
    world.shop.sell(1)
    world.sync()
    world.shop.person(12, "Ada Lovelace", "ada@example.com")

    report = world.sync(lane="customers")

    assert world.counts(before) == {"customer.mapped": 2, "customer.skip": 2}
    assert world.counts(report)["customer.updated"] == 1
    customer = world.books.the("customer")
    assert (customer.name, getattr(customer.draft, "family_name", "")) == ("Ada Byron", "Lovelace")


def test_posting_uses_the_archived_account_before_the_orders_address(world: BooksWorld) -> None:
    world.shop.person(12, "Ada Byron-King", "king@example.com")
    world.shop.product(10, "Porcelain mug", "P-1")
    world.sync(lane="customers")
    world.sync(DRY, lane="products")
    world.shop.sell(1)

    world.sync()

    assert world.books.the("customer").name == "Ada Byron-King"
    assert world.books.the("item").name == "Porcelain mug"


def test_a_customer_that_is_gone_from_the_shop_stays_in_the_books(world: BooksWorld) -> None:
    world.shop.person(12, "Ada Byron", "ada@example.com")
    world.sync(lane="customers")
    world.shop.sell(1)
    world.sync()
    world.shop.delete(Entity.CUSTOMER, 12)
    world.books.calls.clear()

    report = world.sync(lane="customers")

    assert world.counts(report) == {"customer.mapped": 1, "customer.skip": 1}
    assert world.books.called("read", "update") == []


def test_a_change_of_dates_alone_updates_the_document(posted: BooksWorld) -> None:
    posted.policy = replace(POLICY, date_basis=DateBasis.PAID, timezone="Pacific/Kiritimati")
    posted.shop.sell(1, "20.00", note="changed")

    plan = posted.planned()

    (write,) = posted.plan_writes(plan)
    assert write.key.role is Role.SALE
    assert set(write.differences) == {"dated_on"}


@pytest.mark.parametrize("kind", ["customer", "item", "sales_receipt"])
def test_what_is_new_and_called_stale_by_the_books_is_refused_and_made_later(
    world: BooksWorld, kind: str
) -> None:
    def is_stale(draft: AnyDraft) -> bool:
        if kind_of(draft) == kind:
            raise ConflictError("You and somebody else work on this.", code="stale")
        return False

    world.shop.product(10, "Mug")
    world.shop.sell(1)
    world.books.refusals.append(is_stale)
    world.sync()
    parked = world.parked()["order/1"]
    world.books.refusals.clear()

    world.sync()

    assert "You and somebody else work on this." in parked.reason
    assert world.codes() == {}
    assert markers(world) == ["order/1"]
    assert world.books.kinds() == {"customer": 1, "item": 1, "sales_receipt": 1}


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ({"number": "9"}, "Sales receipt 9 does not bear its number WC-1."),
        ({"note": "Thank you"}, "Sales receipt WC-1 lacks "),
        ({"customer_id": "77"}, "Sales receipt WC-1 stands on customer 77 instead of "),
    ],
)
def test_a_document_that_lost_what_it_is_known_by_is_named_until_it_is_corrected(
    world: BooksWorld, shown: dict[str, str], said: str
) -> None:
    world.books.shown_otherwise = shown
    world.shop.sell(1)

    first, again = world.sync(), world.sync()
    parked = world.parked()["order/1"]
    world.books.shown_otherwise = {}
    corrected = world.sync()

    assert (first.parked, again.parked, corrected.parked) == (1, 1, 0)
    assert parked.code == "books_differ"
    assert parked.reason.startswith(said)


def test_a_document_that_bears_all_it_is_known_by_is_left_alone(world: BooksWorld) -> None:
    world.shop.sell(1)
    world.sync()
    draft = world.books.the("sales_receipt").draft
    customer = next(iter(world.books.of("customer"))).target_id.partition("/")[2]
    posted = Posted(
        "sales_receipt/1",
        "v",
        *(Decimal("21.00"), Decimal("1.00"), "CAD", "WC-1"),
        note=f"From the shop {getattr(draft, 'marker', '')}",
        customer_id=customer,
    )

    assert unequal(draft, posted, None, customer) is None
    assert unequal(draft, posted, None, None) is None
