"""A backfill of years of orders that is killed again and again: `make bench SUITE=backfill`.

`udsync backfill orders` brings a generated store to an emulated company that enforces its limits
times a factor, so chosen that the limit holds the run up and not our processor. The command is
killed at random moments and started again. No request may be refused (429); while loading at least
95 % of the allowed rate must be used; from the 5 % mark on every forecast of the end must be right
within 10 %, though it knows nothing of the kills to come; a killed process may cost one page that
is read again; and the books must hold every order once, to the cent. The exit code is 1 when one
of these is missed. A line a minute tells how far it is.

`--orders 50000 --factor 3 --kills 20`, or UDSYNC_BENCH_ORDERS, chooses how much.
"""

import argparse
import os
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from udsync_pipelines_tests.benchmarks import machine
from udsync_pipelines_tests.benchmarks.backfill_books import Compared, compare
from udsync_pipelines_tests.benchmarks.backfill_watch import (
    SEED,
    Watched,
    Watcher,
    ask,
    errors,
    in_doubt,
    moments,
    settle_afterwards,
)
from udsync_pipelines_tests.benchmarks.company import Traffic, open_company
from udsync_pipelines_tests.benchmarks.posting_place import PostingPlace, posting_place
from udsync_pipelines_tests.benchmarks.shop import Shop, open_shop
from udsync_pipelines_tests.disposable_postgres import guarded_folder

ORDERS, FACTOR, KILLS = 50_000, "3", 20
LATENCY = "0.1"
ALLOWED_PER_SECOND = 500 / 60
LEAST_SHARE = 0.95
FROM_PERCENT = 5.0
MOST_ERROR = 0.10
PAGE = 100


@dataclass(frozen=True)
class Finished:
    """One backfill from its beginning to its end, however often it was killed.

    `load_seconds` are those from the first write of each plan to its last one. `left_in_doubt`
    writes were under way at a kill and not looked for again by the last month's end; `syncs_after`
    syncs settled them.
    """

    orders: int
    kills: int
    factor: float
    load_seconds: float
    traffic: Traffic
    pages: int
    least_pages: int
    watched: Watched
    left_in_doubt: int
    syncs_after: int
    compared: Compared

    @property
    def share(self) -> float:
        """Writes while loading, of those that the company allows meanwhile."""
        return self.traffic.posts / self.load_seconds / ALLOWED_PER_SECOND / self.factor

    @property
    def share_of_all(self) -> float:
        """The same with everything else: reading, planning, and being killed."""
        return self.traffic.posts / self.watched.seconds / ALLOWED_PER_SECOND / self.factor

    @property
    def interrupted(self) -> float:
        """Seconds from each kill to the next write, together."""
        return sum(one.seconds for one in self.watched.interruptions)


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
        watched = Watcher(place, moments(orders, kills)).run()
        traffic, pages, left = company.traffic(metered), pages_read(shop), in_doubt(place)
        load_seconds = _load_seconds(place)
        return Finished(
            orders,
            len(watched.interruptions),
            float(factor),
            load_seconds,
            traffic,
            pages,
            _least_pages(place),
            watched,
            left,
            settle_afterwards(place),
            compare(place),
        )


def missed(found: Finished) -> Iterator[str]:
    """Each bar that was missed, as a sentence."""
    if found.watched.stops:
        yield f"the command ended with an error {found.watched.stops} times"
    if found.traffic.throttled:
        yield f"the company refused {found.traffic.throttled} requests with 429"
    if found.share < LEAST_SHARE:
        yield f"{found.share:.1%} of the allowed rate, below {LEAST_SHARE:.0%}"
    worst = max((error for _, error in _errors(found)), default=0.0)
    if worst > MOST_ERROR:
        yield f"a forecast of the end was wrong by {worst:.0%}, above {MOST_ERROR:.0%}"
    if found.pages > found.least_pages + found.kills:
        yield f"{found.pages} pages were read, {found.least_pages} would have done"
    yield from found.compared.problems()


def report(found: Finished) -> str:
    """The figures of one backfill."""
    calls, wrong = found.traffic, _errors(found)
    gaps = [one.seconds for one in found.watched.interruptions] or [0.0]
    return "\n".join(
        (
            f"{found.orders:,} orders, {found.kills} kills: {found.watched.seconds:,.0f} s",
            f"{calls.posts:,} writes, answers {dict(calls.statuses)}, {calls.throttled} refused, "
            f"at most {calls.most_in_flight} in flight",
            f"{calls.metered} metered calls, {calls.metered / found.orders:.4f} an order",
            f"{found.share:.1%} of the allowed rate in {found.load_seconds:,.0f} s of loading; "
            f"{found.share_of_all:.1%} of all the time",
            f"from a kill to the next write {statistics.median(gaps):.1f} s, at most "
            f"{max(gaps):.1f} s, {found.interrupted:,.0f} s together",
            f"{len(wrong)} forecasts from {FROM_PERCENT:.0f} % on, the worst wrong by "
            f"{max((error for _, error in wrong), default=0.0):.1%}",
            f"{found.pages} pages read, {found.least_pages} would have done without kills",
            f"{found.watched.peak_bytes / 1024**2:.0f} MB at most in a process of ours",
            f"{found.left_in_doubt} writes in doubt at the end, settled by "
            f"{found.syncs_after} syncs",
            found.compared.line(),
        )
    )


def pages_read(shop: Shop) -> int:
    """Pages of orders and refunds that the store was asked for by the time they were made."""
    asked = httpx.get(f"{shop.url}/__emulator__/requests", params={"limit": 1_000_000}, timeout=120)
    return sum(
        "orderby=date" in one["query"] for one in asked.raise_for_status().json()["requests"]
    )


def _errors(found: Finished) -> list[tuple[float, float]]:
    return list(errors(found.watched, from_percent=FROM_PERCENT))


def _load_seconds(place: PostingPlace) -> float:
    """From the first write that each plan has sent to its last, killed plans too."""
    rows = ask(
        place,
        "select coalesce(sum(extract(epoch from ended - began)), 0) from ("
        " select min(sent_at) as began, max(sent_at) as ended"
        " from udsync.sync_queue where kind = 'record' and sent_at is not null"
        " group by plan_id) loads",
    )
    return float(rows[0][0])


def _least_pages(place: PostingPlace) -> int:
    """Pages that reading each month once takes: a page for each hundred, and each list's end."""
    rows = ask(
        place,
        "select count(*) from udsync.source_records where entity in ('order', 'refund')",
    )
    lists = ask(place, "select count(*) from udsync.sync_state where starts_with(purpose, 'read:')")
    # Each list of each month ends with a page that is not full.
    return int(rows[0][0]) // PAGE + int(lists[0][0])


def main() -> int:
    """Bring, print the figures and the verdict; return the exit code."""
    parser = argparse.ArgumentParser(prog="make bench SUITE=backfill", description=__doc__)
    default = int(os.environ.get("UDSYNC_BENCH_ORDERS") or ORDERS)
    parser.add_argument("--orders", type=int, default=default)
    parser.add_argument("--factor", default=FACTOR)
    parser.add_argument("--kills", type=int, default=KILLS)
    wanted = parser.parse_args()
    with guarded_folder() as folder:
        print(f"Bringing {wanted.orders:,} orders, killed {wanted.kills} times", flush=True)
        found = measure(folder, wanted.orders, wanted.factor, wanted.kills)
    print(report(found), flush=True)
    problems = list(missed(found))
    for problem in problems:
        print(f"MISSED: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
