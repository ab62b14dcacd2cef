"""The schedules that tenants made: each tick asks for one run, once.

A tick's run has a key of schedule and tick, and Dagster starts no second run of a key. The schedule
moves on to its next tick when Dagster has stored that run, not before: whatever stops in between,
the same run is asked for again.

Of ticks that were missed, because nothing ran or because the schedule's last run was still under
way, the last one is made up for.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg

from udsync_pipelines.orchestration.asking import UNFINISHED, sync_request
from udsync_pipelines.orchestration.config import Trigger
from udsync_pipelines.orchestration.jobs import SYNC_JOBS
from udsync_pipelines.services.run_tags import TENANT
from udsync_pipelines.services.standing_installation import standing_installation
from udsync_pipelines.services.ticks import latest_tick, next_tick
from udsync_pipelines.store.repositories import schedules
from udsync_pipelines.store.repositories.schedules import Schedule
from udsync_pipelines.store.tables.states import ScheduleMode

SCHEDULE = "udsync/schedule"
"""Tag of a run: the name of the tenant's schedule that asked for it."""

_RUN_KEY = "dagster/run_key"


@dataclass(frozen=True, slots=True)
class Tick:
    """One time at which a schedule is due."""

    schedule: Schedule
    at: datetime

    @property
    def key(self) -> str:
        """The same for the same tick, and for no other."""
        return f"{self.schedule.id}:{self.at.isoformat()}"

    @property
    def following(self) -> datetime:
        """The schedule's next tick."""
        return next_tick(self.schedule.cron, self.schedule.timezone, self.at)

    def request(self) -> dg.RunRequest:
        """Ask for its run."""
        schedule = self.schedule
        is_full = schedule.mode is ScheduleMode.FULL
        return sync_request(
            schedule.tenant,
            schedule.lane.value,
            Trigger.schedule,
            run_key=self.key,
            full=is_full,
            tags={SCHEDULE: schedule.name},
        )


def ticks(due: Iterable[Schedule], now: datetime) -> Iterator[Tick]:
    """The tick of each due schedule that is to run: the last one, where several were missed."""
    for one in due:
        yield Tick(one, latest_tick(one.cron, one.timezone, one.next_due_at, now))


def to_ask(
    found: Iterable[Tick],
    is_stored: Callable[[Tick], bool],
    is_under_way: Callable[[Schedule], bool],
    move_on: Callable[[Tick], None],
) -> Iterator[Tick]:
    """The ticks that have no run yet; a schedule whose tick has one moves on."""
    for tick in found:
        if is_stored(tick):
            move_on(tick)
        elif not is_under_way(tick.schedule):
            yield tick


@dg.sensor(
    name="user_schedules",
    jobs=SYNC_JOBS,
    minimum_interval_seconds=9,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for the runs of the schedules that tenants made (`udsync schedule list`), "
    "each tick once. Of missed ticks the last one is made up for.",
)
def user_schedules(context: dg.SensorEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
    """Ask for a run of each schedule that is due."""
    now, instance = datetime.now(UTC), context.instance
    with standing_installation() as installation:
        state = installation.state
        with state.dispatch() as connection:
            due = schedules.due(connection, now)

        def move_on(tick: Tick) -> None:
            with state.dispatch() as connection:
                schedules.move_on(connection, tick.schedule, tick.at, tick.following)

        asked = to_ask(
            ticks(due, now),
            lambda tick: _runs(instance, dg.RunsFilter(tags={_RUN_KEY: tick.key})),
            lambda schedule: _runs(instance, _under_way(schedule)),
            move_on,
        )
        return [tick.request() for tick in asked] or dg.SkipReason("No schedule is due.")


def _runs(instance: dg.DagsterInstance, wanted: dg.RunsFilter) -> bool:
    return bool(instance.get_run_ids(wanted, limit=1))


def _under_way(schedule: Schedule) -> dg.RunsFilter:
    tags = {TENANT: schedule.tenant, SCHEDULE: schedule.name}
    return dg.RunsFilter(tags=tags, statuses=UNFINISHED)
