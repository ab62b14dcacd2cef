"""Each process of the services is killed while a shop sells and delivers its webhooks."""

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random

import httpx

from udsync_pipelines.errors import UdsyncError
from udsync_pipelines.services.runs import DagsterDoor
from udsync_pipelines.services.service_specs import answers
from udsync_pipelines_tests.benchmarks.dagster_pages import Run
from udsync_pipelines_tests.benchmarks.kill_findings import (
    BEFORE_IT_BEGAN,
    DATABASE,
    FORK_SERVER,
    WORKER,
    Kill,
    Load,
)
from udsync_pipelines_tests.benchmarks.killed_workers import settle, told_of, wrong
from udsync_pipelines_tests.benchmarks.lane_watch import now
from udsync_pipelines_tests.benchmarks.served_shop import ServedShop, patient, register_webhooks
from udsync_pipelines_tests.scenarios.books import sell
from udsync_pipelines_tests.scenarios.books_evidence import PREFIX, SALES, standing

CODE_SERVER = "code server"
KINDS = (
    *("API", "daemon", CODE_SERVER, WORKER, FORK_SERVER, DATABASE, "webserver", BEFORE_IT_BEGAN),
)
_OF_A_RUN = (WORKER, FORK_SERVER, BEFORE_IT_BEGAN)
_NOT_A_SERVICE = (WORKER, FORK_SERVER)
SWEEP = "watch_webhooks"
_OPEN = (
    "select count(*) from udsync.webhook_events"
    " where entity is not null and state not in ('done', 'failed')"
)
_FAILED = "select count(*) from udsync.webhook_events where state = 'failed'"
_UNDER_WAY = ("STARTING", "STARTED")


class Selling:
    """Sells to a new guest every second."""

    def __init__(self, served: ServedShop, every_seconds: float) -> None:
        self.orders: list[int] = []
        self._served = served
        self._every_seconds = every_seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._sell, name="selling")
        self._began = now()

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Sell while the block runs."""
        self._thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            self._thread.join()
            self.seconds = now() - self._began

    def _sell(self) -> None:
        while not self._stopped.wait(self._every_seconds):
            number = len(self.orders)
            mail, way = f"buyer{number}@example.org", "cheque" if number % 4 == 0 else "stripe"
            self.orders.append(
                sell(
                    self._served.shop.store,
                    last=f"Buyer {number}",
                    email=mail,
                    payment_method=way,
                )
            )


def kill_services(
    served: ServedShop, dice: Random, kinds: Sequence[str], every_seconds: float = 1.0
) -> tuple[list[Kill], Load]:
    """Kill a process of each of these kinds under load; then let everything settle, and judge."""
    register_webhooks(served)
    selling, kills = Selling(served, every_seconds), list[Kill]()
    with selling.going_on():
        for kind in kinds:
            _seconds_until_booked(served, selling, now())
            kills.append(_killed(served, selling, dice, kind))
            print(f"  {kills[-1]}", flush=True)
            look_after_webhooks(served)
    problems = [*_come_to_rest(served), *wrong(served)]
    log = served.shop.store.control.webhook_deliveries()
    delivered = sum(one["status"] == httpx.codes.OK for one in log)
    return kills, Load(
        orders=len(selling.orders),
        seconds=selling.seconds,
        delivered=delivered,
        refused=len(log) - delivered,
        swept=sum(one.job == SWEEP for one in served.pages.runs()),
        problems=tuple(problems),
    )


def look_after_webhooks(served: ServedShop) -> None:
    """What `lost_webhooks` asks for each quarter of an hour, now, when the store gave some up."""
    hooks = served.shop.store.store.webhooks.hooks
    if not all(hook.is_active for hook in list(hooks.values())):
        run_id = served.launch(SWEEP, lane="")
        patient(lambda: served.pages.run(run_id).is_over or None)


def _killed(served: ServedShop, selling: Selling, dice: Random, kind: str) -> Kill:
    """Kill one process and wait until everything is healthy and what was under way has ended."""
    time.sleep(dice.random() * 0.5)
    run = patient(lambda: _started(served, kind))
    under_way = [one.id for one in served.pages.unfinished()]
    restarts = _restarts(served)
    at = now()
    if kind == WORKER:
        _kill_worker(served, run)
    elif kind == FORK_SERVER:
        os.kill(served.fork_server(), signal.SIGKILL)
    elif kind == BEFORE_IT_BEGAN:
        _kill_worker(served, run)
        served.kill(CODE_SERVER)
    else:
        served.kill(kind)
    back = _seconds_until_booked(served, selling, at)
    patient(lambda: _is_healthy(served, kind, restarts) or None)
    ended = patient(lambda: _seconds_until_ended(served, under_way, at))
    # Of the workers that end with their fork server, each may have done its work just before.
    killed = under_way if kind == FORK_SERVER else [run.id]
    if kind == FORK_SERVER and not _has_failed(served, killed):
        return _killed(served, selling, dice, kind)
    is_run = kind in _OF_A_RUN
    told = _told_of_any(served, killed, at) if is_run else _told(served, kind)
    return Kill(kind, f"{len(under_way)} runs under way", told, ended, back)


def _started(served: ServedShop, kind: str) -> Run | None:
    """A run that is at work; or one whose process is there and has not begun."""
    unfinished = [one for one in served.pages.unfinished() if one.status in _UNDER_WAY]
    starting = [one for one in unfinished if one.status == _UNDER_WAY[0]]
    if kind == BEFORE_IT_BEGAN:
        has_process = len(served.workers()) == len(unfinished)
        return starting[0] if starting and has_process else None
    return next((one for one in unfinished if one not in starting), None)


def _kill_worker(served: ServedShop, run: Run) -> None:
    named = {served.pages.process_of(one.id) for one in served.pages.unfinished()}
    of_run = served.pages.process_of(run.id)
    for pid in [of_run] if of_run else served.workers() - named:
        os.kill(pid, signal.SIGKILL)


def _is_healthy(served: ServedShop, kind: str, restarts: int) -> bool:
    """Whether a service that was killed was started again, and all is healthy."""
    services = served.services
    is_back = kind in _NOT_A_SERVICE or _restarts(served) > restarts
    try:
        is_healthy = all(DagsterDoor(services.url).health().values())
    except UdsyncError:
        return False
    return is_back and is_healthy and answers(f"{services.api_url}/api/health")


def _seconds_until_ended(served: ServedShop, under_way: Sequence[str], at: float) -> float | None:
    """How long until the last of these runs had ended, by its own page."""
    runs = [one for one in served.pages.runs() if one.id in under_way]
    if not all(one.is_over and one.ended for one in runs):
        return None
    return max([0.0, *((one.ended or at) - at for one in runs)])


def _has_failed(served: ServedShop, killed: Sequence[str]) -> bool:
    return any(served.pages.run(run_id).status == "FAILURE" for run_id in killed)


def _restarts(served: ServedShop) -> int:
    return sum(map(len, served.services.restarts.values()))


def _told(served: ServedShop, kind: str) -> str:
    """What `udsync up` and `udsync status` tell of a service that was killed."""
    sentence = f"{kind} ended unexpectedly; starting it again"
    is_told = sentence in served.said() and served.services.restarts.get(kind)
    return sentence if is_told else ""


def _told_of_any(served: ServedShop, killed: Sequence[str], at: float) -> str:
    def ask() -> str | None:
        return next(filter(None, (told_of(served, run_id) for run_id in killed)), None)

    return patient(lambda: ask() or _late(at))


def _late(at: float) -> str | None:
    """An operator is not told after so long a time."""
    return "" if now() - at > 120 else None


def _seconds_until_booked(served: ServedShop, selling: Selling, at: float) -> float:
    """From this time until the next order that is sold from now on is in the books.

    When its webhook is lost because the store has given the webhook up, they are set up again.
    """
    number = len(selling.orders)
    patient(lambda: len(selling.orders) > number or None)
    wanted = f"{PREFIX}-{selling.orders[number]}"
    patient(lambda: _is_booked(served, wanted) or None)
    return now() - at


def _is_booked(served: ServedShop, number: str) -> bool:
    if number in standing(served.shop.company, *SALES):
        return True
    look_after_webhooks(served)
    return False


def _come_to_rest(served: ServedShop) -> Iterator[str]:
    """What the next hours do, now: deliver, sweep, sync by schedule; yield what stays open."""
    control = served.shop.store.control
    patient(lambda: None if control.waiting_webhooks() else True)
    look_after_webhooks(served)
    served.launch()
    settle(served)
    patient(lambda: None if served.state(_OPEN)[0]["count"] else True)
    settle(served)
    failed = served.state(_FAILED)[0]["count"]
    if failed:
        yield f"{failed} webhook events were given up"
