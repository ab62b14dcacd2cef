"""Syncs that end early: the next one, or the same one taken up again, finishes the work."""

from dataclasses import replace

import pytest

from udsync_pipelines.errors import ConfigurationError, PlatformUnavailableError
from udsync_pipelines.sync.plan import Intent, IntentState, PlanState, SyncOptions
from udsync_pipelines_tests.sync.memory import Crash
from udsync_pipelines_tests.sync.shop import Shop
from udsync_pipelines_tests.sync.world import World

DOWN = PlatformUnavailableError("The database does not answer.", platform="supabase")


@pytest.fixture
def large() -> World:
    """A shop with 2,001 orders: three batches."""
    world = World(shop=Shop(page_size=1000))
    for number in range(1, 2002):
        world.shop.order(number)
    return world


def die_at(world: World, point: str, passage: int) -> None:
    """Let the process die at the nth passage of a point."""
    world.process.dies_where, world.process.dies_at = point, passage


def states(intents: list[Intent]) -> list[IntentState]:
    return [intent.state for intent in intents]


@pytest.mark.parametrize("point", ["load.sent", "load.committed", "load.settled"])
def test_a_load_that_died_is_finished_by_the_same_plan(large: World, point: str) -> None:
    plan = large.planned()
    die_at(large, point, 2)
    with pytest.raises(Crash):
        large.engine().load(plan.id, "supabase")
    large.restart()

    large.engine().load(plan.id, "supabase")
    report = large.engine().close(plan.id)

    assert report.plan.state is PlanState.APPLIED
    assert len(large.totals()) == 2001
    assert len(large.destination.writes) == 2001
    assert set(states(large.intents(plan))) == {IntentState.SETTLED}


@pytest.mark.parametrize("point", ["load.sent", "load.committed", "load.settled"])
def test_a_load_that_died_is_finished_by_the_next_sync(large: World, point: str) -> None:
    plan = large.planned()
    die_at(large, point, 2)
    with pytest.raises(Crash):
        large.engine().load(plan.id, "supabase")
    large.restart()

    report = large.sync()

    assert large.ledger.plan(plan.id).state is PlanState.SUPERSEDED
    assert report.plan.state is PlanState.APPLIED
    assert len(large.totals()) == len(large.ledger.bindings) == 2001
    assert len(large.destination.writes) == 2001


def test_a_load_that_failed_is_finished_by_the_same_plan(world: World) -> None:
    plan = world.planned()
    world.destination.fails_with = DOWN
    with pytest.raises(PlatformUnavailableError):
        world.engine().load(plan.id, "supabase")
    world.destination.fails_with = None

    counts = world.engine().load(plan.id, "supabase")
    report = world.engine().close(plan.id)

    assert counts["order.created"] == 2
    assert world.totals() == {"1": "18.00", "2": "20.50"}
    assert (report.plan.state, report.plan.error) == (PlanState.APPLIED, None)


def test_a_load_that_is_taken_up_again_goes_on_counting(large: World) -> None:
    plan = large.planned()
    large.destination.fails_with, large.destination.good_loads = DOWN, 2
    with pytest.raises(PlatformUnavailableError):
        large.engine().load(plan.id, "supabase")
    before = large.ledger.plan(plan.id).counts["order.created"]
    large.destination.fails_with = None

    large.engine().load(plan.id, "supabase")

    assert (before, large.ledger.plan(plan.id).counts["order.created"]) == (2000, 2001)


def test_a_failed_plan_that_was_tampered_with_is_not_taken_up(world: World) -> None:
    plan = world.planned()
    world.destination.fails_with = DOWN
    with pytest.raises(PlatformUnavailableError):
        world.engine().load(plan.id, "supabase")
    world.destination.fails_with = None
    intent = world.intents(plan)[0]
    world.ledger.batches[intent.id] = replace(intent, records=intent.records[:1])

    with pytest.raises(ConfigurationError, match="not the plan that was approved"):
        world.engine().load(plan.id, "supabase")

    assert world.destination.held == {}


def test_a_plan_that_failed_before_it_was_approved_is_not_loaded(world: World) -> None:
    engine = world.engine()
    plan = engine.open("orders", SyncOptions())
    world.shop.fails_with = DOWN
    with pytest.raises(PlatformUnavailableError):
        engine.extract(plan.id)

    with pytest.raises(ConfigurationError, match="it is failed"):
        engine.load(plan.id, "supabase")

    assert engine.close(plan.id).plan.state is PlanState.FAILED


def test_mapping_again_after_a_crash_plans_each_record_once(large: World) -> None:
    engine = large.engine()
    plan = engine.open("orders", SyncOptions())
    engine.extract(plan.id)
    die_at(large, "map.planned", 2)
    with pytest.raises(Crash):
        large.engine().map(plan.id)
    large.restart()

    counts = large.engine().map(plan.id)
    large.engine().resolve(plan.id)
    large.engine().load(plan.id, "supabase")
    report = large.engine().close(plan.id)

    assert counts["order.mapped"] == 2001
    assert report.plan.counts["order.create"] == 2001
    batches = large.intents(plan)
    assert [len(one.records) for one in batches] == [1000, 1000, 1]
    assert states(batches) == [IntentState.SETTLED] * 3
    assert len(large.destination.writes) == 2001


def test_resolving_again_after_a_crash_decides_the_same(large: World) -> None:
    engine = large.engine()
    plan = engine.open("orders", SyncOptions())
    engine.extract(plan.id)
    engine.map(plan.id)
    die_at(large, "resolve.planned", 2)
    with pytest.raises(Crash):
        large.engine().resolve(plan.id)
    large.restart()

    resolved = large.engine().resolve(plan.id)

    assert resolved.state is PlanState.APPROVED
    assert resolved.counts["order.create"] == 2001


def test_a_sync_with_batches_left_cannot_be_closed(world: World) -> None:
    plan = world.planned()
    world.ledger.move_plan(plan.id, PlanState.APPLYING)

    with pytest.raises(ConfigurationError, match=r"2 batches of plan .* were not carried out"):
        world.engine().close(plan.id)

    assert world.ledger.plan(plan.id).state is PlanState.APPLYING
