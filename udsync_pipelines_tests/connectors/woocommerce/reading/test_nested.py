"""Older stores: refunds by their orders, variations by their products."""

from datetime import timedelta

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError, UdsyncError
from udsync_pipelines.sync.records import Window
from udsync_pipelines_tests.connectors.woocommerce.moving_store import START, MovingStore
from udsync_pipelines_tests.connectors.woocommerce.reading.stores import FULL, Reader

OLD = ("orders", "products", "customers", "taxes", "coupons")


def refund(shop: MovingStore, order: int, identifier: int, *, moves: bool = True) -> None:
    shop.add("refunds", [identifier])
    row = shop.rows["refunds"][identifier]
    row["parent_id"] = order
    mentions = [*shop.rows["orders"][order].get("refunds", []), {"id": identifier}]
    if moves:
        shop.touch("orders", order, refunds=mentions)
    else:
        shop.rows["orders"][order]["refunds"] = mentions


def shop_with_refunds(orders: int, refunded: range) -> MovingStore:
    shop = MovingStore(lists=OLD)
    shop.add("orders", range(1, orders + 1), at=START - timedelta(days=9), refunds=[])
    for order in refunded:
        refund(shop, order, 5000 + order, moves=False)
    return shop


def reader_of(orders: int, refunded: range) -> Reader:
    reader = Reader(shop_with_refunds(orders, refunded), Entity.REFUND)
    reader.run()
    reader.wait(hours=5)
    return reader


def test_all_refunds_are_read_by_their_orders() -> None:
    reader = Reader(shop_with_refunds(250, range(10, 250, 10)), Entity.REFUND)

    pages = reader.run()

    assert reader.ids() == {5000 + order for order in range(10, 250, 10)}
    assert {record.parent_id for page in pages for record in page.records} == {
        str(order) for order in range(10, 250, 10)
    }


def test_the_walk_over_orders_asks_for_ids_and_refunds_only() -> None:
    reader = Reader(shop_with_refunds(5, range(1, 2)), Entity.REFUND)

    reader.run()

    walks = [r for r in reader.shop.requests if r.url.path.endswith("/orders")]
    assert {r.url.params["_fields"].split(",")[:2] == ["id", "refunds"] for r in walks} == {True}


def test_a_new_refund_costs_one_call_for_the_changes_and_one_for_its_order() -> None:
    reader = reader_of(300, range(1, 301, 3))
    for order in (2, 5, 8):
        refund(reader.shop, order, 9000 + order)
    for order in range(11, 31):
        reader.shop.touch("orders", order)

    reader.run()

    assert reader.ids() == {9002, 9005, 9008}
    assert reader.calls() <= 1 + 3


def test_a_deleted_refund_is_found_by_comparing_what_the_orders_name() -> None:
    reader = reader_of(60, range(1, 60, 2))
    reader.shop.rows["orders"][7]["refunds"] = []
    reader.shop.delete("refunds", 5007)

    reader.run(FULL)

    assert reader.archive.deleted == {"5007"}


def test_refunds_of_a_trashed_order_are_not_taken_for_deleted() -> None:
    reader = reader_of(60, range(1, 60, 2))
    reader.shop.touch("orders", 7, status="trash")

    reader.run(FULL)

    assert reader.archive.deleted == set()


def test_a_mass_disappearance_of_refunds_stops_the_run() -> None:
    reader = reader_of(60, range(1, 60))
    for order in range(1, 40):
        reader.shop.rows["orders"][order]["refunds"] = []

    with pytest.raises(ConfigurationError, match="39 of the 59 refunds"):
        reader.run(FULL)


def test_a_full_read_by_orders_can_go_on_after_any_page() -> None:
    reader = Reader(shop_with_refunds(350, range(5, 350, 5)), Entity.REFUND)

    reader.run_dying_after_each_page()

    assert reader.archive.live() == {5000 + order for order in range(5, 350, 5)}


def test_changes_by_orders_can_go_on_after_any_page() -> None:
    reader = reader_of(400, range(1, 2))
    for order in range(2, 400):
        reader.shop.now += timedelta(seconds=1)
        refund(reader.shop, order, 6000 + order)

    reader.run_dying_after_each_page()

    assert reader.archive.live() == {5001, *range(6002, 6400)}


def test_a_span_brings_the_refunds_of_orders_changed_in_it() -> None:
    reader = reader_of(20, range(1, 5))
    refund(reader.shop, 9, 7000)

    reader.run(Window(since=START + timedelta(hours=1)))

    assert reader.ids() == {7000}


def test_a_store_that_is_updated_is_read_by_its_own_list_from_the_next_full_read_on() -> None:
    reader = reader_of(20, range(1, 5))
    assert reader.bookmark["by_parents"] is True
    reader.shop.lists = (*OLD, "refunds")

    reader.run(FULL)

    assert reader.bookmark["by_parents"] is False
    assert reader.archive.live() == {5001, 5002, 5003, 5004}


def test_variations_are_read_by_their_products_and_again_when_those_change() -> None:
    shop = MovingStore(lists=OLD)
    shop.add("products", [1], at=START - timedelta(days=9), variations=[10, 11], type="variable")
    shop.add("products", [2], at=START - timedelta(days=9), variations=[])
    shop.add("variations", [10, 11], parent_id=1)
    reader = Reader(shop, Entity.VARIATION)
    reader.run()
    assert reader.ids() == {10, 11}
    reader.wait(hours=5)
    shop.touch("variations", 11)
    shop.touch("products", 1)

    reader.run()

    assert b'"touches":1' in reader.archive.bodies["11"]


def test_any_other_missing_list_is_an_error() -> None:
    reader = Reader(MovingStore(lists=()), Entity.ORDER)

    with pytest.raises(UdsyncError, match="no route orders") as caught:
        reader.run()

    assert caught.value.code == "route_missing"
