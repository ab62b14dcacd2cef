"""How well orders land: `make bench SUITE=landing`.

Generated stores of several sizes are synced into an emulated Supabase, on a server, in a home
folder and through an emulated store of the benchmark's own; nothing is left of them. The exit
code is 1 when a promise is broken: sums differ, a second run writes, asks too often or parks, or
memory grows with the number of orders. Slow figures are only warned about.

`--orders 1000,10000`, or the environment variable UDSYNC_BENCH_ORDERS, chooses the sizes.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from udsync_pipelines.sync.due import BATCH
from udsync_pipelines_tests.benchmarks import ceiling, findings, machine
from udsync_pipelines_tests.benchmarks.findings import Findings, Run
from udsync_pipelines_tests.benchmarks.load_ratio import Ratio, rounds_for
from udsync_pipelines_tests.benchmarks.report import tables
from udsync_pipelines_tests.benchmarks.shop import open_shop
from udsync_pipelines_tests.benchmarks.workplace import Workplace, workplace
from udsync_pipelines_tests.disposable_postgres import guarded_folder

SIZES = "1000,10000,50000"
QUICK_SIZES = "200,1000"
SEED = 7


def measure(folder: Path, orders: int, rounds: int) -> Findings:
    """Everything about one size, in an installation of its own below this folder.

    `rounds` is how often the whole load is compared with raw COPY.
    """
    with (
        open_shop(orders, SEED) as shop,
        workplace(folder / f"bench-{orders}", shop) as place,
    ):
        print(f"  {machine.facts(place.server_version)}", flush=True)
        first = _sync(place)
        again = _sync(place)
        reread = _sync(place, "--full")
        ratio = place.run_alone("load_ratio", place.supabase_url, "--rounds", str(rounds))
        return Findings(
            orders=orders,
            ceiling=ceiling.measure(shop),
            first=first,
            again=again,
            reread=reread,
            ratio=Ratio(**ratio),
            shop_sums=shop.sums(),
            database_sums=place.sums(),
        )


def _sync(place: Workplace, *options: str) -> Run:
    before = place.rows_written()
    place.shop.forget_calls()
    told = place.run_alone("one_sync", *place.watched(), *options)
    calls = place.shop.list_calls()
    after = place.rows_written()
    written = [table for table, fingerprint in after.items() if fingerprint != before[table]]
    return Run(**told, calls=calls, written=written)


def verdict(found: Sequence[Findings]) -> int:
    """Print what was missed; return the exit code."""
    for warning in findings.warnings(found):
        print(f"Warning: {warning}")
    missed = list(findings.missed(found))
    for problem in missed:
        print(f"MISSED: {problem}")
    if not missed:
        print("Every bar holds: sums equal, nothing written again, few calls, flat memory.")
    return 1 if missed else 0


def sizes(text: str) -> list[int]:
    """The sizes that a text names, ascending.

    Raises:
        ValueError: one of them is no whole number above zero.
    """
    found = sorted({int(part) for part in text.split(",")})
    if found[0] < 1:
        raise ValueError(text)
    return found


def main() -> int:
    """Measure each size, print all tables and the verdict; return the exit code."""
    parser = argparse.ArgumentParser(prog="make bench SUITE=landing", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"only {QUICK_SIZES}, for trying")
    parser.add_argument("--orders", type=sizes, help="sizes, with commas between them")
    wanted = parser.parse_args()
    fallback = os.environ.get("UDSYNC_BENCH_ORDERS") or SIZES
    chosen = wanted.orders or sizes(QUICK_SIZES if wanted.quick else fallback)
    found = []
    with guarded_folder() as folder:
        for orders in chosen:
            print(f"Measuring {orders:,} orders", flush=True)
            found.append(measure(folder, orders, rounds_for(-(-orders // BATCH))))
    for table in tables(found):
        print(f"\n{table}")
    print()
    return verdict(found)


if __name__ == "__main__":
    sys.exit(main())
