"""The schedules that every installation has, ticked for real tenants."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import get_args
from uuid import uuid4
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from udsync_pipelines.orchestration.schedules import SCHEDULES, ZONE, cron_every
from udsync_pipelines.services.run_tags import run_tags
from udsync_pipelines.settings import SyncInterval
from udsync_pipelines.store.repositories import connections, tenants
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.sync.entities import LANES
from udsync_pipelines_tests.scenarios.shops import ConnectedShop

AT = datetime(2026, 6, 1, 9, 15, tzinfo=UTC)
every_schedule = pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda one: one.name)


def named(name: str) -> dg.ScheduleDefinition:
    return next(schedule for schedule in SCHEDULES if schedule.name == name)


def tick(schedule: dg.ScheduleDefinition, instance: dg.DagsterInstance) -> dg.SensorResult:
    context = dg.build_schedule_context(instance=instance, scheduled_execution_time=AT)
    return schedule.evaluate_tick(context)  # type: ignore[return-value]  # alike where we look


def requests_of(
    schedule: dg.ScheduleDefinition, instance: dg.DagsterInstance, tenant: str
) -> Sequence[dg.RunRequest]:
    """What a tick asks for one tenant; other tests have tenants too."""
    asked = tick(schedule, instance).run_requests or []
    return [one for one in asked if one.tags["udsync/tenant"] == tenant]


def test_every_lane_is_synced_hourly_and_in_full_daily() -> None:
    assert [schedule.name for schedule in SCHEDULES] == [
        f"{pace}_{lane.name}" for pace in ("hourly", "daily") for lane in LANES
    ]


def ticks_of_a_day(cron: str) -> list[str]:
    """The times of day in winter, all of them."""
    start = datetime(2026, 1, 14, tzinfo=ZoneInfo(ZONE))
    ticks = schedule_execution_time_iterator(start.timestamp(), cron, ZONE)
    day = takewhile(lambda at: at < start + timedelta(days=1), ticks)
    return [f"{at.astimezone(ZoneInfo(ZONE)):%H:%M}" for at in day]


@pytest.mark.parametrize(
    ("interval", "number", "first"),
    [
        ("5m", 288, ["00:00", "00:05", "00:10"]),
        ("20m", 72, ["00:15", "00:35", "00:55"]),
        ("30m", 48, ["00:15", "00:45", "01:15"]),
        ("1h", 24, ["00:15", "01:15", "02:15"]),
        ("6h", 4, ["00:15", "06:15", "12:15"]),
    ],
)
def test_changes_are_synced_at_the_interval_that_is_set(
    interval: SyncInterval, number: int, first: list[str]
) -> None:
    ticks = ticks_of_a_day(cron_every(interval, 15))

    assert (len(ticks), ticks[:3]) == (number, first)


def test_every_interval_that_can_be_set_is_kept_all_day() -> None:
    minutes = {one: int(one[:-1]) * {"m": 1, "h": 60}[one[-1]] for one in get_args(SyncInterval)}

    kept = {one: len(ticks_of_a_day(cron_every(one, 5))) for one in minutes}

    assert kept == {one: 24 * 60 // length for one, length in minutes.items()}


@every_schedule
def test_a_schedule_runs_from_the_start_in_the_zone_of_edmonton(
    schedule: dg.ScheduleDefinition,
) -> None:
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert schedule.execution_timezone == ZONE == "America/Edmonton"


@pytest.mark.parametrize("name", [f"daily_{lane.name}" for lane in LANES])
def test_a_daily_sync_runs_once_a_day_at_the_same_hour_all_year(name: str) -> None:
    start, end = datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2027, 1, 1, 12, tzinfo=UTC)

    ticks = takewhile(
        lambda at: at < end,
        schedule_execution_time_iterator(start.timestamp(), str(named(name).cron_schedule), ZONE),
    )

    local = [at.astimezone(ZoneInfo(ZONE)) for at in ticks]
    assert len({at.date() for at in local}) == len(local) == 365
    assert {at.hour for at in local} == {3}


@pytest.mark.postgres
def test_a_tick_asks_for_a_run_of_each_tenant_that_is_connected(
    shop: ConnectedShop, dagster_instance: dg.DagsterInstance
) -> None:
    tenant = shop.tenant.name

    asked = {one.name: requests_of(one, dagster_instance, tenant) for one in SCHEDULES}

    for name, requests in asked.items():
        (request,), (pace, lane) = requests, name.split("_")
        config = {"tenant": tenant, "full": pace == "daily", "trigger": "schedule"}
        assert request.run_key == f"{tenant}:{AT.isoformat()}"
        assert (request.job_name, request.run_config) == (f"sync_{lane}", config)
        assert request.tags.items() >= run_tags(tenant, lane, "schedule").items()


@pytest.mark.postgres
def test_a_tenant_whose_last_scheduled_run_still_waits_is_left_out(
    shop: ConnectedShop, dagster_instance: dg.DagsterInstance
) -> None:
    schedule = named("hourly_orders")
    waiting = dg.DagsterRun(
        job_name="sync_orders",
        run_id=str(uuid4()),
        status=dg.DagsterRunStatus.STARTING,
        tags=run_tags(shop.tenant.name, "orders", "schedule"),
    )
    dagster_instance.add_run(waiting)

    assert requests_of(schedule, dagster_instance, shop.tenant.name) == []
    assert len(requests_of(named("hourly_products"), dagster_instance, shop.tenant.name)) == 1


@pytest.mark.postgres
def test_a_tenant_that_lacks_a_side_or_is_switched_off_is_left_out(
    shop: ConnectedShop, dagster_instance: dg.DagsterInstance
) -> None:
    state, tenant = shop.installation.state, shop.tenant
    with state.dispatch() as connection:
        tenants.create(connection, f"{tenant.name}-empty")
    with state.tenant(tenant.id) as connection:
        database = connections.default(connection, tenant.id, Platform.SUPABASE)
        connections.enable(connection, tenant.id, database.id, is_enabled=False)

    asked = tick(named("hourly_orders"), dagster_instance).run_requests or []

    names = {one.tags["udsync/tenant"] for one in asked}
    assert not names & {tenant.name, f"{tenant.name}-empty"}
