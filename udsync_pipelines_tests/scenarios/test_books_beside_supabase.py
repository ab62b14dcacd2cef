"""Supabase and the books never hold one another up: each load says what is wrong with its own."""

import pytest
from pydantic import SecretStr

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.errors import UdsyncError
from udsync_pipelines.services.connecting import connect_supabase
from udsync_pipelines.services.engines import open_engine
from udsync_pipelines.sync.entities import DESTINATIONS, lane_named
from udsync_pipelines.sync.plan import SyncOptions
from udsync_pipelines_tests.scenarios.books import (
    ShopWithBooks,
    StartBooks,
    sell,
    sell_several,
)
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books import empty_store as empty_store
from udsync_pipelines_tests.scenarios.books import start_books as start_books
from udsync_pipelines_tests.scenarios.books_evidence import unequal_books, writes

pytestmark = pytest.mark.postgres


@pytest.fixture
def shop(
    empty_store: StoreEmulator,
    start_books: StartBooks,
    scenario_database: str,
    scenario_schema: str,
) -> ShopWithBooks:
    """Three orders, a database and books with an accepted policy; nothing synced yet."""
    sell_several(empty_store, 3)
    return start_books(empty_store, supabase=(scenario_database, scenario_schema))


def test_a_company_that_is_down_leaves_the_database_whole(shop: ShopWithBooks) -> None:
    shop.company.faults.add("status", status=503, path="/v3/", times=0)

    said = sync_each(shop)
    landed = len(shop.live("woo_orders"))
    shop.company.faults.clear()
    again = sync_each(shop)

    assert said["supabase"] == ""
    assert said["quickbooks"].startswith("QuickBooks")
    assert landed == 3
    assert again == {"supabase": "", "quickbooks": ""}
    assert unequal_books(shop.store, shop.company) == []


def test_a_consent_that_ended_is_said_by_the_books_alone(shop: ShopWithBooks) -> None:
    shop.company.control.disconnect()

    said = sync_each(shop)

    assert said["supabase"] == ""
    assert len(shop.live("woo_orders")) == 3
    assert "connect" in said["quickbooks"].lower()
    assert shop.company.count("SalesReceipt") == 0


def test_books_without_a_policy_are_said_and_the_database_loads(
    empty_store: StoreEmulator,
    start_books: StartBooks,
    scenario_database: str,
    scenario_schema: str,
) -> None:
    sell_several(empty_store, 3)
    shop = start_books(empty_store, accept=False, supabase=(scenario_database, scenario_schema))

    said = sync_each(shop)
    before = writes(shop.company)
    shop.accept_policy()
    again = sync_each(shop)

    assert said["supabase"] == ""
    assert "no posting policy was accepted" in said["quickbooks"]
    assert len(shop.live("woo_orders")) == 3
    assert before == []
    assert again == {"supabase": "", "quickbooks": ""}
    assert unequal_books(empty_store, shop.company) == []


def test_a_database_that_lost_a_table_leaves_the_books_whole(shop: ShopWithBooks) -> None:
    shop.execute("drop table woo_order_lines")

    said = sync_each(shop)

    assert "woo_order_lines" in said["supabase"]
    assert said["quickbooks"] == ""
    assert unequal_books(shop.store, shop.company) == []


def test_a_database_that_is_repaired_catches_up_and_the_books_stay(shop: ShopWithBooks) -> None:
    shop.execute("drop table woo_order_lines")
    sync_each(shop)
    url = SecretStr(shop.database_url)
    connect_supabase(shop.installation, shop.tenant, url, schema=shop.schema, read_only=False)
    shop.company.requests.clear()

    said = sync_each(shop)

    assert said == {"supabase": "", "quickbooks": ""}
    assert len(shop.live("woo_orders")) == 3
    assert writes(shop.company) == []


def test_an_order_that_the_books_park_still_lands_in_the_database(shop: ShopWithBooks) -> None:
    order = sell(shop.store, email="robin@example.org", currency="USD")

    sync_each(shop)

    assert order in shop.live("woo_orders")
    assert list(shop.parked()) == [f"order/{order}"]


def sync_each(shop: ShopWithBooks) -> dict[str, str]:
    """Sync orders as the job does, every load by itself; return what each load said."""
    said = {}
    with open_engine(shop.installation, shop.tenant.name) as opened:
        plan = opened.open(lane_named("orders"), SyncOptions(), trigger="manual", run_id=None)
        opened.engine.extract(plan.id)
        opened.engine.map(plan.id)
        opened.engine.resolve(plan.id)
        for platform in DESTINATIONS:
            try:
                opened.engine.load(plan.id, platform)
                said[platform] = ""
            except UdsyncError as error:
                said[platform] = str(error)
    return said
