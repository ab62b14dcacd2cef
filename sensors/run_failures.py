"""A run that failed: its syncs are closed, also when its process was killed and could not."""

import dagster as dg

from udsync_pipelines.services.failed_runs import close_failed_run
from udsync_pipelines.services.installation import open_installation


@dg.run_failure_sensor(
    name="run_failures",
    description="Closes the syncs of a failed run, so that their history says why they ended.",
    minimum_interval_seconds=4,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def run_failures(context: dg.RunFailureSensorContext) -> None:
    """Note in our own tables that a run is over and what Dagster says of it."""
    tenant = context.dagster_run.run_config.get("tenant")
    if isinstance(tenant, str):
        with open_installation() as installation:
            close_failed_run(installation, tenant, context.dagster_run.run_id)
