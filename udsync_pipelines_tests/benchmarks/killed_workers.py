"""Workers of runs are killed in the middle of their work, and the next sync finishes it."""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from random import Random

import psutil  # type: ignore[import-untyped]  # it ships no types

from udsync_pipelines.services.run_tags import SYNC
from udsync_pipelines_tests.benchmarks.dagster_pages import Run
from udsync_pipelines_tests.benchmarks.kill_findings import WORKER, Kill
from udsync_pipelines_tests.benchmarks.lane_watch import LaneWatch, now
from udsync_pipelines_tests.benchmarks.served_shop import FACTOR, ORDERS, ServedShop, patient
from udsync_pipelines_tests.scenarios.books import sell
from udsync_pipelines_tests.scenarios.books_evidence import unequal_books
from udsync_pipelines_tests.scenarios.evidence import listed

HORIZON_SECONDS = 300.0 / FACTOR
MOST_CHAINS = 5
EXECUTED_AGAIN = 2
"""So often Dagster executes a killed run again by itself, see `dagster.yaml`."""
MOST_SYNCS = 5
FAILURE = "RunFailureEvent"
ACCOUNT = "The sync of "


@dataclass(frozen=True, slots=True)
class Killed:
    """A worker that was killed: its run, when in seconds since 1970, and after which request."""

    run: str
    at: float
    request: int


def sell_some(served: ServedShop, count: int, round_number: int) -> None:
    """Sell to guests, by card or on account; every sixth order is refunded in part."""
    for index in range(count):
        name = f"{round_number}-{index}"
        order = sell(
            served.shop.store,
            last=f"Guest {name}",
            email=f"guest-{name}@example.org",
            quantity=1 + index % 3,
            payment_method="cheque" if index % 4 == 0 else "stripe",
        )
        if index % 6 == 5:
            served.shop.store.control.refund_order(order, {"amount": "5.00"})


def undisturbed(served: ServedShop, orders: int) -> int:
    """Sync so many orders without a kill; return how many requests that took.

    The second time: a first sync of a company asks more of it than those that follow.
    """
    for _ in range(2):
        sell_some(served, orders, time.time_ns())
        before = _requests(served)
        run_id = served.launch()
        patient(partial(_is_over, served, run_id))
        assert not wrong(served), wrong(served)
    return _requests(served) - before


def _is_over(served: ServedShop, run_id: str) -> bool | None:
    return served.pages.run(run_id).is_over or None


def kill_workers(
    served: ServedShop, dice: Random, kills: int, orders: int, requests: int
) -> Iterator[Kill]:
    """Yield so many kills, spread over the whole length of a run, which takes so many requests.

    A run that has ended before its kill is none: another one is killed a little sooner. The last
    three meet one run and both of Dagster's attempts to execute it again, so that only a sync of
    its own can finish that work; they are repeated while one of them comes too late.
    """
    chain = 1 + EXECUTED_AGAIN if kills > 1 + EXECUTED_AGAIN else 0
    singles, done = kills - chain, 0
    with LaneWatch(served) as watch:
        while done < singles:
            moment = int(requests * (done + dice.random()) / singles)
            found = _round(served, watch, dice, [moment], orders)
            yield from found
            done += len(found)
            requests -= 0 if found else 3
        for _ in range(MOST_CHAINS if chain else 0):
            found = _round(served, watch, dice, [requests // 2, 3, 0], orders)
            yield from found
            if len(found) == chain:
                break


def wrong(served: ServedShop) -> list[str]:
    """What is doubled, lost or wrong, in the books or in the database."""
    shop = served.shop
    found = unequal_books(shop.store, shop.company)
    for table, amount in (("woo_orders", "total"), ("woo_refunds", "amount")):
        shown, rows = listed(shop.store, table), shop.live(table)
        found += [f"{table} lacks {key}" for key in sorted(shown.keys() - rows.keys())]
        found += [f"{table} has {key} besides" for key in sorted(rows.keys() - shown.keys())]
        found += [
            f"{table} {key} differs"
            for key in shown.keys() & rows.keys()
            if (f"{rows[key][amount]:.2f}", rows[key]["raw"]) != (shown[key][amount], shown[key])
        ]
    return found


def told_of(served: ServedShop, run_id: str) -> str:
    """What the page of a killed run says; empty when it does not say what was and was not done."""
    run = served.pages.run(run_id)
    has_synced = any(tag.startswith(SYNC) for tag in run.tags)
    events = served.pages.events(run_id)
    failures = [one.message for one in events if one.kind == FAILURE]
    accounts = [one.message for one in events if one.message.startswith(ACCOUNT)]
    if run.status != "FAILURE" or not failures or (has_synced and not accounts):
        return ""
    return " ".join([*accounts[-1:], *failures])


def settle(served: ServedShop) -> None:
    """Let everything come to its end, as further syncs by schedule do, until none is needed."""
    for _ in range(MOST_SYNCS):
        patient(lambda: None if served.pages.unfinished() else True)
        newest = next(one for one in served.pages.runs() if one.job == ORDERS)
        is_in_doubt = served.in_doubt() > 0
        if newest.status == "SUCCESS" and not is_in_doubt:
            return
        if is_in_doubt:
            time.sleep(HORIZON_SECONDS)
        served.launch()
        time.sleep(1)


def _round(
    served: ServedShop, watch: LaneWatch, dice: Random, moments: Sequence[int], orders: int
) -> Sequence[Kill]:
    """Sell, sync, kill the run and its further attempts; let everything settle, and judge."""
    sell_some(served, orders, time.time_ns())
    known = served.workers()
    run_id, killed = served.launch(), list[Killed]()
    for number, moment in enumerate(moments):
        one = _kill(served, dice, run_id, known, moment)
        if one is None:
            break
        killed.append(one)
        if number == EXECUTED_AGAIN:
            served.launch()  # Dagster has given it up: this is what comes next by schedule
        elif number < len(moments) - 1:
            known = served.workers()
            run_id = patient(partial(_executed_again, served, one.run))
    settle(served)
    return _findings(served, watch, killed)


def _findings(served: ServedShop, watch: LaneWatch, killed: Sequence[Killed]) -> Sequence[Kill]:
    problems, found = tuple(wrong(served)), []
    for number, one in enumerate(killed):
        is_last = number == len(killed) - 1
        run = patient(partial(_told, served, one.run))
        runs = served.pages.runs()
        found.append(
            Kill(
                WORKER,
                f"after request {one.request}",
                told_of(served, one.run),
                ended=(run.ended or now()) - one.at,
                taken_over=watch.seconds_until_taken(one.at),
                syncs=sum(other.created > one.at for other in runs if other.job == ORDERS),
                problems=problems if is_last else (),
            )
        )
    return found


def _told(served: ServedShop, run_id: str) -> Run | None:
    """The killed run, once its page has had time to tell."""
    run = served.pages.run(run_id)
    is_old = run.ended is not None and now() - run.ended > 30
    return run if is_old or told_of(served, run_id) else None


def _kill(
    served: ServedShop, dice: Random, run_id: str, known: frozenset[int], moment: int
) -> Killed | None:
    """Kill the run's worker after so many requests, and a moment; None: it had ended before."""
    begun = _requests(served)
    worker = _worker(served, known, run_id)
    while _requests(served) - begun < moment and worker.is_running():
        time.sleep(0.002)
    time.sleep(dice.random() * 0.3)
    try:
        worker.kill()
    except psutil.NoSuchProcess:
        return None
    killed = Killed(run_id, now(), _requests(served) - begun)
    patient(partial(_is_over, served, run_id))
    return killed if served.pages.run(run_id).status == "FAILURE" else None


def _worker(served: ServedShop, known: frozenset[int], run_id: str) -> psutil.Process:
    """The process of the run, as soon as it is there: the only new one, or as the run names it."""
    while True:
        new = served.workers() - known
        pid = min(new) if len(new) == 1 else served.pages.process_of(run_id)
        if pid is not None:
            with suppress(psutil.NoSuchProcess):
                return psutil.Process(pid)
        time.sleep(0.01)


def _executed_again(served: ServedShop, run_id: str) -> str | None:
    return next((one.id for one in served.pages.runs() if one.parent == run_id), None)


def _requests(served: ServedShop) -> int:
    return len(served.shop.store.requests) + len(served.shop.company.requests)
