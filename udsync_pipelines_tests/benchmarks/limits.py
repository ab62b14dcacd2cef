"""Posting at the platform's own limits, for about five minutes: `make bench SUITE=limits`.

The emulated company enforces 500 requests a minute, 10 a second and 10 in flight, and takes half
a second for each answer. The exit code is 1 when it had to refuse a request (429), when less than
90 % of the allowed rate was used, or when any promise of posting is broken.

`--orders 1300`, or the environment variable UDSYNC_BENCH_ORDERS, chooses how many.
"""

import argparse
import os
import sys

from udsync_pipelines_tests.benchmarks import posting_findings
from udsync_pipelines_tests.benchmarks.posting import measure
from udsync_pipelines_tests.benchmarks.posting_findings import missed, posts_per_minute
from udsync_pipelines_tests.benchmarks.posting_report import tables
from udsync_pipelines_tests.disposable_postgres import guarded_folder

ORDERS = 1_300
LATENCY = "0.5"


def main() -> int:
    """Sync at real limits, print the figures and the verdict; return the exit code."""
    parser = argparse.ArgumentParser(prog="make bench SUITE=limits", description=__doc__)
    default = int(os.environ.get("UDSYNC_BENCH_ORDERS") or ORDERS)
    parser.add_argument("--orders", type=int, default=default)
    orders = parser.parse_args().orders
    with guarded_folder() as folder:
        found = measure(folder, orders, limits_factor="1", latency=LATENCY)
    for table in tables([found]):
        print(f"\n{table}")
    rate = posts_per_minute(found.first)
    share = rate / posting_findings.ALLOWED_PER_MINUTE
    print(f"\n{rate:.0f} writes a minute while loading: {share:.0%} of what is allowed.")
    problems = [*posting_findings.missed_at_real_limits(found.first), *missed([found])]
    for problem in problems:
        print(f"MISSED: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
