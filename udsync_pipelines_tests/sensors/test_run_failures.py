"""A run that failed leaves no sync open, whatever happened to its process."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from typing import Any

import dagster as dg
import pytest

from sensors.run_failures import LEFT, run_failures
from udsync_pipelines.orchestration.backfills import run_config_of
from udsync_pipelines.services.backfilling import months_of
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.sync.plan import Plan, PlanState
from udsync_pipelines_tests.orchestration.running import DagsterRuns, Supabase
from udsync_pipelines_tests.scenarios.shops import ConnectedShop
from udsync_pipelines_tests.sensors import killed_run
from udsync_pipelines_tests.sensors.killed_run import backfill_orders, sync_orders

pytestmark = pytest.mark.postgres


def kill_at(point: str, shop: ConnectedShop, instance: dg.DagsterInstance) -> dg.DagsterRun:
    """Run a sync in a process that dies at a point; Dagster notices that it is gone."""
    return kill_job_at(point, instance, "sync_orders", {"tenant": shop.tenant.name})


def kill_job_at(
    point: str, instance: dg.DagsterInstance, job: str, config: Mapping[str, Any]
) -> dg.DagsterRun:
    """The same with a job and its config."""
    ended = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-m", killed_run.__name__, job, json.dumps(config)],
        env={**os.environ, "UDSYNC_FAIL_AT": point},
        capture_output=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == -9, ended.stderr.decode()
    (run,) = instance.get_runs(limit=1)
    assert run.status is dg.DagsterRunStatus.STARTED
    instance.report_run_failed(run)
    return run


def notice(run_id: str, instance: dg.DagsterInstance) -> None:
    """Let the sensor see a failed run."""
    run = instance.get_run_by_id(run_id)
    assert run is not None
    (failure, *_) = [
        record.event_log_entry.dagster_event
        for record in instance.get_records_for_run(
            run_id, of_type=dg.DagsterEventType.RUN_FAILURE
        ).records
    ]
    assert failure is not None
    context = dg.build_run_status_sensor_context(
        sensor_name=run_failures.name,
        dagster_instance=instance,
        dagster_run=run,
        dagster_event=failure,
    )
    run_failures(context.for_run_failure())


def plan_of(shop: ConnectedShop, run_id: str) -> Plan:
    (plan,) = PostgresLedger(shop.installation.state, shop.tenant.id).plans_of_run(run_id)
    return plan


def shown_of(run_id: str, instance: dg.DagsterInstance) -> tuple[list[str], str]:
    """What the page of a failed run says of its syncs: its events, its tag."""
    run = instance.get_run_by_id(run_id)
    assert run is not None
    events = [
        record.event_log_entry.dagster_event
        for record in instance.get_records_for_run(
            run_id, of_type=dg.DagsterEventType.ENGINE_EVENT
        ).records
    ]
    said = [event.message or "" for event in events if event is not None]
    return [text for text in said if text.startswith("The sync of ")], run.tags.get(LEFT, "")


@pytest.mark.parametrize(
    ("point", "step", "account"),
    [
        ("page.archived", "planning", "No step was finished. No write was planned."),
        (
            "map.planned",
            "planning",
            "Finished steps: extract. Supabase: 0 of 1 batches settled, 1 left.",
        ),
        (
            "load.committed",
            "applying",
            "Finished steps: extract, map, resolve. Supabase: 0 of 2 batches settled, 2 left.",
        ),
        (
            "load.settled",
            "applying",
            "Finished steps: extract, map, resolve. Supabase: 1 of 2 batches settled, 1 left.",
        ),
    ],
)
def test_the_sync_of_a_killed_run_is_closed_and_says_what_was_done(
    shop: ConnectedShop,
    dagster_instance: dg.DagsterInstance,
    point: str,
    step: str,
    account: str,
) -> None:
    run = kill_at(point, shop, dagster_instance)

    notice(run.run_id, dagster_instance)

    plan = plan_of(shop, run.run_id)
    assert plan.state is PlanState.FAILED
    assert plan.finished_at is not None
    assert plan.error == {
        "step": step,
        "code": "run_ended",
        "message": f"the run ended before the sync was finished. {account}",
        "cure": "The next sync finishes the work; the run's page shows the cause.",
    }
    assert shown_of(run.run_id, dagster_instance) == (
        [f"The sync of orders was not finished. {account}"],
        f"orders: {account}",
    )


def test_the_work_of_a_killed_run_is_finished_from_where_it_died(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    run = kill_at("load.committed", shop, dagster_runs.instance)
    notice(run.run_id, dagster_runs.instance)

    again = dagster_runs.launch_again(sync_orders, run.run_id)

    assert again.success
    assert len(shop.live("woo_orders")) == 288
    assert len(shop.live("woo_refunds")) == 36
    assert plan_of(shop, run.run_id).state is PlanState.APPLIED


def test_the_work_of_a_killed_run_is_finished_by_the_next_sync(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    run = kill_at("load.committed", shop, dagster_runs.instance)
    notice(run.run_id, dagster_runs.instance)

    following = dagster_runs.run("sync_orders", tenant=shop.tenant.name)

    assert following.success
    assert len(shop.live("woo_orders")) == 288
    assert plan_of(shop, run.run_id).state is PlanState.FAILED


def test_the_sync_of_a_killed_backfill_is_closed_and_can_be_executed_again(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    (month,) = months_of(date(2026, 9, 1), date(2026, 9, 30), shop.tenant.timezone)
    config = run_config_of(shop.tenant.name, month)
    run = kill_job_at("map.planned", dagster_runs.instance, "backfill_orders", config)

    notice(run.run_id, dagster_runs.instance)
    closed = plan_of(shop, run.run_id)
    told = shown_of(run.run_id, dagster_runs.instance)
    again = dagster_runs.launch_again(backfill_orders, run.run_id)

    assert closed.state is PlanState.FAILED
    account = "Finished steps: extract. Supabase: 0 of 1 batches settled, 1 left."
    assert told == ([f"The sync of orders was not finished. {account}"], f"orders: {account}")
    assert again.success
    assert plan_of(shop, run.run_id).state is PlanState.APPLIED


def test_a_plan_whose_run_was_killed_waits_to_be_carried_out_again(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    asked = dagster_runs.run("sync_orders", tenant=shop.tenant.name, approve="ask")
    waiting = plan_of(shop, asked.run_id)
    ledger = PostgresLedger(shop.installation.state, shop.tenant.id)
    ledger.approve(waiting.id, "operator")
    config = {"tenant": shop.tenant.name, "plan": str(waiting.id)}
    run = kill_job_at("load.settled", dagster_runs.instance, "apply_plan", config)

    notice(run.run_id, dagster_runs.instance)

    account = "Finished steps: extract, map, resolve. Supabase: 1 of 2 batches settled, 1 left."
    cut_off = ledger.plan(waiting.id)
    assert (cut_off.state, cut_off.finished_at) == (PlanState.APPROVED, None)
    assert cut_off.error is not None
    assert "carried out again by itself" in str(cut_off.error["cure"])
    assert shown_of(run.run_id, dagster_runs.instance) == (
        [f"The sync of orders was not finished. {account}"],
        f"orders: {account}",
    )


def test_the_run_that_planned_leaves_an_approved_plan_to_the_run_that_carries_it_out(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    broken = shop.store.control.create_order({"line_items": [{"product_id": 10, "quantity": 1}]})
    shop.store.control.edit_silently("order", broken["id"], {"total": "not an amount"})
    asked = dagster_runs.run("sync_orders", tenant=shop.tenant.name, approve="ask")
    ledger = PostgresLedger(shop.installation.state, shop.tenant.id)
    ledger.approve(plan_of(shop, asked.run_id).id, "operator")

    notice(asked.run_id, dagster_runs.instance)

    assert not asked.success
    left = plan_of(shop, asked.run_id)
    assert (left.state, left.error) == (PlanState.APPROVED, None)


def test_a_sync_that_said_why_it_failed_keeps_its_own_words(
    shop: ConnectedShop, new_supabase: Supabase, dagster_runs: DagsterRuns
) -> None:
    new_supabase.alter("SET default_transaction_read_only = on")
    failed = dagster_runs.run("sync_orders", tenant=shop.tenant.name)
    said = plan_of(shop, failed.run_id).error

    notice(failed.run_id, dagster_runs.instance)

    assert said is not None
    assert said["code"] == "database_read_only"
    assert shown_of(failed.run_id, dagster_runs.instance)[1] == (
        "orders: Finished steps: extract, map, resolve. Supabase: 0 of 2 batches settled, 2 left."
    )
    assert plan_of(shop, failed.run_id).error == said


def test_a_run_that_failed_when_its_sync_was_finished_says_that_nothing_is_left(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    broken = shop.store.control.create_order({"line_items": [{"product_id": 10, "quantity": 1}]})
    shop.store.control.edit_silently("order", broken["id"], {"total": "not an amount"})
    failed = dagster_runs.run("sync_orders", tenant=shop.tenant.name)

    notice(failed.run_id, dagster_runs.instance)

    account = "Finished steps: extract, map, resolve. Supabase: 2 of 2 batches settled."
    assert plan_of(shop, failed.run_id).state is PlanState.APPLIED
    assert shown_of(failed.run_id, dagster_runs.instance) == (
        [f"The sync of orders was finished. {account}"],
        "",
    )


def test_a_plan_that_waits_for_approval_goes_on_waiting(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    broken = shop.store.control.create_order({"line_items": [{"product_id": 10, "quantity": 1}]})
    shop.store.control.edit_silently("order", broken["id"], {"total": "not an amount"})
    asked = dagster_runs.run("sync_orders", tenant=shop.tenant.name, approve="ask")

    notice(asked.run_id, dagster_runs.instance)

    assert not asked.success
    assert plan_of(shop, asked.run_id).state is PlanState.AWAITING_APPROVAL


def test_a_failed_run_of_an_unknown_tenant_is_of_no_account(dagster_runs: DagsterRuns) -> None:
    failed = dagster_runs.run("sync_orders", tenant="nobody")

    notice(failed.run_id, dagster_runs.instance)

    assert not failed.success


@dg.op
def fail() -> None:
    """An op of somebody else's job."""
    raise dg.Failure("it went wrong")


@dg.job(executor_def=dg.in_process_executor)
def another_job() -> None:
    """A job that belongs to no tenant."""
    fail()


def test_a_failed_run_without_a_tenant_is_of_no_account(
    dagster_instance: dg.DagsterInstance,
) -> None:
    failed = another_job.execute_in_process(instance=dagster_instance, raise_on_error=False)

    notice(failed.run_id, dagster_instance)

    assert not failed.success


def test_the_sensor_runs_from_the_start_and_looks_often() -> None:
    assert run_failures.default_status is dg.DefaultSensorStatus.RUNNING
    assert (run_failures.minimum_interval_seconds or 99) <= 5
