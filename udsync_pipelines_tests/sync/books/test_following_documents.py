"""Payments and refunds follow the order that they belong to."""

from decimal import Decimal

from udsync_pipelines.posting.documents import SalesDraft
from udsync_pipelines_tests.sync.books.posted_orders import (
    live,
)
from udsync_pipelines_tests.sync.books.posted_orders import on_account as on_account
from udsync_pipelines_tests.sync.books.posted_orders import posted as posted
from udsync_pipelines_tests.sync.books.world import FULL, BooksWorld


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
