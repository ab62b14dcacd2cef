"""Bindings: which row a record became, and in which version."""

from typing import Any

import pytest

from udsync_pipelines.store.repositories import bindings
from udsync_pipelines.sync.records import MappedRecord
from udsync_pipelines_tests.store.repositories.syncing import Tenant, hash_of, mapped

pytestmark = pytest.mark.postgres


def bind(tenant: Tenant, *records: MappedRecord) -> None:
    batch = tenant.batch(tenant.plan())
    with tenant.database.tenant(tenant.id) as connection:
        bindings.bind(connection, tenant.id, tenant.store, batch, records)


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


def test_another_tenant_does_not_see_a_binding(acme: Tenant, other: Tenant) -> None:
    bind(acme, mapped(7))

    assert bound(other) == []
