"""Schedules that tenants made: each tick asks for one run, whatever stops in between."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from uuid import UUID, uuid4

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.user_schedules import SCHEDULE, Tick, ticks, to_ask, user_schedules
from udsync_pipelines.services import user_schedules as service
from udsync_pipelines.services.run_tags import run_tags
from udsync_pipelines.services.ticks import next_tick, ticks_from
from udsync_pipelines.services.user_schedules import Wish
from udsync_pipelines.store.repositories import schedules
from udsync_pipelines.store.repositories.schedules import Schedule
from udsync_pipelines.store.tables.states import Lane, ScheduleMode
from udsync_pipelines_tests.scenarios.shops import ConnectedShop

ZONE = "America/Edmonton"
CRONS = ["*/10 * * * *", "7 * * * *", "30 2 * * *", "30 1 * * *"]
CHANGES_OF_CLOCKS = [datetime(2026, 3, 8, 4, tzinfo=UTC), datetime(2026, 11, 1, 4, tzinfo=UTC)]


def made(cron: str, start: datetime) -> Schedule:
    return Schedule(
        UUID(int=1), UUID(int=2), "acme", "mine", Lane.ORDERS, ScheduleMode.INCREMENTAL, cron,
        ZONE, is_enabled=True, next_due_at=next_tick(cron, ZONE, start), last_due_at=None,
    )  # fmt: skip


@dataclass
class World:
    """The row of a schedule and the runs that Dagster has stored, which starts none twice."""

    row: Schedule
    runs: dict[str, datetime] = field(default_factory=dict)

    def evaluate(self, now: datetime, *, is_under_way: bool = False) -> list[Tick]:
        due = [self.row] if self.row.next_due_at <= now else []
        asked = to_ask(
            ticks(due, now),
            is_stored=lambda tick: tick.key in self.runs,
            is_under_way=lambda _: is_under_way,
            move_on=self.move_on,
        )
        return list(asked)

    def move_on(self, tick: Tick) -> None:
        self.row = replace(self.row, last_due_at=tick.at, next_due_at=tick.following)

    def store(self, asked: Sequence[Tick]) -> None:
        for tick in asked:
            self.runs.setdefault(tick.key, tick.at)


@settings(max_examples=80)
@given(
    st.sampled_from(CRONS),
    st.sampled_from(CHANGES_OF_CLOCKS),
    st.lists(st.sampled_from(["stored", "lost", "stored twice"]), min_size=1, max_size=40),
)
def test_each_tick_runs_once_over_restarts_and_changes_of_clocks(
    cron: str, start: datetime, fates: list[str]
) -> None:
    world, end = World(made(cron, start)), start + timedelta(hours=24)
    looks, now = 0, start
    while now < end:
        now += timedelta(minutes=2)
        # At most two evaluations in a row are lost: less time than lies between two ticks.
        fate = fates[looks % len(fates)] if looks % 3 else "stored"
        looks += 1
        asked = world.evaluate(now)
        for _ in range({"stored": 1, "lost": 0, "stored twice": 2}[fate]):
            world.store(asked)
    world.store(world.evaluate(now))

    expected = takewhile(lambda tick: tick <= now, ticks_from(cron, ZONE, start))
    due_before_the_last_look = [tick for tick in expected if tick > start]
    assert sorted(world.runs.values()) == due_before_the_last_look
    assert len(set(world.runs)) == len(world.runs)


@given(st.timedeltas(timedelta(minutes=20), timedelta(days=60)))
def test_of_ticks_that_were_missed_the_last_one_is_made_up_for(pause: timedelta) -> None:
    start = CHANGES_OF_CLOCKS[0]
    world, now = World(made("*/10 * * * *", start)), start + pause

    world.store(world.evaluate(now))
    world.store(world.evaluate(now))

    (ran,) = world.runs.values()
    assert now - timedelta(minutes=10) < ran <= now
    assert world.row.next_due_at == ran + timedelta(minutes=10)


def test_a_tick_waits_while_the_last_run_of_its_schedule_is_under_way() -> None:
    start = CHANGES_OF_CLOCKS[0]
    world = World(made("*/10 * * * *", start))

    waiting = world.evaluate(start + timedelta(minutes=35), is_under_way=True)
    asked = world.evaluate(start + timedelta(minutes=36))

    assert waiting == []
    assert [tick.at for tick in asked] == [start + timedelta(minutes=30)]


@pytest.fixture
def mine(shop: ConnectedShop) -> Iterator[Schedule]:
    """A schedule of the shop's tenant that was due five minutes ago."""
    wish = Wish("each-minute", Lane.CUSTOMERS, "* * * * *", is_full=True)
    schedule = service.add(shop.installation, shop.tenant, wish, "operator")
    past = schedule.next_due_at - timedelta(minutes=6)
    with shop.installation.state.tenant(shop.tenant.id) as connection:
        schedules.switch(connection, schedule, past, is_enabled=True)
    yield service.find(shop.installation, shop.tenant, "each-minute")
    service.remove(shop.installation, shop.tenant, "each-minute")


def evaluate(instance: dg.DagsterInstance) -> Sequence[dg.RunRequest]:
    context = dg.build_sensor_context(instance=instance)
    return user_schedules.evaluate_tick(context).run_requests or []


def store(request: dg.RunRequest, instance: dg.DagsterInstance) -> None:
    """What Dagster does with a request, run included."""
    instance.add_run(
        dg.DagsterRun(
            job_name=str(request.job_name),
            run_id=str(uuid4()),
            status=dg.DagsterRunStatus.SUCCESS,
            tags={**request.tags, "dagster/run_key": str(request.run_key)},
        )
    )


@pytest.mark.postgres
def test_a_due_schedule_asks_until_its_run_is_stored_and_then_moves_on(
    mine: Schedule, shop: ConnectedShop, dagster_instance: dg.DagsterInstance
) -> None:
    (first,) = evaluate(dagster_instance)
    (again,) = evaluate(dagster_instance)
    store(again, dagster_instance)
    evaluate(dagster_instance)

    moved = service.find(shop.installation, shop.tenant, mine.name)
    assert first.run_key in {again.run_key, *_keys_of_the_minute_before(again)}
    assert first.job_name == "sync_customers"
    assert first.run_config == {"tenant": shop.tenant.name, "full": True, "trigger": "schedule"}
    wanted = run_tags(shop.tenant.name, "customers", "schedule") | {SCHEDULE: mine.name}
    assert first.tags.items() >= wanted.items()
    assert moved.last_due_at is not None
    assert moved.last_due_at > mine.next_due_at
    assert moved.next_due_at == moved.last_due_at + timedelta(minutes=1)


def _keys_of_the_minute_before(request: dg.RunRequest) -> list[str]:
    """The clock may have gone on by a minute between two looks."""
    schedule, _, moment = str(request.run_key).partition(":")
    return [f"{schedule}:{(datetime.fromisoformat(moment) - timedelta(minutes=1)).isoformat()}"]


@pytest.mark.postgres
def test_a_schedule_that_is_switched_off_asks_for_nothing(
    mine: Schedule, shop: ConnectedShop, dagster_instance: dg.DagsterInstance
) -> None:
    service.switch(shop.installation, shop.tenant, mine.name, is_enabled=False)
    off = evaluate(dagster_instance)
    on = service.switch(shop.installation, shop.tenant, mine.name, is_enabled=True)

    assert off == []
    assert on.next_due_at > datetime.now(UTC) - timedelta(minutes=1)
