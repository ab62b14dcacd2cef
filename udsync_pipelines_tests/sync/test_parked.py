"""Records that cannot go on: parked with a reason, tried again, released when they can."""

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.plan import SyncOptions
from udsync_pipelines.sync.records import Window
from udsync_pipelines_tests.sync.world import World

FULL = SyncOptions(window=Window(full=True))


def parked(world: World) -> dict[str, str]:
    """Parked records by name, with their codes."""
    return {
        f"{entity}/{source_id}": one.code
        for (_, _, entity, source_id), (one, _) in world.ledger.parked.items()
    }


def test_a_bad_record_is_parked_and_all_others_land(world: World) -> None:
    world.shop.order(3, is_broken=True)

    report = world.sync()

    assert parked(world) == {"order/3": "bad_value"}
    assert world.totals() == {"1": "18.00", "2": "20.50"}
    assert [(entity, one.source_id) for entity, one in report.newly_parked] == [(Entity.ORDER, "3")]
    assert (report.count_newly_parked, report.parked) == (1, 1)


def test_an_old_parked_record_is_tried_again_but_is_not_new(world: World) -> None:
    world.shop.order(3, is_broken=True)
    world.sync()

    report = world.sync()

    assert parked(world) == {"order/3": "bad_value"}
    assert (report.newly_parked, report.count_newly_parked, report.parked) == ([], 0, 1)
    (intent,) = world.intents(report.plan)
    assert [one.source_id for one in intent.parked] == ["3"]


def test_a_full_sync_does_not_count_old_parked_records_as_new(world: World) -> None:
    world.shop.order(3, is_broken=True)
    world.sync()

    report = world.sync(FULL)

    assert (report.newly_parked, report.count_newly_parked, report.parked) == ([], 0, 1)


def test_a_parked_record_with_new_content_is_new_again(world: World) -> None:
    world.shop.order(3, is_broken=True)
    world.sync()
    world.shop.order(3, "19.00", is_broken=True)

    report = world.sync()

    assert (report.count_newly_parked, report.parked) == (1, 1)


def test_a_record_corrected_in_the_shop_is_released(world: World) -> None:
    world.shop.order(3, is_broken=True)
    world.sync()
    world.shop.order(3, "7.00", is_broken=False)

    report = world.sync()

    assert parked(world) == {}
    assert world.totals()["3"] == "7.00"
    assert (report.newly_parked, report.parked) == ([], 0)


def test_a_landed_record_that_turns_bad_is_parked_and_its_row_stays(world: World) -> None:
    world.sync()
    world.shop.order(2, is_broken=True)

    report = world.sync()

    assert parked(world) == {"order/2": "bad_value"}
    assert world.totals()["2"] == "20.50"
    assert report.count_newly_parked == 1


def test_a_parked_record_that_turns_back_to_what_landed_is_released(world: World) -> None:
    world.sync()
    landed = world.shop.records[Entity.ORDER, "2"][1]
    world.shop.order(2, is_broken=True)
    world.sync()
    world.shop.tick += 1
    world.shop.records[Entity.ORDER, "2"] = (world.shop.tick, landed)
    writes = len(world.destination.writes)

    world.sync()

    assert parked(world) == {}
    assert len(world.destination.writes) == writes


def test_a_refund_waits_for_its_order_and_is_released_by_it(world: World) -> None:
    world.shop.refund(12, order_id=3)
    first = world.sync()
    waiting = parked(world)
    world.shop.order(3)

    second = world.sync()

    assert waiting == {"refund/12": "waits_for_order"}
    assert first.count_newly_parked == 1
    assert parked(world) == {}
    assert world.row(Entity.REFUND, 12) is not None
    assert second.count_newly_parked == 0


def test_a_record_that_the_destination_refuses_is_parked_and_the_rest_lands(world: World) -> None:
    world.destination.refuses = {"1"}

    report = world.sync()

    assert parked(world) == {"order/1": "value_refused"}
    assert world.totals() == {"2": "20.50"}
    assert report.plan.counts["order.refused"] == 1
    assert (report.count_newly_parked, report.parked) == (1, 1)
    assert (world.target_id, Entity.ORDER, "1") not in world.ledger.bindings


def test_a_refused_record_is_tried_again_and_is_not_new(world: World) -> None:
    world.destination.refuses = {"1"}
    world.sync()

    again = world.sync()
    world.destination.refuses = set()
    released = world.sync()

    assert (again.count_newly_parked, again.parked) == (0, 1)
    assert (released.parked, parked(world)) == (0, {})
    assert world.totals() == {"1": "18.00", "2": "20.50"}


def test_a_parked_record_deleted_in_the_shop_is_no_longer_parked(world: World) -> None:
    world.destination.refuses = {"1"}
    world.sync()
    world.shop.delete(Entity.ORDER, 1)

    report = world.sync()

    assert (report.parked, parked(world)) == (0, {})


def test_a_bad_record_deleted_in_the_shop_is_no_longer_parked(world: World) -> None:
    world.shop.order(3, is_broken=True)
    world.sync()
    world.shop.delete(Entity.ORDER, 3)

    report = world.sync()

    assert (report.parked, parked(world)) == (0, {})
    assert (Entity.ORDER, "3") not in world.destination.held


def test_a_landed_record_that_turned_bad_stays_parked_when_deleted(world: World) -> None:
    world.sync()
    world.shop.order(2, is_broken=True)
    world.sync()
    world.shop.delete(Entity.ORDER, 2)

    report = world.sync()

    assert (report.parked, parked(world)) == (1, {"order/2": "bad_value"})


def test_many_parked_records_are_tried_again_in_batches(world: World) -> None:
    world.shop.page_size = 500
    for number in range(100, 1200):
        world.shop.order(number, is_broken=True)
    world.sync()

    report = world.sync()

    sizes = [len(intent.parked) for intent in world.intents(report.plan)]
    assert sizes == [1000, 100]
    assert (report.count_newly_parked, report.parked) == (0, 1100)
