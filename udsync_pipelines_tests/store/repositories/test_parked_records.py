"""Parked records: one row a record and target, new only when their cause is new."""

from dataclasses import replace

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.store.repositories import connections
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.sync.plan import Parked, Plan
from udsync_pipelines_tests.store.repositories.syncing import Tenant, parked
from udsync_pipelines_tests.store.samples import KEYS

pytestmark = pytest.mark.postgres


def park(tenant: Tenant, plan: Plan, *records: Parked, entity: Entity = Entity.ORDER) -> int:
    position = len(list(tenant.ledger.intents(plan.id)))
    batch = tenant.batch(plan, parked=records, entity=entity, position=position)
    return tenant.ledger.plan_batch(batch, tenant.store, park=True)


def parked_ids(tenant: Tenant, entity: Entity = Entity.ORDER) -> list[str]:
    return list(tenant.ledger.parked_ids(tenant.target, tenant.store, entity))


def test_parked_records_are_counted_listed_and_named_by_their_plan(acme: Tenant) -> None:
    plan = acme.plan()

    newly = park(acme, plan, parked(20), parked(3, "waits_for_order", content=7))

    assert newly == 2
    assert parked_ids(acme) == ["20", "3"]
    assert acme.ledger.count_parked(acme.store, Entity.ORDER) == 2
    assert acme.ledger.parked_by(plan.id, 10) == [
        (Entity.ORDER, parked(20)),
        (Entity.ORDER, parked(3, "waits_for_order", content=7)),
    ]


def test_a_record_that_two_destinations_cannot_take_is_counted_once(acme: Tenant) -> None:
    new = connections.NewConnection(Platform.QUICKBOOKS, "Books", "123", {})
    with acme.database.tenant(acme.id) as transaction:
        books = connections.save(transaction, acme.id, new, KEYS)
    plan = acme.plan()
    park(acme, plan, parked(1), parked(2))
    park(replace(acme, target=books.id), plan, parked(1, "currency_not_supported"))

    assert len(acme.ledger.parked_by(plan.id, 10)) == 3
    assert acme.ledger.count_parked_by(plan.id) == 2
    assert acme.ledger.count_parked(acme.store, Entity.ORDER) == 2


def test_only_so_many_parked_records_are_named(acme: Tenant) -> None:
    plan = acme.plan()
    park(acme, plan, *(parked(number) for number in range(1, 8)))

    assert len(acme.ledger.parked_by(plan.id, 5)) == 5


def test_the_same_cause_again_is_not_new_and_keeps_its_first_plan(acme: Tenant) -> None:
    first = acme.plan()
    park(acme, first, parked(1))
    second = acme.plan()

    newly = park(acme, second, Parked("1", parked(1).content_hash, "bad_value", "New words.", "C"))

    assert newly == 0
    assert acme.ledger.parked_by(second.id, 10) == []
    ((_, record),) = acme.ledger.parked_by(first.id, 10)
    assert record.reason == "New words."
    (row,) = [row for row in acme.rows("sync_queue") if row.kind == "parked"]
    assert row.attempts == 2


@pytest.mark.parametrize("again", [parked(1, "other_code"), parked(1, content=5)])
def test_another_code_or_other_content_is_new_again(acme: Tenant, again: Parked) -> None:
    first = acme.plan()
    park(acme, first, parked(1))
    second = acme.plan()

    newly = park(acme, second, again)

    assert newly == 1
    assert acme.ledger.parked_by(first.id, 10) == []
    assert acme.ledger.parked_by(second.id, 10) == [(Entity.ORDER, again)]
    assert acme.ledger.count_parked(acme.store, Entity.ORDER) == 1


def test_a_repeated_step_counts_its_own_parked_records_as_new_again(acme: Tenant) -> None:
    plan = acme.plan()
    park(acme, plan, parked(1))
    acme.ledger.discard_batches(plan.id)

    assert park(acme, plan, parked(1)) == 1
    assert len(acme.ledger.parked_by(plan.id, 10)) == 1


def test_a_dry_run_only_shows_what_it_would_park(acme: Tenant) -> None:
    plan = acme.plan(dry_run=True)
    batch = acme.batch(plan, parked=(parked(1), parked(2)))

    newly = acme.ledger.plan_batch(batch, acme.store, park=False)

    assert newly == 2
    assert parked_ids(acme) == []
    assert acme.ledger.parked_by(plan.id, 10) == []
    assert [one.parked for one in acme.ledger.intents(plan.id)] == [batch.parked]


def test_entities_targets_sources_and_tenants_are_parked_apart(acme: Tenant, other: Tenant) -> None:
    park(acme, acme.plan(), parked(1), entity=Entity.REFUND)

    assert park(acme, acme.plan(), parked(1)) == 1
    assert park(other, other.plan(), parked(1)) == 1
    assert parked_ids(acme) == ["1"]
    assert acme.ledger.parked_ids(acme.store, acme.store, Entity.ORDER) == []
    assert acme.ledger.parked_ids(acme.target, acme.target, Entity.ORDER) == []
    assert acme.ledger.count_parked(acme.target, Entity.ORDER) == 0
    assert other.ledger.parked_ids(acme.target, acme.store, Entity.ORDER) == []


def test_a_record_parked_after_its_release_is_new(acme: Tenant) -> None:
    park(acme, acme.plan(), parked(1))
    with acme.database.tenant(acme.id) as connection:
        connection.exec_driver_sql(
            "UPDATE udsync.sync_queue SET state = 'superseded' WHERE kind = 'parked'"
        )

    assert park(acme, acme.plan(), parked(1)) == 1
    assert parked_ids(acme) == ["1"]
