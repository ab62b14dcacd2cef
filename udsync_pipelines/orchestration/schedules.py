"""The schedules that every installation has: each lane's changes hourly, everything daily.

Times are those of `ZONE`, between 02:00 and 03:00 there is none: once a year that hour does not
exist, and once it comes twice. What orders refer to comes before them.
"""

from collections.abc import Iterator

import dagster as dg

from udsync_pipelines.orchestration.asking import is_under_way, sync_request
from udsync_pipelines.orchestration.config import Trigger
from udsync_pipelines.services.standing_installation import standing_installation
from udsync_pipelines.store.repositories import connections
from udsync_pipelines.store.repositories.tenants import DEFAULT_TIMEZONE
from udsync_pipelines.sync.entities import LANES

ZONE = DEFAULT_TIMEZONE

HOURLY = {"customers": "5 * * * *", "products": "10 * * * *", "orders": "15 * * * *"}
DAILY = {"customers": "30 3 * * *", "products": "40 3 * * *", "orders": "50 3 * * *"}


def _schedule(lane: str, cron: str, *, full: bool) -> dg.ScheduleDefinition:
    pace, what = ("daily", "everything") if full else ("hourly", "what has changed")

    @dg.schedule(
        name=f"{pace}_{lane}",
        cron_schedule=cron,
        job_name=f"sync_{lane}",
        execution_timezone=ZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Syncs {what} of the {lane} of every tenant that has a store and a "
        "destination, a run a tenant. A tenant whose run of this kind still waits or runs is "
        "left out until the next time.",
    )
    def asked(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        with standing_installation() as installation, installation.state.dispatch() as connection:
            tenants = connections.tenants_to_sync(connection)
        instance, at = context.instance, context.scheduled_execution_time
        free = [
            name for name in tenants if not is_under_way(instance, name, lane, Trigger.schedule)
        ]
        if not free:
            yield dg.SkipReason(_why_none(tenants))
        for tenant in free:
            key = f"{tenant}:{at.isoformat()}"
            yield sync_request(tenant, lane, Trigger.schedule, run_key=key, full=full)

    return asked


def _why_none(tenants: tuple[str, ...]) -> str:
    if tenants:
        return f"Still under way: {', '.join(tenants)}."
    return "No tenant has a store and a destination yet."


SCHEDULES = [
    *(_schedule(lane.name, HOURLY[lane.name], full=False) for lane in LANES),
    *(_schedule(lane.name, DAILY[lane.name], full=True) for lane in LANES),
]
