"""Runs of long ago are removed with what they left; everything else stays."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest

from udsync_pipelines.orchestration.housekeeping import remove_runs_before
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


def test_keeping_less_than_a_day_is_refused(dagster_runs: DagsterRuns) -> None:
    result = dagster_runs.run("housekeeping", days=0)

    assert failure_of(result.all_events, "remove_old_runs").metadata["code"].value == "days_invalid"
