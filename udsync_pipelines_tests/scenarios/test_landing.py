"""The recorded store lands in Supabase: all of it, to the cent, and once."""

from decimal import Decimal

import pytest

from udsync_pipelines.sync.plan import PlanState
from udsync_pipelines_tests.scenarios.evidence import LISTS, differences
from udsync_pipelines_tests.scenarios.shops import ConnectedShop, Row, written

pytestmark = pytest.mark.postgres


def test_the_recorded_store_lands_whole_with_every_amount_equal(shop: ConnectedShop) -> None:
    reports = shop.sync_all()

    assert [report.plan.state for report in reports] == [PlanState.APPLIED] * 3
    assert differences(shop) == []
    assert {table: len(shop.live(table)) for table in LISTS} == {
        "woo_orders": 288,
        "woo_refunds": 36,
        "woo_products": 44,
        "woo_variations": 14,
        "woo_customers": 59,
    }


def test_the_sums_of_each_currency_equal_the_shops_own(synced_shop: ConnectedShop) -> None:
    shown = synced_shop.store.sums()

    orders = synced_shop.select(
        "select currency, count(*), sum(total) as total, sum(total_tax) as total_tax,"
        " sum(shipping_total) as shipping_total, sum(discount_total) as discount_total"
        " from woo_orders group by currency"
    )
    refunds = synced_shop.select(
        "select currency, count(*), sum(amount) as amount, sum(total_tax) as total_tax"
        " from woo_refunds group by currency"
    )

    assert _figures(orders) == _numbers(shown["orders"])
    assert _figures(refunds) == _numbers(shown["refunds"])


def test_each_orders_lines_and_taxes_add_up_to_its_total(synced_shop: ConnectedShop) -> None:
    unequal = synced_shop.select(
        "select o.id from woo_orders o left join woo_order_lines l"
        " on l.store_id = o.store_id and l.order_id = o.id group by o.store_id, o.id"
        " having o.total <> coalesce(sum(l.total), 0) + o.total_tax"
    )

    assert unequal == []


def test_a_second_run_writes_no_row_and_no_log_and_says_so(synced_shop: ConnectedShop) -> None:
    before, writes_before = synced_shop.versions(), _row_writes(synced_shop)

    reports = synced_shop.sync_all()

    assert [written(report) for report in reports] == [{}, {}, {}]
    assert [report.plan.state for report in reports] == [PlanState.APPLIED] * 3
    assert synced_shop.versions() == before
    assert _row_writes(synced_shop) == writes_before
    assert _loads_of(synced_shop, reports[2].plan.id) == []


def test_a_full_read_of_an_unchanged_store_writes_no_row(synced_shop: ConnectedShop) -> None:
    before, writes_before = synced_shop.versions(), _row_writes(synced_shop)

    reports = synced_shop.sync_all(full=True)

    assert [written(report) for report in reports] == [{}, {}, {}]
    assert reports[2].plan.counts["order.skip"] == 288
    assert synced_shop.versions() == before
    assert _row_writes(synced_shop) == writes_before
    assert _loads_of(synced_shop, reports[2].plan.id) == []


def test_an_unchanged_store_costs_three_calls_a_list_at_most(synced_shop: ConnectedShop) -> None:
    synced_shop.sync_all()

    counts = synced_shop.store.requests.counts()
    assert set(counts) == {
        "GET /orders", "GET /refunds", "GET /products", "GET /variations", "GET /customers",
    }  # fmt: skip
    assert max(counts.values()) <= 3


def test_what_a_store_shuffles_without_a_change_is_not_written(synced_shop: ConnectedShop) -> None:
    orders, products = list(synced_shop.live("woo_orders")), list(synced_shop.live("woo_products"))
    synced_shop.store.control.shuffle_noise(orders, products)
    before = synced_shop.versions()

    reports = synced_shop.sync_all(full=True)

    assert [written(report) for report in reports] == [{}, {}, {}]
    assert synced_shop.versions() == before


def test_a_dry_run_shows_every_change_and_writes_nothing(shop: ConnectedShop) -> None:
    report = shop.sync("orders", dry_run=True)

    assert report.plan.state is PlanState.DRY_RUN
    assert report.plan.counts["order.create"] == 288
    assert shop.rows("woo_orders") == []
    assert shop.sync("orders").plan.counts["order.created"] == 288


def _row_writes(shop: ConnectedShop) -> int:
    """Rows ever inserted, updated or deleted in the schema, also those that were rolled back."""
    found = shop.select(
        "select sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint as writes from pg_stat_user_tables"
        f" where schemaname = '{shop.schema}'"
    )
    return int(found[0]["writes"])


def _loads_of(shop: ConnectedShop, plan_id: object) -> list[Row]:
    return shop.state(
        "select id from udsync.sync_queue where plan_id = %s and operation <> 'none'", plan_id
    )


def _figures(rows: list[Row]) -> dict[str, dict[str, Decimal]]:
    return {
        row["currency"]: {name: Decimal(value) for name, value in row.items() if name != "currency"}
        for row in rows
    }


def _numbers(shown: dict[str, dict[str, object]]) -> dict[str, dict[str, Decimal]]:
    return {
        currency: {name: Decimal(str(value)) for name, value in figures.items()}
        for currency, figures in shown.items()
    }
