"""Runs of long ago are removed with what they left; everything else stays."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickStatus

from udsync_pipelines.orchestration.housekeeping import remove_runs_before
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.partitions import (
    EXPIRING,
    Month,
    drop_month,
    ensure_partitions,
    first_kept,
    months_before,
    upcoming_months,
)
from udsync_pipelines_tests.orchestration.running import DagsterRuns, failure_of, metadata_of

pytestmark = pytest.mark.postgres


def a_run(instance: dg.DagsterInstance, status: dg.DagsterRunStatus) -> str:
    run = dg.DagsterRun(job_name="sync_orders", run_id=str(uuid4()), status=status)
    instance.add_run(run)
    return run.run_id


def test_only_runs_that_ended_before_the_day_are_removed(
    dagster_instance: dg.DagsterInstance,
) -> None:
    ended = a_run(dagster_instance, dg.DagsterRunStatus.FAILURE)
    going_on = a_run(dagster_instance, dg.DagsterRunStatus.STARTED)

    too_early = remove_runs_before(dagster_instance, datetime.now(UTC) - timedelta(days=1))
    was_kept = dagster_instance.has_run(ended)
    removed = remove_runs_before(dagster_instance, datetime.now(UTC) + timedelta(days=1))

    assert (too_early, was_kept) == (0, True)
    assert removed >= 1
    assert not dagster_instance.has_run(ended)
    assert dagster_instance.has_run(going_on)


def test_files_of_runs_that_are_gone_are_removed_and_no_others(dagster_runs: DagsterRuns) -> None:
    storage = Path(dagster_runs.instance.storage_directory())
    known = a_run(dagster_runs.instance, dg.DagsterRunStatus.SUCCESS)
    folders = [storage / str(uuid4()), storage / known, storage / "notes"]
    for folder in folders:
        folder.mkdir(parents=True)

    result = dagster_runs.run("housekeeping")

    assert metadata_of(result.all_events, "remove_old_runs")["folders removed"] == 1
    assert [folder.exists() for folder in folders] == [False, True, True]


def test_keeping_less_than_a_day_or_a_month_is_refused(dagster_runs: DagsterRuns) -> None:
    result = dagster_runs.run("housekeeping", days=0, months=0)

    codes = {
        op: failure_of(result.all_events, op).metadata["code"].value
        for op in ("remove_old_runs", "remove_old_entries")
    }
    assert codes == {"remove_old_runs": "days_invalid", "remove_old_entries": "months_invalid"}


def test_old_months_of_the_log_go_and_missing_months_to_come_are_made(
    dagster_runs: DagsterRuns, installation: Installation
) -> None:
    today = datetime.now(UTC).date()
    missing = Month("webhook_events", upcoming_months(today)[-1])
    with installation.state.maintenance() as connection:
        ensure_partitions(connection, [date(2019, 12, 1), first_kept(today, 6)])
    with installation.state.upkeep() as connection:
        drop_month(connection, missing)

    result = dagster_runs.run("housekeeping")

    shown = metadata_of(result.all_events, "remove_old_entries")
    assert result.success
    assert shown["months removed"] == "sync_log_2019_12, webhook_events_2019_12"
    assert shown["kept since"] == str(first_kept(today, 6))
    with installation.state.maintenance() as connection:
        left = months_before(connection, date(9999, 1, 1))
    assert {Month(table, first_kept(today, 6)) for table in EXPIRING} <= set(left)
    assert missing in left


def test_ticks_of_schedules_and_sensors_are_kept_for_a_limited_time(
    dagster_instance: dg.DagsterInstance,
) -> None:
    of_schedules = dagster_instance.get_tick_retention_settings(InstigatorType.SCHEDULE)
    of_sensors = dagster_instance.get_tick_retention_settings(InstigatorType.SENSOR)

    assert set(of_schedules.values()) == {90}
    assert (of_sensors[TickStatus.SKIPPED], max(of_sensors.values())) == (1, 30)
