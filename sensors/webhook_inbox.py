"""Deliveries that wait: one run for each tenant and lane takes up all there are.

The sensor only asks. The run claims the deliveries when it begins to read the store, so that none
is lost when something stops in between. What comes after that is for the next run, which is asked
for at once, one at a time: it waits in Dagster's queue and begins when the lane is free.
"""

import time
from collections.abc import Collection

import dagster as dg

from udsync_pipelines.orchestration.asking import runs_under_way, sync_request
from udsync_pipelines.orchestration.config import Trigger
from udsync_pipelines.orchestration.jobs import SYNC_JOBS
from udsync_pipelines.services import deliveries
from udsync_pipelines.services.deliveries import holder
from udsync_pipelines.services.standing_installation import standing_installation
from udsync_pipelines.store.repositories import inbox_work

Result = dg.SensorResult | dg.SkipReason


@dg.sensor(
    name="webhook_inbox",
    jobs=SYNC_JOBS,
    minimum_interval_seconds=1,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts a sync of each lane that webhooks have told of, one run for all of a "
    "tenant's deliveries. What a failed run had taken up waits again, longer each time.",
)
def webhook_inbox(context: dg.SensorEvaluationContext) -> Result:
    """Ask for a run of each lane with deliveries that wait.

    The cursor counts the evaluations that asked. Being part of the key it lets a lane be asked for
    again after a run that failed, while an evaluation that Dagster repeats asks for the same run.
    """
    with standing_installation() as installation:
        # In this order: a run that claims in between is no reason to ask for another.
        with installation.state.dispatch() as connection:
            claimed = {one.run for one in inbox_work.claims(connection)}
        waiting = deliveries.work(installation)
    lanes = dict.fromkeys((one.tenant, one.lane) for one in waiting)
    free = [lane for lane in lanes if _needs_a_run(context.instance, *lane, claimed)]
    if not free:
        return dg.SkipReason("Nothing waits that is not under way.")
    # Counted on from the time, lest keys come again after somebody has reset the cursor.
    number = int(context.cursor) + 1 if context.cursor else int(time.time())
    asked = [
        sync_request(tenant, lane, Trigger.webhook, run_key=f"{tenant}:{lane}:{number}")
        for tenant, lane in free
    ]
    return dg.SensorResult(run_requests=asked, cursor=str(number))


def _needs_a_run(
    instance: dg.DagsterInstance, tenant: str, lane: str, claimed: Collection[str]
) -> bool:
    """Whether no run of the lane will take up what waits: none is there, or one that has begun."""
    runs = runs_under_way(instance, tenant, lane)
    return all(holder(run.root_run_id or run.run_id, lane) in claimed for run in runs)
