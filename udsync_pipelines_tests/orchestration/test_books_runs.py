"""Runs that post to the books: what they show, and what appears in the asset catalogue."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import dagster as dg
import pytest

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.orchestration import load_progress
from udsync_pipelines.orchestration.backfills import run_config_of
from udsync_pipelines.orchestration.checks import check_ledgers
from udsync_pipelines.orchestration.load_progress import progress_line
from udsync_pipelines.orchestration.resources import SyncEngines
from udsync_pipelines.services.backfill_progress import Outlook
from udsync_pipelines.services.backfilling import checkpoints, months_of, store_of
from udsync_pipelines.services.deciding import decide_all
from udsync_pipelines.services.estimates import Estimate
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.quota import quotas
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.store.repositories.write_counts import WritesSoFar
from udsync_pipelines.sync.entities import LANES
from udsync_pipelines.sync.forecast import Stretch
from udsync_pipelines.sync.plan import PlanState
from udsync_pipelines_tests.orchestration.running import (
    DagsterRuns,
    Supabase,
    connect_company,
    failure_of,
    metadata_of,
)
from udsync_pipelines_tests.scenarios.evidence import listed
from udsync_pipelines_tests.scenarios.parking import agree_to_park
from udsync_pipelines_tests.scenarios.shops import ConnectedShop, connect_shop
from udsync_pipelines_tests.store_fixtures import StartStore

pytestmark = pytest.mark.postgres

FORMS = {
    "sales_receipts": "SalesReceipt",
    "invoices": "Invoice",
    "payments": "Payment",
    "refund_receipts": "RefundReceipt",
}


@pytest.fixture
def small_shop(
    installation: Installation, store_emulator: StartStore, new_supabase: Supabase
) -> ConnectedShop:
    """A generated store of forty orders and a database, connected as a tenant of the test's own."""
    connect = partial(connect_shop, installation, store_emulator(orders=40), new_supabase.url)
    return connect("public", name=new_supabase.name.replace("_", "-"))


@pytest.fixture
def posting(small_shop: ConnectedShop, company: CompanyEmulator) -> ConnectedShop:
    """The same with a company whose policy is accepted."""
    connect_company(small_shop, company)
    agree_to_park(small_shop.installation, small_shop.tenant.name)
    return small_shop


def ledgers(result: Any) -> list[Any]:
    """What a run materialized in the books, event by event."""
    return [
        event.step_materialization_data.materialization
        for event in result.all_events
        if event.is_step_materialization
        and event.step_materialization_data.materialization.asset_key.path[0] == "quickbooks"
    ]


def closed(result: Any) -> dict[str, Any]:
    """What the close of the orders' sync shows, which fails where orders were newly parked."""
    if any(one.is_step_failure for one in result.all_events):
        found = failure_of(result.all_events, "close_orders").metadata
        return {name: shown.value for name, shown in found.items()}
    return metadata_of(result.all_events, "close_orders")


def money_in(company: CompanyEmulator) -> dict[str, dict[str, Decimal]]:
    """Ledger → currency → what its documents come to, as the company's own audit says."""
    sums = company.audit()["sums"]
    return {
        ledger: {currency: Decimal(row["total"]) for currency, row in sums[form].items()}
        for ledger, form in FORMS.items()
        if form in sums
    }


def test_each_ledger_appears_once_a_run_with_the_money_posted(
    posting: ConnectedShop, company: CompanyEmulator, dagster_runs: DagsterRuns
) -> None:
    result = dagster_runs.run("sync_all", tenant=posting.tenant.name)

    events = ledgers(result)
    found = {event.asset_key.path[1]: event for event in events}
    assert len(events) == len(found)
    assert {event.partition for event in events} == {posting.tenant.name}
    counted = {name: event.metadata["created"].value for name, event in found.items()}
    assert counted["items"] == company.count("Item") - 7
    assert counted["customers"] == company.count("Customer")
    assert counted["sales_receipts"] == company.count("SalesReceipt")
    shown = {
        ledger: {
            name.removeprefix("money posted (").rstrip(")"): Decimal(str(value.value))
            for name, value in found[ledger].metadata.items()
            if name.startswith("money posted")
        }
        for ledger in FORMS
        if ledger in found
    }
    assert shown == money_in(company)
    checked = {
        one.asset_key.path[1]: (
            one.check_name,
            one.passed,
            one.metadata["documents of this load"].value,
        )
        for one in result.get_asset_check_evaluations()
    }
    assert checked["sales_receipts"] == ("equals_the_shop", True, company.count("SalesReceipt"))
    assert checked.keys() == shown.keys()


def sales_receipts_check(result: Any) -> Any:
    """How a load, or the check run alone, has judged the ledger of sales receipts."""
    judged = {one.asset_key.path[1]: one for one in result.get_asset_check_evaluations()}
    return judged["sales_receipts"]


def test_a_check_stays_red_while_any_tenants_document_is_unequal(
    posting: ConnectedShop,
    dagster_instance: dg.DagsterInstance,
    dagster_runs: DagsterRuns,
    company: CompanyEmulator,
) -> None:
    company.faults.add(
        "changed_request", path=r"/salesreceipt\?", method="POST", changes={"PrivateNote": None}
    )
    name = posting.tenant.name

    first = dagster_runs.run("sync_orders", tenant=name)
    clean = dagster_runs.run("sync_orders", tenant=name)
    alone = dg.materialize(
        [check_ledgers],
        instance=dagster_instance,
        resources={"engines": SyncEngines()},
        selection=dg.AssetSelection.checks(check_ledgers),
    )
    decide_all(posting.installation, posting.tenant, "books_differ", "write_order")
    cured = dagster_runs.run("sync_orders", tenant=name)

    for judged in map(sales_receipts_check, (first, clean, alone)):
        assert not judged.passed
        assert judged.metadata["unequal"].value == 1
        assert judged.metadata[f"cure for {name}"].value == f"udsync failures list --tenant {name}"
    assert sales_receipts_check(cured).passed
    others = [one for one in alone.get_asset_check_evaluations() if one.passed]
    assert len(others) == 4


def test_the_load_shows_a_table_of_ledgers_and_leads_to_each(
    posting: ConnectedShop, company: CompanyEmulator, dagster_runs: DagsterRuns
) -> None:
    result = dagster_runs.run("sync_all", tenant=posting.tenant.name)

    shown = metadata_of(result.all_events, "load_orders_to_quickbooks")
    rows = {row.data["ledger"]: row.data for row in shown["ledgers"].records}
    receipts = company.count("SalesReceipt")
    total = money_in(company)["sales_receipts"]["CAD"]
    assert rows["sales receipts"]["created"] == receipts
    assert rows["sales receipts"]["money posted"] == f"{total:,} CAD"
    assert shown["quickbooks.sales_receipt.posted.CAD"] == float(total)
    assert shown["see sales receipts"] == dg.AssetKey(["quickbooks", "sales_receipts"])


def test_a_run_shows_its_calls_and_what_the_month_has_left(
    posting: ConnectedShop, company: CompanyEmulator, dagster_runs: DagsterRuns
) -> None:
    before, calls = company.limits.reads, len(company.requests.records())

    result = dagster_runs.run("sync_all", tenant=posting.tenant.name)

    shown = metadata_of(result.all_events, "load_orders_to_quickbooks")
    (quota,) = [
        one
        for one in quotas(posting.installation, datetime.now(UTC).date())
        if one.tenant == posting.tenant
    ]
    names = ("QuickBooks metered calls", "metered calls left this month")
    assert shown["QuickBooks metered calls"] == company.limits.reads - before > 0
    assert shown["metered calls left this month"] == quota.left == 500_000 - quota.used
    more = 5 * len(company.requests.records("/batch"))  # six queries in one request
    assert shown["QuickBooks calls"] <= len(company.requests.records()) - calls + more
    assert shown["QuickBooks calls"] >= company.count("SalesReceipt")
    assert [closed(result)[name] for name in names] == [shown[name] for name in names]


def test_a_long_load_tells_in_its_log_how_far_it_is(
    posting: ConnectedShop,
    dagster_instance: dg.DagsterInstance,
    dagster_runs: DagsterRuns,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(load_progress, "FIRST_AFTER", 0.1)
    monkeypatch.setattr(load_progress, "THEN_EVERY", 0.1)

    result = dagster_runs.run("sync_orders", tenant=posting.tenant.name)

    lines = [entry.user_message for entry in dagster_instance.all_logs(result.run_id)]
    told = [line for line in lines if "metered calls are left this month" in line]
    assert told
    assert all(" orders, " in line and " writes" in line for line in told)


def test_the_syncs_of_a_backfill_show_how_far_it_is(
    posting: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    today = datetime.now(UTC).date()
    first = today - timedelta(days=20)
    installation, tenant = posting.installation, posting.tenant
    held = checkpoints(installation, tenant, store_of(installation, tenant).id, first, today)
    orders = {"2026-10": 7, "2026-11": 3}
    held.begin(orders)
    outlook = Outlook.of(orders, {"2026-10": Stretch(7)}, None, Estimate(10, 2), datetime.now(UTC))
    held.show(outlook.as_json())
    (month, *_) = months_of(first, today, tenant.timezone)

    backfill = dagster_runs.run("backfill_orders", **run_config_of(tenant.name, month))
    plain = dagster_runs.run("sync_orders", tenant=tenant.name)

    assert "70 % of 10 orders" in closed(backfill)[f"backfill {first} to {today}"]
    assert not any(name.startswith("backfill") for name in closed(plain))


def test_what_is_told_of_a_load_that_has_just_begun_names_no_end() -> None:
    now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    begun = WritesSoFar(0, 0, due_names=2, due=30, seconds=0.0, due_sales=20)
    half = WritesSoFar(1, 10, due_names=0, due=20, seconds=60.0, sales=10, due_sales=20)

    assert progress_line(begun, (), now) == "0 of 20 orders, 0 of 30 writes."
    assert progress_line(half, (), now) == (
        "10 of 30 orders, 11 of 31 writes; done at 2026-11-30 12:02 UTC."
    )


def test_a_second_run_reports_no_ledger_and_writes_nothing(
    posting: ConnectedShop, company: CompanyEmulator, dagster_runs: DagsterRuns
) -> None:
    dagster_runs.run("sync_all", tenant=posting.tenant.name)
    company.requests.clear()

    again = dagster_runs.run("sync_all", tenant=posting.tenant.name)

    assert again.success
    assert ledgers(again) == []
    assert [one for one in company.requests.counts() if _writes(one)] == []


def test_a_dry_run_reports_no_ledger_and_shows_what_it_would_create(
    posting: ConnectedShop, company: CompanyEmulator, dagster_runs: DagsterRuns
) -> None:
    result = dagster_runs.run("sync_orders", tenant=posting.tenant.name, dry_run=True)

    assert result.success
    assert ledgers(result) == []
    assert company.count("SalesReceipt") == 0
    shown = metadata_of(result.all_events, "resolve_order_conflicts")
    assert shown["quickbooks.sales_receipt.create"] > 0
    assert shown["quickbooks.customer.create"] > 0


def test_a_tenant_without_books_is_told_so_and_gets_no_ledger(
    small_shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    result = dagster_runs.run("sync_orders", tenant=small_shop.tenant.name)

    assert result.success
    assert ledgers(result) == []
    shown = metadata_of(result.all_events, "load_orders_to_quickbooks")
    assert shown == {"note": "QuickBooks is not connected; nothing to do."}


def test_books_without_a_policy_fail_their_load_and_hold_up_no_table(
    small_shop: ConnectedShop, company: CompanyEmulator, dagster_runs: DagsterRuns
) -> None:
    connect_company(small_shop, company, accept=False)

    result = dagster_runs.run("sync_orders", tenant=small_shop.tenant.name)

    assert not result.success
    assert len(small_shop.live("woo_orders")) == 40
    failure = failure_of(result.all_events, "load_orders_to_quickbooks")
    assert "no posting policy was accepted" in failure.description
    assert "udsync policy propose" in failure.metadata["cure"].value
    resolved = metadata_of(result.all_events, "resolve_order_conflicts")
    assert "no posting policy was accepted" in resolved["QuickBooks was left out"]


def test_books_that_cannot_be_posted_to_hold_up_no_lane_of_the_database(
    small_shop: ConnectedShop, company: CompanyEmulator, dagster_runs: DagsterRuns
) -> None:
    connect_company(small_shop, company, accept=False)

    result = dagster_runs.run("sync_all", tenant=small_shop.tenant.name)

    failed = [event.step_key for event in result.all_events if event.is_step_failure]
    assert failed == [f"load_{lane.name}_to_quickbooks" for lane in LANES]
    assert len(small_shop.live("woo_orders")) == 40
    assert len(small_shop.live("woo_products")) > 0


def test_each_lane_is_loaded_and_closed_before_the_next_one_is_read(
    small_shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    result = dagster_runs.run("sync_all", tenant=small_shop.tenant.name)

    begun = [event.step_key for event in result.all_events if event.is_step_start]
    assert begun == [
        step
        for lane in LANES
        for step in (
            f"extract_{lane.name}",
            f"map_{lane.name}",
            f"resolve_{lane.singular}_conflicts",
            f"load_{lane.name}_to_supabase",
            f"load_{lane.name}_to_quickbooks",
            f"close_{lane.name}",
        )
    ]


def test_a_load_that_breaks_off_reports_what_it_has_posted(
    posting: ConnectedShop, company: CompanyEmulator, dagster_runs: DagsterRuns
) -> None:
    company.faults.add("status", path="/invoice", status=503, times=0)

    result = dagster_runs.run("sync_orders", tenant=posting.tenant.name)

    assert not result.success
    found = {event.asset_key.path[1]: event.metadata["created"].value for event in ledgers(result)}
    assert found["customers"] == company.count("Customer") > 0


def test_a_parked_order_is_named_with_its_cure_now_and_in_the_next_run(
    posting: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    orders = listed(posting.store, "woo_orders").values()
    foreign = next(order["id"] for order in orders if order["status"] == "processing")
    posting.store.control.edit_order(foreign, {"currency": "USD"})

    first = dagster_runs.run("sync_orders", tenant=posting.tenant.name)
    second = dagster_runs.run("sync_orders", tenant=posting.tenant.name)

    failure = failure_of(first.all_events, "close_orders")
    assert "parked; all others are synced" in failure.description
    newly = {
        row.data["record"]: row.data for row in failure.metadata["parked records"].value.records
    }
    page = f"{posting.store.url}/wp-admin/post.php?post={foreign}&action=edit"
    assert failure.metadata[f"open order/{foreign}"].value == page
    assert not any("intuit" in str(shown.value) for shown in failure.metadata.values())
    assert newly[f"order/{foreign}"]["code"] == "currency_not_supported"
    assert newly[f"order/{foreign}"]["cure"]
    assert second.success
    shown = metadata_of(second.all_events, "close_orders")
    before = Counter(row.data["record"] for row in shown["parked before"].records)
    assert before[f"order/{foreign}"] == 1
    assert shown["parked"] == len(before)


def test_an_approved_plan_posts_what_was_shown_and_names_its_run(
    posting: ConnectedShop, company: CompanyEmulator, dagster_runs: DagsterRuns
) -> None:
    asked = dagster_runs.run("sync_orders", tenant=posting.tenant.name, approve="ask")
    ledger = PostgresLedger(posting.installation.state, posting.tenant.id)
    (plan,) = ledger.plans_of_run(asked.run_id)
    shown = metadata_of(asked.all_events, "resolve_order_conflicts")
    unsettled = failure_of(asked.all_events, "close_orders")
    ledger.approve(plan.id, "operator")

    applied = dagster_runs.run("apply_plan", tenant=posting.tenant.name, plan=str(plan.id))

    assert shown["approve"] == f"udsync plan approve {plan.id}"
    assert unsettled.description == "2 records were parked; all others wait for approval"
    opened = metadata_of(applied.all_events, "open_approved_plan")
    assert opened["planned by"] == asked.run_id
    found = {event.asset_key.path[1]: event.metadata["created"].value for event in ledgers(applied)}
    assert found["sales_receipts"] == company.count("SalesReceipt") > 0
    assert found["sales_receipts"] == plan.counts["quickbooks.sales_receipt.create"]
    done = ledger.plan(plan.id)
    assert (done.state, done.plan_hash) == (PlanState.APPLIED, plan.plan_hash)


def _writes(counted: str) -> bool:
    return counted.startswith("POST ") and not counted.startswith(("POST /query", "POST /oauth2"))
