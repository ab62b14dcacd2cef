"""`udsync backfill orders`: estimated, brought month by month, killed, and gone on with."""

from datetime import UTC, datetime, timedelta

import pytest

from udsync_pipelines.services.installation import open_installation
from udsync_pipelines.settings import Settings
from udsync_pipelines_tests.cli.commands import CommandLine, Result
from udsync_pipelines_tests.cli.conftest import connect_store
from udsync_pipelines_tests.cli.test_policy import connect_company
from udsync_pipelines_tests.cli.test_sync_books import FAST, Bookkeeper
from udsync_pipelines_tests.scenarios.evidence import listed
from udsync_pipelines_tests.scenarios.parking import agree_to_park
from udsync_pipelines_tests.services.emulated_books import StartCompany, start_company
from udsync_pipelines_tests.store_fixtures import StartStore

__all__ = ["start_company"]

pytestmark = pytest.mark.postgres

ORDERS = 250
"""Three pages of a list."""

LONG_AGO = (datetime.now(UTC) - timedelta(days=70)).date()
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).date()


@pytest.fixture
def keeper(
    udsync: CommandLine, tenant: str, store_emulator: StartStore, start_company: StartCompany
) -> Bookkeeper:
    """A store of orders of the last week and a company, with a policy in force."""
    store = store_emulator(orders=ORDERS, seed=4)
    company = start_company(sales_items=True, limits_factor=1000)
    connect_store(udsync, tenant, store)
    connect_company(udsync, tenant, company)
    made = Bookkeeper(udsync, tenant, store, company)
    made.accept_policy()
    with open_installation(Settings(_env_file=None, home=udsync.home)) as installation:
        agree_to_park(installation, tenant)
    company.requests.clear()
    store.requests.clear()
    return made


def backfill(keeper: Bookkeeper, *options: str, **settings: str) -> Result:
    """Bring everything that the store has."""
    days = ("--from", str(LONG_AGO), "--to", str(TOMORROW))
    fast = {**FAST, "UDSYNC_LEASE_SECONDS": "8"}  # a killed run keeps its lane for so long
    named = ("--tenant", keeper.tenant)
    return keeper.udsync("backfill", "orders", *named, *days, *options, **fast, **settings)


def pages_read(keeper: Bookkeeper) -> int:
    """How many pages of orders to keep the store was asked for."""
    asked = [
        one
        for one in keeper.store.requests.records()
        if one.path.endswith("/orders") and "orderby=date" in one.query
    ]
    return len(asked)


def test_an_estimate_says_what_it_costs_and_changes_nothing(keeper: Bookkeeper) -> None:
    told = backfill(keeper, "--estimate")
    as_json = backfill(keeper, "--estimate", "--json")

    assert (told.code, as_json.code) == (0, 0), told.err
    assert f"{ORDERS} orders in" in told.out
    assert "metered calls" in told.out
    assert as_json.json["orders"] == ORDERS
    assert ORDERS / 2 < as_json.json["writes"] < 3 * ORDERS
    assert keeper.company.requests.records() == []
    assert keeper.company.count("SalesReceipt") == 0


def test_a_backfill_that_is_killed_twice_goes_on_and_posts_everything_once(
    keeper: Bookkeeper,
) -> None:
    whole = -(-ORDERS // 100)

    first = backfill(keeper, UDSYNC_FAIL_AT="page.archived:2")
    second = backfill(keeper, UDSYNC_FAIL_AT="books.answered:40")
    last = backfill(keeper, "--json")
    again = backfill(keeper, "--json")

    assert (first.code, second.code) == (-9, -9)
    assert last.code in (0, 3), last.out + last.err
    assert last.json["percent"] == 100.0
    # A month boundary may part the orders, which then fill one page more.
    assert pages_read(keeper) <= whole + 1 + 2
    assert again.json["writes"] == last.json["writes"]
    audit = keeper.company.audit()
    assert audit["unequal"] == audit["orphans"] == []
    assert set(map(len, audit["duplicates"].values())) == {0}
    posted = audit["counts"]["SalesReceipt"] + audit["counts"].get("Invoice", 0)
    sold = [
        one
        for one in listed(keeper.store, "woo_orders").values()
        if one["status"] in ("processing", "completed", "refunded")
    ]
    parked = keeper.udsync("failures", "list", "--tenant", keeper.tenant, "--json").json["total"]
    assert len(sold) - parked <= posted <= len(sold)


def test_a_span_that_ends_before_it_begins_is_refused(keeper: Bookkeeper) -> None:
    refused = keeper.udsync(
        "backfill",
        "orders",
        "--tenant",
        keeper.tenant,
        "--from",
        "2026-02-01",
        "--to",
        "2026-01-01",
    )

    assert refused.code == 2
    assert "Swap --from and --to." in refused.err


def test_a_quota_is_set_and_shown_with_its_forecast(keeper: Bookkeeper) -> None:
    named = ("--tenant", keeper.tenant)
    changed = keeper.udsync("quota", "set", *named, "--monthly-reads", "30")
    shown = keeper.udsync("quota", "show", *named)
    as_json = keeper.udsync("quota", "show", *named, "--json").json

    assert (changed.code, shown.code) == (0, 0), changed.err
    assert f"{keeper.company.limits.reads} of 30 metered calls" in shown.out
    assert as_json["metered"] == keeper.company.limits.reads
    assert as_json["forecast"] >= as_json["metered"]
    assert as_json["allowance"] == 30
