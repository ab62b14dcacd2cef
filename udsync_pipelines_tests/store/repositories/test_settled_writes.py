"""Writes in the books once they are sent: settled with a receipt, refused, or in doubt."""

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
from udsync_pipelines.sync.books.writes import WriteAction
from udsync_pipelines.sync.plan import IntentState, Parked
from udsync_pipelines.sync.ports import Progress
from udsync_pipelines_tests.store.databases import StateServer
from udsync_pipelines_tests.store.repositories.book_writes import (
    CUSTOMER,
    ITEM,
    PAYMENT,
    POSTED,
    SALE,
    held,
    sent,
    settled,
    stored,
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


def test_what_was_sent_and_never_answered_is_known_by_its_key(acme: Tenant) -> None:
    ledger = write_ledger(acme)
    _, (customer, item, sale, payment) = stored(acme)
    for write in (customer, sale, payment):
        ledger.send(replace(write, request_id=f"u-{write.position}"))
    settled(acme, replace(sale, request_id="u-1"))
    ledger.doubt(payment)
    ledger.supersede(payment)
    ledger.supersede(item)
    elsewhere = PostgresWriteLedger(acme.database, acme.id, acme.store, acme.store)

    keys = [customer.key, item.key, sale.key, payment.key]
    assert ledger.unanswered(keys) == {customer.key, payment.key}
    assert ledger.unanswered([]) == ()
    assert elsewhere.unanswered(keys) == set()


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
