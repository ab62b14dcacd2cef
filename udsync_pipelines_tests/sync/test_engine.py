"""Whole syncs: what lands, what is counted, and how a sync ends."""

from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines.sync.plan import Action, IntentState, Parked, PlanState, SyncOptions
from udsync_pipelines.sync.records import Window
from udsync_pipelines.sync.rows import RowTarget
from udsync_pipelines_tests.sync.memory import MemoryDestination
from udsync_pipelines_tests.sync.world import World, order_profile

FULL = SyncOptions(window=Window(full=True))


def counted(report: SyncReport, entity: Entity = Entity.ORDER) -> dict[str, object]:
    names = ("read", "mapped", "create", "update", "skip", "created", "updated", "parked")
    return {name: report.plan.counts.get(f"{entity}.{name}") for name in names}


def test_a_first_sync_lands_every_record_with_its_counts(world: World) -> None:
    report = world.sync()

    assert world.totals() == {"1": "18.00", "2": "20.50"}
    assert world.row(Entity.REFUND, 11) == {"id": "11", "order_id": "1", "amount": Decimal("5.00")}
    assert report.plan.state is PlanState.APPLIED
    assert counted(report) == {
        "read": 2, "mapped": 2, "create": 2, "update": 0, "skip": 0, "created": 2, "updated": 0,
        "parked": 0,
    }  # fmt: skip
    assert (report.parked, report.newly_parked, report.count_newly_parked) == (0, [], 0)


def test_each_step_notes_how_long_it_took(world: World) -> None:
    counts = world.sync().plan.counts

    steps = {name for name in counts if name.startswith("seconds.")}
    assert steps == {
        "seconds.extract", "seconds.map", "seconds.resolve", "seconds.load_to_supabase",
    }  # fmt: skip
    assert all(isinstance(counts[name], float) for name in steps)


def test_syncing_twice_changes_nothing(world: World) -> None:
    world.sync()
    writes = list(world.destination.writes)

    report = world.sync()

    assert world.destination.writes == writes
    assert counted(report)["mapped"] == 0
    assert report.plan.state is PlanState.APPLIED


def test_a_full_sync_after_a_sync_compares_everything_and_writes_nothing(world: World) -> None:
    world.sync()
    writes = list(world.destination.writes)

    report = world.sync(FULL)

    assert world.destination.writes == writes
    assert (counted(report)["skip"], counted(report)["created"]) == (2, 0)


def test_a_change_in_the_shop_is_an_update_with_its_difference(world: World) -> None:
    world.sync()
    world.shop.order(2, "21.00")

    report = world.sync()

    assert world.totals() == {"1": "18.00", "2": "21.00"}
    assert (counted(report)["create"], counted(report)["update"]) == (0, 1)
    (intent,) = world.intents(report.plan)
    assert intent.differences == {"2": {"total": ("20.5", "21")}}


def test_a_full_sync_repairs_rows_deleted_or_edited_at_the_destination(world: World) -> None:
    world.sync()
    held = world.destination.held
    del held[Entity.ORDER, "1"]
    held[Entity.ORDER, "2"] = replace(
        held[Entity.ORDER, "2"],
        tables={"orders": [{"id": "2", "total": Decimal(99)}]},
        row_hash=b"edited by somebody",
    )

    report = world.sync(FULL)

    assert world.totals() == {"1": "18.00", "2": "20.50"}
    assert (counted(report)["created"], counted(report)["updated"]) == (1, 1)


def test_a_changed_profile_plans_every_record_anew(world: World) -> None:
    world.sync()
    world.profiles = {**world.profiles, Entity.ORDER: order_profile(number="number")}

    report = world.sync()

    row = world.row(Entity.ORDER, 1)
    assert row is not None
    assert row["number"] == "1001"
    assert (counted(report)["mapped"], counted(report)["updated"]) == (2, 2)
    assert counted(report, Entity.REFUND)["mapped"] == 0
    assert counted(world.sync())["mapped"] == 0


def test_an_entity_without_a_profile_is_read_but_flows_nowhere(world: World) -> None:
    world.profiles = {Entity.ORDER: order_profile()}

    report = world.sync()

    assert report.plan.counts["refund.read"] == 1
    assert "refund.mapped" not in report.plan.counts
    assert world.row(Entity.REFUND, 11) is None


def test_each_destination_has_batches_and_progress_of_its_own(world: World) -> None:
    books = MemoryDestination(world.process)
    world.sync()
    world.others.append(RowTarget(uuid4(), "books", books, world.profiles))
    world.shop.order(2, "21.00")

    report = world.sync()

    assert {key[1] for key in books.held} == {"1", "2", "11"}
    assert len(world.destination.writes) == 4
    positions = [intent.position for intent in world.intents(report.plan)]
    assert positions == [0, 1, 2]
    actions = [
        [record.action for record in intent.records] for intent in world.intents(report.plan)
    ]
    assert actions == [[Action.UPDATE], [Action.CREATE] * 2, [Action.CREATE]]


def test_a_record_that_changes_after_planning_is_left_to_the_next_sync(world: World) -> None:
    plan = world.planned(SyncOptions())
    world.shop.order(2, "99.00")
    dry = world.planned(SyncOptions(dry_run=True))

    report = world.engine().load(plan.id, "supabase")
    world.engine().close(plan.id)

    assert dry.state is PlanState.DRY_RUN
    assert report["order.created"] == 1
    assert world.totals() == {"1": "18.00"}
    world.sync()
    assert world.totals() == {"1": "18.00", "2": "99.00"}


# --- how a sync ends --------------------------------------------------------------------------


def test_a_sync_without_a_destination_is_refused_before_anything_is_read(world: World) -> None:
    engine = replace(world.engine(), targets=[])

    with pytest.raises(ConfigurationError, match=r"no destination.*udsync connect supabase"):
        engine.open("orders", SyncOptions())

    assert world.ledger.plans == {}


def test_a_read_only_destination_is_refused_before_anything_is_read(world: World) -> None:
    world.destination.is_read_only = True

    with pytest.raises(ConfigurationError, match="read-only"):
        world.sync()

    assert (world.shop.reads, world.ledger.plans, world.destination.calls) == (0, {}, [])


def test_a_dry_run_may_compare_with_a_read_only_destination(world: World) -> None:
    world.destination.is_read_only = True

    report = world.sync(SyncOptions(dry_run=True))

    assert report.plan.state is PlanState.DRY_RUN
    assert counted(report)["create"] == 2


def test_a_dry_run_shows_the_changes_and_writes_nowhere(world: World) -> None:
    world.shop.order(3, is_broken=True)

    report = world.sync(SyncOptions(dry_run=True))

    assert report.plan.state is PlanState.DRY_RUN
    assert (counted(report)["create"], counted(report)["parked"]) == (2, 1)
    assert (report.parked, report.newly_parked) == (0, [])
    assert "load" not in world.destination.calls
    assert (world.ledger.parked, world.ledger.progresses, world.ledger.bindings) == ({}, {}, {})
    states = {intent.state for intent in world.intents(report.plan)}
    assert states == {IntentState.PLANNED}


def test_a_sync_after_a_dry_run_does_what_was_shown(world: World) -> None:
    world.sync(SyncOptions(dry_run=True))

    report = world.sync()

    assert world.totals() == {"1": "18.00", "2": "20.50"}
    assert counted(report)["created"] == 2


def test_a_plan_is_known_by_trigger_and_run(world: World) -> None:
    plan = world.engine().open("orders", SyncOptions(), trigger="schedule", run_id="run-1")

    assert (plan.trigger, plan.run_id, plan.lane) == ("schedule", "run-1", "orders")


def test_arrived_records_are_bound_with_the_version_that_arrived(world: World) -> None:
    world.sync()

    assert world.ledger.bindings == {
        (world.target_id, entity, source_id): record.row_hash
        for (entity, source_id), record in world.destination.held.items()
    }


def test_an_unexpected_error_is_recorded_without_any_of_its_text(world: World) -> None:
    world.destination.fails_with = ValueError("could not store ann@example.com")

    with pytest.raises(ValueError, match="ann@example"):
        world.sync()

    (plan,) = world.ledger.plans.values()
    assert plan.state is PlanState.FAILED
    assert plan.error == {
        "step": "load_to_supabase",
        "code": "ValueError",
        "message": "unexpected error",
        "cure": None,
    }
    assert "seconds.load_to_supabase" in plan.counts


def test_a_report_names_some_parked_records_and_counts_all(world: World) -> None:
    for number in range(100, 160):
        world.shop.order(number, is_broken=True)

    report = world.sync()

    assert len(report.newly_parked) == 50
    assert (report.count_newly_parked, report.parked) == (60, 60)
    entity, parked = report.newly_parked[0]
    assert entity is Entity.ORDER
    assert isinstance(parked, Parked)
