"""How orders are posted to the books: `make bench SUITE=posting`.

Generated stores of several sizes are synced to an emulated company, on a server, in a home folder
and through emulators of the benchmark's own; nothing is left of them. Limits are scaled, so that
what is seen is our own speed. The exit code is 1 when a promise is broken: a write too many, an
answer that is no success, an audit that finds something, a second run that writes, or memory that
grows with the number of orders. Slow figures are only warned about.

`--orders 1000,10000`, or the environment variable UDSYNC_BENCH_ORDERS, chooses the sizes.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from udsync_pipelines_tests.benchmarks import machine, posting_findings
from udsync_pipelines_tests.benchmarks.company import open_company
from udsync_pipelines_tests.benchmarks.landing import sizes
from udsync_pipelines_tests.benchmarks.posting_findings import PostingFindings, PostingRun
from udsync_pipelines_tests.benchmarks.posting_place import PostingPlace, posting_place
from udsync_pipelines_tests.benchmarks.posting_report import tables
from udsync_pipelines_tests.benchmarks.shop import open_shop
from udsync_pipelines_tests.disposable_postgres import guarded_folder

SIZES = "1000,10000"
SEED = 7
LIMITS_FACTOR = "1000"


def measure(
    folder: Path, orders: int, limits_factor: str = LIMITS_FACTOR, latency: str = "0"
) -> PostingFindings:
    """Everything about one size, in an installation of its own below this folder.

    The company answers no faster than `latency` seconds; limits hold times their factor.
    """
    with (
        open_shop(orders, SEED) as shop,
        open_company(limits_factor, latency) as company,
        posting_place(folder / f"bench-{orders}", shop, company, limits_factor) as place,
    ):
        print(f"  {machine.facts(place.server_version)}", flush=True)
        first = sync(place)
        return PostingFindings(orders, first, sync(place), company.audit())


def sync(place: PostingPlace) -> PostingRun:
    """One sync of every lane, with what the company and the server saw of it."""
    metered = place.company.forget_calls()
    before = place.transactions()
    told = place.sync()
    return PostingRun(
        **told,
        traffic=place.company.traffic(metered),
        transactions=place.transactions() - before,
    )


def verdict(found: Sequence[PostingFindings]) -> int:
    """Print what was missed; return the exit code."""
    for warning in posting_findings.warnings(found):
        print(f"Warning: {warning}")
    missed = list(posting_findings.missed(found))
    for problem in missed:
        print(f"MISSED: {problem}")
    if not missed:
        print("Every bar holds: one write an object, nothing written again, the audit is clean.")
    return 1 if missed else 0


def main() -> int:
    """Measure each size, print all tables and the verdict; return the exit code."""
    parser = argparse.ArgumentParser(prog="make bench SUITE=posting", description=__doc__)
    parser.add_argument("--orders", type=sizes, help="sizes, with commas between them")
    wanted = parser.parse_args()
    chosen = wanted.orders or sizes(os.environ.get("UDSYNC_BENCH_ORDERS") or SIZES)
    found = []
    with guarded_folder() as folder:
        for orders in chosen:
            print(f"Measuring {orders:,} orders", flush=True)
            found.append(measure(folder, orders))
    for table in tables(found):
        print(f"\n{table}")
    print()
    return verdict(found)


if __name__ == "__main__":
    sys.exit(main())
