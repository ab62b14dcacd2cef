"""Failed records: parked or in doubt, once for each platform, with what was tried."""

import pytest
import sqlalchemy as sa

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.store.repositories import failed_records
from udsync_pipelines.store.repositories.failed_records import Choice, FailedRecord, Waiting
from udsync_pipelines.sync.books.writes import Write
from udsync_pipelines.sync.plan import PlannedRecord
from udsync_pipelines_tests.store.repositories.book_writes import write_ledger, writes_of
from udsync_pipelines_tests.store.repositories.syncing import Tenant, page, parked, record

pytestmark = pytest.mark.postgres

ANY = Choice()


def failed(tenant: Tenant, choice: Choice = ANY, limit: int = 50) -> list[FailedRecord]:
    with tenant.database.tenant(tenant.id) as connection:
        return list(failed_records.failed(connection, tenant.id, choice, limit))


def waiting(tenant: Tenant, entity: str, source_id: str) -> list[Waiting]:
    with tenant.database.tenant(tenant.id) as connection:
        return list(
            failed_records.waiting_for(connection, tenant.id, entity, source_id, ["order"], 9)
        )


def park(tenant: Tenant, *names: int, code: str = "bad_value", lane: str = "orders") -> None:
    entity = Entity.PRODUCT if lane == "products" else Entity.ORDER
    records = tuple(parked(name, code) for name in names)
    batch = tenant.batch(tenant.plan(lane), parked=records, entity=entity)
    tenant.ledger.plan_batch(batch, tenant.store, park=True)


def posted(tenant: Tenant) -> list[Write]:
    """The planned writes of order 77: its customer, an item, the sale and the payment."""
    batch = tenant.batch(tenant.plan(), PlannedRecord("77", b"content"))
    writes = writes_of(batch, first=1)
    write_ledger(tenant).plan_batch(batch, writes, park=True)
    return writes


def test_parked_records_of_all_lanes_are_named_oldest_first(acme: Tenant) -> None:
    park(acme, 9)
    park(acme, 3, lane="products")

    first, second = failed(acme)

    assert (first.name, first.lane, first.code) == ("order/9", "orders", "bad_value")
    assert (second.name, second.lane) == ("product/3", "products")
    assert (first.platform, first.attempts, first.is_in_doubt) == ("supabase", 1, False)
    assert (first.reason, first.cure) == ("Reason of bad_value.", "Correct it.")
    assert first.since.tzinfo is not None


def test_a_record_that_is_parked_again_counts_the_attempts_since_the_first(acme: Tenant) -> None:
    park(acme, 9)
    (before,) = failed(acme)
    park(acme, 9)

    (found,) = failed(acme)

    assert (found.attempts, found.since) == (2, before.since)


def test_the_lanes_of_the_chosen_records_are_told(acme: Tenant) -> None:
    park(acme, 9)
    park(acme, 3, lane="products")

    with acme.database.tenant(acme.id) as connection:
        every = failed_records.lanes(connection, acme.id, ANY)
        of_products = failed_records.lanes(connection, acme.id, Choice("product", "3"))
        of_none = failed_records.lanes(connection, acme.id, Choice(platform="quickbooks"))

    assert (every, of_products, of_none) == (["orders", "products"], ["products"], [])


def test_what_is_counted_is_what_is_named_without_a_limit(acme: Tenant) -> None:
    park(acme, *range(1, 6))

    with acme.database.tenant(acme.id) as connection:
        counted = failed_records.count(connection, acme.id, ANY)

    assert counted == 5
    assert len(failed(acme, limit=2)) == 2


def test_a_write_in_doubt_is_one_failed_record_also_when_it_is_parked(acme: Tenant) -> None:
    sale = posted(acme)[2]
    write_ledger(acme).send(sale)
    write_ledger(acme).doubt(sale)
    alone = failed(acme)
    park(acme, 77, code="answer_lost")

    together = failed(acme)

    assert [(one.name, one.is_in_doubt, one.role) for one in alone] == [("order/77", True, "sale")]
    assert [(one.is_in_doubt, one.code) for one in together] == [(True, "answer_lost")]


def test_planned_refused_and_settled_writes_are_no_failures_of_their_own(acme: Tenant) -> None:
    writes = posted(acme)
    write_ledger(acme).reject(writes[0], "code", "Reason.", "Cure.")
    write_ledger(acme).send(writes[1])

    assert failed(acme) == []


def test_the_writes_of_a_record_are_told_newest_first(acme: Tenant) -> None:
    writes = posted(acme)
    write_ledger(acme).reject(writes[2], "closed", "It is closed.", "Open it.", "1-65f31b2d")

    with acme.database.tenant(acme.id) as connection:
        found = failed_records.attempts(connection, acme.id, "order", "77", 10)

    assert [(one.role, one.state) for one in found] == [
        ("payment", "planned"),
        ("sale", "rejected"),
    ]
    assert (found[1].code, found[1].reason, found[1].receipt) == (
        "closed",
        "It is closed.",
        {"intuit_tid": "1-65f31b2d"},
    )


def test_an_order_waits_for_its_customer_only_while_it_is_parked_for_that(acme: Tenant) -> None:
    customer, item, sale, _ = posted(acme)
    assert {customer.id, item.id} <= set(sale.depends_on)
    before = waiting(acme, "customer", customer.key.source_id)
    park(acme, 77, code="waits_for_customer")

    assert before == []
    assert waiting(acme, "customer", customer.key.source_id) == [Waiting("order/77", "supabase")]
    assert waiting(acme, "order", "77") == []


def test_a_refund_waits_for_the_order_that_it_belongs_to(acme: Tenant) -> None:
    acme.archive.store(page(record(5, parent=77)), acme.plan().id, purpose="")
    batch = acme.batch(acme.plan(), parked=(parked(5, "waits_for_order"),), entity=Entity.REFUND)
    acme.ledger.plan_batch(batch, acme.store, park=True)

    assert waiting(acme, "order", "77") == [Waiting("refund/5", "supabase")]
    assert waiting(acme, "product", "77") == []


def test_no_tenant_reads_the_failures_of_another(acme: Tenant, other: Tenant) -> None:
    park(acme, 9)

    with acme.database.tenant(other.id) as connection:
        asked_for = failed_records.failed(connection, acme.id, ANY, 9)
        visible = connection.execute(sa.text("SELECT count(*) FROM udsync.sync_queue"))

    assert asked_for == []
    assert visible.scalar_one() == 0
