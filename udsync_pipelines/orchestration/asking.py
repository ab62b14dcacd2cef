"""What schedules and sensors ask Dagster for: a run of a tenant's lane, with config and tags."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import dagster as dg

from udsync_pipelines.orchestration.config import Trigger
from udsync_pipelines.services.run_tags import LANE, TRIGGER, run_tags

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def sync_request(
    tenant: str,
    lane: str,
    trigger: Trigger,
    *,
    run_key: str,
    full: bool = False,
    tags: Mapping[str, str] = MappingProxyType({}),
) -> dg.RunRequest:
    """Ask for a sync of one lane; a second request with the same key is none."""
    return dg.RunRequest(
        job_name=f"sync_{lane}",
        run_key=run_key,
        run_config={"tenant": tenant, "full": full, "trigger": trigger.name},
        tags={**run_tags(tenant, lane, trigger.value), **tags},
    )


def runs_under_way(instance: dg.DagsterInstance, tenant: str, lane: str) -> Sequence[dg.DagsterRun]:
    """The runs of this lane that wait or run, the newest first."""
    return instance.get_runs(dg.RunsFilter(tags={f"{LANE}{lane}": tenant}, statuses=UNFINISHED))


def is_under_way(
    instance: dg.DagsterInstance, tenant: str, lane: str, trigger: Trigger | None = None
) -> bool:
    """Whether a run of this lane waits or runs; with a trigger, one that it has asked for."""
    asked = {TRIGGER: trigger.value} if trigger else {}
    wanted = dg.RunsFilter(tags={f"{LANE}{lane}": tenant, **asked}, statuses=UNFINISHED)
    return bool(instance.get_run_ids(wanted, limit=1))
