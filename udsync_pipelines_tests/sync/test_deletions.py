"""A deletion in the shop marks the row; it never deletes one."""

from datetime import datetime

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.plan import Action, SyncOptions
from udsync_pipelines.sync.records import Window
from udsync_pipelines_tests.sync.memory import NOW
from udsync_pipelines_tests.sync.world import World

FULL = SyncOptions(window=Window(full=True))


def deleted_at(world: World, source_id: int) -> datetime | None:
    return world.destination.held[Entity.ORDER, str(source_id)].deleted_at


def test_a_deletion_in_the_shop_updates_the_row(world: World) -> None:
    world.sync()
    world.shop.delete(Entity.ORDER, 2)

    report = world.sync()

    assert deleted_at(world, 2) == NOW
    assert deleted_at(world, 1) is None
    assert report.plan.counts["order.updated"] == 1
    assert report.plan.counts["order.deleted"] == 1


def test_a_deletion_that_only_a_full_read_finds_updates_the_row(world: World) -> None:
    world.sync()
    world.shop.delete(Entity.ORDER, 2)
    world.shop.deleted.clear()

    world.sync(FULL)

    assert deleted_at(world, 2) == NOW


def test_a_record_deleted_before_it_ever_landed_is_skipped(world: World) -> None:
    world.sync(SyncOptions(dry_run=True))
    world.shop.delete(Entity.ORDER, 2)

    report = world.sync()

    assert (Entity.ORDER, "2") not in world.destination.held
    (orders, _) = world.intents(report.plan)
    actions = {record.source_id: record.action for record in orders.records}
    assert actions == {"1": Action.CREATE, "2": Action.SKIP}


def test_a_deletion_of_something_never_read_changes_nothing(world: World) -> None:
    world.sync()
    world.shop.delete(Entity.ORDER, 77)

    report = world.sync()

    assert report.plan.counts["order.deleted"] == 0
    assert report.plan.counts["order.mapped"] == 0


def test_a_record_that_comes_back_is_live_again(world: World) -> None:
    world.sync()
    content = world.shop.records[Entity.ORDER, "2"][1]
    world.shop.delete(Entity.ORDER, 2)
    world.sync()
    world.shop.save(Entity.ORDER, 2, **content)

    world.sync()

    assert deleted_at(world, 2) is None
    assert world.totals() == {"1": "18.00", "2": "20.50"}
