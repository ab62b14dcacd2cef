"""Writes in the books: planned, approved, sent, settled with a receipt, in doubt, or ended."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import PlatformUnavailableError
from udsync_pipelines.store.repositories.write_ledger import PostgresWriteLedger
from udsync_pipelines.sync.books.writes import Write, WriteAction
from udsync_pipelines.sync.plan import Action, Intent, IntentState, Parked, Plan, PlannedRecord
from udsync_pipelines.sync.ports import Progress
from udsync_pipelines_tests.store.databases import StateServer
from udsync_pipelines_tests.store.repositories.book_writes import (
    CUSTOMER,
    ITEM,
    PAYMENT,
    POSTED,
    SALE,
    sent,
    settled,
    write_ledger,
    writes_of,
)
from udsync_pipelines_tests.store.repositories.syncing import (
    Tenant,
    cutting_at,
    overheard,
    parked,
    planned,
)

pytestmark = pytest.mark.postgres

PROBLEM = Parked("77", b"", "books_differ", "It came out otherwise.", "Correct it.")
SOLD = PlannedRecord("77", b"content")


def stored(tenant: Tenant, plan: Plan | None = None, **batch: object) -> tuple[Intent, list[Write]]:
    """A planned batch of one order with its four writes."""
    made = tenant.batch(plan or tenant.plan(), SOLD, **batch)
    writes = writes_of(made, first=made.position + 1)
    write_ledger(tenant).plan_batch(made, writes, park=True)
    return made, writes


def held(tenant: Tenant, write: Write) -> Write:
    """The write as it is stored now."""
    return write_ledger(tenant).states([write.id])[write.id]


def states(tenant: Tenant, batch: Intent) -> list[IntentState]:
    return [write.state for write in write_ledger(tenant).writes(batch.id)]


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


# --- sending and settling ----------------------------------------------------------------------


def test_sending_notes_the_request_id_the_moment_and_the_attempt(acme: Tenant) -> None:
    _, (customer, *_) = stored(acme)

    sent(acme, customer, "u-7")
    first = held(acme, customer)
    sent(acme, customer, "u-7")

    again = held(acme, customer)
    assert (first.state, first.request_id) == (IntentState.SENT, "u-7")
    assert first.sent_at is not None
    assert again.sent_at is not None
    assert again.sent_at > first.sent_at
    (row,) = [row for row in acme.rows("sync_queue") if row.id == customer.id]
    assert row.attempts == 2


def test_settling_stores_the_receipt_and_binds_the_key(acme: Tenant) -> None:
    _, (_, _, sale, _) = stored(acme)

    settled(acme, sale)

    (row,) = [row for row in acme.rows("sync_queue") if row.id == sale.id]
    assert (row.state, row.code) == ("settled", None)
    assert row.settled_at is not None
    assert row.receipt == {
        "id": "5",
        "intuit_tid": "1-65",
        "target_id": "invoice/5",
        "total": "21.00",
        "tax": "1.00",
        "currency": "CAD",
        "was_found": False,
    }
    bound = write_ledger(acme).bound([SALE])[SALE]
    assert (bound.target_id, bound.version, bound.digest) == (
        "invoice/5",
        "v1",
        sale.draft_digest(),
    )


def test_a_settled_write_is_not_yet_a_record_that_has_wholly_arrived(acme: Tenant) -> None:
    _, (_, _, sale, _) = stored(acme)

    settled(acme, sale)

    assert write_ledger(acme).bound([SALE])[SALE].source_hash is None


def test_an_answer_that_differs_is_settled_with_its_problem_and_without_digest(
    acme: Tenant,
) -> None:
    _, (_, _, sale, _) = stored(acme)

    write_ledger(acme).settle(sale, replace(POSTED, total=Decimal("21.01")), PROBLEM)

    now = held(acme, sale)
    assert (now.state, now.code, now.reason, now.cure) == (
        IntentState.SETTLED,
        "books_differ",
        "It came out otherwise.",
        "Correct it.",
    )
    bound = write_ledger(acme).bound([SALE])[SALE]
    assert (bound.version, bound.digest) == ("v1", None)


def test_what_is_linked_or_kept_belongs_to_the_books_and_has_no_version(acme: Tenant) -> None:
    _, (customer, item, *_) = stored(acme)

    linked = replace(customer, action=WriteAction.LINK)
    settled(acme, linked, target_id="customer/7", version="v9", total=None, tax=None)
    settled(acme, item, target_id="item/8", version="", total=None, tax=None)

    bound = write_ledger(acme).bound([CUSTOMER, ITEM, SALE])
    assert {key: one.version for key, one in bound.items()} == {CUSTOMER: None, ITEM: None}
    assert bound[CUSTOMER].digest == customer.draft_digest()
    (row,) = [row for row in acme.rows("sync_queue") if row.id == item.id]
    assert (row.receipt["total"], row.receipt["tax"]) == (None, None)


def test_a_receipt_says_when_a_write_was_only_found(acme: Tenant) -> None:
    _, (_, _, sale, _) = stored(acme)

    settled(acme, sale, was_found=True)

    (row,) = [row for row in acme.rows("sync_queue") if row.id == sale.id]
    assert row.receipt["was_found"] is True


def test_a_binding_that_cannot_be_stored_leaves_the_write_unsettled(acme: Tenant) -> None:
    _, (_, _, sale, _) = stored(acme)
    sent(acme, sale)
    nameless = replace(POSTED, target_id=None)  # type: ignore[arg-type]  # the database refuses it

    with pytest.raises((psycopg.Error, sa.exc.DBAPIError)):
        write_ledger(acme).settle(sale, nameless, None)

    assert held(acme, sale).state is IntentState.SENT
    assert write_ledger(acme).bound([SALE]) == {}


# --- refusals and doubts -----------------------------------------------------------------------


def test_a_refusal_is_stored_with_its_sentence(acme: Tenant) -> None:
    _, (_, _, sale, _) = stored(acme)

    write_ledger(acme).reject(sale, "taken", "The number is taken.", "Give it another.")

    now = held(acme, sale)
    assert (now.state, now.code, now.reason, now.cure) == (
        IntentState.REJECTED,
        "taken",
        "The number is taken.",
        "Give it another.",
    )


def test_doubts_are_the_sent_and_unanswered_writes_of_a_lane_oldest_first(
    acme: Tenant, other: Tenant
) -> None:
    _, (customer, item, sale, payment) = stored(acme)
    _, (elsewhere, *_) = stored(acme, acme.plan("products"))
    _, (foreign, *_) = stored(other)
    for write in (sale, customer, item, payment, elsewhere):
        sent(acme, write)
    sent(other, foreign)
    ledger = write_ledger(acme)
    ledger.doubt(customer)
    ledger.supersede(item)
    settled(acme, payment)

    doubts = ledger.doubts("orders")

    assert [(one.id, one.state) for one in doubts] == [
        (sale.id, IntentState.SENT),
        (customer.id, IntentState.UNKNOWN),
    ]
    assert held(acme, item).state is IntentState.SUPERSEDED
    assert acme.ledger.count_in_doubt("orders", acme.store) == 2
    assert acme.ledger.count_in_doubt("products", acme.store) == 1
    assert acme.ledger.count_in_doubt("orders", acme.target) == 0


@pytest.mark.parametrize(("minutes", "is_long_ago"), [(4, False), (6, True)])
def test_a_write_is_long_ago_once_the_horizon_has_passed(
    acme: Tenant, minutes: int, is_long_ago: bool
) -> None:
    _, (customer, *_) = stored(acme)
    sent(acme, customer)
    with acme.database.tenant(acme.id) as connection:
        connection.exec_driver_sql(
            f"UPDATE udsync.sync_queue SET sent_at = now() - interval '{minutes} minutes'"
        )

    ledger = write_ledger(acme)

    assert ledger.sent_longer_than(customer, timedelta(minutes=5)) is is_long_ago


def test_a_write_without_a_moment_of_sending_is_long_ago(acme: Tenant) -> None:
    _, (customer, *_) = stored(acme)

    assert write_ledger(acme).sent_longer_than(customer, timedelta(minutes=5))


# --- finishing a batch -------------------------------------------------------------------------


def test_finishing_a_batch_settles_it_moves_the_progress_and_says_what_arrived(
    acme: Tenant,
) -> None:
    batch, (_, _, sale, payment) = stored(acme)
    settled(acme, sale)
    settled(acme, payment, target_id="payment/6")

    newly = write_ledger(acme).finish_batch(batch, Progress(42, "policy-1"), [], {"77": b"now"})

    (done,) = acme.ledger.intents(batch.plan_id)
    assert (newly, done.state) == (0, IntentState.SETTLED)
    progress = acme.ledger.progress(acme.target, acme.store, Entity.ORDER)
    assert progress == Progress(42, "policy-1")
    bound = write_ledger(acme).bound([SALE, PAYMENT])
    assert {one.source_hash for one in bound.values()} == {b"now"}


def test_finishing_parks_what_failed_and_releases_what_arrived(acme: Tenant) -> None:
    batch = acme.batch(acme.plan(), planned(1), planned(2), parked=(parked(1), parked(2)))
    ledger = write_ledger(acme)
    ledger.plan_batch(batch, [], park=True)

    newly = ledger.finish_batch(batch, Progress(1), [parked(3)], {"1": b"now"})

    assert newly == 1
    assert acme.ledger.parked_ids(acme.target, acme.store, Entity.ORDER) == ["2", "3"]


def test_finishing_twice_parks_no_more(acme: Tenant) -> None:
    batch = acme.batch(acme.plan(), planned(1))
    ledger = write_ledger(acme)
    ledger.plan_batch(batch, [], park=True)
    ledger.finish_batch(batch, Progress(1), [parked(1)], {})

    ledger.finish_batch(batch, Progress(1), [parked(1)], {})

    assert acme.ledger.count_parked(acme.store, Entity.ORDER) == 1


def test_a_server_that_dies_while_finishing_leaves_the_batch_open(
    acme: Tenant, state_server: StateServer
) -> None:
    batch = acme.batch(acme.plan(), planned(1))
    write_ledger(acme).plan_batch(batch, [], park=True)
    with (
        overheard(acme.url, cutting_at(state_server, "udsync.sync_state")) as cut,
        pytest.raises(PlatformUnavailableError),
    ):
        PostgresWriteLedger(cut, acme.id, acme.store, acme.target).finish_batch(
            batch, Progress(9), [parked(1)], {}
        )

    (same,) = acme.ledger.intents(batch.plan_id)
    assert same.state is IntentState.PLANNED
    assert acme.ledger.progress(acme.target, acme.store, Entity.ORDER) == Progress()
    assert acme.ledger.count_parked(acme.store, Entity.ORDER) == 0


def test_answers_are_counted_by_key_be_they_good_or_a_refusal(acme: Tenant) -> None:
    ledger = write_ledger(acme)
    _, (customer, item, sale, payment) = stored(acme)
    for write in (customer, sale, payment):
        ledger.send(replace(write, request_id=f"u-{write.position}"))
    settled(acme, replace(sale, request_id="u-1"))
    ledger.reject(payment, "code", "Reason.", "Cure.")
    ledger.reject(item, "waits", "It was never sent.", "Cure.")
    elsewhere = PostgresWriteLedger(acme.database, acme.id, acme.store, acme.store)

    keys = [customer.key, item.key, sale.key, payment.key]
    assert ledger.answered(keys) == {sale.key: 1, payment.key: 1}
    assert ledger.answered([customer.key]) == {}
    assert ledger.answered([]) == {}
    assert elsewhere.answered(keys) == {}


# --- what was written last ---------------------------------------------------------------------


def test_the_last_draft_of_a_key_is_that_of_its_newest_settled_write(acme: Tenant) -> None:
    ledger = write_ledger(acme)
    _, (_, _, first, _) = stored(acme)
    settled(acme, first)
    newer = acme.batch(acme.plan("products"))
    (_, _, second, _), (_, _, refused, _) = (
        writes_of(newer, first, net) for first, net in ((1, "30.00"), (11, "40.00"))
    )
    ledger.plan_batch(newer, [second, refused], park=True)
    settled(acme, second)
    ledger.reject(refused, "code", "Reason.", "Cure.")

    assert ledger.last_draft(SALE) == second.draft
    assert ledger.last_draft(CUSTOMER) is None


def test_tenants_and_companies_see_their_own_writes_only(acme: Tenant, other: Tenant) -> None:
    batch, writes = stored(acme)
    settled(acme, writes[2])
    elsewhere = PostgresWriteLedger(acme.database, acme.id, acme.store, acme.store)

    assert write_ledger(other).writes(batch.id) == []
    assert write_ledger(other).states([writes[0].id]) == {}
    assert list(write_ledger(other).digests(batch.plan_id)) == []
    assert elsewhere.last_draft(SALE) is None
    assert elsewhere.bound([SALE]) == {}
    assert list(elsewhere.digests(batch.plan_id)) == []
    assert isinstance(writes[0].id, UUID)
    assert uuid4() not in write_ledger(acme).states([uuid4()])
