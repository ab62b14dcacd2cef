"""The ledger: a plan's life, its batches, and what settling one makes true at once."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError, PlatformUnavailableError
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.sync.plan import (
    Action,
    Approval,
    Intent,
    IntentState,
    Plan,
    PlanState,
    SyncOptions,
)
from udsync_pipelines.sync.ports import Outcome, Progress
from udsync_pipelines.sync.records import LoadReceipt, RejectedRow, Window
from udsync_pipelines_tests.store.databases import StateServer
from udsync_pipelines_tests.store.repositories.syncing import (
    Tenant,
    cutting_at,
    mapped,
    overheard,
    parked,
    planned,
)

pytestmark = pytest.mark.postgres

PROGRESS = Progress(loaded_through=42, profile_version="v1")


def stored(tenant: Tenant, plan: Plan, *positions: int) -> list[Intent]:
    """Batches of one record each, planned."""
    batches = [tenant.batch(plan, planned(n + 1), position=n) for n in positions]
    for batch in batches:
        tenant.ledger.plan_batch(batch, tenant.store, park=True)
    return batches


def states(tenant: Tenant, plan: Plan) -> list[IntentState]:
    return [intent.state for intent in tenant.ledger.intents(plan.id)]


def test_a_plan_comes_back_as_it_was_opened(acme: Tenant) -> None:
    options = SyncOptions(
        window=Window(
            since=datetime(2026, 9, 1, 6, tzinfo=UTC), until=datetime.max.replace(tzinfo=UTC)
        ),
        dry_run=True,
        approve=Approval.ask,
        ask_above=10,
    )

    opened = acme.ledger.open_plan(
        "orders", acme.store, options, trigger="schedule", run_id="run-1"
    )

    assert opened == acme.ledger.plan(opened.id) == acme.ledger.find_plan(opened.id)
    assert opened.options == options
    assert (opened.state, opened.trigger, opened.run_id) == (
        PlanState.PLANNING, "schedule", "run-1",
    )  # fmt: skip
    assert (opened.tenant_id, opened.source_connection_id) == (acme.id, acme.store)
    assert (opened.plan_hash, opened.is_approved, opened.counts, opened.error) == (
        None, False, {}, None,
    )  # fmt: skip
    assert (opened.created_at.utcoffset() is not None, opened.finished_at) == (True, None)


def test_the_plans_of_a_run_are_found_oldest_first(acme: Tenant) -> None:
    first, second, _ = (
        acme.ledger.open_plan(lane, acme.store, SyncOptions(), trigger="manual", run_id=run)
        for lane, run in (("customers", "a"), ("orders", "a"), ("products", "b"))
    )

    assert [plan.id for plan in acme.ledger.plans_of_run("a")] == [first.id, second.id]
    assert acme.ledger.plans_of_run("c") == []


def test_an_unknown_plan_is_refused_with_its_id(acme: Tenant) -> None:
    plan_id = uuid4()

    with pytest.raises(ConfigurationError, match=f"there is no plan {plan_id} for this tenant"):
        acme.ledger.plan(plan_id)

    assert acme.ledger.find_plan(plan_id) is None


@pytest.mark.parametrize("state", PlanState)
def test_a_plan_has_an_end_only_when_it_is_over(acme: Tenant, state: PlanState) -> None:
    plan = acme.plan()

    acme.ledger.move_plan(plan.id, state)

    moved = acme.ledger.plan(plan.id)
    is_over = state in {
        PlanState.APPLIED, PlanState.DRY_RUN, PlanState.FAILED, PlanState.SUPERSEDED,
    }  # fmt: skip
    assert (moved.state, moved.finished_at is not None) == (state, is_over)


def test_a_plan_keeps_its_hash_and_loses_an_old_error_as_it_moves(acme: Tenant) -> None:
    plan = acme.plan()
    acme.ledger.move_plan(plan.id, PlanState.APPROVED, plan_hash="hash")
    acme.ledger.move_plan(plan.id, PlanState.FAILED, error={"step": "load", "cure": None})
    failed = acme.ledger.plan(plan.id)

    acme.ledger.move_plan(plan.id, PlanState.APPLYING)

    assert (failed.plan_hash, failed.error) == ("hash", {"step": "load", "cure": None})
    moved = acme.ledger.plan(plan.id)
    assert (moved.plan_hash, moved.error, moved.finished_at) == ("hash", None, None)


def test_counts_are_merged_key_by_key(acme: Tenant) -> None:
    plan = acme.plan()

    acme.ledger.count(plan.id, {"order.read": 1, "order.parked": 2})
    acme.ledger.count(plan.id, {"order.read": 5, "seconds.map": 0.25})
    acme.ledger.count(plan.id, {})

    assert acme.ledger.plan(plan.id).counts == {
        "order.read": 5, "order.parked": 2, "seconds.map": 0.25,
    }  # fmt: skip


# --- superseding ------------------------------------------------------------------------------


def test_a_new_plan_of_a_lane_supersedes_what_was_left_of_the_old(acme: Tenant) -> None:
    old = acme.plan()
    settled, sent, _ = stored(acme, old, 0, 1, 2)
    acme.ledger.approve(old.id, "policy")
    acme.ledger.move_intent(settled, IntentState.SETTLED)
    acme.ledger.move_intent(sent, IntentState.SENT)

    acme.plan()

    superseded = acme.ledger.plan(old.id)
    assert superseded.state is PlanState.SUPERSEDED
    assert superseded.finished_at is not None
    assert states(acme, old) == [
        IntentState.SETTLED, IntentState.SUPERSEDED, IntentState.SUPERSEDED,
    ]  # fmt: skip


@pytest.mark.parametrize("state", [PlanState.APPLIED, PlanState.FAILED, PlanState.DRY_RUN])
def test_a_plan_that_has_ended_is_not_superseded(acme: Tenant, state: PlanState) -> None:
    old = acme.plan()
    acme.ledger.move_plan(old.id, state)

    acme.plan()

    assert acme.ledger.plan(old.id).state is state


def test_other_lanes_other_tenants_and_dry_runs_supersede_nothing(
    acme: Tenant, other: Tenant
) -> None:
    waiting = acme.plan()

    acme.plan("customers")
    other.plan()
    acme.plan(dry_run=True)

    assert acme.ledger.plan(waiting.id).state is PlanState.PLANNING


# --- batches ----------------------------------------------------------------------------------


def test_a_batch_comes_back_as_it_was_planned(acme: Tenant) -> None:
    plan = acme.plan()
    batch = acme.batch(
        plan,
        planned(1),
        replace(planned(2), is_deleted=True),
        parked=(parked(3), parked(4, "waits_for_order", content=9)),
        last_seq=2**40,
    )

    acme.ledger.plan_batch(batch, acme.store, park=True)

    assert list(acme.ledger.intents(plan.id)) == [batch]


def test_resolving_a_batch_stores_actions_and_differences(acme: Tenant) -> None:
    plan = acme.plan()
    batch = acme.batch(plan, planned(1), planned(2), planned(3))
    acme.ledger.plan_batch(batch, acme.store, park=True)
    resolved = replace(
        batch,
        records=(planned(1), planned(2, Action.UPDATE), planned(3, Action.SKIP)),
        differences={"2": {"total": ("1.5", None), "note": (None, "ä"), "n": (1, True)}},
    )

    acme.ledger.resolve_batch(resolved)

    assert list(acme.ledger.intents(plan.id)) == [resolved]
    (row,) = acme.rows("sync_queue")
    assert (row.counts, row.operation) == ({"create": 1, "update": 1, "skip": 1}, "load")
    assert row.payload_digest == resolved.digest()


def test_batches_are_given_by_position_and_by_state(acme: Tenant) -> None:
    plan = acme.plan()
    _, second, _ = stored(acme, plan, 2, 0, 1)
    stored(acme, acme.plan("customers"), 0)
    acme.ledger.approve(plan.id, "policy")
    acme.ledger.move_intent(second, IntentState.SENT)

    everything = [one.position for one in acme.ledger.intents(plan.id)]
    approved = [one.position for one in acme.ledger.intents(plan.id, IntentState.APPROVED)]
    both = acme.ledger.intents(plan.id, IntentState.APPROVED, IntentState.SENT)

    assert everything == [0, 1, 2]
    assert approved == [1, 2]
    assert [one.position for one in both] == [0, 1, 2]
    assert list(acme.ledger.intents(uuid4())) == []


def test_batches_may_move_while_they_are_being_walked(acme: Tenant) -> None:
    plan = acme.plan()
    stored(acme, plan, 0, 1, 2)

    for intent in acme.ledger.intents(plan.id, IntentState.PLANNED):
        acme.ledger.move_intent(intent, IntentState.SENT)

    assert states(acme, plan) == [IntentState.SENT] * 3


def test_approving_a_plan_approves_its_planned_batches(acme: Tenant) -> None:
    plan = acme.plan()
    settled, _ = stored(acme, plan, 0, 1)
    acme.ledger.move_intent(settled, IntentState.SETTLED)

    acme.ledger.approve(plan.id, "operator")

    approved = acme.ledger.plan(plan.id)
    assert (approved.state, approved.is_approved) == (PlanState.APPROVED, True)
    assert states(acme, plan) == [IntentState.SETTLED, IntentState.APPROVED]
    assert [row.approved_by for row in acme.rows("plans")] == ["operator"]


def test_discarding_batches_leaves_parked_records_and_other_plans(acme: Tenant) -> None:
    other_plan = acme.plan("customers")
    stored(acme, other_plan, 0)
    plan = acme.plan()
    acme.ledger.plan_batch(acme.batch(plan, planned(1), parked=(parked(2),)), acme.store, park=True)

    acme.ledger.discard_batches(plan.id)

    assert states(acme, plan) == []
    assert states(acme, other_plan) == [IntentState.PLANNED]
    assert acme.ledger.parked_ids(acme.target, acme.store, Entity.ORDER) == ["2"]


def test_each_time_a_batch_is_sent_counts_as_an_attempt(acme: Tenant) -> None:
    plan = acme.plan()
    (batch,) = stored(acme, plan, 0)

    for _ in range(2):
        acme.ledger.move_intent(batch, IntentState.SENT)
    acme.ledger.move_intent(batch, IntentState.SETTLED)

    (row,) = acme.rows("sync_queue")
    assert (row.attempts, row.sent_at is not None) == (2, True)


# --- settling ---------------------------------------------------------------------------------


def settle(
    ledger: PostgresLedger, tenant: Tenant, batch: Intent, outcome: Outcome | None = None
) -> int:
    arrived = [mapped(int(record.source_id)) for record in batch.records]
    receipt = LoadReceipt(created=len(arrived), updated=0, unchanged=0)
    return ledger.settle(batch, tenant.store, PROGRESS, outcome or Outcome(arrived, (), receipt))


def test_settling_moves_intent_progress_and_bindings_together(acme: Tenant) -> None:
    plan = acme.plan()
    (batch,) = stored(acme, plan, 0)

    newly = settle(acme.ledger, acme, batch)

    assert newly == 0
    assert states(acme, plan) == [IntentState.SETTLED]
    assert acme.ledger.progress(acme.target, acme.store, Entity.ORDER) == PROGRESS
    (binding,) = acme.rows("id_mappings")
    assert (binding.source_id, binding.target_id) == ("1", "woo_orders/1")
    (row,) = acme.rows("sync_queue")
    assert row.receipt == {"created": 1, "updated": 0, "unchanged": 0, "refused": 0}
    assert row.settled_at is not None


def test_a_settling_that_is_cut_off_leaves_nothing_of_it(
    acme: Tenant, state_server: StateServer
) -> None:
    plan = acme.plan()
    acme.ledger.plan_batch(acme.batch(plan, parked=(parked(1),)), acme.store, park=True)
    batch = acme.batch(plan, planned(1), position=1)
    acme.ledger.plan_batch(batch, acme.store, park=True)
    before = acme.rows("sync_queue")

    with (
        overheard(acme.url, cutting_at(state_server, "SET state = 'superseded'")) as database,
        pytest.raises(PlatformUnavailableError, match="went away"),
    ):
        settle(PostgresLedger(database, acme.id), acme, batch)

    assert acme.rows("sync_queue") == before
    assert acme.rows("id_mappings") == []
    assert acme.ledger.progress(acme.target, acme.store, Entity.ORDER) == Progress()
    assert acme.ledger.parked_ids(acme.target, acme.store, Entity.ORDER) == ["1"]


def test_progress_belongs_to_a_target_a_source_and_an_entity(acme: Tenant) -> None:
    (batch,) = stored(acme, acme.plan(), 0)

    settle(acme.ledger, acme, batch)

    assert acme.ledger.progress(acme.target, uuid4(), Entity.ORDER) == Progress()
    assert acme.ledger.progress(acme.store, acme.store, Entity.ORDER) == Progress()
    assert acme.ledger.progress(acme.target, acme.store, Entity.REFUND) == Progress()


def test_settling_releases_what_arrived_and_parks_what_was_refused(acme: Tenant) -> None:
    first = acme.plan()
    acme.ledger.plan_batch(
        acme.batch(first, parked=(parked(1), parked(2), parked(9))), acme.store, park=True
    )
    second = acme.plan()
    batch = acme.batch(second, planned(1), planned(2), planned(3))
    acme.ledger.plan_batch(batch, acme.store, park=True)
    refused = RejectedRow("3", "too_long", "It is too long.", "Shorten it.")
    receipt = LoadReceipt(created=2, updated=0, unchanged=0, rejected=(refused,))

    newly = settle(
        acme.ledger,
        acme,
        batch,
        Outcome([mapped(1), mapped(2)], [parked(3, "too_long")], receipt),
    )

    assert newly == 1
    assert acme.ledger.parked_ids(acme.target, acme.store, Entity.ORDER) == ["3", "9"]
    assert acme.ledger.parked_by(second.id, 10) == [(Entity.ORDER, parked(3, "too_long"))]
    assert sorted(row.source_id for row in acme.rows("id_mappings")) == ["1", "2"]


# --- tenants ----------------------------------------------------------------------------------


def test_another_tenant_sees_and_changes_nothing(acme: Tenant, other: Tenant) -> None:
    plan = acme.plan()
    (batch,) = stored(acme, plan, 0)
    stranger = PostgresLedger(other.database, other.id)
    before = (acme.ledger.plan(plan.id), acme.rows("sync_queue"))

    stranger.move_plan(plan.id, PlanState.FAILED)
    stranger.count(plan.id, {"order.read": 1})
    stranger.approve(plan.id, "stranger")
    stranger.move_intent(batch, IntentState.SETTLED)
    stranger.discard_batches(plan.id)

    assert (acme.ledger.plan(plan.id), acme.rows("sync_queue")) == before
    assert stranger.find_plan(plan.id) is None
    assert list(stranger.intents(plan.id)) == []


def test_a_plan_of_a_foreign_store_cannot_be_opened(acme: Tenant, other: Tenant) -> None:
    with pytest.raises(Exception, match="violates foreign key constraint"):
        acme.ledger.open_plan("orders", other.store, SyncOptions(), trigger="manual", run_id=None)


def test_the_ids_of_plans_are_never_the_same(acme: Tenant) -> None:
    made: set[UUID] = {acme.plan().id for _ in range(3)}

    assert len(made) == 3
