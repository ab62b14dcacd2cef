"""Runs of our jobs, with Dagster's own storage, a real server and a store over HTTP."""

from dataclasses import dataclass
from typing import Any

import dagster as dg
import pytest

from udsync_pipelines.definitions import defs
from udsync_pipelines.orchestration.assets import TENANTS
from udsync_pipelines.services.run_tags import SYNC
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.sync.plan import Plan, PlanState
from udsync_pipelines_tests.orchestration.running import (
    DagsterRuns,
    Supabase,
    failure_of,
    metadata_of,
)
from udsync_pipelines_tests.scenarios.shops import ConnectedShop

pytestmark = pytest.mark.postgres


def sync_orders() -> dg.JobDefinition:
    return defs.resolve_job_def("sync_orders")


def plans(shop: ConnectedShop, run_id: str) -> list[Plan]:
    return list(PostgresLedger(shop.installation.state, shop.tenant.id).plans_of_run(run_id))


def materialized(result: Any, op: str = "load_orders_to_supabase") -> dict[str, dict[str, object]]:
    """What a load materialized: table → its numbers, for one tenant."""
    return {
        event.asset_key.path[-1]: {name: value.value for name, value in event.metadata.items()}
        | {"tenant": event.partition}
        for event in result.asset_materializations_for_node(op)
    }


def test_a_run_lands_the_orders_and_shows_its_numbers(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    result = dagster_runs.run("sync_orders", tenant=shop.tenant.name)

    assert result.success
    assert (len(shop.live("woo_orders")), len(shop.live("woo_refunds"))) == (288, 36)
    (plan,) = plans(shop, result.run_id)
    assert plan.state is PlanState.APPLIED
    read = metadata_of(result.all_events, "extract_orders")
    assert (read["order.read"], read["order.changed"], read["refund.read"]) == (288, 288, 36)
    resolved = metadata_of(result.all_events, "resolve_order_conflicts")
    assert (resolved["order.create"], resolved["order.update"]) == (288, 0)
    assert (resolved["plan"], resolved["state"]) == (str(plan.id), "approved")
    assert resolved["show"] == f"udsync plan show {plan.id}"
    closed = metadata_of(result.all_events, "close_orders")
    assert (closed["state"], closed["parked"], closed["order.created"]) == ("applied", 0, 288)


def test_a_load_materializes_each_table_for_the_tenant(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    tenant = shop.tenant.name

    result = dagster_runs.run("sync_orders", tenant=tenant)

    assert materialized(result) == {
        "woo_orders": {"created": 288, "updated": 0, "refused": 0, "tenant": tenant},
        "woo_refunds": {"created": 36, "updated": 0, "refused": 0, "tenant": tenant},
    }
    assert tenant in dagster_runs.instance.get_dynamic_partitions(str(TENANTS.name))
    known = dagster_runs.instance.get_materialized_partitions(
        dg.AssetKey(["supabase", "woo_orders"])
    )
    assert tenant in known


def test_ops_hand_on_references_and_no_records(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    result = dagster_runs.run("sync_orders", tenant=shop.tenant.name)

    (plan,) = plans(shop, result.run_id)
    for op in ("extract_orders", "map_orders", "resolve_order_conflicts"):
        assert result.output_for_node(op) == f"{shop.tenant.name}/{plan.id}"


def test_a_second_run_writes_nothing_and_says_so(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    dagster_runs.run("sync_orders", tenant=shop.tenant.name)
    before = shop.versions()

    result = dagster_runs.run("sync_orders", tenant=shop.tenant.name)

    assert result.success
    assert shop.versions() == before
    assert metadata_of(result.all_events, "map_orders")["order.mapped"] == 0
    assert materialized(result)["woo_orders"]["created"] == 0


def test_a_parked_record_fails_the_run_with_its_reason_and_cure(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    broken = shop.store.control.create_order({"line_items": [{"product_id": 10, "quantity": 1}]})[
        "id"
    ]
    shop.store.control.edit_silently("order", broken, {"total": "not an amount"})

    result = dagster_runs.run("sync_orders", tenant=shop.tenant.name)

    assert not result.success
    assert len(shop.live("woo_orders")) == 288
    failure = failure_of(result.all_events, "close_orders")
    assert failure.description == "1 record was parked; all others are synced"
    page = f"{shop.store.url}/wp-admin/post.php?post={broken}&action=edit"
    assert failure.metadata[f"open order/{broken}"] == dg.MetadataValue.url(page)
    (row,) = failure.metadata["parked records"].value.records
    assert row.data["record"] == f"order/{broken}"
    assert "total" in row.data["reason"]
    assert row.data["cure"]
    assert row.data["code"]
    again = dagster_runs.run("sync_orders", tenant=shop.tenant.name)
    assert again.success
    assert metadata_of(again.all_events, "close_orders")["parked"] == 1


def test_a_dry_run_materializes_nothing_and_succeeds(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    result = dagster_runs.run("sync_orders", tenant=shop.tenant.name, dry_run=True)

    assert result.success
    assert materialized(result) == {}
    assert metadata_of(result.all_events, "close_orders")["state"] == "dry_run"
    assert shop.rows("woo_orders") == []


def test_a_plan_that_asked_is_carried_out_by_its_own_job(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    asked = dagster_runs.run("sync_orders", tenant=shop.tenant.name, approve="ask", ask_above=10)
    (plan,) = plans(shop, asked.run_id)
    ledger = PostgresLedger(shop.installation.state, shop.tenant.id)
    early = dagster_runs.run("apply_plan", tenant=shop.tenant.name, plan=str(plan.id))
    ledger.approve(plan.id, "operator")

    applied = dagster_runs.run("apply_plan", tenant=shop.tenant.name, plan=str(plan.id))

    assert (asked.success, early.success, applied.success) == (True, False, True)
    refusal = failure_of(early.all_events, "open_approved_plan")
    assert "it is awaiting_approval" in refusal.description
    assert len(shop.live("woo_orders")) == 288
    assert ledger.plan(plan.id).state is PlanState.APPLIED
    assert materialized(applied, "load_approved_plan_to_supabase")["woo_orders"]["created"] == 288
    of_the_plan = dg.RunsFilter(tags={f"{SYNC}orders": str(plan.id)})
    found = {run.run_id for run in dagster_runs.instance.get_runs(of_the_plan)}
    assert found == {asked.run_id, applied.run_id}


@dataclass(frozen=True)
class Outage:
    """A database that stops working, as an operator would see it."""

    change: str
    repair: str
    step: str
    code: str


OUTAGES = {
    "disk full": Outage(
        "SET default_transaction_read_only = on",
        "RESET default_transaction_read_only",
        step="load_orders_to_supabase",
        code="database_read_only",
    ),
    "no connection": Outage(
        "CONNECTION LIMIT 0",
        "CONNECTION LIMIT -1",
        step="resolve_order_conflicts",
        code="too_many_connections",
    ),
}


@pytest.mark.parametrize("outage", OUTAGES.values(), ids=OUTAGES)
def test_a_run_that_failed_is_finished_by_executing_it_again_from_there(
    shop: ConnectedShop, new_supabase: Supabase, dagster_runs: DagsterRuns, outage: Outage
) -> None:
    new_supabase.alter(outage.change)
    failed = dagster_runs.run("sync_orders", tenant=shop.tenant.name)
    reason = failure_of(failed.all_events, outage.step)
    new_supabase.alter(outage.repair)
    shop.store.requests.clear()

    again = dagster_runs.launch_again(sync_orders, failed.run_id)

    assert not failed.success
    assert reason.metadata["code"].value == outage.code
    assert reason.metadata["cure"].value in reason.description
    assert again.success
    assert len(shop.live("woo_orders")) == 288
    assert len(shop.store.requests) == 0
    (plan,) = plans(shop, failed.run_id)
    assert (plan.state, plan.error) == (PlanState.APPLIED, None)
    assert plan.counts["order.created"] == 288


def test_an_unknown_tenant_is_one_clear_line_in_the_run(dagster_runs: DagsterRuns) -> None:
    result = dagster_runs.run("sync_orders", tenant="nobody")

    failure = failure_of(result.all_events, "extract_orders")
    assert "nobody" in failure.description
    assert "\n" not in failure.description


def test_syncing_all_lands_everything_in_one_run(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    result = dagster_runs.run("sync_all", tenant=shop.tenant.name)

    assert result.success
    assert [plan.lane for plan in plans(shop, result.run_id)] == ["customers", "products", "orders"]
    counts = {
        table: len(shop.live(table))
        for table in ("woo_customers", "woo_products", "woo_variations", "woo_orders")
    }
    assert counts == {
        "woo_customers": 59, "woo_products": 44, "woo_variations": 14, "woo_orders": 288,
    }  # fmt: skip
