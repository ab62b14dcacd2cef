"""What a month costs a tenant in metered calls: `make bench SUITE=quota`.

A shop whose orders are posted is synced as the product's own schedules do it, every lane each hour
and in full each night, through a simulated month: the clocks of shop, company and ours are set on
from tick to tick. First nothing happens in it; then comes a day of a busy shop; then a month with
a parked order that every sync tries again. The exit code is 1 when a month costs more than 3,000
metered calls, or an order of a known customer more than 0.2 of them or more than one write a
document.

`--days 30`, or the environment variable UDSYNC_BENCH_DAYS, chooses how long the month is. It has
2,250 syncs, each by an engine of its own: about a quarter of an hour on a machine that has nothing
else to do. A line a day tells how far it is.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.orchestration.schedules import DAILY, MINUTES, ZONE
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.services.engines import open_engine
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.settings import Settings
from udsync_pipelines.sync.entities import LANES, Lane
from udsync_pipelines.sync.plan import SyncOptions
from udsync_pipelines.sync.records import Window
from udsync_pipelines_tests.disposable_postgres import guarded_folder
from udsync_pipelines_tests.scenarios.books import ShopWithBooks, connect_books, sell
from udsync_pipelines_tests.scenarios.books_evidence import writes

MOST_METERED_A_MONTH = 3_000
MOST_METERED_AN_ORDER = 0.2
SALES_AN_HOUR = 10
LIMITS_FACTOR = 1000
DAILY_HOUR = 3  # of the schedules' zone
DAYS = 30


@dataclass
class Simulation:
    """A shop with books whose time passes as it is told; the real time stands beside it."""

    shop: ShopWithBooks
    now: datetime

    @property
    def installation(self) -> Installation:
        """Where the shop is synced."""
        return self.shop.installation

    @property
    def metered(self) -> int:
        """The metered calls so far."""
        return self.shop.company.limits.reads

    def pass_days(self, days: int) -> int:
        """Let whole days pass in which nothing happens; the metered calls that they cost."""
        before = self.metered
        for day in range(1, days + 1):
            self.pass_hours(24)
            print(f"  day {day}: {self.metered - before:,} metered calls so far", flush=True)
        return self.metered - before

    def pass_hours(self, hours: int, sales_an_hour: int = 0, lanes: Sequence[Lane] = LANES) -> int:
        """Let hours pass with all that the schedules start; the metered calls that they cost."""
        before = self.metered
        for _ in range(hours):
            hour = self.now.replace(minute=0) + timedelta(hours=1)
            self.shop.store.clock.set(hour.isoformat())
            for number in range(sales_an_hour):
                sell(self.shop.store, email=f"known{number % 3}@example.org")
            for minute, lane, full in ticks(hour, lanes):
                self.now = hour.replace(minute=minute)
                self.shop.store.clock.set(self.now.isoformat())
                self.shop.company.clock.set(self.now.isoformat())
                self.sync(lane, full=full)
        return self.metered - before

    def sync(self, lane: Lane, *, full: bool = False) -> None:
        """One sync as a schedule starts it, by a process of its own."""
        with open_engine(
            self.installation, self.shop.tenant.name, clock=lambda: self.now
        ) as tenant:
            options = SyncOptions(window=Window(full=full))
            plan = tenant.open(lane, options, trigger="schedule", run_id=None)
            tenant.engine.extract(plan.id)
            tenant.engine.map(plan.id)
            tenant.engine.resolve(plan.id)
            tenant.engine.load(plan.id, "quickbooks")
            tenant.close_sync(plan.id)


def ticks(hour: datetime, lanes: Sequence[Lane]) -> list[tuple[int, Lane, bool]]:
    """What the schedules start within an hour: minute, lane, and whether it is a full sync."""
    ticks = [(MINUTES[lane.name], lane, False) for lane in lanes]
    if hour.astimezone(ZoneInfo(ZONE)).hour == DAILY_HOUR:
        ticks += [(_minute(DAILY[lane.name]), lane, True) for lane in lanes]
    return sorted(ticks, key=lambda tick: tick[0])


def _minute(cron: str) -> int:
    return int(cron.split()[0])


@contextmanager
def simulation(installation: Installation) -> Iterator[Simulation]:
    """A shop of three known customers with a posted order each; its clocks stand still."""
    with (
        StoreEmulator(recorded=False, customers=0, products=0) as store,
        CompanyEmulator(limits_factor=LIMITS_FACTOR, sales_items=True) as company,
    ):
        shop = connect_books(installation, store, company)
        for number in range(3):
            sell(store, email=f"known{number}@example.org", last=f"Reed {number}")
        # Not before the real time, in which the company was connected: limits would wait for it.
        # On the first of a month, for with each month the allowance begins anew.
        within_next = datetime.now(UTC).replace(day=1) + timedelta(days=32)
        begins = within_next.replace(day=1, hour=6, minute=0, second=0, microsecond=0)
        simulated = Simulation(shop, begins)
        store.clock.set(begins.isoformat())
        for lane in LANES:
            simulated.sync(lane)
        yield simulated


@dataclass(frozen=True)
class Busy:
    """A day of orders of known customers and items."""

    orders: int
    documents: int
    writes: int
    metered: int


def busy_day(simulated: Simulation) -> Busy:
    """Sell for a day to those who have bought before."""
    company = simulated.shop.company
    documents, written = company.count("SalesReceipt"), len(writes(company))
    metered = simulated.pass_hours(24, SALES_AN_HOUR)
    return Busy(
        24 * SALES_AN_HOUR,
        company.count("SalesReceipt") - documents,
        len(writes(company)) - written,
        metered,
    )


def park_an_order(simulated: Simulation) -> None:
    """Sell something that cannot be posted, and let it be parked."""
    sell(simulated.shop.store, email="abroad@example.org", currency="JPY")
    simulated.sync(LANES[-1])


def verdict(days: int, found: Mapping[str, int], busy: Busy) -> int:
    """Print what was missed; return the exit code. `found` are the calls of so many days each."""
    by_month = {name: round(number * DAYS / days) for name, number in found.items()}
    missed = [
        f"{name}: {number:,} metered calls in a month, above {MOST_METERED_A_MONTH:,}"
        for name, number in by_month.items()
        if number > MOST_METERED_A_MONTH
    ]
    if busy.metered > MOST_METERED_AN_ORDER * busy.orders:
        missed.append(f"{busy.metered} metered calls, above {MOST_METERED_AN_ORDER} an order")
    if busy.writes != busy.documents:
        missed.append(f"{busy.writes} writes for {busy.documents} documents")
    for problem in missed:
        print(f"MISSED: {problem}")
    return 1 if missed else 0


def measure(installation: Installation, days: int) -> int:
    """Simulate, print, and return the exit code."""
    with simulation(installation) as simulated:
        idle = simulated.pass_days(days)
        print(f"{days} days, nothing to do: {idle:,} metered calls", flush=True)
        busy = busy_day(simulated)
        print(
            f"{busy.orders:,} orders of known people in a day: {busy.metered} metered calls, "
            f"{busy.metered / busy.orders:.2f} each; {busy.writes} writes for {busy.documents} "
            "documents",
            flush=True,
        )
        park_an_order(simulated)
        with_parked = simulated.pass_days(days)
        print(f"{days} days, one order parked: {with_parked:,} metered calls", flush=True)
    return verdict(days, {"idle": idle, "one order parked": with_parked}, busy)


def main() -> int:
    """Simulate a month in an installation that is gone afterwards."""
    parser = argparse.ArgumentParser(prog="make bench SUITE=quota", description=__doc__)
    default = int(os.environ.get("UDSYNC_BENCH_DAYS") or DAYS)
    parser.add_argument("--days", type=int, default=default)
    days = parser.parse_args().days
    with guarded_folder() as folder:
        return _measure_in(folder / "quota", days)


def _measure_in(home: Path, days: int) -> int:
    settings = Settings(
        _env_file=None, home=home, database_url=None, limits_factor=str(LIMITS_FACTOR)
    )
    server = EmbeddedPostgres(home, pg_bin=settings.pg_bin)
    try:
        with open_installation(settings) as installation:
            return measure(installation, days)
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
