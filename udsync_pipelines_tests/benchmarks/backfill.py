"""A backfill of years of orders, left alone and killed: `make bench SUITE=backfill`.

`udsync backfill orders` brings a generated store to an emulated company that enforces its limits
times a factor, so chosen that the limit holds the run up and not our processor. First it runs
undisturbed: no request may be refused (429), while loading at least 95 % of the allowed rate must
be used, and from the 5 % mark on every forecast of the end must be right within 10 %. Then a fifth
as many orders are brought by a command that is killed 20 times: each kill may cost one page that
is read again, and everything is posted once. The exit code is 1 when one of these is missed.

`--orders 50000 --factor 2 --kills 20`, or UDSYNC_BENCH_ORDERS, chooses how much.
"""

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg

from udsync_pipelines_tests.benchmarks import machine
from udsync_pipelines_tests.benchmarks.company import Traffic, open_company
from udsync_pipelines_tests.benchmarks.posting_place import PostingPlace, posting_place
from udsync_pipelines_tests.benchmarks.shop import Shop, open_shop
from udsync_pipelines_tests.benchmarks.workplace import TENANT
from udsync_pipelines_tests.disposable_postgres import guarded_folder

ORDERS, FACTOR, KILLS = 50_000, "2", 20
KILLED_SHARE = 5
SEED = 7
LATENCY = "0.1"
ALLOWED_PER_SECOND = 500 / 60
LEAST_SHARE = 0.95
FROM_PERCENT = 5.0
MOST_ERROR = 0.10
PAGE = 100
LOOK_SECONDS = 1.0
COMMAND = Path(sys.executable).with_name("udsync")
SPAN_DAYS = 800  # more than a generated store spans


@dataclass(frozen=True)
class Forecast:
    """What was foretold after so many seconds: how far it was, and how much it still takes."""

    elapsed: float
    percent: float
    left: float


@dataclass(frozen=True)
class Finished:
    """One backfill from its beginning to its end, however often it was killed."""

    orders: int
    kills: int
    seconds: float
    load_seconds: float
    traffic: Traffic
    pages: int
    least_pages: int
    forecasts: Sequence[Forecast]
    audit: Mapping[str, Any]

    @property
    def share(self) -> float:
        """Writes while loading, of those that the company allows; by a factor of 1."""
        return self.traffic.posts / self.load_seconds / ALLOWED_PER_SECOND

    @property
    def errors(self) -> list[tuple[float, float]]:
        """Percent done, and how wrong the end was foretold then, from the 5 % mark on."""
        return [
            (one.percent, abs(one.elapsed + one.left - self.seconds) / self.seconds)
            for one in self.forecasts
            if FROM_PERCENT <= one.percent < 100
        ]


def measure(folder: Path, orders: int, factor: str, kills: int) -> Finished:
    """Bring so many orders, killed so often at random moments."""
    with (
        open_shop(orders, SEED) as shop,
        open_company(factor, LATENCY) as company,
        posting_place(folder / f"backfill-{orders}-{kills}", shop, company, factor) as place,
    ):
        print(f"  {machine.facts(place.server_version)}", flush=True)
        metered = company.forget_calls()
        shop.forget_calls()
        started = time.monotonic()
        forecasts = list(_brought(place, started, _moments(orders, kills)))
        return Finished(
            orders,
            kills,
            time.monotonic() - started,
            _load_seconds(place),
            company.traffic(metered),
            pages_read(shop),
            _least_pages(place),
            forecasts,
            company.audit(),
        )


def missed(found: Finished, factor: float) -> Iterator[str]:
    """Each bar that was missed, as a sentence."""
    name = f"{found.orders:,} orders, {found.kills} kills"
    if found.traffic.throttled:
        yield f"{name}: the company refused {found.traffic.throttled} requests with 429"
    if found.pages > found.least_pages + found.kills:
        yield f"{name}: {found.pages} pages were read, {found.least_pages} would have done"
    unclean = [
        part for part in ("orphans", "unequal", "unapplied_payments") if found.audit.get(part)
    ]
    if unclean or any(found.audit["duplicates"].values()):
        yield f"{name}: the audit finds {', '.join(unclean) or 'duplicates'}"
    if not found.kills:
        yield from _missed_undisturbed(found, factor)


def _missed_undisturbed(found: Finished, factor: float) -> Iterator[str]:
    if found.share / factor < LEAST_SHARE:
        yield f"{found.share / factor:.1%} of the allowed rate, below {LEAST_SHARE:.0%}"
    worst = max((error for _, error in found.errors), default=0.0)
    if worst > MOST_ERROR:
        yield f"a forecast of the end was wrong by {worst:.0%}, above {MOST_ERROR:.0%}"


def report(found: Finished, factor: float) -> str:
    """The figures of one backfill."""
    worst = max((error for _, error in found.errors), default=0.0)
    calls = found.traffic
    return (
        f"{found.orders:,} orders, {found.kills} kills: {found.seconds:,.0f} s, "
        f"{calls.posts:,} writes, {calls.metered} metered calls, {calls.throttled} refused, "
        f"{found.share / factor:.1%} of the allowed rate while loading, "
        f"{found.pages} pages for {found.least_pages}, "
        f"{len(found.errors)} forecasts, the worst wrong by {worst:.1%}"
    )


def pages_read(shop: Shop) -> int:
    """Pages of orders and refunds that the store was asked for by the time they were made."""
    asked = httpx.get(f"{shop.url}/__emulator__/requests", params={"limit": 1_000_000}, timeout=120)
    return sum(
        "orderby=date" in one["query"] for one in asked.raise_for_status().json()["requests"]
    )


def _brought(place: PostingPlace, started: float, moments: Sequence[int]) -> Iterator[Forecast]:
    """Run the command until it ends by itself; yield what is foretold meanwhile."""
    left = list(moments)
    while True:
        with subprocess.Popen(
            _command(), env=_environment(place), cwd=place.home.parent, stdout=subprocess.DEVNULL
        ) as process:
            while process.poll() is None:
                time.sleep(LOOK_SECONDS)
                yield from _foretold(place, started)
                if left and place.company.traffic().posts >= left[0]:
                    left.pop(0)
                    process.kill()
        if process.returncode >= 0:
            return


def _moments(orders: int, kills: int) -> list[int]:
    """After how many writes the command is killed, by chance but the same each time."""
    chosen = random.Random(SEED)  # noqa: S311 - no secret
    return sorted(chosen.sample(range(1, max(kills + 2, orders)), kills))


def _command() -> list[str]:
    now = datetime.now(UTC).date()
    first, last = now - timedelta(days=SPAN_DAYS), now + timedelta(days=1)
    days = ("--from", str(first), "--to", str(last))
    return [str(COMMAND), "backfill", "orders", "--tenant", TENANT, *days, "--json"]


def _environment(place: PostingPlace) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("UDSYNC_")}
    return {**kept, "UDSYNC_HOME": str(place.home), "UDSYNC_LIMITS_FACTOR": place.limits_factor}


def _foretold(place: PostingPlace, started: float) -> Iterator[Forecast]:
    rows = _ask(
        place,
        "select bookmark -> 'progress', extract(epoch from clock_timestamp() - updated_at)"
        " from udsync.sync_state where starts_with(purpose, 'backfill:')"
        " and bookmark ? 'progress'",
    )
    for told, age in rows:
        elapsed = time.monotonic() - started - float(age)
        yield Forecast(elapsed, told["percent"], told["seconds_left"])


def _load_seconds(place: PostingPlace) -> float:
    rows = _ask(
        place,
        "select coalesce(sum((counts ->> 'seconds.load_to_quickbooks')::float8), 0)"
        " from udsync.plans where trigger = 'backfill'",
    )
    return float(rows[0][0])


def _least_pages(place: PostingPlace) -> int:
    """Pages that reading each month once takes: a page for each hundred, and each list's end."""
    rows = _ask(
        place,
        "select count(*) from udsync.source_records where entity in ('order', 'refund')",
    )
    lists = _ask(
        place, "select count(*) from udsync.sync_state where starts_with(purpose, 'read:')"
    )
    # Each list of each month ends with a page that is not full.
    return int(rows[0][0]) // PAGE + int(lists[0][0])


def _ask(place: PostingPlace, query: str) -> list[Any]:
    with psycopg.connect(place.state_url, autocommit=True) as session:
        return session.execute(query.encode()).fetchall()


def main() -> int:
    """Measure both backfills, print the figures and the verdict; return the exit code."""
    parser = argparse.ArgumentParser(prog="make bench SUITE=backfill", description=__doc__)
    default = int(os.environ.get("UDSYNC_BENCH_ORDERS") or ORDERS)
    parser.add_argument("--orders", type=int, default=default)
    parser.add_argument("--factor", default=FACTOR)
    parser.add_argument("--kills", type=int, default=KILLS)
    wanted = parser.parse_args()
    factor, problems = float(wanted.factor), list[str]()
    with guarded_folder() as folder:
        for orders, kills in ((wanted.orders, 0), (wanted.orders // KILLED_SHARE, wanted.kills)):
            print(f"Bringing {orders:,} orders, killed {kills} times", flush=True)
            found = measure(folder, orders, wanted.factor, kills)
            print(report(found, factor), flush=True)
            problems += missed(found, factor)
    for problem in problems:
        print(f"MISSED: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
