"""A dry run writes to no platform; what is executed is what was shown, or nothing."""

from dataclasses import replace
from typing import Any

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.engines import open_engine
from udsync_pipelines.sync.books.target import BooksTarget
from udsync_pipelines.sync.entities import DESTINATIONS
from udsync_pipelines.sync.plan import PlanState
from udsync_pipelines_tests.scenarios.books import ShopWithBooks, StartBooks, sell
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books import empty_store as empty_store
from udsync_pipelines_tests.scenarios.books import start_books as start_books
from udsync_pipelines_tests.scenarios.books_evidence import fingerprint, unequal_books, writes

pytestmark = pytest.mark.postgres


@pytest.fixture
def shop(
    empty_store: StoreEmulator,
    start_books: StartBooks,
    scenario_database: str,
    scenario_schema: str,
) -> ShopWithBooks:
    """A small store, its books and its database; nothing synced yet."""
    sold = sell(empty_store, last="Ash", email="ash@example.org", quantity=2)
    sell(empty_store, last="Birch", email="birch@example.org", payment_method="cheque")
    sell(empty_store, last="Ash", email="ash@example.org")
    empty_store.control.refund_order(sold, {"amount": "5.00"})
    return start_books(empty_store, supabase=(scenario_database, scenario_schema))


def test_a_dry_run_writes_to_neither_the_books_nor_the_database(shop: ShopWithBooks) -> None:
    books, tables = fingerprint(shop.company), shop.versions()

    report = shop.sync(dry_run=True)

    assert report.plan.state is PlanState.DRY_RUN
    assert writes(shop.company) == []
    assert fingerprint(shop.company) == books
    assert shop.versions() == tables
    assert bound(shop) == []
    assert shop.parked() == {}


def test_a_dry_run_after_changes_leaves_every_row_and_document(shop: ShopWithBooks) -> None:
    shop.sync()
    order = sell(shop.store, last="Cedar", email="cedar@example.org")
    shop.store.control.edit_order(order - 2, {"customer_note": "ring twice"})
    books, tables, bindings = fingerprint(shop.company), shop.versions(), bound(shop)
    shop.company.requests.clear()

    shop.sync(dry_run=True)

    assert writes(shop.company) == []
    assert fingerprint(shop.company) == books
    assert shop.versions() == tables
    assert bound(shop) == bindings


def test_a_dry_run_shows_what_orders_need_by_its_symbol(shop: ShopWithBooks) -> None:
    report = shop.sync(dry_run=True)

    planned = shop.state(
        "select id, role, operation, source_id, payload, depends_on from udsync.sync_queue"
        " where kind = 'record' and plan_id = %s order by position",
        report.plan.id,
    )
    roles = {row["id"]: row["role"] for row in planned}
    sales = [row for row in planned if row["role"] == "sale"]

    assert [row["role"] for row in planned].count("customer") == 2
    assert [row["role"] for row in planned].count("item") == 1
    assert {row["operation"] for row in planned} == {"create"}
    assert {row["payload"]["draft"]["customer"].partition(":")[0] for row in sales} == {"guest"}
    assert [line["item"] for row in sales for line in row["payload"]["draft"]["lines"]] == [
        {"source": "product", "id": "10"}
    ] * 3
    assert all({roles[one] for one in row["depends_on"]} == {"customer", "item"} for row in sales)
    assert report.plan.counts["quickbooks.customer.create"] == 2
    assert report.plan.counts["quickbooks.sales_receipt.create"] == 2
    assert report.plan.counts["quickbooks.invoice.create"] == 1
    assert report.plan.counts["quickbooks.payment.create"] == 1
    assert report.plan.counts["quickbooks.refund_receipt.create"] == 1


def test_the_executed_plan_has_the_hash_that_the_dry_run_showed(shop: ShopWithBooks) -> None:
    shown = shop.sync(dry_run=True)

    executed = shop.sync()

    assert shown.plan.plan_hash
    assert executed.plan.plan_hash == shown.plan.plan_hash
    assert executed.plan.state is PlanState.APPLIED
    assert unequal_books(shop.store, shop.company) == []


def test_a_second_dry_run_of_the_same_shows_the_same_hash(shop: ShopWithBooks) -> None:
    first = shop.sync(dry_run=True)
    second = shop.sync(dry_run=True)
    shop.sync()
    nothing = shop.sync(dry_run=True)

    assert second.plan.plan_hash == first.plan.plan_hash
    assert nothing.plan.plan_hash != first.plan.plan_hash


def test_another_policy_is_another_hash(shop: ShopWithBooks) -> None:
    changes = (
        {"prefix": "ZZ"},
        {"date_basis": "completed"},
        {"customer_strategy": "web"},
        {"items__unmatched": ""},
    )
    hashes = [shop.sync(dry_run=True).plan.plan_hash]

    for change in changes:
        shop.change_policy(**change)
        hashes.append(shop.sync(dry_run=True).plan.plan_hash)

    assert len(set(hashes)) == len(changes) + 1


def test_a_plan_that_waits_is_carried_out_as_it_was_shown(shop: ShopWithBooks) -> None:
    waiting = shop.sync(ask=True)
    before = writes(shop.company)
    sell(shop.store, last="Later", email="later@example.org")

    applied = carry_out(shop, waiting.plan.id)

    assert waiting.plan.state is PlanState.AWAITING_APPROVAL
    assert before == []
    assert applied.state is PlanState.APPLIED
    assert applied.plan_hash == waiting.plan.plan_hash
    assert shop.company.count("SalesReceipt") == 2
    assert shop.company.count("Invoice") == 1


def test_a_plan_is_refused_when_the_policy_changed_after_it_was_shown(
    shop: ShopWithBooks,
) -> None:
    waiting = shop.sync(ask=True)
    shop.change_policy(prefix="ZZ")

    with pytest.raises(ConfigurationError) as refused:
        carry_out(shop, waiting.plan.id)

    assert refused.value.code == "plan_changed"
    assert writes(shop.company) == []
    assert all(not shop.rows(table) for table in ("woo_orders", "woo_refunds"))


def test_a_plan_is_refused_when_a_stored_write_was_tampered_with(shop: ShopWithBooks) -> None:
    waiting = shop.sync(ask=True)
    with shop.installation.state.tenant(shop.tenant.id) as connection:
        changed = connection.exec_driver_sql(
            "update udsync.sync_queue set payload = jsonb_set(payload, '{draft,total}', '\"1.00\"')"
            " where kind = 'record' and role = 'sale'"
        )
        assert changed.rowcount == 3

    with pytest.raises(ConfigurationError) as refused:
        carry_out(shop, waiting.plan.id)

    assert refused.value.code == "plan_changed"
    assert writes(shop.company) == []


def test_a_plan_is_refused_when_a_mapping_profile_changed_meanwhile(shop: ShopWithBooks) -> None:
    waiting = shop.sync(ask=True)

    with pytest.raises(ConfigurationError) as refused:
        carry_out(shop, waiting.plan.id, profile_version="another")

    assert refused.value.code == "plan_changed"
    assert writes(shop.company) == []


def carry_out(shop: ShopWithBooks, plan_id: Any, profile_version: str = "") -> Any:
    """Approve a waiting plan as a person does, and load it; return how it ended."""
    with open_engine(shop.installation, shop.tenant.name) as opened:
        opened.resume(str(plan_id))
        if profile_version:
            books = next(one for one in opened.engine.targets if isinstance(one, BooksTarget))
            profile = replace(books.profiles[Entity.ORDER], version=profile_version)
            changed = replace(books, profiles={**books.profiles, Entity.ORDER: profile})
            others = [one for one in opened.engine.targets if one is not books]
            opened = replace(opened, engine=replace(opened.engine, targets=[*others, changed]))
        opened.ledger.approve(plan_id, "a person")
        for platform in DESTINATIONS:
            opened.engine.load(plan_id, platform)
        return opened.close_sync(plan_id).plan


def bound(shop: ShopWithBooks) -> list[str]:
    """Every binding of the tenant, whole."""
    return [
        str(row["text"])
        for row in shop.state("select m::text as text from udsync.id_mappings m order by 1")
    ]
