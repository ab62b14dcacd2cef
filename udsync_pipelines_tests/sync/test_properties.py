"""Whatever happens between, a sync that comes to its end leaves the destination like the shop."""

from contextlib import suppress
from dataclasses import dataclass

import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.plan import Approval, PlanState, SyncOptions
from udsync_pipelines.sync.records import Window
from udsync_pipelines_tests.sync.memory import Crash
from udsync_pipelines_tests.sync.world import World

ORDER_IDS = range(1, 5)
REFUND_IDS = range(11, 14)
FULL = SyncOptions(window=Window(full=True))


@dataclass(frozen=True)
class Order:
    source_id: int
    is_broken: bool


@dataclass(frozen=True)
class Refund:
    source_id: int
    order_id: int


@dataclass(frozen=True)
class Delete:
    entity: Entity
    source_id: int


@dataclass(frozen=True)
class Sync:
    """A sync that dies at the nth point it reaches; 0: it does not."""

    dies_at: int
    options: SyncOptions


Step = Order | Refund | Delete | Sync

steps = st.lists(
    st.one_of(
        st.builds(Order, st.sampled_from(ORDER_IDS), st.sampled_from([False, False, True])),
        st.builds(Refund, st.sampled_from(REFUND_IDS), st.sampled_from(ORDER_IDS)),
        st.builds(Delete, st.just(Entity.ORDER), st.sampled_from(ORDER_IDS)),
        st.builds(Delete, st.just(Entity.REFUND), st.sampled_from(REFUND_IDS)),
        st.builds(
            Sync,
            st.integers(0, 20),
            st.sampled_from(
                [
                    SyncOptions(),
                    SyncOptions(),
                    FULL,
                    SyncOptions(dry_run=True),
                    SyncOptions(approve=Approval.ask),
                ]
            ),
        ),
    ),
    max_size=25,
)


@given(steps)
@example([Order(1, is_broken=False), Sync(8, SyncOptions()), Order(1, is_broken=True)])
@example(
    [
        *(Order(1, is_broken=False), Refund(12, 1), Sync(13, SyncOptions())),
        *(Delete(Entity.ORDER, 1), Delete(Entity.REFUND, 12), Sync(13, SyncOptions())),
    ]
)
@settings(max_examples=400)
def test_after_any_changes_and_crashes_a_sync_makes_both_sides_equal(history: list[Step]) -> None:
    world = World()
    for version, step in enumerate(history):
        take(world, step, version)

    world.restart()
    report = world.sync()

    assert report.plan.state is PlanState.APPLIED
    assert landed(world) == expected(world)
    assert parked(world) == unmappable(world)
    assert report.parked == len(parked(world))
    # Each version of a record was written once, whatever died in between.
    assert len(world.destination.writes) == len(set(world.destination.writes))
    bound, held = {key[1:] for key in world.ledger.bindings}, set(world.destination.held)
    assert bound <= held
    # What landed in a load that died and cannot be mapped now is bound once it can be again. What
    # was deleted before the next load was marked there, and needs no binding any more.
    marked = {key for key, one in world.destination.held.items() if one.deleted_at is not None}
    assert held - bound <= parked(world) | marked


@given(steps)
@settings(max_examples=100)
def test_after_any_history_a_second_sync_writes_nothing(history: list[Step]) -> None:
    world = World()
    for version, step in enumerate(history):
        take(world, step, version)
    world.restart()
    world.sync()
    writes = len(world.destination.writes)

    second = world.sync()
    full = world.sync(FULL)

    assert len(world.destination.writes) == writes
    assert (second.count_newly_parked, full.count_newly_parked) == (0, 0)


@given(steps)
@settings(max_examples=100)
def test_after_any_history_the_archive_holds_every_version_once(history: list[Step]) -> None:
    world = World()
    for version, step in enumerate(history):
        take(world, step, version)
    world.restart()

    world.sync()

    archived = [(one.entity, one.source_id, one.raw) for _, one in world.archive.history]
    assert len(archived) == len(set(archived))


def take(world: World, step: Step, version: int) -> None:
    """Let one thing happen. The version makes each content one of its own."""
    match step:
        case Order(source_id, is_broken):
            world.shop.order(source_id, f"{version}.25", is_broken=is_broken)
        case Refund(source_id, order_id):
            world.shop.refund(source_id, order_id, f"{version}.50")
        case Delete(entity, source_id):
            world.shop.delete(entity, source_id)
        case Sync(dies_at, options):
            world.restart()
            world.process.dies_at = dies_at
            with suppress(Crash):
                world.sync(options)


def unmappable(world: World) -> set[tuple[Entity, str]]:
    """What must be parked: broken orders, and refunds whose order was never read.

    One that the shop has deleted is of no account, unless its row is there to be marked.
    """
    read = world.archive.records.get(Entity.ORDER, {})
    archived = {
        (entity, source_id): (orjson.loads(one.raw), one.deleted_at)
        for entity, records in world.archive.records.items()
        for source_id, one in records.items()
    }
    return {
        (entity, source_id)
        for (entity, source_id), (content, deleted_at) in archived.items()
        if (content.get("is_broken") or str(content.get("parent_id")) not in {*read, "None"})
        and (deleted_at is None or (entity, source_id) in world.destination.held)
    }


def expected(world: World) -> dict[tuple[Entity, str], bytes]:
    """The live records of the shop that can land, as they are now."""
    return {
        key: orjson.dumps(content)
        for key, (_, content) in world.shop.records.items()
        if key not in unmappable(world)
    }


def landed(world: World) -> dict[tuple[Entity, str], bytes]:
    """The destination's rows that are not marked as deleted, less those that are parked now."""
    return {
        key: record.raw
        for key, record in world.destination.held.items()
        if record.deleted_at is None and key not in unmappable(world)
    }


def parked(world: World) -> set[tuple[Entity, str]]:
    """What is parked."""
    return {(entity, source_id) for _, _, entity, source_id in world.ledger.parked}
