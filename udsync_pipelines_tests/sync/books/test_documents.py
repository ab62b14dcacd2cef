"""What a first sync brings into the books, and in which order."""

import time
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import PlatformUnavailableError
from udsync_pipelines.posting.customers import CustomerDraft
from udsync_pipelines.posting.documents import PaymentDraft, SalesDraft
from udsync_pipelines.posting.draft_json import AnyDraft
from udsync_pipelines.sync.books.ports import Posted, Symbols
from udsync_pipelines.sync.books.writes import Role
from udsync_pipelines.sync.plan import PlanState
from udsync_pipelines_tests.posting.books import CANADA, policy
from udsync_pipelines_tests.sync.books.company import key_of
from udsync_pipelines_tests.sync.books.world import FULL, BooksWorld


def test_an_order_brings_its_customer_its_item_and_its_sale(world: BooksWorld) -> None:
    world.shop.sell(1, "20.00")

    report = world.sync()

    sale = world.books.the("sales_receipt")
    customer, item = world.books.the("customer"), world.books.the("item")
    assert (sale.total, sale.tax) == (Decimal("21.00"), Decimal("1.00"))
    assert sale.symbols.customers == {"customer/12": customer.target_id.partition("/")[2]}
    assert sale.symbols.items == {"product/10": item.target_id.partition("/")[2]}
    assert (customer.name, item.name) == ("Ada Byron", "Mug")
    assert report.plan.state is PlanState.APPLIED
    assert world.counts(report) == {
        "order.mapped": 1,
        "customer.create": 1,
        "item.create": 1,
        "sales_receipt.create": 1,
        "customer.created": 1,
        "item.created": 1,
        "sales_receipt.created": 1,
        "sales_receipt.cents.CAD": 2100,
    }


def test_orders_of_one_customer_and_product_need_them_once(world: BooksWorld) -> None:
    world.shop.sell(1)
    world.shop.sell(2)
    world.sync()
    world.shop.sell(3)

    second = world.sync()

    assert world.books.kinds() == {"customer": 1, "item": 1, "sales_receipt": 3}
    assert "customer.create" not in world.counts(second)


def test_a_document_waits_for_its_customer_though_others_have_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = BooksWorld(workers=4)
    create = world.books.create

    def slowly(draft: AnyDraft, name: str, symbols: Symbols, request_id: str) -> Posted:
        if isinstance(draft, CustomerDraft):
            time.sleep(0.1)  # the other workers look for something to do meanwhile
        return create(draft, name, symbols, request_id)

    monkeypatch.setattr(world.books, "create", slowly)
    for number in (1, 2, 3):
        world.shop.sell(number, "20.00")

    world.sync()

    customer = world.books.the("customer").target_id.partition("/")[2]
    assert world.books.kinds() == {"customer": 1, "item": 1, "sales_receipt": 3}
    assert all(
        one.symbols.customers == {"customer/12": customer}
        for one in world.books.of("sales_receipt")
    )


def test_whatever_a_document_names_is_written_before_it(world: BooksWorld) -> None:
    world.shop.sell(1, method="cheque")
    world.shop.refund(11, 1, "5.00")

    plan = world.planned()
    world.load(plan)

    created = [name for name, _ in world.books.called("create")]
    roles = [write.key.role for write in world.plan_writes(plan)]
    assert len(created) == 5
    assert roles == [Role.CUSTOMER, Role.ITEM, Role.SALE, Role.PAYMENT, Role.REFUND]
    kinds = list(world.books.held)
    stages = [one.partition("/")[0] for one in kinds]
    assert stages == ["customer", "item", "invoice", "payment", "refund_receipt"]


def test_a_payment_is_for_the_invoice_of_its_own_order(world: BooksWorld) -> None:
    world.shop.sell(1, method="cheque")
    world.shop.sell(2, method="cheque")

    world.sync()

    for payment in world.books.of("payment"):
        invoice = world.books.held[f"invoice/{payment.symbols.invoice_id}"]
        assert isinstance(payment.draft, PaymentDraft)
        assert isinstance(invoice.draft, SalesDraft)
        assert payment.draft.source == invoice.draft.source
    assert len({payment.symbols.invoice_id for payment in world.books.of("payment")}) == 2


def test_a_payment_made_later_finds_the_invoice_of_an_earlier_sync(world: BooksWorld) -> None:
    world.policy = policy(invoice_statuses=frozenset({"on-hold"}))
    world.shop.sell(1, method="cheque", status="on-hold")
    world.sync()
    before = world.books.kinds()
    world.shop.sell(1, method="cheque", status="completed")

    report = world.sync()

    payment, invoice = world.books.the("payment"), world.books.the("invoice")
    assert before == {"customer": 1, "invoice": 1, "item": 1}
    assert payment.symbols.invoice_id == invoice.target_id.partition("/")[2]
    assert world.counts(report)["payment.created"] == 1
    assert "invoice.updated" not in world.counts(report)


def test_a_refund_of_an_earlier_sale_is_posted_without_touching_it(world: BooksWorld) -> None:
    world.shop.sell(1)
    world.sync()
    world.shop.refund(11, 1, "5.25")

    report = world.sync()

    assert world.books.the("refund_receipt").total == Decimal("5.25")
    assert world.books.the("sales_receipt").edits == 0
    assert world.counts(report)["refund_receipt.cents.CAD"] == 525


def test_an_order_in_another_status_is_skipped_and_its_refund_waits(world: BooksWorld) -> None:
    world.shop.sell(1, status="pending")
    world.shop.refund(11, 1, "5.25")

    report = world.sync()

    assert world.books.held == {}
    assert world.codes() == {"refund/11": "waits_for_order"}
    assert world.counts(report) == {"order.mapped": 1, "order.skip": 1, "refund.parked": 1}


def test_a_refund_follows_when_its_order_is_posted_later(world: BooksWorld) -> None:
    world.shop.sell(1, status="on-hold")
    world.shop.refund(11, 1, "5.25")
    world.sync()
    world.shop.sell(1, status="completed")

    report = world.sync()

    assert report.parked == 0
    assert world.books.the("refund_receipt").total == Decimal("5.25")


@pytest.mark.parametrize("ending", ["nothing", "before_start", "deleted"])
def test_a_refund_that_will_never_be_posted_does_not_wait(world: BooksWorld, ending: str) -> None:
    world.policy = policy(start_on=date(2027, 1, 1) if ending == "before_start" else None)
    world.shop.sell(1, status="completed" if ending == "before_start" else "pending")
    world.shop.refund(11, 1, "0.00" if ending == "nothing" else "5.25")
    world.sync()
    if ending == "deleted":
        world.shop.delete(Entity.REFUND, 11)

    report = world.sync()

    assert report.parked == 0
    assert world.books.held == {}


def test_a_second_sync_writes_and_asks_nothing_of_the_books(world: BooksWorld) -> None:
    world.shop.sell(1, method="cheque")
    world.shop.refund(11, 1, "5.00")
    world.sync()
    world.books.calls.clear()

    second, full = world.sync(), world.sync(FULL)

    assert {name for name, _ in world.books.calls} <= {"company"}
    assert world.counts(second) == {}
    assert world.counts(full) == {
        "order.mapped": 1,
        "order.skip": 1,
        "refund.mapped": 1,
        "refund.skip": 1,
    }


def test_composed_remedies_are_counted_once_per_written_order(world: BooksWorld) -> None:
    world.shop.sell(1, "20.00", short="0.02")

    report = world.sync()
    world.shop.sell(1, "20.00", short="0.02", status="processing")
    again = world.sync()

    assert world.counts(report)["order.rounding_lines"] == 1
    assert world.books.the("sales_receipt").total == Decimal("21.02")
    assert "order.rounding_lines" not in world.counts(again)


def test_an_order_that_cannot_be_composed_is_parked_and_tried_again(world: BooksWorld) -> None:
    world.shop.sell(1)
    world.books.company_ = replace(CANADA, book_close_date=date(2026, 7, 31))
    first = world.sync()
    parked = world.parked()["order/1"]
    world.books.company_ = CANADA

    second = world.sync()

    assert (first.count_newly_parked, first.parked) == (1, 1)
    assert parked.code == "period_closed"
    assert parked.cure.startswith("Reopen the period in the books")
    assert second.parked == 0
    assert world.books.kinds() == {"customer": 1, "item": 1, "sales_receipt": 1}


def test_an_unreadable_order_is_parked_with_a_cure_of_its_own(world: BooksWorld) -> None:
    world.shop.sell(1, is_broken=True)

    world.sync()

    parked = world.parked()["order/1"]
    assert (parked.code, parked.reason) == ("bad_value", "net is not an amount.")
    assert parked.cure.startswith("Correct it in the shop or the books")


def test_a_refused_customer_parks_its_orders_until_the_books_take_it(world: BooksWorld) -> None:
    world.shop.sell(1)
    world.shop.sell(2)
    world.shop.sell(3, customer=None, email="cy@example.com", name="Cy Dee")
    world.books.refuse("customer", "customer/12")

    first = world.sync()
    parked = world.parked()
    world.books.refusals.clear()
    second = world.sync()

    assert world.codes() == {}
    assert {one.code for one in parked.values()} == {"waits_for_customer"}
    assert parked["order/1"].reason == ("It waits for its customer. The books refuse customer/12.")
    counts = world.counts(first)
    assert (counts["order.refused"], counts["customer.rejected"]) == (2, 1)
    assert (counts["sales_receipt.rejected"], counts["sales_receipt.created"]) == (2, 1)
    assert world.counts(second)["sales_receipt.created"] == 2
    assert world.books.kinds() == {"customer": 2, "item": 1, "sales_receipt": 3}


def test_a_refused_item_parks_the_orders_that_sell_it(world: BooksWorld) -> None:
    world.shop.sell(1)
    world.books.refuse("item")

    world.sync()

    assert world.codes() == {"order/1": "waits_for_item"}
    assert world.books.kinds() == {"customer": 1}


def test_a_refused_sale_parks_its_payment_and_its_refund_with_it(world: BooksWorld) -> None:
    world.shop.sell(1, method="cheque")
    world.shop.refund(11, 1, "5.00")
    world.books.refuse("invoice")

    world.sync()

    assert world.codes() == {"order/1": "refused_by_books", "refund/11": "waits_for_order"}
    assert world.books.kinds() == {"customer": 1, "item": 1}


def test_a_refused_payment_alone_is_sent_again_by_the_next_sync(world: BooksWorld) -> None:
    world.shop.sell(1, method="cheque")
    world.books.refuse("payment")
    world.sync()
    parked = world.codes()
    world.books.refusals.clear()

    report = world.sync()

    assert parked == {"order/1": "refused_by_books"}
    assert world.codes() == {}
    assert world.counts(report)["payment.created"] == 1
    assert world.books.kinds() == {"customer": 1, "invoice": 1, "item": 1, "payment": 1}


def test_a_refund_whose_sale_is_parked_waits_for_the_next_sync(world: BooksWorld) -> None:
    world.shop.sell(1)
    world.shop.refund(11, 1, "5.00")
    world.books.refuse("sales_receipt")
    world.sync()

    again = world.sync()
    waiting = world.parked()["refund/11"]
    world.books.refusals.clear()
    world.sync()

    assert again.count_newly_parked == 0
    assert waiting.code == "waits_for_order"
    assert waiting.cure
    assert world.codes() == {}
    assert world.books.the("refund_receipt").total == Decimal("5.00")


def test_a_refund_read_before_its_order_was_ever_archived_is_parked(world: BooksWorld) -> None:
    world.shop.refund(11, 99, "5.00")

    world.sync()

    assert world.codes() == {"refund/11": "order_unknown"}


def test_refunds_of_unknown_and_unreadable_orders_do_not_hold_up_others(
    world: BooksWorld,
) -> None:
    world.shop.sell(1)
    world.shop.sell(2, is_broken=True)
    world.shop.refund(11, 1, "5.00")
    world.shop.refund(21, 2, "5.00")
    world.shop.refund(91, 99, "5.00")

    world.sync()

    assert world.codes() == {
        "order/2": "bad_value",
        "refund/21": "bad_value",
        "refund/91": "order_unknown",
    }
    assert world.books.the("refund_receipt").total == Decimal("5.00")


def test_each_product_of_an_order_gets_an_item_of_its_own(world: BooksWorld) -> None:
    world.shop.sell(1, more=["11", "10", None])

    world.sync()

    assert list(world.books.the("sales_receipt").symbols.items) == ["product/10", "product/11"]
    assert world.books.kinds() == {"customer": 1, "item": 2, "sales_receipt": 1}


def test_an_order_in_a_foreign_currency_is_parked_with_a_cure(world: BooksWorld) -> None:
    world.books.company_ = replace(CANADA, has_multicurrency=True)
    world.shop.sell(1, currency="EUR")

    world.sync()

    parked = world.parked()["order/1"]
    assert parked.code == "exchange_rate_missing"
    assert "one EUR as one CAD" in parked.reason
    assert parked.cure.startswith("Enter a rate for EUR")


@dataclass(frozen=True)
class OneRate:
    """Every currency is worth the same on every day."""

    worth: Decimal

    def rate(self, currency: str, day: date) -> Decimal | None:
        del currency, day
        return self.worth


def test_a_foreign_order_is_posted_with_a_rate_and_its_refund_too(world: BooksWorld) -> None:
    world.books.company_ = replace(CANADA, has_multicurrency=True)
    world.rates = OneRate(Decimal("1.47"))
    world.shop.sell(1, currency="EUR")
    world.sync()

    receipt = world.books.the("sales_receipt").draft

    assert isinstance(receipt, SalesDraft)
    assert (receipt.currency, receipt.exchange_rate) == ("EUR", Decimal("1.47"))
    assert world.parked() == {}


@pytest.mark.parametrize("values_at", [Decimal(1), Decimal("1.48")])
def test_a_rate_that_the_books_did_not_keep_is_told_and_the_order_parked(
    world: BooksWorld, values_at: Decimal
) -> None:
    world.books.company_ = replace(CANADA, has_multicurrency=True)
    world.rates = OneRate(Decimal("1.47"))
    world.books.values_at = values_at
    world.shop.sell(1, currency="EUR")

    world.sync()

    parked = world.parked()["order/1"]
    assert parked.code == "books_differ"
    assert f"exchange rate of {values_at}; it was sent with 1.47" in parked.reason


def test_an_unreadable_refund_holds_up_the_refunds_of_its_own_order_only(
    world: BooksWorld,
) -> None:
    world.shop.sell(1)
    world.shop.sell(2)
    world.shop.refund(11, 1, "5.00", is_broken=True)
    world.shop.refund(12, 1, "5.00")
    world.shop.refund(21, 2, "5.00")

    world.sync()

    assert world.codes() == {"refund/11": "bad_value", "refund/12": "waits_for_refund"}
    assert key_of(world.books.the("refund_receipt").draft) == "udsync:WC:refund/21"


def test_an_outage_stops_the_load_and_the_same_plan_goes_on(world: BooksWorld) -> None:
    world.shop.sell(1)
    world.shop.sell(2)
    plan = world.planned()
    world.books.fails_with = PlatformUnavailableError("The books do not answer.")
    world.books.good_writes = 3
    with pytest.raises(PlatformUnavailableError):
        world.load(plan)
    failed = world.ledger.plan(plan.id)
    world.books.fails_with = None
    world.wait()

    report = world.load(plan)

    assert failed.state is PlanState.FAILED
    assert failed.counts["quickbooks.sales_receipt.created"] == 1
    assert report.plan.counts["quickbooks.sales_receipt.created"] == 2
    assert report.plan.counts["quickbooks.sales_receipt.cents.CAD"] == 4200
    assert report.plan.state is PlanState.APPLIED
    assert world.books.kinds() == {"customer": 1, "item": 1, "sales_receipt": 2}


def test_many_workers_write_each_document_once(world: BooksWorld) -> None:
    world.workers = 4
    for number in range(1, 41):
        world.shop.sell(
            number,
            customer=str(number % 7),
            method="cheque",
            name=f"Buyer {number % 7}",
            email=f"b{number % 7}@example.com",
        )

    report = world.sync()

    assert world.books.kinds() == {"customer": 7, "invoice": 40, "item": 1, "payment": 40}
    assert world.counts(report)["invoice.created"] == 40
    assert len(set(world.books.request_ids)) == len(world.books.request_ids) == 88
