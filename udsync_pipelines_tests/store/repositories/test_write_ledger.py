"""Writes in the books: planned, resolved, approved, and ended by a new sync."""

from dataclasses import replace

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.books.writes import WriteAction
from udsync_pipelines.sync.decisions import Choice, Question
from udsync_pipelines.sync.plan import Action, IntentState
from udsync_pipelines_tests.store.repositories.book_writes import (
    SOLD,
    sent,
    settled,
    states,
    stored,
    write_ledger,
    writes_of,
)
from udsync_pipelines_tests.store.repositories.syncing import (
    Tenant,
    parked,
)

pytestmark = pytest.mark.postgres


# --- planning ----------------------------------------------------------------------------------


def test_writes_come_back_as_they_were_planned_in_their_order(acme: Tenant) -> None:
    plan = acme.plan()
    batch = acme.batch(plan, SOLD)
    customer, item, sale, payment = writes_of(batch)
    linked = replace(customer, action=WriteAction.LINK, target_id="customer/7", linked_to=item.id)
    update = replace(
        sale,
        action=WriteAction.UPDATE,
        name="A name",
        target_id="invoice/5",
        base_version="v1",
        differences={"total": ("1.00", "2.00"), "note": (None, "n")},
    )

    write_ledger(acme).plan_batch(batch, [payment, update, item, linked], park=True)

    assert write_ledger(acme).writes(batch.id) == [linked, item, update, payment]
    assert write_ledger(acme).states([update.id, payment.id]) == {
        update.id: update,
        payment.id: payment,
    }
    assert list(acme.ledger.intents(plan.id)) == [batch]


def test_only_writes_in_the_named_states_of_the_batch_are_given(acme: Tenant) -> None:
    batch, writes = stored(acme)
    stored(acme, acme.plan("products"), position=10)
    write_ledger(acme).reject(writes[0], "code", "Reason.", "Cure.")

    found = write_ledger(acme).writes(batch.id, IntentState.REJECTED, IntentState.SENT)

    assert [one.id for one in found] == [writes[0].id]
    assert len(write_ledger(acme).writes(batch.id)) == 4


def test_planning_parks_what_cannot_go_on_and_a_dry_run_does_not(acme: Tenant) -> None:
    ledger = write_ledger(acme)
    shown = acme.batch(acme.plan(dry_run=True), parked=(parked(1), parked(2)))
    batch = acme.batch(acme.plan(), parked=(parked(1),))

    counts = [ledger.plan_batch(shown, [], park=False), ledger.plan_batch(batch, [], park=True)]

    assert counts == [2, 1]
    assert acme.ledger.parked_ids(acme.target, acme.store, Entity.ORDER) == ["1"]


def test_resolving_stores_names_links_refusals_and_the_batch(acme: Tenant) -> None:
    batch, (customer, item, sale, payment) = stored(acme)
    decided = [
        replace(customer, name="Ada (2)"),
        replace(item, action=WriteAction.LINK, target_id="item/8"),
        replace(
            sale, state=IntentState.REJECTED, code="ambiguous", reason="Which one?", cure="Say it."
        ),
        replace(payment, depends_on=(sale.id,)),
    ]
    resolved = replace(batch, records=(replace(SOLD, action=Action.SKIP),), parked=(parked(77),))

    newly = write_ledger(acme).resolve_batch(resolved, decided, [parked(77)], park=True)

    assert newly == 1
    assert write_ledger(acme).writes(batch.id) == decided
    assert list(acme.ledger.intents(batch.plan_id)) == [resolved]
    assert acme.ledger.parked_ids(acme.target, acme.store, Entity.ORDER) == ["77"]


def test_resolving_a_dry_run_shows_questions_and_parks_nothing(acme: Tenant) -> None:
    batch = acme.batch(acme.plan(dry_run=True), SOLD)
    write_ledger(acme).plan_batch(batch, [], park=False)

    newly = write_ledger(acme).resolve_batch(batch, [], [parked(77)], park=False)

    assert newly == 1
    assert acme.ledger.parked_ids(acme.target, acme.store, Entity.ORDER) == []


def test_digests_are_those_of_the_writes_in_their_order_whatever_became_of_them(
    acme: Tenant,
) -> None:
    plan = acme.plan()
    _, first = stored(acme, plan)
    _, second = stored(acme, plan, position=10)
    expected = [write.digest() for write in (*first, *second)]

    before = list(write_ledger(acme).digests(plan.id))
    sent(acme, first[0])
    settled(acme, first[2])

    assert before == list(write_ledger(acme).digests(plan.id)) == expected
    assert len(set(expected)) == 4


def test_a_plan_with_thousands_of_writes_is_digested_page_by_page(acme: Tenant) -> None:
    plan = acme.plan()
    batch = acme.batch(plan)
    writes = [write for first in range(1, 2401, 4) for write in writes_of(batch, first)]
    write_ledger(acme).plan_batch(batch, writes, park=True)

    digests = list(write_ledger(acme).digests(plan.id))
    some = write_ledger(acme).writes_of_plan(plan.id, 1200, 3)

    assert digests == [write.digest() for write in writes]
    assert [write.position for write in some] == [1201, 1202, 1203]


def test_planning_again_forgets_what_was_planned_and_keeps_what_was_sent(acme: Tenant) -> None:
    batch, (customer, item, sale, payment) = stored(acme)
    sent(acme, customer)
    write_ledger(acme).reject(item, "code", "Reason.", "Cure.")
    settled(acme, sale)

    acme.ledger.discard_batches(batch.plan_id)

    assert [one.id for one in write_ledger(acme).writes(batch.id)] == [customer.id, sale.id]
    assert payment.state is IntentState.PLANNED


# --- approval and new syncs --------------------------------------------------------------------


def test_approving_a_plan_approves_what_is_planned_and_nothing_else(acme: Tenant) -> None:
    batch, writes = stored(acme)
    other, _ = stored(acme, acme.plan("products"))
    write_ledger(acme).reject(writes[0], "code", "Reason.", "Cure.")

    acme.ledger.approve(batch.plan_id, "policy")

    approved = IntentState.APPROVED
    assert states(acme, batch) == [IntentState.REJECTED, approved, approved, approved]
    assert set(states(acme, other)) == {IntentState.PLANNED}


@pytest.mark.parametrize("with_questions", [True, False])
def test_a_write_with_a_question_is_approved_only_by_who_agrees_to_it(
    acme: Tenant, *, with_questions: bool
) -> None:
    question = Question("posted_but_gone", (Choice("void", "It is voided."),), "both sides")
    batch = acme.batch(acme.plan(), SOLD)
    customer, item, sale, payment = writes_of(batch)
    void = replace(
        sale, action=WriteAction.DELETE, target_id="invoice/5", base_version="v1", question=question
    )
    write_ledger(acme).plan_batch(batch, [customer, item, void, payment], park=True)

    acme.ledger.approve(batch.plan_id, "policy", with_questions=with_questions)

    approved = IntentState.APPROVED
    third = approved if with_questions else IntentState.PLANNED
    assert states(acme, batch) == [approved, approved, third, approved]


def test_a_document_that_was_taken_back_stays_bound_as_withdrawn(acme: Tenant) -> None:
    batch = acme.batch(acme.plan(), SOLD)
    *_, sale, _ = writes_of(batch)
    void = replace(sale, action=WriteAction.DELETE, target_id="invoice/5", base_version="v1")
    write_ledger(acme).plan_batch(batch, [void], park=True)

    settled(acme, void, is_voided=True, version="v2")

    binding = write_ledger(acme).bound([sale.key])[sale.key]
    assert binding.is_withdrawn
    assert not binding.is_taken_out
    assert (binding.target_id, binding.version) == ("invoice/5", "v2")


def test_a_document_that_others_took_out_before_us_stays_bound_as_that(acme: Tenant) -> None:
    batch = acme.batch(acme.plan(), SOLD)
    *_, sale, _ = writes_of(batch)
    gone = replace(sale, action=WriteAction.DELETE, target_id="invoice/5", base_version=None)
    write_ledger(acme).plan_batch(batch, [gone], park=True)

    settled(acme, gone, is_voided=True, version="v2")

    binding = write_ledger(acme).bound([sale.key])[sale.key]
    assert binding.is_taken_out
    assert binding.is_withdrawn


def test_a_new_sync_ends_what_was_not_sent_and_doubts_what_was(acme: Tenant) -> None:
    batch, (customer, item, sale, _) = stored(acme)
    other, _ = stored(acme, acme.plan("products"))
    sent(acme, customer)
    settled(acme, item)
    write_ledger(acme).reject(sale, "code", "Reason.", "Cure.")
    acme.ledger.approve(batch.plan_id, "policy")

    acme.plan()

    assert states(acme, batch) == [
        IntentState.UNKNOWN,
        IntentState.SETTLED,
        IntentState.REJECTED,
        IntentState.SUPERSEDED,
    ]
    assert set(states(acme, other)) == {IntentState.PLANNED}


def test_a_new_sync_ends_also_the_writes_of_a_plan_that_had_failed(acme: Tenant) -> None:
    batch, (customer, *_) = stored(acme)
    acme.ledger.approve(batch.plan_id, "policy")
    sent(acme, customer)
    acme.ledger.move_plan(batch.plan_id, acme.ledger.plan(batch.plan_id).state.FAILED)

    acme.plan()

    assert states(acme, batch) == [IntentState.UNKNOWN, *[IntentState.SUPERSEDED] * 3]


def test_a_dry_run_ends_nothing_and_its_own_writes_are_never_ended(acme: Tenant) -> None:
    batch, _ = stored(acme)
    shown, _ = stored(acme, acme.plan(dry_run=True))

    acme.plan(dry_run=True)
    before = states(acme, batch)
    acme.plan()

    assert set(before) == {IntentState.PLANNED}
    assert set(states(acme, batch)) == {IntentState.SUPERSEDED}
    assert set(states(acme, shown)) == {IntentState.PLANNED}
