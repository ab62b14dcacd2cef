"""Documents that are known to be unequal are counted while their records are parked."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.store.repositories import parked_records, unequal_documents
from udsync_pipelines_tests.store.repositories.book_writes import (
    PAYMENT,
    POSTED,
    SALE,
    write_ledger,
    writes_of,
)
from udsync_pipelines_tests.store.repositories.syncing import Tenant, parked

pytestmark = pytest.mark.postgres

DOCUMENTS = {SALE: "invoice/3", PAYMENT: "payment/4"}


def post(tenant: Tenant, unequal: str = "") -> None:
    """Post an invoice and its payment; the one of this kind comes out unequal."""
    for write in writes_of(tenant.batch(tenant.plan(dry_run=True))):
        if write.key in DOCUMENTS:
            posted = replace(POSTED, target_id=DOCUMENTS[write.key])
            differs = unequal == DOCUMENTS[write.key].partition("/")[0]
            problem = parked(77, "books_differ") if differs else None
            write_ledger(tenant).settle(write, posted, problem)


def park(tenant: Tenant, code: str) -> None:
    batch = tenant.batch(tenant.plan(), parked=(parked(77, code),))
    tenant.ledger.plan_batch(batch, tenant.store, park=True)


def counted(tenant: Tenant) -> Mapping[str, int]:
    with tenant.database.tenant(tenant.id) as connection:
        return unequal_documents.count_by_kind(connection, tenant.id)


@pytest.mark.parametrize("code", ["books_differ", "bad_value"])
def test_a_document_that_came_out_unequal_counts_whatever_parks_its_record_later(
    acme: Tenant, code: str
) -> None:
    post(acme, unequal="payment")

    park(acme, code)

    assert counted(acme) == {"payment": 1}


@pytest.mark.parametrize("code", ["edited_in_books", "voided_in_books", "deleted_in_books"])
def test_a_sale_that_somebody_changed_in_the_books_counts_as_unequal(
    acme: Tenant, code: str
) -> None:
    post(acme)

    park(acme, code)

    assert counted(acme) == {"invoice": 1}


def test_a_record_that_is_parked_for_another_reason_has_equal_documents(acme: Tenant) -> None:
    post(acme)

    park(acme, "bad_value")

    assert counted(acme) == {}


def test_a_document_is_not_counted_any_more_when_its_record_is_released(acme: Tenant) -> None:
    post(acme, unequal="invoice")
    park(acme, "books_differ")
    before = counted(acme)

    with acme.database.tenant(acme.id) as connection:
        parked_records.release(connection, acme.id, acme.target, Entity.ORDER, ["77"])

    assert before == {"invoice": 1}
    assert counted(acme) == {}
