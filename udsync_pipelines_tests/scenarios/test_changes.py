"""What changes in a shop arrives with the next sync, exactly that, and nothing else."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from udsync_pipelines.sync.plan import PlanState
from udsync_pipelines_tests.scenarios.evidence import differences
from udsync_pipelines_tests.scenarios.reruns import differences_of_orders
from udsync_pipelines_tests.scenarios.shops import ConnectedShop, written

pytestmark = pytest.mark.postgres


def test_an_edited_order_is_updated_and_the_others_are_left(synced_shop: ConnectedShop) -> None:
    order, other = sorted(synced_shop.live("woo_orders"))[:2]
    before = synced_shop.select(f"select xmin::text from woo_orders where id = {other}")
    synced_shop.store.control.edit_order(order, {"customer_note": "ring twice"})

    report = synced_shop.sync()

    assert written(report) == {"order.updated": 1}
    assert synced_shop.live("woo_orders")[order]["customer_note"] == "ring twice"
    assert synced_shop.select(f"select xmin::text from woo_orders where id = {other}") == before
    assert differences(synced_shop) == []


def test_a_line_with_another_price_moves_the_order_and_its_lines(
    synced_shop: ConnectedShop,
) -> None:
    order = _order_with_lines(synced_shop)
    line = synced_shop.live("woo_orders")[order]["raw"]["line_items"][0]["id"]
    synced_shop.store.control.edit_line(order, line, "12.34")

    report = synced_shop.sync()

    assert written(report) == {"order.updated": 1}
    stored = synced_shop.rows("woo_order_lines", f"order_id = {order} and line_id = {line}")
    assert [row["total"] for row in stored] == [Decimal("12.34")]
    assert differences(synced_shop) == []


def test_a_line_that_was_removed_disappears_from_the_lines(synced_shop: ConnectedShop) -> None:
    order = synced_shop.store.control.create_order(
        {"line_items": [{"product_id": 10, "quantity": 1}, {"product_id": 12, "quantity": 2}]}
    )
    synced_shop.sync()
    first = order["line_items"][0]["id"]
    synced_shop.store.control.edit_order(
        order["id"], {"line_items": [{"id": first, "quantity": 0, "product_id": None}]}
    )

    synced_shop.sync()

    left = synced_shop.rows("woo_order_lines", f"order_id = {order['id']}")
    assert first not in {row["line_id"] for row in left}
    assert differences(synced_shop) == []


def test_a_new_order_and_its_refund_arrive_in_one_sync(synced_shop: ConnectedShop) -> None:
    made = synced_shop.store.control.create_order(
        {"line_items": [{"product_id": 10, "quantity": 2}], "status": "processing"}
    )
    refund = synced_shop.store.control.refund_order(made["id"], {"amount": "1.00"})

    report = synced_shop.sync()

    assert written(report) == {"order.created": 1, "refund.created": 1}
    assert synced_shop.live("woo_refunds")[refund["id"]]["amount"] == Decimal("1.00")
    assert differences_of_orders(synced_shop) == []


def test_a_deleted_refund_is_found_by_a_full_read_and_marked(synced_shop: ConnectedShop) -> None:
    refund = next(iter(synced_shop.live("woo_refunds").values()))
    synced_shop.store.control.delete_refund(refund["order_id"], refund["id"])

    synced_shop.sync(full=True)

    marked = synced_shop.rows("woo_refunds", f"id = {refund['id']}")
    assert marked[0]["deleted_at"] is not None
    assert marked[0]["amount"] == refund["amount"]
    assert differences(synced_shop) == []


def test_a_trashed_order_says_so_and_comes_back_when_restored(synced_shop: ConnectedShop) -> None:
    order = sorted(synced_shop.live("woo_orders"))[5]
    status = synced_shop.live("woo_orders")[order]["status"]
    synced_shop.store.control.trash_order(order)
    synced_shop.sync()
    trashed = synced_shop.rows("woo_orders", f"id = {order}")[0]
    synced_shop.store.control.edit_order(order, {"status": status})

    synced_shop.sync()

    assert trashed["status"] == "trash"
    assert synced_shop.live("woo_orders")[order]["status"] == status
    assert differences(synced_shop) == []


def test_an_order_deleted_for_good_is_marked_by_a_full_read(synced_shop: ConnectedShop) -> None:
    order = sorted(synced_shop.live("woo_orders"))[7]
    lines = synced_shop.rows("woo_order_lines", f"order_id = {order}")
    synced_shop.store.control.delete_order(order)

    report = synced_shop.sync(full=True)

    marked = synced_shop.rows("woo_orders", f"id = {order}")[0]
    assert marked["deleted_at"] is not None
    assert synced_shop.rows("woo_order_lines", f"order_id = {order}") == lines
    assert report.plan.counts["order.deleted"] == 1
    assert written(synced_shop.sync(full=True)) == {}


def test_customer_edits_arrive_by_the_sweep_although_no_stamp_moves(
    synced_shop: ConnectedShop,
) -> None:
    customer = sorted(synced_shop.live("woo_customers"))[3]
    synced_shop.store.control.edit_customer(customer, {"first_name": "Renamed"})

    report = synced_shop.sync("customers")

    assert written(report) == {"customer.updated": 1}
    assert synced_shop.live("woo_customers")[customer]["first_name"] == "Renamed"
    assert differences(synced_shop) == []


def test_a_deleted_customer_is_marked_and_the_orders_turn_to_guests(
    synced_shop: ConnectedShop,
) -> None:
    customer = synced_shop.select(
        "select c.id from woo_customers c where exists"
        " (select from woo_orders o where o.customer_id = c.id) order by c.id limit 1"
    )[0]["id"]
    synced_shop.store.control.delete_customer(customer)

    synced_shop.sync_all(full=True)

    assert customer not in synced_shop.live("woo_customers")
    assert synced_shop.rows("woo_orders", f"customer_id = {customer}") == []
    assert differences(synced_shop) == []


def test_product_and_variation_edits_arrive_together(synced_shop: ConnectedShop) -> None:
    variation = next(iter(synced_shop.live("woo_variations").values()))
    product = sorted(synced_shop.live("woo_products"))[0]
    synced_shop.store.control.edit_product(product, {"regular_price": "77.70"})
    synced_shop.store.control.edit_silently(
        "variation", variation["id"], {"regular_price": "55.50", "price": "55.50"}
    )

    synced_shop.sync("products", full=True)

    assert synced_shop.live("woo_products")[product]["regular_price"] == Decimal("77.70")
    stored = synced_shop.live("woo_variations")[variation["id"]]
    assert stored["regular_price"] == Decimal("55.50")
    assert differences(synced_shop) == []


def test_a_trashed_product_keeps_its_row_and_says_so(synced_shop: ConnectedShop) -> None:
    product = sorted(synced_shop.live("woo_products"))[2]
    synced_shop.store.control.trash_product(product)

    synced_shop.sync("products")

    assert synced_shop.rows("woo_products", f"id = {product}")[0]["status"] == "trash"


def test_three_hundred_orders_of_one_second_arrive_without_a_gap(
    synced_shop: ConnectedShop,
) -> None:
    second = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=30)
    ids = synced_shop.store.control.insert_orders(300, second.isoformat())

    report = synced_shop.sync()

    assert written(report) == {"order.created": 300}
    assert set(ids) <= synced_shop.live("woo_orders").keys()
    assert differences(synced_shop) == []


def test_orders_that_change_between_two_pages_are_not_missed(shop: ConnectedShop) -> None:
    edited, trashed, made = 76, 100, {"line_items": [{"product_id": 10, "quantity": 1}]}
    shop.store.faults.add(
        "act",
        path=r"/orders\?.*offset=99",
        when="after",
        actions=[
            {"action": "edit_order", "order_id": edited, "changes": {"customer_note": "late"}},
            {"action": "trash_order", "order_id": trashed},
            {"action": "create_order", "body": made},
        ],
    )

    shop.sync_all()
    shop.sync()

    assert shop.live("woo_orders")[edited]["customer_note"] == "late"
    assert shop.live("woo_orders")[trashed]["status"] == "trash"
    assert differences(shop) == []


def test_a_span_of_time_reads_just_that_and_leaves_the_bookmark(
    synced_shop: ConnectedShop,
) -> None:
    bookmark = synced_shop.bookmark("order")
    old = synced_shop.store.control.insert_orders(2, "2026-01-10T08:00:00")
    synced_shop.store.control.insert_orders(1, "2026-01-12T08:00:00")

    report = synced_shop.sync(
        since=datetime(2026, 1, 10, tzinfo=UTC), until=datetime(2026, 1, 11, tzinfo=UTC)
    )

    assert written(report) == {"order.created": 2}
    assert set(old) <= synced_shop.live("woo_orders").keys()
    assert synced_shop.bookmark("order") == bookmark


def test_orders_in_other_currencies_keep_their_own(synced_shop: ConnectedShop) -> None:
    made = [
        synced_shop.store.control.create_order(
            {"currency": code, "line_items": [{"product_id": 10, "quantity": 1}]}
        )["id"]
        for code in ("USD", "JPY", "KWD")
    ]

    synced_shop.sync()

    stored = synced_shop.live("woo_orders")
    assert [stored[order]["currency"] for order in made] == ["USD", "JPY", "KWD"]
    assert differences(synced_shop) == []


def test_a_plan_that_waits_for_approval_writes_nothing_until_then(shop: ConnectedShop) -> None:
    report = shop.sync(ask=True)

    assert report.plan.state is PlanState.AWAITING_APPROVAL
    assert shop.rows("woo_orders") == []


def _order_with_lines(shop: ConnectedShop) -> int:
    return next(
        order
        for order, row in shop.live("woo_orders").items()
        if row["raw"]["line_items"] and row["status"] == "processing"
    )
