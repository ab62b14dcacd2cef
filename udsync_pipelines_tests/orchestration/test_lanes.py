"""One running sync per tenant and lane, however it was started."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.run_coordinator import SubmitRunContext

from udsync_pipelines.orchestration import lanes
from udsync_pipelines.services.databases import plain_url
from udsync_pipelines.services.run_tags import LANE, SYNC, run_tags
from udsync_pipelines.store.lane_leases import LaneLeases
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.sync.entities import LANES
from udsync_pipelines_tests.orchestration.running import DagsterRuns, failure_of
from udsync_pipelines_tests.scenarios.shops import ConnectedShop

pytestmark = pytest.mark.postgres


@contextmanager
def held(shop: ConnectedShop, lane: str) -> Iterator[LaneLeases]:
    """Somebody else syncs this lane."""
    url = plain_url(shop.installation.databases.state_url)
    leases = LaneLeases(shop.installation.state, url, shop.tenant.id, seconds=60)
    leases.hold(shop.tenant.name, lane)
    try:
        yield leases
    finally:
        leases.close()


def skipped(result: Any) -> list[str]:
    return sorted(event.step_key for event in result.all_events if event.is_step_skipped)


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_queue_limits_each_lane_and_what_backfills_take(dagster_runs: DagsterRuns) -> None:
    settings: Any = dagster_runs.instance.get_settings("concurrency")

    limits = settings["runs"]["tag_concurrency_limits"]

    once = {"applyLimitPerUniqueValue": True}
    assert limits == [
        *({"key": f"{LANE}{lane.name}", "value": once, "limit": 1} for lane in LANES),
        {"key": "udsync/kind", "value": "backfill", "limit": 2},
    ]


def test_a_run_of_all_lanes_is_tagged_with_each_of_them() -> None:
    assert run_tags("acme", "all", "backfill") == {
        "udsync/tenant": "acme",
        "udsync/entity": "all",
        "udsync/trigger": "backfill",
        "udsync/kind": "backfill",
        "udsync/lane.customers": "acme",
        "udsync/lane.products": "acme",
        "udsync/lane.orders": "acme",
    }
    assert [tag for tag in run_tags("acme", "orders", "manual") if tag.startswith(LANE)] == [
        "udsync/lane.orders"
    ]


def test_a_run_that_was_started_without_tags_tells_the_queue_its_lanes(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    result = dagster_runs.run("sync_customers", tenant=shop.tenant.name)

    run = dagster_runs.instance.get_run_by_id(result.run_id)
    (plan,) = PostgresLedger(shop.installation.state, shop.tenant.id).plans_of_run(result.run_id)
    assert run is not None
    wanted = run_tags(shop.tenant.name, "customers", "manual")
    assert run.tags.items() >= {**wanted, f"{SYNC}customers": str(plan.id)}.items()


def queued(instance: dg.DagsterInstance, job: str, **config: object) -> dg.DagsterRun:
    """A run as it waits in the queue after somebody has launched it."""
    location = RegisteredCodeLocationOrigin("udsync")
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(location, "__repository__"), job)
    run = instance.add_run(
        dg.DagsterRun(job, run_config=config, tags={"asked/by": "ada"}, remote_job_origin=origin)
    )
    context = SubmitRunContext(run, workspace=None)  # type: ignore[arg-type] # never looked at
    return instance.run_coordinator.submit_run(context)


@pytest.mark.parametrize("job", ["sync_customers", "sync_all"])
def test_a_run_of_the_launchpad_has_its_lanes_before_it_waits_in_the_queue(
    dagster_runs: DagsterRuns, job: str
) -> None:
    run = queued(dagster_runs.instance, job, tenant="acme")

    wanted = run_tags("acme", job.removeprefix("sync_"), "manual")
    assert run.status is dg.DagsterRunStatus.QUEUED
    assert run.tags.items() >= {**wanted, "asked/by": "ada"}.items()


@pytest.mark.parametrize("config", [{}, {"tenant": ""}, {"tenant": {"env": "TENANT"}}])
def test_a_run_that_names_no_tenant_waits_for_no_lane(
    dagster_runs: DagsterRuns, config: dict[str, object]
) -> None:
    run = queued(dagster_runs.instance, "sync_customers", **config)

    assert not [tag for tag in run.tags if tag.startswith(LANE)]


def test_a_person_who_meets_a_busy_lane_is_told_at_once(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    with held(shop, "customers"):
        result = dagster_runs.run("sync_customers", tenant=shop.tenant.name)

    failure = failure_of(result.all_events, "extract_customers")
    assert not result.success
    assert failure.description == (
        f"another sync of customers for {shop.tenant.name} is running."
        " Wait for it to end, or stop it in Dagster's Runs page."
    )
    assert failure.metadata["code"].value == "lane_busy"


def test_a_run_of_all_lanes_begins_with_none_while_one_is_busy(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    shop.store.requests.clear()
    with held(shop, "orders"):
        result = dagster_runs.run("sync_all", tenant=shop.tenant.name)

    assert failure_of(result.all_events, "extract_customers").metadata["code"].value == "lane_busy"
    assert len(shop.store.requests) == 0


def test_a_webhook_run_that_meets_a_busy_lane_ends_without_a_sync(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    shop.store.requests.clear()
    with held(shop, "customers"):
        result = dagster_runs.run("sync_customers", tenant=shop.tenant.name, trigger="webhook")

    assert result.success
    assert skipped(result) == [
        "close_customers",
        "load_customers_to_quickbooks",
        "load_customers_to_supabase",
        "map_customers",
        "resolve_customer_conflicts",
    ]
    assert len(shop.store.requests) == 0


def test_a_scheduled_run_waits_until_its_lane_is_free(
    shop: ConnectedShop, dagster_runs: DagsterRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "ASK_AGAIN_SECONDS", 1)
    config = {"tenant": shop.tenant.name, "trigger": "schedule"}
    found: list[dg.ExecuteInProcessResult] = []
    run = threading.Thread(
        target=lambda: found.append(dagster_runs.run("sync_customers", **config))
    )
    asked_again = dg.DagsterEventType.STEP_UP_FOR_RETRY

    with held(shop, "customers"):
        run.start()
        until(lambda: _noted(dagster_runs.instance, shop.tenant.name, asked_again))
    run.join()

    assert found[0].success
    assert len(shop.live("woo_customers")) == 59


def _noted(instance: dg.DagsterInstance, tenant: str, kind: dg.DagsterEventType) -> bool:
    runs = instance.get_runs(dg.RunsFilter(tags={"udsync/tenant": tenant}))
    return any(instance.all_logs(run.run_id, of_type=kind) for run in runs)
