"""Bindings of the books: which object stands for a record in which role."""

from dataclasses import replace

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.store.repositories import book_bindings
from udsync_pipelines.sync.books.writes import Key, Role
from udsync_pipelines_tests.store.repositories.book_writes import (
    CUSTOMER,
    ITEM,
    PAYMENT,
    POSTED,
    SALE,
    settled,
    write_ledger,
    writes_of,
)
from udsync_pipelines_tests.store.repositories.syncing import Tenant

pytestmark = pytest.mark.postgres

TARGETS = {CUSTOMER: "customer/1", ITEM: "item/2", SALE: "invoice/3", PAYMENT: "payment/4"}


def bind(tenant: Tenant, source_id: str | None = None) -> None:
    """Bind what one order needs, and its own documents under this id."""
    batch = tenant.batch(tenant.plan(dry_run=True))
    for write in writes_of(batch):
        target_id = TARGETS[write.key]
        if source_id is not None and write.key.entity is Entity.ORDER:
            write = replace(write, key=replace(write.key, source_id=source_id))
        settled(tenant, write, target_id=target_id)


def touch(tenant: Tenant, **arrived: bytes) -> None:
    pair = {"tenant": tenant.id, "source": tenant.store, "target": tenant.target}
    hashes = {name.removeprefix("order_"): content for name, content in arrived.items()}
    with tenant.database.tenant(tenant.id) as connection:
        book_bindings.touch(connection, pair, Entity.ORDER, hashes)


def test_each_role_of_a_record_has_a_binding_of_its_own(acme: Tenant) -> None:
    bind(acme)

    bound = write_ledger(acme).bound([*TARGETS, Key(Entity.ORDER, "78", Role.SALE)])

    assert {key: one.target_id for key, one in bound.items()} == TARGETS
    assert {one.version for one in bound.values()} == {POSTED.version}


def test_the_bindings_of_no_keys_are_none(acme: Tenant) -> None:
    bind(acme)

    assert write_ledger(acme).bound([]) == {}


def test_a_key_bound_again_leads_to_the_newer_object_only(acme: Tenant) -> None:
    bind(acme)
    (_, _, sale, _) = writes_of(acme.batch(acme.plan()), net="30.00")
    settled(acme, sale, target_id="invoice/9", version="v2")

    bound = write_ledger(acme).bound([SALE])[SALE]

    assert (bound.target_id, bound.version) == ("invoice/9", "v2")
    assert bound.digest == sale.draft_digest()
    assert len([row for row in acme.rows("id_mappings") if row.role == "sale"]) == 1


def test_what_arrived_is_noted_for_all_roles_of_these_records_only(acme: Tenant) -> None:
    bind(acme)
    bind(acme, "78")

    touch(acme, order_78=b"newest")

    hashes = {
        (row.entity, row.source_id, row.role): row.source_hash and bytes(row.source_hash)
        for row in acme.rows("id_mappings")
    }
    assert {key for key, content in hashes.items() if content == b"newest"} == {
        ("order", "78", "sale"),
        ("order", "78", "payment"),
    }


def test_the_same_content_again_writes_nothing(acme: Tenant) -> None:
    bind(acme)
    touch(acme, order_77=b"same")
    before = sorted(row.updated_at for row in acme.rows("id_mappings"))

    touch(acme, order_77=b"same")

    assert sorted(row.updated_at for row in acme.rows("id_mappings")) == before


def test_rows_of_a_database_are_no_documents_and_are_left_alone(acme: Tenant) -> None:
    bind(acme)
    with acme.database.tenant(acme.id) as connection:
        connection.exec_driver_sql("UPDATE udsync.id_mappings SET role = 'row' WHERE role = 'sale'")

    touch(acme, order_77=b"newest")

    rows = {row.role: row.source_hash for row in acme.rows("id_mappings")}
    assert rows["row"] is None
    assert bytes(rows["payment"]) == b"newest"


def test_bound_customers_and_items_are_listed_by_their_object(acme: Tenant) -> None:
    bind(acme)
    guest = replace(CUSTOMER, source_id="guest:0f")
    (customer, *_) = writes_of(acme.batch(acme.plan()))
    settled(acme, replace(customer, key=guest), target_id="customer/1")

    ledger = write_ledger(acme)

    assert {one: set(keys) for one, keys in ledger.customer_keys().items()} == {
        "customer/1": {CUSTOMER, guest}
    }
    assert ledger.item_targets() == {"item/2": ITEM}


def test_tenants_and_companies_have_bindings_of_their_own(acme: Tenant, other: Tenant) -> None:
    bind(acme)
    elsewhere = replace(write_ledger(acme), target_id=acme.store)

    for ledger in (write_ledger(other), elsewhere):
        assert ledger.bound(list(TARGETS)) == {}
        assert ledger.customer_keys() == {}
        assert ledger.item_targets() == {}
