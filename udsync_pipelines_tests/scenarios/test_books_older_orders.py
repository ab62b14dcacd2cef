"""Orders of before the first live run are looked for in the books, whenever they come."""

import re
from datetime import date
from urllib.parse import unquote_plus

import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.backfilling import months_of
from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines.sync.plan import SyncOptions
from udsync_pipelines.sync.records import Window
from udsync_pipelines_tests.scenarios.books import ShopWithBooks, StartBooks, sell
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books import empty_store as empty_store
from udsync_pipelines_tests.scenarios.books import start_books as start_books
from udsync_pipelines_tests.scenarios.books_evidence import by_number, rows
from udsync_pipelines_tests.scenarios.syncing import sync_lane
from udsync_pipelines_tests.scenarios.typed_in import check, decide, enter

pytestmark = pytest.mark.postgres

JANUARY, FEBRUARY = "2025-01", "2025-02"


def sell_on(store: StoreEmulator, day: str, email: str) -> int:
    """Sell something on a day of the past."""
    order = sell(store, email=email)
    moment = f"{day}T17:00:00"
    names = ("date_created", "date_paid", "date_modified")
    times = {f"{name}{end}": moment for name in names for end in ("", "_gmt")}
    store.control.edit_silently("order", order, times)
    return order


def backfill(shop: ShopWithBooks, name: str) -> SyncReport:
    """Bring the orders of one month of 2025, as `udsync backfill` does."""
    first = date.fromisoformat(f"{name}-01")
    last = date.fromisoformat(f"{name}-28")
    (month,) = months_of(first, last, "UTC")
    window = Window(since=month.since, until=month.until, of_creation=True)
    return sync_lane(shop.installation, shop.tenant.name, "orders", SyncOptions(window=window))


def searches(shop: ShopWithBooks) -> int:
    """How often the books were searched for sales by their day since the requests were cleared."""
    asked = (unquote_plus(one.query) for one in shop.company.requests.records(r"/query"))
    return sum(bool(re.search(r"(?i)from (SalesReceipt|Invoice) .*TxnDate", one)) for one in asked)


def numbers(shop: ShopWithBooks) -> set[str]:
    return {one for one in by_number(shop.company, "SalesReceipt") if one.startswith("WC-")}


def test_each_month_of_a_backfill_is_looked_for_before_it_is_posted(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    january = sell_on(empty_store, "2025-01-15", "a@example.org")
    february = sell_on(empty_store, "2025-02-15", "b@example.org")
    shop = start_books(empty_store)
    note = f"Order {february}, typed by hand; Synced by MyWorks"
    shop.company.control.deposit([enter(shop, "20.99", "2025-02-15", PrivateNote=note)])

    backfill(shop, JANUARY)
    with pytest.raises(ConfigurationError) as refused:
        backfill(shop, FEBRUARY)
    found = {one.subject for one in check(shop).undecided}
    after_refusal = numbers(shop)
    decide(shop, f"order/{february}", "ours")
    decide(shop, "MyWorks", "stopped")
    backfill(shop, FEBRUARY)

    assert refused.value.code == "preflight_undecided"
    assert found == {f"order/{february}", "MyWorks"}
    assert after_refusal == numbers(shop) == {f"WC-{january}"}
    assert check(shop).undecided == ()


def test_orders_that_an_earlier_first_day_lets_in_are_looked_for(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    typed_in = sell_on(empty_store, "2025-02-15", "a@example.org")
    new = sell(empty_store, email="b@example.org")
    shop = start_books(empty_store)
    shop.company.control.deposit(
        [enter(shop, "20.99", "2025-02-15", PrivateNote=f"Order {typed_in}")]
    )
    shop.change_policy(start_on="2025-06-01")
    shop.sync()
    shop.change_policy(start_on="2025-01-01")

    with pytest.raises(ConfigurationError) as refused:
        shop.sync(full=True)
    before = numbers(shop)
    decide(shop, f"order/{typed_in}", "post_anyway")
    shop.sync(full=True)

    assert refused.value.code == "preflight_undecided"
    assert before == {f"WC-{new}"}
    assert numbers(shop) == {f"WC-{new}", f"WC-{typed_in}"}


def test_a_backfill_posts_what_a_later_first_day_left_out_with_its_refunds(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    old = sell_on(empty_store, "2025-02-15", "a@example.org")
    new = sell(empty_store, email="b@example.org")
    empty_store.control.refund_order(old, {"amount": "5.00"})
    shop = start_books(empty_store)
    shop.change_policy(start_on="2025-06-01")
    shop.sync()
    shop.change_policy(start_on="2025-01-01")

    report = backfill(shop, FEBRUARY)
    again = backfill(shop, FEBRUARY)

    assert numbers(shop) == {f"WC-{new}", f"WC-{old}"}
    assert len(rows(shop.company, "RefundReceipt")) == 1
    assert report.plan.counts["order.unchanged"] == 1
    assert report.plan.counts["quickbooks.sales_receipt.created"] == 1
    assert again.plan.counts.get("quickbooks.sales_receipt.created", 0) == 0


def test_new_orders_are_posted_without_a_search_for_them(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    sell(empty_store, email="a@example.org")
    shop = start_books(empty_store)
    shop.sync()
    shop.company.requests.clear()
    for number in range(2):
        sell(empty_store, email=f"{number}@example.org")
        shop.sync()

    searched = searches(shop)

    assert len(rows(shop.company, "SalesReceipt")) == 3
    assert searched == 0


def test_a_month_costs_two_searches_and_takes_no_sale_of_ours_for_one_by_hand(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    first = sell_on(empty_store, "2025-01-15", "a@example.org")
    shop = start_books(empty_store)
    backfill(shop, JANUARY)
    shop.company.requests.clear()
    second = sell_on(empty_store, "2025-01-15", "a@example.org")

    shop.sync(full=True)
    searched = searches(shop)

    assert numbers(shop) == {f"WC-{first}", f"WC-{second}"}
    assert searched == 2
