"""How long an order takes from its webhook into the books: `make bench SUITE=latency`.

`udsync up` runs as in production; an emulated store sells, one order a second, and delivers signed
webhooks; an emulated company holds us to the real limits and takes its time for each answer. An
order's latency is counted from the moment when the store sent its first webhook to the moment when
the company has committed its sales document, both by the emulators' own clocks and records.

The exit code is 1 when a promise is broken: the median is under 5 seconds, 99 of 100 orders take
less than 30, each order is in the books once, and no run fails. `--orders`, `--rate` and
`--answer`, or the environment variables ORDERS and RATE, choose another load.
"""

import argparse
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from udsync_pipelines.services.runs import FINISHED
from udsync_pipelines_tests.benchmarks import machine
from udsync_pipelines_tests.benchmarks.company import BooksCompany, open_company
from udsync_pipelines_tests.benchmarks.latency_findings import (
    SALES_DOCUMENTS,
    Json,
    LatencyFindings,
    arrivals,
    missed,
    report,
)
from udsync_pipelines_tests.benchmarks.latency_place import runs, services
from udsync_pipelines_tests.benchmarks.posting_place import posting_place
from udsync_pipelines_tests.benchmarks.shop import Shop, open_shop
from udsync_pipelines_tests.disposable_postgres import guarded_folder

SEED = 7
REAL_LIMITS = "1"
PATIENCE_SECONDS = 180.0
PRODUCT = 10
BUYER = {
    "first_name": "Robin",
    "address_1": "1 Main Street",
    "city": "Edmonton",
    "state": "AB",
    "postcode": "T5A 0A1",
    "country": "CA",
}


def measure(folder: Path, orders: int, rate: float, answer: str) -> LatencyFindings:
    """Sell so many orders, `rate` a second, and wait until all have arrived or patience ends."""
    with (
        open_shop(1, SEED, customers=0, products=0) as shop,
        open_company(REAL_LIMITS, answer) as company,
        posting_place(folder / "bench-latency", shop, company, REAL_LIMITS) as place,
    ):
        print(f"  {machine.facts(place.server_version)}", flush=True)
        place.sync()
        with services(place) as running:
            watched = {
                **running.processes,
                "database": place.postmaster,
                "shop": shop.pid,
                "company": company.pid,
            }
            shop.forget_calls()
            company.forget_calls()
            before, begun = _processor(watched), time.monotonic()
            sold = sell(shop, orders, rate)
            _wait_for(company, sold)
            took, after = time.monotonic() - begun, _processor(watched)
            _wait_for_runs(running.url)
            return LatencyFindings(
                arrivals=arrivals(sold, _act(shop.url, "webhook_deliveries"), _history(company)),
                took=took,
                runs=runs(running.url),
                calls=_calls(shop, company),
                processor={name: after[name] - before[name] for name in watched},
                audit=company.audit(),
            )


def sell(shop: Shop, orders: int, rate: float) -> list[int]:
    """Sell to as many guests, each at its moment whatever happened before; return the ids."""
    begun, sold = time.monotonic(), []
    for number in range(orders):
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        guest = {**BUYER, "last_name": f"Guest {number}", "email": f"guest{number}@example.org"}
        order = {
            "status": "processing",
            "payment_method": "stripe",
            "billing": guest,
            "line_items": [{"product_id": PRODUCT, "quantity": 1 + number % 3}],
        }
        sold.append(int(_act(shop.url, "create_order", body=order)["id"]))
    return sold


def _wait_for(company: BooksCompany, sold: list[int]) -> None:
    wanted, deadline = {f"WC-{order}" for order in sold}, time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        booked = {one["number"] for one in _history(company) if one["entity"] in SALES_DOCUMENTS}
        if wanted <= booked:
            return
        time.sleep(1)


def _wait_for_runs(url: str) -> None:
    """Let what came after the last document come to its end: a second document would show then."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        time.sleep(3)
        if all(one["status"] in FINISHED for one in runs(url)):
            return


def _calls(shop: Shop, company: BooksCompany) -> Mapping[str, int]:
    """Calls to the store and to the company since the services were up."""
    traffic = company.traffic()
    return {
        "store": sum(shop.list_calls().values()),
        "company": traffic.total,
        "company writes": traffic.posts,
    }


def _processor(watched: Mapping[str, int]) -> dict[str, float]:
    return {name: machine.tree_seconds(pid) for name, pid in watched.items()}


def _history(company: BooksCompany) -> list[Json]:
    found: list[Json] = _act(company.url, "history")
    return found


def _act(url: str, action: str, **settings: object) -> Any:
    answer = httpx.post(f"{url}/__emulator__/mutate", json={"action": action, **settings})
    return answer.raise_for_status().json()["result"]


def verdict(found: LatencyFindings) -> int:
    """Print the figures and what was missed; return the exit code."""
    for line in report(found):
        print(line)
    problems = list(missed(found))
    for problem in problems:
        print(f"MISSED: {problem}")
    if not problems:
        print("Every bar holds: each order once, median and 99 % in time.")
    return 1 if problems else 0


def main() -> int:
    """Measure, print, judge; return the exit code."""
    parser = argparse.ArgumentParser(prog="make bench SUITE=latency", description=__doc__)
    orders, rate = int(os.environ.get("ORDERS") or 180), float(os.environ.get("RATE") or 1)
    parser.add_argument("--orders", type=int, default=orders, help="how many are sold")
    parser.add_argument("--rate", type=float, default=rate, help="how many in a second")
    parser.add_argument("--answer", default="0.3", help="seconds that the company takes to answer")
    wanted = parser.parse_args()
    with guarded_folder() as folder:
        found = measure(folder, wanted.orders, wanted.rate, wanted.answer)
    return verdict(found)


if __name__ == "__main__":
    sys.exit(main())
