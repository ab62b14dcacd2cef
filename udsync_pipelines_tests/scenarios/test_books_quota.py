"""What syncs cost in metered calls, as the benchmark of a whole month counts them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from udsync_pipelines.services import quota
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import connections, sync_log
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.sync.entities import LANES
from udsync_pipelines_tests.benchmarks.quota import (
    MOST_METERED_AN_ORDER,
    Busy,
    Simulation,
    park_an_order,
    simulation,
    ticks,
    verdict,
)
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books import sell
from udsync_pipelines_tests.scenarios.books_evidence import writes

pytestmark = pytest.mark.postgres

ORDERS = LANES[-1:]


@pytest.fixture
def simulated(books_installation: Installation) -> Iterator[Simulation]:
    with simulation(books_installation) as made:
        yield made


def test_an_idle_hour_costs_one_metered_call_for_all_lanes_together(simulated: Simulation) -> None:
    assert simulated.pass_hours(2) == 2


def test_a_parked_order_costs_the_reference_lists_every_six_hours(simulated: Simulation) -> None:
    park_an_order(simulated)

    assert simulated.pass_hours(7, lanes=ORDERS) == 7 + 6


def test_orders_of_known_customers_cost_one_write_a_document_and_hardly_a_read(
    simulated: Simulation,
) -> None:
    simulated.shop.company.requests.clear()

    metered = simulated.pass_hours(2, sales_an_hour=10, lanes=ORDERS)

    assert len(writes(simulated.shop.company)) == 20
    assert metered <= MOST_METERED_AN_ORDER * 20


def this_month(simulated: Simulation) -> quota.Quota:
    """The month's metered calls of the company."""
    installation, owner = simulated.installation, simulated.shop.tenant
    with installation.state.tenant(owner.id) as transaction:
        company = connections.default(transaction, owner.id, Platform.QUICKBOOKS)
    return quota.quota_of(installation, owner, company, simulated.now.date())


def test_half_of_the_allowance_is_told_once_and_the_end_of_it_stops_reading_only(
    simulated: Simulation,
) -> None:
    owner = simulated.shop.tenant
    used = this_month(simulated).used
    quota.change(simulated.installation, owner, monthly_reads=used + 1, requests_per_minute=None)

    simulated.pass_hours(1, lanes=ORDERS)
    sell(simulated.shop.store, email="known1@example.org")
    simulated.shop.company.requests.clear()
    refused = simulated.pass_hours(2, lanes=ORDERS)

    assert refused == 0
    assert simulated.shop.company.count("SalesReceipt") == 4
    with simulated.installation.state.tenant(owner.id) as transaction:
        told = sync_log.list_problems(transaction, owner.id, 10)
    assert [line.event for line in told] == [quota.NOTICE]
    found = this_month(simulated)
    assert (found.left, found.is_urgent) == (0, True)


BUSY = Busy(orders=240, documents=240, writes=240, metered=48)


@pytest.mark.parametrize(
    ("idle", "busy", "code"),
    [
        (300, BUSY, 0),
        (3001, BUSY, 1),
        (300, replace(BUSY, metered=49), 1),
        (300, replace(BUSY, writes=241), 1),
    ],
)
def test_the_verdict_of_a_month_knows_its_bars(idle: int, busy: Busy, code: int) -> None:
    assert verdict(30, {"idle": idle}, busy) == code


def test_the_schedules_start_each_lane_hourly_and_in_full_once_a_night() -> None:
    night = datetime(2026, 11, 30, 10, tzinfo=UTC)  # three o'clock in Edmonton

    assert [(minute, lane.name, full) for minute, lane, full in ticks(night, LANES)] == [
        (5, "customers", False),
        (10, "products", False),
        (15, "orders", False),
        (30, "customers", True),
        (40, "products", True),
        (50, "orders", True),
    ]
    assert not any(full for _, _, full in ticks(night + timedelta(hours=1), LANES))
