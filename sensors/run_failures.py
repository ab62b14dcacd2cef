"""A run that failed: its syncs are closed, also when its process was killed and could not.

The webhook deliveries that it had taken up wait again. A run that Dagster executes again by itself
is left alone: the same syncs go on there.
"""

from collections.abc import Sequence

import dagster as dg
from dagster._core.events import EngineEventData
from dagster._core.storage.tags import WILL_RETRY_TAG

from udsync_pipelines.services.deliveries import release_where
from udsync_pipelines.services.failed_runs import (
    Account,
    EndedRun,
    accounts_of_run,
    close_failed_run,
)
from udsync_pipelines.services.standing_installation import standing_installation

LEFT = "udsync/left"
"""Tag of a failed run: what of its syncs is left to the next one."""


@dg.run_failure_sensor(
    name="run_failures",
    description="Closes the syncs of a failed run, so that their history says why they ended, and "
    "shows on the run's page what was done and what was not, and gives back the webhook deliveries "
    "that it had taken up.",
    minimum_interval_seconds=4,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def run_failures(context: dg.RunFailureSensorContext) -> None:
    """Note in our own tables and on the run's page what a run that is over has left."""
    run = context.dagster_run
    goes_on = run.tags.get(WILL_RETRY_TAG) == "true" and run.remote_job_origin is not None
    # Executed again, a run goes on with the syncs of the run before it.
    attempts = {run.run_id, run.parent_run_id or "", run.root_run_id or ""} - {""}
    ended = EndedRun(run.tags, attempts)
    with standing_installation() as installation:
        accounts = accounts_of_run(installation, ended)
        if not goes_on:
            close_failed_run(installation, ended)
            release_where(installation, lambda run_id: run_id in attempts)
    _show(context.instance, run, accounts)


def _show(instance: dg.DagsterInstance, run: dg.DagsterRun, accounts: Sequence[Account]) -> None:
    """An event for each sync, after the failure, and one tag for those who look at the list."""
    for account in accounts:
        instance.report_engine_event(
            f"The sync of {account.lane} was {_finished(account)}. {account.sentence}",
            run,
            EngineEventData(
                metadata={
                    "settled": dg.MetadataValue.int(account.settled),
                    "sent and not answered": dg.MetadataValue.int(account.in_doubt),
                    "left": dg.MetadataValue.int(account.left),
                }
            ),
        )
    left = [account for account in accounts if not account.is_finished]
    if left:
        said = "; ".join(f"{account.lane}: {account.sentence}" for account in left)
        instance.add_run_tags(run.run_id, {LEFT: said})


def _finished(account: Account) -> str:
    return "finished" if account.is_finished else "not finished"
