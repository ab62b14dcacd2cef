"""Bindings: which row a record became, and in which version."""

from dataclasses import replace
from typing import Any

import pytest

from udsync_pipelines.store.repositories import bindings
from udsync_pipelines.sync.plan import Action, PlannedRecord
from udsync_pipelines.sync.records import MappedRecord
from udsync_pipelines_tests.store.repositories.syncing import Tenant, hash_of, mapped, planned

pytestmark = pytest.mark.postgres


def bind(tenant: Tenant, *records: MappedRecord) -> None:
    batch = tenant.batch(tenant.plan())
    with tenant.database.tenant(tenant.id) as connection:
        bindings.bind(connection, tenant.id, tenant.store, batch, records)


def find(tenant: Tenant, *records: PlannedRecord) -> None:
    """Bind what needed no write, as settling a batch does."""
    batch = tenant.batch(tenant.plan(), *records)
    with tenant.database.tenant(tenant.id) as connection:
        bindings.bind_found(connection, tenant.id, tenant.store, batch, "woo_orders")


def bound(tenant: Tenant) -> list[Any]:
    return sorted(tenant.rows("id_mappings"), key=lambda row: int(row.source_id))


def test_a_binding_names_the_row_its_version_and_both_connections(acme: Tenant) -> None:
    bind(acme, mapped(7), mapped(8))

    seven, eight = bound(acme)
    assert (seven.entity, seven.role, seven.target_id) == ("order", "row", "woo_orders/7")
    assert (seven.source_connection_id, seven.target_connection_id) == (acme.store, acme.target)
    assert (seven.content_hash, eight.content_hash) == (hash_of(7), hash_of(8))


def test_a_new_version_moves_the_binding(acme: Tenant) -> None:
    bind(acme, mapped(7))
    (before,) = bound(acme)

    bind(acme, mapped(7, hash_of(99)))

    (after,) = bound(acme)
    assert after.content_hash == hash_of(99)
    assert after.updated_at > before.updated_at
    assert after.created_at == before.created_at


def test_the_same_version_again_writes_nothing(acme: Tenant) -> None:
    bind(acme, mapped(7))
    before = bound(acme)

    bind(acme, mapped(7))

    assert bound(acme) == before


def test_nothing_to_bind_is_no_statement(acme: Tenant) -> None:
    bind(acme)

    assert bound(acme) == []


def test_a_thousand_bindings_are_written_at_once(acme: Tenant) -> None:
    bind(acme, *(mapped(number) for number in range(1, 1001)))

    assert len(bound(acme)) == 1000


def test_a_record_that_was_there_already_is_bound_too(acme: Tenant) -> None:
    find(acme, planned(7, Action.SKIP))

    (seven,) = bound(acme)
    assert (seven.target_id, seven.content_hash) == ("woo_orders/7", hash_of(7))


def test_a_record_that_was_left_out_of_a_batch_is_not_bound(acme: Tenant) -> None:
    find(acme, planned(7, Action.CREATE), planned(8, Action.UPDATE))

    assert bound(acme) == []


def test_what_is_bound_already_is_not_written_again(acme: Tenant) -> None:
    bind(acme, mapped(7), mapped(8, hash_of(99)))
    before = bound(acme)

    find(acme, planned(7, Action.SKIP), planned(8, Action.SKIP))

    seven, eight = bound(acme)
    assert seven == before[0]
    assert eight.content_hash == hash_of(8)


def test_a_deleted_record_is_bound_only_if_it_was_before(acme: Tenant) -> None:
    bind(acme, mapped(7, hash_of(99)))

    find(acme, *(replace(planned(n, Action.SKIP), is_deleted=True) for n in (7, 8)))

    (seven,) = bound(acme)
    assert seven.content_hash == hash_of(7)


def test_another_tenant_does_not_see_a_binding(acme: Tenant, other: Tenant) -> None:
    bind(acme, mapped(7))

    assert bound(other) == []
