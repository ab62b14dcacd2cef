"""Whether kills lose or double anything: `make bench SUITE=kills`.

`udsync up` runs as in production, over an emulated store, database and company. First the workers
of runs are killed with `kill -9` in the middle of their work, at moments spread over the whole
length of a run; then each process of the services, while orders are sold, one a second, and their
webhooks are delivered. What must be true is read from outside: the store's own records, the
company's own objects and its audit, the rows of both databases, and Dagster's own pages.

The exit code is 1 when a promise is broken: something is doubled, lost or wrong in the end, a run
hangs for more than a minute, a lane is not taken over within one, or nothing tells what happened.

`SEED=2 KILLS=10 ORDERS=30` are the figures; the limits of the platforms are 20 times as high as in
production, so that what never arrived is known after 15 seconds instead of 300.
"""

import os
import sys
from pathlib import Path
from random import Random

import psycopg

from udsync_pipelines.services.databases import plain_url
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines_tests.benchmarks import machine
from udsync_pipelines_tests.benchmarks.kill_findings import Kill, verdict
from udsync_pipelines_tests.benchmarks.killed_services import KINDS, kill_services
from udsync_pipelines_tests.benchmarks.killed_workers import kill_workers, undisturbed
from udsync_pipelines_tests.benchmarks.served_shop import ServedShop, served_shop
from udsync_pipelines_tests.disposable_postgres import guarded_folder


def main() -> int:
    """Kill, print, judge; return the exit code."""
    seed, kills, orders = (
        int(os.environ.get(name, text))
        for name, text in (("SEED", "2"), ("KILLS", "10"), ("ORDERS", "30"))
    )
    with guarded_folder() as folder, served_shop(folder) as served:
        print(f"  {machine.facts(_version(served.home))}; seed {seed}", flush=True)
        dice = Random(seed)  # noqa: S311 - no secret
        found = kill_runs(served, dice, kills, orders)
        more, load = kill_services(served, dice, KINDS)
    return verdict([*found, *more], load)


def kill_runs(served: ServedShop, dice: Random, kills: int, orders: int) -> list[Kill]:
    """Kill so many workers of runs that sync so many orders each."""
    requests = undisturbed(served, orders)
    print(f"  a sync of {orders} orders takes {requests} requests", flush=True)
    found = []
    for kill in kill_workers(served, dice, kills, orders, requests):
        found.append(kill)
        print(f"  {kill}", flush=True)
    return found


def _version(home: Path) -> str:
    with psycopg.connect(plain_url(EmbeddedPostgres(home).url())) as session:
        return session.info.parameter_status("server_version") or "unknown"


if __name__ == "__main__":
    sys.exit(main())
