"""Who lets a plan take effect, and that exactly the approved plan takes effect."""

from dataclasses import replace

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines.sync.plan import (
    Action,
    Approval,
    Intent,
    IntentState,
    Plan,
    PlanState,
    SyncOptions,
)
from udsync_pipelines_tests.sync.world import World, order_profile

ASK = SyncOptions(approve=Approval.ask)


def apply(world: World, plan: Plan) -> SyncReport:
    """What the job `apply_plan` does."""
    engine = world.engine()
    engine.approved(plan.id)
    engine.load(plan.id, "supabase")
    return engine.close(plan.id)


def tamper(world: World, plan: Plan, **changes: object) -> Intent:
    """Change the first stored batch of a plan behind its back."""
    intent = world.intents(plan)[0]
    world.ledger.batches[intent.id] = replace(intent, **changes)  # type: ignore[arg-type] # test data
    return intent


def over(world: World, state: PlanState) -> Plan:
    """A plan that has come to its end in this way."""
    if state is PlanState.APPLIED:
        return world.sync().plan
    if state is PlanState.DRY_RUN:
        return world.sync(SyncOptions(dry_run=True)).plan
    plan = world.planned()
    world.engine().open("orders", SyncOptions())
    return plan


def test_a_plan_by_policy_is_approved_by_the_policy(world: World) -> None:
    plan = world.planned()

    assert plan.state is PlanState.APPROVED
    assert plan.approved_by == "policy"
    assert (plan.is_approved, plan.is_approved_by_person) == (True, False)


def test_a_plan_that_asks_waits_and_writes_nothing(world: World) -> None:
    report = world.sync(ASK)

    assert report.plan.state is PlanState.AWAITING_APPROVAL
    assert "load" not in world.destination.calls
    assert {intent.state for intent in world.intents(report.plan)} == {IntentState.PLANNED}


def test_an_approved_plan_does_exactly_what_was_shown(world: World) -> None:
    plan = world.sync(ASK).plan
    world.ledger.approve(plan.id, "operator")

    report = apply(world, plan)

    assert (plan.is_approved_by_person, report.plan.is_approved_by_person) == (False, True)
    assert report.plan.state is PlanState.APPLIED
    assert world.totals() == {"1": "18.00", "2": "20.50"}


@pytest.mark.parametrize(
    ("ask_above", "state"), [(2, PlanState.AWAITING_APPROVAL), (3, PlanState.APPLIED)]
)
def test_few_changes_need_nobody(world: World, ask_above: int, state: PlanState) -> None:
    report = world.sync(replace(ASK, ask_above=ask_above))

    assert report.plan.state is state


def test_a_plan_without_changes_needs_nobody(world: World) -> None:
    world.sync()

    assert world.sync(ASK).plan.state is PlanState.APPLIED


def test_a_plan_that_nobody_approved_cannot_be_carried_out(world: World) -> None:
    plan = world.sync(ASK).plan

    with pytest.raises(ConfigurationError, match=r"it is awaiting_approval\. Sync again"):
        apply(world, plan)

    assert world.destination.held == {}


def test_the_next_sync_takes_the_place_of_a_plan_that_waits(world: World) -> None:
    waiting = world.sync(ASK).plan
    world.shop.order(2, "21.00")

    world.sync()

    assert world.ledger.plan(waiting.id).state is PlanState.SUPERSEDED
    assert {one.state for one in world.intents(waiting)} == {IntentState.SUPERSEDED}
    assert world.totals() == {"1": "18.00", "2": "21.00"}
    with pytest.raises(ConfigurationError, match="it is superseded"):
        apply(world, waiting)


def test_a_dry_run_leaves_the_plan_that_waits_for_approval(world: World) -> None:
    waiting = world.sync(ASK).plan

    world.sync(SyncOptions(dry_run=True))

    assert world.ledger.plan(waiting.id).state is PlanState.AWAITING_APPROVAL


def test_a_sync_of_another_lane_leaves_the_plan_that_waits(world: World) -> None:
    waiting = world.sync(ASK).plan

    world.engine().open("customers", SyncOptions())

    assert world.ledger.plan(waiting.id).state is PlanState.AWAITING_APPROVAL


@pytest.mark.parametrize("state", [PlanState.APPLIED, PlanState.SUPERSEDED, PlanState.DRY_RUN])
def test_a_plan_that_is_over_cannot_be_taken_up_again(world: World, state: PlanState) -> None:
    plan = over(world, state)
    batches = world.intents(plan)
    engine = world.engine()

    for step in (engine.map, engine.resolve, engine.approved):
        with pytest.raises(ConfigurationError, match=rf"it is {state}\. Sync again"):
            step(plan.id)

    assert world.ledger.plan(plan.id).state is state
    assert world.ledger.plan(plan.id).error is None
    assert world.intents(plan) == batches


@pytest.mark.parametrize("state", [PlanState.APPLIED, PlanState.SUPERSEDED])
def test_loading_a_plan_that_is_over_is_refused_each_time(world: World, state: PlanState) -> None:
    plan = over(world, state)
    writes = len(world.destination.writes)

    for _ in range(2):
        with pytest.raises(ConfigurationError, match=f"it is {state}"):
            world.engine().load(plan.id, "supabase")

    assert world.ledger.plan(plan.id).state is state
    assert len(world.destination.writes) == writes


@pytest.mark.parametrize("state", [PlanState.APPROVED, PlanState.APPLYING])
def test_a_plan_that_was_changed_after_approval_is_refused(world: World, state: PlanState) -> None:
    plan = world.sync(ASK).plan
    world.ledger.approve(plan.id, "operator")
    world.ledger.move_plan(plan.id, state)
    intent = world.intents(plan)[0]
    forged = tuple(replace(record, action=Action.SKIP) for record in intent.records)
    tamper(world, plan, records=forged)

    with pytest.raises(ConfigurationError, match=r"not the plan that was approved\. Sync again"):
        world.engine().approved(plan.id)
    with pytest.raises(ConfigurationError, match="not the plan that was approved"):
        world.engine().load(plan.id, "supabase")

    failed = world.ledger.plan(plan.id)
    assert failed.state is PlanState.FAILED
    assert failed.error is not None
    assert failed.error["code"] == "plan_changed"
    assert "load" not in world.destination.calls


def test_a_profile_changed_after_approval_refuses_the_plan(world: World) -> None:
    plan = world.sync(ASK).plan
    world.ledger.approve(plan.id, "operator")
    world.profiles = {**world.profiles, Entity.ORDER: order_profile(number="number")}

    with pytest.raises(ConfigurationError, match="not the plan that was approved"):
        apply(world, plan)

    assert "load" not in world.destination.calls
