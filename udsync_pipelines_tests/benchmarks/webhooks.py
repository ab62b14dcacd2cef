"""How well webhooks are taken in: `make bench SUITE=webhooks`.

First a steady load of deliveries from stores and books, of several tenants, some of them sent
twice. Then a storm: many different deliveries about one order, while a worker claims what waits as
often as it can. The exit code is 1 when a promise is broken: something is not stored or stored
twice, an answer takes too long, or the order is read more than twice.

`--rate 200 --seconds 60 --storm 10000` are the promised figures.
"""

import argparse
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg

from udsync_pipelines.services.databases import plain_url
from udsync_pipelines.store.repositories import inbox_work
from udsync_pipelines_tests.benchmarks import machine
from udsync_pipelines_tests.benchmarks.webhook_load import Load, Message, send, signature
from udsync_pipelines_tests.benchmarks.webhook_place import (
    SECRET,
    TOPIC,
    Account,
    WebhookPlace,
    recorded_order,
    webhook_place,
)
from udsync_pipelines_tests.disposable_postgres import guarded_folder

TENANTS = 4
TWICE = 20  # each so many-th delivery is sent a second time
FROM_BOOKS = 10  # each so many-th comes from Intuit
WORST_SECONDS = 0.5
MOST_READS = 2
_PATIENCE = 180.0


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured."""

    load: Load
    expected: int
    stored: int
    storm: Load
    reads: Sequence[int]


def measure(
    place: WebhookPlace, rate: int, seconds: int, storm: int, storm_seconds: float = 60.0
) -> Found:
    """Both loads, one after the other."""
    messages = list(_steady(place, rate * seconds))
    expected = len({message.body for message in messages})
    print(f"  {len(messages):,} deliveries of {expected:,} events, {rate} in a second", flush=True)
    used = machine.tree_seconds(place.pid)
    load = send(place.url, messages, rate)
    used = machine.tree_seconds(place.pid) - used
    print(f"  the API used {1000 * used / len(messages):.2f} ms of a core for each", flush=True)
    stored = place.stored()
    _work_off(place)
    with _Worker(place) as worker:
        storm_load = send(place.url, _storm(place.accounts[0], storm), storm / storm_seconds)
        worker.wait_until_idle()
    return Found(load, expected, stored, storm_load, worker.reads)


def verdict(found: Found) -> int:
    """Print the figures and what was missed; return the exit code."""
    for title, load in (("steady load", found.load), ("storm", found.storm)):
        times = ", ".join(
            f"{name} {1000 * load.percentile(share):.0f}"
            for name, share in (("median", 0.5), ("99 %", 0.99), ("99.9 %", 0.999), ("worst", 1.0))
        )
        print(f"{title}: {len(load.seconds):,} in {load.took:.1f} s; answers in ms: {times}")
    print(f"stored: {found.stored:,} of {found.expected:,} events")
    print(f"reads of the one order: {len(found.reads)}, of {sum(found.reads):,} events together")
    problems = list(missed(found))
    for problem in problems:
        print(f"MISSED: {problem}")
    if not problems:
        print("Every bar holds: all stored once, answered in time, one order read at most twice.")
    return 1 if problems else 0


def missed(found: Found) -> Iterator[str]:
    """Every promise that was broken."""
    for title, load in (("steady load", found.load), ("storm", found.storm)):
        refused = sum(status != 200 for status in load.statuses)
        if refused:
            yield f"{title}: {refused} deliveries were not answered with 200"
        if load.percentile(0.999) >= WORST_SECONDS:
            yield f"{title}: 99.9 % took {1000 * load.percentile(0.999):.0f} ms"
    if found.stored != found.expected:
        yield f"{found.stored:,} events are stored, {found.expected:,} were sent"
    if len(found.reads) > MOST_READS:
        yield f"the one order was read {len(found.reads)} times"
    if sum(found.reads) != len(found.storm.statuses):
        yield f"only {sum(found.reads):,} events of the storm were worked on"


def _steady(place: WebhookPlace, number: int) -> Iterator[Message]:
    order = recorded_order()
    sent: list[Message] = []
    for index in range(number):
        account = place.accounts[index % len(place.accounts)]
        if index % TWICE == TWICE - 1:
            yield sent[-1]
            continue
        if index % FROM_BOOKS == FROM_BOOKS - 1:
            sent.append(_from_books(account, index))
        else:
            sent.append(_from_store(account, {**order, "id": 1_000 + index}))
        yield sent[-1]


def _storm(account: Account, number: int) -> Iterator[Message]:
    order = recorded_order()
    for index in range(number):
        yield _from_store(account, {**order, "id": 77, "customer_note": str(index)})


def _from_store(account: Account, order: dict[str, Any]) -> Message:
    body = orjson.dumps(order)
    headers = {
        "Content-Type": "application/json",
        "X-WC-Webhook-Topic": TOPIC,
        "X-WC-Webhook-Signature": signature(SECRET, body),
        "X-WC-Webhook-Delivery-ID": "d" * 32,
    }
    path = f"/api/webhooks/woocommerce?connection={account.connection_id}"
    return Message(path, headers, body)


def _from_books(account: Account, number: int) -> Message:
    event = {
        "specversion": "1.0",
        "id": f"event-{number}",
        "source": "intuit.measured",
        "type": "qbo.invoice.updated.v1",
        "time": "2026-09-10T21:31:25.179550223Z",
        "intuitentityid": str(number),
        "intuitaccountid": account.realm,
    }
    body = orjson.dumps([event])
    headers = {"Content-Type": "application/json", "intuit-signature": signature(SECRET, body)}
    return Message("/api/webhooks/quickbooks/cloudevents", headers, body)


def _work_off(place: WebhookPlace) -> None:
    for account in place.accounts:
        with place.installation.state.tenant(account.tenant_id) as connection:
            inbox_work.claim(connection, account.tenant_id, "orders", "work-off")
            inbox_work.finish(connection, account.tenant_id, "work-off")


class _Worker:
    """Claims what waits, and calls that a read; runs beside the storm."""

    def __init__(self, place: WebhookPlace) -> None:
        self.reads: list[int] = []
        self._place = place
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "_Worker":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def wait_until_idle(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            with self._place.installation.state.dispatch() as connection:
                if not inbox_work.waiting(connection).rows:
                    return
            time.sleep(0.2)

    def _run(self) -> None:
        account, state = self._place.accounts[0], self._place.installation.state
        while not self._stopped.wait(0.05):
            with state.dispatch() as connection:
                if not inbox_work.lanes_with_work(connection):
                    continue
            with state.tenant(account.tenant_id) as connection:
                claimed = inbox_work.claim(connection, account.tenant_id, "orders", "worker")
                inbox_work.finish(connection, account.tenant_id, "worker")
            self.reads += [one.events for one in claimed]


def main() -> int:
    """Measure, print, judge; return the exit code."""
    parser = argparse.ArgumentParser(prog="make bench SUITE=webhooks", description=__doc__)
    parser.add_argument("--rate", type=int, default=200, help="deliveries in a second")
    parser.add_argument("--seconds", type=int, default=60, help="how long")
    parser.add_argument("--storm", type=int, default=10_000, help="deliveries about one order")
    wanted = parser.parse_args()
    with guarded_folder() as folder, webhook_place(folder / "bench-webhooks", TENANTS) as place:
        url = plain_url(place.installation.databases.state_url)
        with psycopg.connect(url) as session:
            version = session.info.parameter_status("server_version") or "unknown"
        print(f"  {machine.facts(version)}", flush=True)
        found = measure(place, wanted.rate, wanted.seconds, wanted.storm)
    return verdict(found)


if __name__ == "__main__":
    sys.exit(main())
