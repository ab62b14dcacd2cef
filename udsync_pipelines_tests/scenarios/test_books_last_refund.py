"""A shop's only refund may be deleted without taking the store for one that has lost everything."""

import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.scenarios.books import StartBooks, sell
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books import empty_store as empty_store
from udsync_pipelines_tests.scenarios.books import start_books as start_books

pytestmark = pytest.mark.postgres


def test_the_only_refund_of_a_shop_that_is_deleted_becomes_a_question_at_once(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    order = sell(empty_store, email="a@example.org")
    refund = empty_store.control.refund_order(order, {"amount": "5.00"})["id"]
    shop = start_books(empty_store)
    shop.sync()
    empty_store.control.delete_refund(order, refund)

    report = shop.sync(full=True)

    assert report.plan.counts["refund.deleted"] == 1
    assert set(shop.parked()) == {f"refund/{refund}"}
