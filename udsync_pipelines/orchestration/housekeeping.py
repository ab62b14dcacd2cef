"""What accumulates is removed: runs of long ago, old log and inbox entries, logs that have grown.

Dagster itself keeps runs and their events for ever; the latest materialization of each asset stays
in the catalogue when its run is removed. What proves the books is not touched.

The job runs daily, which also makes the months to come: whoever opens the installation does that.
"""

import re
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.orchestration.failures import explained
from udsync_pipelines.orchestration.resources import SyncEngines
from udsync_pipelines.services.retention import remove_before
from udsync_pipelines.services.service_logs import log_folders, shorten_logs
from udsync_pipelines.store.partitions import first_kept
from udsync_pipelines.store.repositories.tenants import DEFAULT_TIMEZONE

KEPT_DAYS = 60
KEPT_MONTHS = 6
AT_ONCE = 200
MOST_RUNS = 20_000
"""So many runs are removed at most by one run of the job; the rest waits for the next."""

_RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_FINISHED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]


class RunsConfig(dg.Config):
    """How long Dagster's history is kept."""

    days: int = Field(
        default=KEPT_DAYS, description="Runs that ended so many days ago and earlier are removed."
    )


class EntriesConfig(dg.Config):
    """How long udsync's own log and inbox are kept."""

    months: int = Field(
        default=KEPT_MONTHS,
        description="So many whole months of log entries and webhook deliveries are kept, beside "
        "the one that goes on.",
    )


class HousekeepingConfig(RunsConfig, EntriesConfig):
    """How long what accumulates is kept."""


@dg.config_mapping
def _one_form(config: HousekeepingConfig) -> dict[str, Any]:
    return {
        "ops": {
            "remove_old_runs": {"config": {"days": config.days}},
            "remove_old_entries": {"config": {"months": config.months}},
        }
    }


@dg.op(
    name="remove_old_runs",
    description="Remove finished runs of long ago with their events and files.",
)
@explained
def remove_old_runs(
    context: dg.OpExecutionContext, config: RunsConfig, engines: SyncEngines
) -> None:
    """Remove runs in small steps, oldest first; a run that is cut off leaves the rest for later.

    Raises:
        ConfigurationError: less than a day would be kept.
    """
    if config.days < 1:
        raise ConfigurationError(
            "at least one day of runs is kept.", code="days_invalid", cure="Give 1 or more."
        )
    before = datetime.now(UTC) - timedelta(days=config.days)
    removed = remove_runs_before(context.instance, before)
    folders = remove_folders_without_a_run(
        context.instance, Path(context.instance.storage_directory())
    )
    logs = sum(map(shorten_logs, log_folders(engines.installation.settings)))
    context.add_output_metadata(
        {"runs removed": removed, "folders removed": folders, "logs begun anew": logs}
    )


@dg.op(
    name="remove_old_entries",
    description="Drop the months of long ago of udsync's log and of the inbox of webhooks.",
)
@explained
def remove_old_entries(
    context: dg.OpExecutionContext, config: EntriesConfig, engines: SyncEngines
) -> None:
    """Drop whole months; one with a delivery that nobody has finished stays.

    Raises:
        ConfigurationError: less than a month would be kept.
    """
    if config.months < 1:
        raise ConfigurationError(
            "at least one month of the log and the inbox is kept.",
            code="months_invalid",
            cure="Give 1 or more.",
        )
    first = first_kept(datetime.now(UTC).date(), config.months)
    removed = remove_before(engines.installation.state, first)
    context.add_output_metadata(
        {
            "kept since": str(first),
            "months removed": ", ".join(removed.months),
            "months with unfinished deliveries": ", ".join(removed.unfinished),
            "months in use, left for tomorrow": ", ".join(removed.busy),
            "delivery keys forgotten": removed.keys,
            "events of unknown companies removed": removed.quarantined,
        }
    )


def remove_runs_before(instance: dg.DagsterInstance, before: datetime) -> int:
    """Remove the runs that ended before this time; return how many."""
    old = dg.RunsFilter(statuses=_FINISHED, updated_before=before)
    removed = 0
    while removed < MOST_RUNS:
        records = instance.get_run_records(old, limit=AT_ONCE, ascending=True)
        for record in records:
            instance.delete_run(record.dagster_run.run_id)
        removed += len(records)
        if len(records) < AT_ONCE:
            break
    return removed


def remove_folders_without_a_run(instance: dg.DagsterInstance, storage: Path) -> int:
    """Remove what runs that are gone have handed from step to step; return how many folders."""
    gone = [one for one in _folders_of_runs(storage) if not instance.has_run(one.name)]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return len(gone)


def _folders_of_runs(storage: Path) -> Iterable[Path]:
    """Folders named like runs; others are not ours to judge."""
    found = storage.iterdir() if storage.is_dir() else ()
    return [one for one in found if one.is_dir() and _RUN_ID.fullmatch(one.name)]


@dg.job(
    name="housekeeping",
    description=f"Remove runs that ended more than {KEPT_DAYS} days ago (`days`) with their events "
    f"and files, and entries of udsync's log and webhook inbox older than {KEPT_MONTHS} whole "
    "months (`months`). Syncs, receipts and the archive stay for ever.",
    config=_one_form,
    executor_def=dg.in_process_executor,
)
def housekeeping() -> None:
    """Two steps that do not wait for one another."""
    remove_old_runs()
    remove_old_entries()


daily_housekeeping = dg.ScheduleDefinition(
    name="daily_housekeeping",
    job=housekeeping,
    cron_schedule="30 4 * * *",
    execution_timezone=DEFAULT_TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Removes runs and log entries of long ago, and makes the tables of the months to "
    "come, every morning.",
)
