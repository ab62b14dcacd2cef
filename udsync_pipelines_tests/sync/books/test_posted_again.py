"""Orders that are reopened, or change their form, their customer or their currency."""

from dataclasses import replace
from decimal import Decimal

import pytest

from udsync_pipelines.posting.documents import PaymentDraft, SalesDraft
from udsync_pipelines.posting.policy import RefundForm
from udsync_pipelines_tests.posting.books import CANADA, policy
from udsync_pipelines_tests.sync.books.posted_orders import (
    cancel,
    decided,
    live,
    number_of,
)
from udsync_pipelines_tests.sync.books.posted_orders import on_account as on_account
from udsync_pipelines_tests.sync.books.posted_orders import posted as posted
from udsync_pipelines_tests.sync.books.test_documents import OneRate
from udsync_pipelines_tests.sync.books.world import FULL, BooksWorld


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
