"""Batches in the queue, and how far each target was loaded from each source."""

from dataclasses import replace

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.store.repositories import batches
from udsync_pipelines.sync.plan import Action, Intent, IntentState
from udsync_pipelines.sync.ports import Progress
from udsync_pipelines_tests.store.repositories.syncing import Tenant, parked, planned

pytestmark = pytest.mark.postgres


def inserted(tenant: Tenant) -> Intent:
    batch = tenant.batch(tenant.plan(), planned(1), planned(2), parked=(parked(3),), last_seq=9)
    with tenant.database.tenant(tenant.id) as connection:
        batches.insert(connection, tenant.id, tenant.store, batch)
    return batch


def moved(tenant: Tenant, batch: Intent, progress: Progress) -> None:
    with tenant.database.tenant(tenant.id) as connection:
        batches.move_progress(connection, tenant.id, tenant.store, batch, progress)


def test_a_batch_comes_back_as_it_was_stored(acme: Tenant) -> None:
    batch = inserted(acme)

    assert list(acme.ledger.intents(batch.plan_id)) == [batch]
    (row,) = acme.rows("sync_queue")
    assert (row.kind, row.operation, row.record_count) == ("batch", "load", 2)
    assert row.source_connection_id == acme.store


def test_an_update_stores_actions_differences_and_what_is_parked(acme: Tenant) -> None:
    batch = inserted(acme)
    changed = replace(
        batch,
        records=(replace(planned(1), action=Action.SKIP),),
        parked=(),
        differences={"1": {"total": ("1", "2")}},
    )

    with acme.database.tenant(acme.id) as connection:
        batches.update(connection, acme.id, changed)

    assert list(acme.ledger.intents(batch.plan_id)) == [changed]
    (row,) = acme.rows("sync_queue")
    assert (row.operation, bytes(row.payload_digest)) == ("none", changed.digest())
    assert row.source_connection_id == acme.store


def test_a_settled_batch_keeps_what_became_of_its_records(acme: Tenant) -> None:
    batch = inserted(acme)

    with acme.database.tenant(acme.id) as connection:
        batches.settle(connection, acme.id, batch, {"arrived": 2})

    (row,) = acme.rows("sync_queue")
    assert (row.state, row.receipt) == ("settled", {"arrived": 2})
    assert row.settled_at is not None
    assert [one.state for one in acme.ledger.intents(batch.plan_id)] == [IntentState.SETTLED]


def test_progress_is_kept_apart_by_target_source_and_entity(acme: Tenant) -> None:
    batch = inserted(acme)
    moved(acme, batch, Progress(9, "v1"))
    moved(acme, replace(batch, entity=Entity.REFUND), Progress(4, "v1"))
    moved(acme, batch, Progress(12, "v2"))

    progress = acme.ledger.progress

    assert progress(acme.target, acme.store, Entity.ORDER) == Progress(12, "v2")
    assert progress(acme.target, acme.store, Entity.REFUND) == Progress(4, "v1")
    assert progress(acme.target, acme.store, Entity.CUSTOMER) == Progress()
    assert progress(acme.store, acme.store, Entity.ORDER) == Progress()
    assert progress(acme.target, acme.target, Entity.ORDER) == Progress()
    assert batches.loaded_from(acme.store) == f"loaded_from:{acme.store}"


def test_other_tenants_are_not_touched(acme: Tenant, other: Tenant) -> None:
    batch = inserted(acme)

    with other.database.tenant(other.id) as connection:
        batches.settle(connection, other.id, batch, {"arrived": 2})
        batches.update(connection, other.id, replace(batch, records=()))

    assert list(acme.ledger.intents(batch.plan_id)) == [batch]
    assert other.rows("sync_queue") == []
