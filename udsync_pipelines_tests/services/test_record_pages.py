"""Pages of records over a store and an emulated company whose documents have pages at Intuit."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import quote_plus

import pytest

from udsync_pipelines.connectors.quickbooks.address import PRODUCTION
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.services.books import BASE_URL
from udsync_pipelines.services.engines import open_engine
from udsync_pipelines.services.record_pages import RecordPages
from udsync_pipelines_tests.scenarios.books import (
    ShopWithBooks,
    books_installation,
    empty_store,
    sell,
    sell_several,
    shop_with_books,
    start_books,
)
from udsync_pipelines_tests.scenarios.books_evidence import rows

__all__ = ["books_installation", "empty_store", "shop_with_books", "start_books"]

pytestmark = pytest.mark.postgres


@contextmanager
def as_emulated(shop: ShopWithBooks) -> Iterator[RecordPages]:
    """The pages of a shop whose company is on this machine."""
    with open_engine(shop.installation, shop.tenant.name) as opened:
        opened.hold(["orders"])
        yield opened.pages


@contextmanager
def as_at_intuit(shop: ShopWithBooks) -> Iterator[RecordPages]:
    """The same, as if the company stood at Intuit; nothing is asked of it."""
    with as_emulated(shop) as pages:
        assert pages.company is not None
        settings = {**pages.company.settings, BASE_URL: PRODUCTION}
        yield replace(pages, company=replace(pages.company, settings=settings))


def at_intuit(shop: ShopWithBooks, page: str) -> str:
    realm = shop.company.realm_id
    return f"https://qbo.intuit.com/login?deeplinkcompanyid={realm}&pagereq={quote_plus(page)}"


def in_store(shop: ShopWithBooks, order: int) -> str:
    return f"{shop.store.url}/wp-admin/post.php?post={order}&action=edit"


def test_a_record_opens_in_the_store_and_its_document_in_quickbooks(shop: ShopWithBooks) -> None:
    order = sell(shop.store)
    shop.sync("orders")

    with as_at_intuit(shop) as pages:
        found = pages.of_records([(Entity.ORDER, str(order))], 5)

    (receipt,) = rows(shop.company, "SalesReceipt")
    assert found == {
        f"open order/{order}": in_store(shop, order),
        f"sales receipt of order/{order} in QuickBooks": at_intuit(
            shop, f"salesreceipt?txnId={receipt['Id']}"
        ),
    }


def test_a_refund_opens_at_its_order_in_the_store_and_in_quickbooks(shop: ShopWithBooks) -> None:
    order = sell(shop.store)
    refund = shop.store.control.refund_order(order, {"amount": "1.00"})["id"]
    shop.company.faults.add("fault", path=r"/refundreceipt\?", method="POST", code="2050")
    (parked,) = shop.sync("orders").newly_parked

    with as_at_intuit(shop) as pages:
        found = pages.of_records([(parked[0], parked[1].source_id)], 5)

    (receipt,) = rows(shop.company, "SalesReceipt")
    assert found == {
        f"open order/{order} of refund/{refund}": in_store(shop, order),
        f"sales receipt of order/{order} in QuickBooks": at_intuit(
            shop, f"salesreceipt?txnId={receipt['Id']}"
        ),
    }


def test_a_company_on_this_machine_gets_no_link_to_intuit(shop: ShopWithBooks) -> None:
    order = sell(shop.store)
    plan = shop.sync("orders").plan

    with as_emulated(shop) as pages:
        found = pages.of_records([(Entity.ORDER, str(order))], 5)
        documents = pages.of_documents(plan.id, 5)

    assert found == {f"open order/{order}": in_store(shop, order)}
    assert documents == {}


def test_records_without_any_page_use_up_none_of_the_links(shop: ShopWithBooks) -> None:
    orders = sell_several(shop.store, 3)
    shop.sync("orders")
    guest = (Entity.CUSTOMER, "guest:5f3a")

    with as_emulated(shop) as pages:
        found = pages.of_records([guest, *((Entity.ORDER, str(one)) for one in orders)], 2)

    assert list(found) == [f"open order/{one}" for one in orders[:2]]


def test_the_documents_of_a_small_sync_are_linked_and_those_of_a_large_one_are_not(
    shop: ShopWithBooks,
) -> None:
    orders = sell_several(shop.store, 3)
    plan = shop.sync("orders").plan

    with as_at_intuit(shop) as pages:
        of_a_small_one = pages.of_documents(plan.id, 3)
        of_a_large_one = pages.of_documents(plan.id, 2)

    assert sorted(of_a_small_one) == [
        f"sales receipt of order/{one} in QuickBooks" for one in sorted(orders)
    ]
    assert sorted(of_a_small_one.values()) == sorted(
        at_intuit(shop, f"salesreceipt?txnId={one['Id']}")
        for one in rows(shop.company, "SalesReceipt")
    )
    assert of_a_large_one == {}


def test_a_document_that_was_taken_back_has_no_link(shop: ShopWithBooks) -> None:
    order = sell(shop.store)
    shop.sync("orders")
    shop.state("update udsync.id_mappings set content_hash = '' where role = 'sale' returning role")

    with as_at_intuit(shop) as pages:
        found = pages.of_records([(Entity.ORDER, str(order))], 5)

    assert list(found) == [f"open order/{order}"]
