"""How far a company's books are followed, and what was seen of our documents there."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.store.repositories.book_watch import PostgresWatch
from udsync_pipelines.sync.books.following import Deed, Deviation
from udsync_pipelines.sync.books.ports import Posted
from udsync_pipelines_tests.store.repositories.book_writes import (
    CUSTOMER,
    ITEM,
    PAYMENT,
    POSTED,
    SALE,
    settled,
    writes_of,
)
from udsync_pipelines_tests.store.repositories.syncing import Tenant

pytestmark = pytest.mark.postgres

TARGETS = {CUSTOMER: "customer/1", ITEM: "item/2", SALE: "invoice/3", PAYMENT: "payment/4"}
DELETED = Deviation(SALE, "invoice/3", Deed.DELETED, POSTED.version, None, "Invoice 3")
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def watch(acme: Tenant) -> PostgresWatch:
    """The watch of a company in which everything of one order is bound."""
    batch = acme.batch(acme.plan(dry_run=True))
    for write in writes_of(batch):
        settled(acme, write, target_id=TARGETS[write.key])
    return PostgresWatch(acme.database, acme.id, acme.store, acme.target)


def test_nobody_has_looked_before_the_first_time_is_noted(watch: PostgresWatch) -> None:
    before = watch.followed_until()
    watch.note(NOON)

    assert before is None
    assert watch.followed_until() == NOON


def test_bound_objects_are_found_by_their_ids_in_the_books(watch: PostgresWatch) -> None:
    found = watch.bindings_of(["invoice/3", "item/2", "invoice/4", "sales_receipt/3"])

    assert {target: [one.key for one in bound] for target, bound in found.items()} == {
        "invoice/3": [SALE],
        "item/2": [ITEM],
    }
    assert found["invoice/3"][0].version == POSTED.version


def test_bound_objects_are_listed_in_pages(watch: PostgresWatch) -> None:
    assert watch.targets("", 3) == ["customer/1", "invoice/3", "item/2"]
    assert watch.targets("item/2", 3) == ["payment/4"]
    assert watch.targets("payment/4", 3) == []


def test_what_is_bound_for_another_tenant_is_not_seen(watch: PostgresWatch, other: Tenant) -> None:
    theirs = PostgresWatch(other.database, other.id, other.store, other.target)
    watch.deviate(DELETED)
    watch.note(NOON)

    assert theirs.targets("", 9) == []
    assert theirs.bindings_of(["invoice/3"]) == {}
    assert theirs.deviations(Entity.ORDER) == {}
    assert theirs.followed_until() is None


def test_the_last_that_was_seen_of_a_document_is_what_it_deviates_by(watch: PostgresWatch) -> None:
    edited = replace(DELETED, deed=Deed.EDITED, seen="v7", amounts="7.00 CAD with 0.35 tax")
    watch.deviate(DELETED)
    watch.deviate(edited)
    watch.deviate(replace(DELETED, key=PAYMENT, target_id="payment/4"))

    assert watch.deviations(Entity.ORDER)[SALE] == edited
    assert set(watch.deviations(Entity.ORDER)) == {SALE, PAYMENT}
    assert watch.deviations(Entity.REFUND) == {}


def test_a_document_that_is_agreed_to_deviates_no_more(watch: PostgresWatch) -> None:
    watch.deviate(DELETED)
    watch.deviate(replace(DELETED, key=PAYMENT, target_id="payment/4"))

    watch.agree([SALE])
    watch.agree([])

    assert set(watch.deviations(Entity.ORDER)) == {PAYMENT}


@pytest.mark.parametrize(
    "anew",
    [
        replace(POSTED, target_id="invoice/9"),
        replace(POSTED, target_id="invoice/3", version="v2"),
    ],
    ids=["another document", "another version"],
)
def test_a_document_that_is_written_anew_deviates_no_more(
    acme: Tenant, watch: PostgresWatch, anew: Posted
) -> None:
    watch.deviate(DELETED)
    batch = acme.batch(acme.plan(dry_run=True))
    sale = next(one for one in writes_of(batch) if one.key == SALE)

    settled(acme, sale, anew)

    assert watch.deviations(Entity.ORDER) == {}
