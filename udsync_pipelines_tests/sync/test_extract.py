"""Reading a source into the archive: what is new is stored, page by page."""

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import PlatformUnavailableError
from udsync_pipelines.sync.plan import PlanState, SyncOptions
from udsync_pipelines.sync.records import Window
from udsync_pipelines_tests.sync.memory import Crash
from udsync_pipelines_tests.sync.world import World


def read(world: World, window: Window | None = None) -> dict[str, int]:
    """Read orders and refunds; the counts of orders."""
    engine = world.engine()
    plan = engine.open("orders", SyncOptions(window=window or Window()))
    counts = engine.extract(plan.id)
    return {
        name.removeprefix("order."): number
        for name, number in counts.items()
        if name.startswith("order.")
    }


def archived(world: World, entity: Entity = Entity.ORDER) -> list[str]:
    return list(world.archive.known(entity).live_ids_between(0, None))


def test_the_first_read_archives_everything_and_counts_it(world: World) -> None:
    assert read(world) == {"calls": 1, "read": 2, "changed": 2, "unchanged": 0, "deleted": 0}

    assert archived(world) == ["1", "2"]
    assert archived(world, Entity.REFUND) == ["11"]


def test_an_entity_without_records_is_counted_with_zeros() -> None:
    assert read(World()) == {"calls": 1, "read": 0, "changed": 0, "unchanged": 0, "deleted": 0}


def test_a_second_read_archives_only_what_has_changed(world: World) -> None:
    read(world)
    world.shop.order(2, "21.00")
    world.shop.order(3)

    counts = read(world)

    assert (counts["changed"], counts["deleted"]) == (2, 0)
    assert [one.source_id for _, one in world.archive.history] == ["1", "2", "11", "2", "3"]


def test_a_full_read_finds_what_has_disappeared(world: World) -> None:
    read(world)
    world.shop.delete(Entity.ORDER, 1)

    counts = read(world, Window(full=True))

    assert counts == {"calls": 1, "read": 1, "changed": 0, "unchanged": 1, "deleted": 1}
    assert archived(world) == ["2"]


def test_reading_a_span_of_time_leaves_the_bookmark_where_it_was(world: World) -> None:
    read(world)
    before = world.archive.bookmark(Entity.ORDER)
    world.shop.order(3)
    world.shop.order(4)

    counts = read(world, Window(since=world.shop.at(4), until=world.shop.at(4)))

    assert counts["read"] == 1
    assert archived(world) == ["1", "2", "3"]
    assert world.archive.bookmark(Entity.ORDER) == before


def test_counts_of_a_long_read_grow_page_by_page_in_the_plan() -> None:
    world = World()
    for number in range(1, 8):
        world.shop.order(number)
    world.process.dies_at = 5
    engine = world.engine()
    plan = engine.open("orders", SyncOptions())

    with pytest.raises(Crash):
        engine.extract(plan.id)

    assert world.ledger.plan(plan.id).counts["order.read"] == 6
    assert world.process.passed == ["page.read", "page.archived"] * 2 + ["page.read"]


def test_counts_of_pages_in_quick_succession_are_stored_once_in_a_while() -> None:
    world = World(counted_every=3600.0)
    for number in range(1, 8):
        world.shop.order(number)
    world.process.dies_at = 5
    engine = world.engine()
    plan = engine.open("orders", SyncOptions())

    with pytest.raises(Crash):
        engine.extract(plan.id)

    assert world.ledger.plan(plan.id).counts["order.read"] == 3


def test_what_was_archived_before_a_crash_is_not_read_again() -> None:
    world = World()
    for number in range(1, 8):
        world.shop.order(number)
    world.process.dies_at = 4
    with pytest.raises(Crash):
        read(world)
    world.restart()

    counts = read(world)

    assert counts == {"calls": 1, "read": 1, "changed": 1, "unchanged": 0, "deleted": 0}
    assert len(archived(world)) == 7


def test_a_store_that_is_down_fails_the_step_and_keeps_what_was_read(world: World) -> None:
    read(world)
    world.shop.fails_with = PlatformUnavailableError(
        "The store does not answer.", cure="Try again.", platform="woocommerce"
    )
    engine = world.engine()
    plan = engine.open("orders", SyncOptions())

    with pytest.raises(PlatformUnavailableError):
        engine.extract(plan.id)

    failed = world.ledger.plan(plan.id)
    assert failed.state is PlanState.FAILED
    assert failed.error == {
        "step": "extract",
        "code": "platform_unavailable",
        "message": "The store does not answer.",
        "cure": "Try again.",
    }
    assert archived(world) == ["1", "2"]


def test_pages_are_archived_under_the_plan_that_read_them(world: World) -> None:
    plan = world.planned()

    assert {by for by, _ in world.archive.history} == {plan.id}


def test_a_record_that_changes_have_shown_is_not_read_again_by_its_id(world: World) -> None:
    read(world)
    world.shop.order(2, "21.00")

    extracted(world, {Entity.ORDER: ["2"]})

    assert world.shop.named_reads == []


def test_a_named_record_is_read_although_no_list_of_changes_shows_it(world: World) -> None:
    read(world)
    bookmark = world.archive.bookmark(Entity.ORDER)
    tick, content = world.shop.records[Entity.ORDER, "1"]
    world.shop.records[Entity.ORDER, "1"] = (0, content | {"total": "99.00"})

    counts = extracted(world, {Entity.ORDER: ["1", "404"], Entity.CUSTOMER: ["5"]})

    assert tick > 0
    assert world.shop.named_reads == [(Entity.ORDER, ("1", "404"))]
    assert (counts["order.changed"], counts["order.deleted"]) == (1, 0)
    assert world.archive.bookmark(Entity.ORDER) == bookmark


def test_a_named_record_that_is_gone_counts_as_deleted(world: World) -> None:
    read(world)
    del world.shop.records[Entity.ORDER, "1"]

    counts = extracted(world, {Entity.ORDER: ["1"]})

    assert counts["order.deleted"] == 1
    assert archived(world) == ["2"]


def extracted(world: World, named: dict[Entity, list[str]]) -> dict[str, int]:
    """Read changes of orders and refunds, and these records."""
    engine = world.engine()
    plan = engine.open("orders", SyncOptions())
    return dict(engine.extract(plan.id, named))
