"""The schedules that every installation has: each lane's changes hourly, everything daily.

`UDSYNC_SYNC_INTERVAL` sets another pace than an hour; the schedules keep their names, by which
Dagster remembers whether they are on.

Times are those of `ZONE`. No daily one is between 02:00 and 03:00: once a year that hour does not
exist, and once it comes twice. What orders refer to comes before them.
"""

from collections.abc import Iterator

import dagster as dg

from udsync_pipelines.orchestration.asking import is_under_way, sync_request
from udsync_pipelines.orchestration.config import Trigger
from udsync_pipelines.services.standing_installation import standing_installation
from udsync_pipelines.settings import SyncInterval, load_settings
from udsync_pipelines.store.repositories import connections
from udsync_pipelines.store.repositories.tenants import DEFAULT_TIMEZONE
from udsync_pipelines.sync.entities import LANES

ZONE = DEFAULT_TIMEZONE

MINUTES = {"customers": 5, "products": 10, "orders": 15}
"""Past the full hour; what of it is within the interval, where that is shorter."""
DAILY = {"customers": "30 3 * * *", "products": "40 3 * * *", "orders": "50 3 * * *"}


def cron_every(interval: SyncInterval, minute: int) -> str:
    """The cron expression of each such interval from midnight on, at this minute of it."""
    number = int(interval[:-1])
    if interval.endswith("m"):
        return f"{minute % number}-59/{number} * * * *"
    return f"{minute} * * * *" if number == 1 else f"{minute} */{number} * * *"


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


_INTERVAL = load_settings().sync_interval

SCHEDULES = [
    *(
        _schedule(lane.name, cron_every(_INTERVAL, MINUTES[lane.name]), full=False)
        for lane in LANES
    ),
    *(_schedule(lane.name, DAILY[lane.name], full=True) for lane in LANES),
]
