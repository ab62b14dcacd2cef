"""How far the writes of a plan are, counted while it is carried out."""

from dataclasses import replace
from uuid import uuid4

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.store.repositories.write_counts import WritesSoFar, so_far
from udsync_pipelines.sync.books.writes import Key, Role, Write, WriteAction
from udsync_pipelines_tests.store.repositories.book_writes import (
    SOLD,
    sent,
    settled,
    write_ledger,
    writes_of,
)
from udsync_pipelines_tests.store.repositories.syncing import Tenant

pytestmark = pytest.mark.postgres


LINK = Key(Entity.CUSTOMER, "guest:1", Role.CUSTOMER)


def approved(tenant: Tenant) -> list[Write]:
    """Four writes of one order in a plan that was approved, and a link, which writes nothing."""
    plan = tenant.plan()
    batch = tenant.batch(plan, SOLD)
    writes = writes_of(batch)
    link = replace(
        writes[0], id=uuid4(), key=LINK, action=WriteAction.LINK, target_id="customer/7", position=9
    )
    write_ledger(tenant).plan_batch(batch, [*writes, link], park=True)
    tenant.ledger.approve(plan.id, "tests")
    return writes


def counted(tenant: Tenant, write: Write) -> WritesSoFar:
    with tenant.database.tenant(tenant.id) as connection:
        return so_far(connection, tenant.id, write.plan_id)


def test_nothing_is_due_of_a_plan_that_nobody_has_approved(acme: Tenant) -> None:
    batch = acme.batch(acme.plan(), SOLD)
    writes = writes_of(batch)
    write_ledger(acme).plan_batch(batch, writes, park=True)

    assert counted(acme, writes[0]) == WritesSoFar(0, 0, 0, 0, 0.0)


def test_what_is_approved_is_due_customers_and_items_among_it(acme: Tenant) -> None:
    customer, *_ = approved(acme)

    assert counted(acme, customer) == WritesSoFar(
        0, 0, due_names=2, due=4, seconds=0.0, due_sales=1
    )


def test_what_was_answered_is_done_and_what_is_under_way_still_due(acme: Tenant) -> None:
    customer, item, sale, payment = approved(acme)
    for write in (customer, item, sale):
        settled(acme, sent(acme, write))
    sent(acme, payment)

    found = counted(acme, customer)

    assert replace(found, seconds=0.0) == WritesSoFar(
        2, 1, due_names=0, due=1, seconds=0.0, sales=1
    )
    assert found.seconds > 0


def test_what_was_refused_without_being_sent_is_neither_done_nor_due(acme: Tenant) -> None:
    customer, item, sale, payment = approved(acme)
    write_ledger(acme).reject(payment, "waits", "Reason.", "Cure.")
    settled(acme, sent(acme, sale))
    write_ledger(acme).reject(sent(acme, item), "refused", "Reason.", "Cure.")

    found = counted(acme, customer)

    assert replace(found, seconds=0.0) == WritesSoFar(
        1, 1, due_names=1, due=1, seconds=0.0, sales=1
    )


def test_what_is_due_takes_as_long_as_what_was_done_has_taken() -> None:
    assert WritesSoFar(1, 10, 0, due=20, seconds=5.0).seconds_left == 10.0
    assert WritesSoFar(0, 1, 0, due=20, seconds=0.0).seconds_left is None
    assert WritesSoFar(0, 2, 0, due=20, seconds=0.0).seconds_left is None
