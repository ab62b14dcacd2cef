"""Dagster's queue, which knows the lanes of every sync before it begins.

What schedules, sensors and commands ask for comes with its tags. A run that a person launches in
the launchpad has none: it gets them here, so that it waits for its lane like any other.
"""

from dagster import DagsterRun
from dagster._core.run_coordinator import QueuedRunCoordinator, SubmitRunContext

from udsync_pipelines.orchestration.config import Trigger
from udsync_pipelines.services.run_tags import ALL, run_tags
from udsync_pipelines.sync.entities import LANES

_ENTITIES = {f"sync_{entity}": entity for entity in (*(lane.name for lane in LANES), ALL)}


class LaneQueue(QueuedRunCoordinator):
    """Dagster's own queue; only the tags are ours."""

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        """Put a run into the queue, with the tags of its lanes."""
        run = context.dagster_run
        self._instance.add_run_tags(run.run_id, {**_tags_of(run), **run.tags})
        return super().submit_run(context)


def _tags_of(run: DagsterRun) -> dict[str, str]:
    """The tags of a sync by its job and config; none of another run, or without a tenant."""
    entity, config = _ENTITIES.get(run.job_name), run.run_config
    tenant = config.get("tenant")
    if entity is None or not isinstance(tenant, str) or not tenant:
        return {}
    return run_tags(tenant, entity, str(config.get("trigger", Trigger.manual.value)))
