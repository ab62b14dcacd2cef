"""What a month costs a tenant in metered calls: `make bench SUITE=quota`.

A shop whose orders are posted is synced every hour, all lanes, and once a day in full, through a
simulated month: the company's clock and ours are set on from hour to hour. It runs twice, with
nothing to do and with a parked order that every sync tries again; then through a day of a busy
shop. The exit code is 1 when the month costs more than 3,000 metered calls, or an order of a known
customer more than 0.2 of them or more than one write a document.

`--days 30`, or the environment variable UDSYNC_BENCH_DAYS, chooses how long the month is.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.services.engines import open_engine
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.settings import Settings
from udsync_pipelines.sync.entities import LANES, Lane
from udsync_pipelines.sync.plan import SyncOptions
from udsync_pipelines.sync.records import Window
from udsync_pipelines_tests.disposable_postgres import guarded_folder
from udsync_pipelines_tests.scenarios.books import ShopWithBooks, connect_books, sell

MOST_METERED_A_MONTH = 3_000
MOST_METERED_AN_ORDER = 0.2
FULL_AT_HOUR = 3
SALES_AN_HOUR = 10
LIMITS_FACTOR = 1000
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

    def pass_hours(self, hours: int, sales_an_hour: int = 0, lanes: Sequence[Lane] = LANES) -> int:
        """Let hours pass with a sync of every lane in each; the metered calls that they cost."""
        before = self.shop.company.limits.reads
        for _ in range(hours):
            self.now += timedelta(hours=1)
            self.shop.company.clock.set(self.now.isoformat())
            for number in range(sales_an_hour):
                sell(self.shop.store, email=f"known{number % 3}@example.org")
            for lane in lanes:
                self.sync(lane, full=self.now.hour == FULL_AT_HOUR)
        return self.shop.company.limits.reads - before

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
        begins = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        simulated = Simulation(shop, begins)
        for lane in LANES:
            simulated.sync(lane)
        yield simulated


def park_an_order(simulated: Simulation) -> None:
    """Sell something that cannot be posted, and let it be parked."""
    sell(simulated.shop.store, email="abroad@example.org", currency="JPY")
    simulated.sync(LANES[-1])


def verdict(days: int, idle: int, with_parked: int, busy_metered: int, busy_orders: int) -> int:
    """Print the figures and what was missed; return the exit code."""
    print(f"{days} days, nothing to do:      {idle:,} metered calls")
    print(f"{days} days, one order parked:   {with_parked:,} metered calls")
    share = busy_metered / busy_orders
    print(f"{busy_orders:,} orders of known people: {busy_metered} metered calls, {share:.2f} each")
    missed = [
        f"{number:,} metered calls in a month, above {MOST_METERED_A_MONTH:,}"
        for number in (idle, with_parked)
        if number * DAYS / days > MOST_METERED_A_MONTH
    ]
    if share > MOST_METERED_AN_ORDER:
        missed.append(f"{share:.2f} metered calls an order, above {MOST_METERED_AN_ORDER}")
    for problem in missed:
        print(f"MISSED: {problem}")
    return 1 if missed else 0


def measure(installation: Installation, days: int) -> int:
    """Simulate, print, and return the exit code."""
    with simulation(installation) as simulated:
        idle = simulated.pass_hours(24 * days)
        busy = simulated.pass_hours(24, SALES_AN_HOUR)
        park_an_order(simulated)
        with_parked = simulated.pass_hours(24 * days)
    return verdict(days, idle, with_parked, busy, 24 * SALES_AN_HOUR)


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
