"""A run takes the lanes that it syncs before it reads anything, or it does not begin.

Dagster's queue lets one run at a time have a lane by its tags, which `lane_queue` gives to a run of
the launchpad. A run that passed another queue, or none, tags itself; the lease is the guarantee.
"""

from collections.abc import Sequence

import dagster as dg

from udsync_pipelines.errors import LaneBusyError
from udsync_pipelines.orchestration.config import Trigger
from udsync_pipelines.services.engines import TenantEngine
from udsync_pipelines.services.run_tags import ALL, run_tags
from udsync_pipelines.sync.entities import LANES

ASK_AGAIN_SECONDS = 15
ASK_AGAIN_TIMES = 40
"""A run that nobody watches waits for its lane: ten minutes."""


def lanes_of_job(job: dg.JobDefinition) -> Sequence[str]:
    """The lanes whose records the job reads, in their order."""
    return [lane.name for lane in LANES if f"extract_{lane.name}" in job.graph.node_dict]


def take_lanes(
    context: dg.OpExecutionContext, tenant: TenantEngine, lanes: Sequence[str], trigger: Trigger
) -> bool:
    """Hold these lanes until the run ends; False when it has to end without a sync.

    Who asked decides what becomes of a run that finds a lane busy. A webhook's deliveries stay in
    the inbox, which asks again: the run ends without a sync. A schedule's and a backfill's run
    waits. A person's run fails and says why, for the person is there.

    Raises:
        LaneBusyError: another sync of one of the lanes runs.
        RetryRequested: the same, and this run waits for it.
    """
    entity = lanes[0] if len(lanes) == 1 else ALL
    wanted = run_tags(tenant.tenant.name, entity, trigger.value)
    context.instance.add_run_tags(context.run_id, {**wanted, **context.run.tags})
    try:
        tenant.hold(lanes)
    except LaneBusyError as busy:
        if trigger is Trigger.manual:
            raise
        if trigger is Trigger.webhook:
            context.log.info("%s The inbox asks again.", busy.message)
            return False
        raise dg.RetryRequested(ASK_AGAIN_TIMES, ASK_AGAIN_SECONDS) from busy
    return True
