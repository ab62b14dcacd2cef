"""A run that failed: its syncs are closed, also when its process was killed and could not.

The webhook deliveries that it had taken up wait again. A run that Dagster executes again by itself
is left alone: the same syncs go on there.
"""

import dagster as dg
from dagster._core.storage.tags import WILL_RETRY_TAG

from udsync_pipelines.services.deliveries import release_where
from udsync_pipelines.services.failed_runs import close_failed_run
from udsync_pipelines.services.standing_installation import standing_installation


@dg.run_failure_sensor(
    name="run_failures",
    description="Closes the syncs of a failed run, so that their history says why they ended, and "
    "gives back the webhook deliveries that it had taken up.",
    minimum_interval_seconds=4,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def run_failures(context: dg.RunFailureSensorContext) -> None:
    """Note in our own tables that a run is over and what Dagster says of it."""
    run = context.dagster_run
    tenant = run.run_config.get("tenant")
    goes_on = run.tags.get(WILL_RETRY_TAG) == "true" and run.remote_job_origin is not None
    if goes_on or not isinstance(tenant, str):
        return
    # Executed again, a run goes on with the syncs of the run before it.
    attempts = {run.run_id, run.parent_run_id or "", run.root_run_id or ""}
    with standing_installation() as installation:
        for run_id in attempts - {""}:
            close_failed_run(installation, tenant, run_id)
        release_where(installation, lambda run_id: run_id in attempts)
