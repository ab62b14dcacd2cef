"""How the sync of a round is run: in this process, or in one that is killed or stopped."""

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from udsync_pipelines.errors import UdsyncError
from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines.sync.plan import PlanState
from udsync_pipelines_tests.chaos.schedule import Way, Work
from udsync_pipelines_tests.chaos.world import LEASE_SECONDS, Place
from udsync_pipelines_tests.scenarios.syncing import SyncProcess

_BATCH = 2
"""Records per batch in a process that is killed, so that even a small store has several."""

_LOOKS_EVERY_SECONDS = 0.002
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a sync ended: with a report, with an error of ours, killed, or with a bug."""

    report: SyncReport | None = None
    error: str = ""
    bug: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether it claims that everything is settled or parked."""
        report = self.report
        return (
            report is not None and report.plan.state is PlanState.APPLIED and report.in_doubt == 0
        )

    @property
    def is_green(self) -> bool:
        """Whether it claims that everything is settled."""
        return self.is_whole and self.report is not None and self.report.parked == 0

    @property
    def is_busy(self) -> bool:
        """Whether another worker had the lane."""
        return self.error == "lane_busy"

    def __str__(self) -> str:
        if self.report is None:
            return "bug" if self.bug else "failed" if self.error else "killed"
        return "green" if self.is_green else "not green"


def attempt(place: Place) -> Ended:
    """Sync once, in this process."""
    try:
        return Ended(report=place.shop.sync())
    except UdsyncError as error:
        return Ended(error=error.code)
    except Exception as error:  # noqa: BLE001 - what nobody foresaw is what we look for
        return Ended(bug=f"{type(error).__name__}: {error}")


def run(place: Place, work: Work) -> list[Ended]:
    """Run the sync of a round in its way; how it, and what ran beside it, ended."""
    if work.way is Way.PLAIN:
        return [attempt(place)]
    if work.way is Way.KILLED_AT_POINT:
        return [_ended(place.shop.start_books_sync(fail_at=work.point, batch=_BATCH))]
    if work.way is Way.KILLED_AT_RANDOM:
        return [_killed(place, work.after)]
    if work.way is Way.STOPPED:
        return _stopped(place, work.after)
    return _while_syncing(place, work.after, _beside(place, work.way))


def _beside(place: Place, way: Way) -> Callable[[], list[Ended]]:
    """What happens while a sync runs."""
    server = place.world.server
    return {
        Way.TWO_WORKERS: lambda: [attempt(place)],
        Way.SESSIONS_CUT: _nothing_after(server.cut_sessions),
        Way.SERVER_RESTARTED: _nothing_after(server.restart),
        Way.SERVER_KILLED: _nothing_after(server.kill),
    }[way]


def _nothing_after(act: Callable[[], None]) -> Callable[[], list[Ended]]:
    def acted() -> list[Ended]:
        act()
        return []

    return acted


def _while_syncing(place: Place, after: int, act: Callable[[], list[Ended]]) -> list[Ended]:
    """Sync in a thread, and act when it has made so many requests, or has ended."""
    ended: list[Ended] = []
    before = place.requests()
    worker = threading.Thread(target=lambda: ended.append(attempt(place)))
    worker.start()
    _wait(lambda: place.requests() >= before + after or not worker.is_alive())
    beside = act()
    worker.join()
    return [*ended, *beside]


def _ended(process: SyncProcess) -> Ended:
    ended = process.wait()
    return Ended(error=ended.error)


def _killed(place: Place, after: int) -> Ended:
    before = place.requests()
    process = place.shop.start_books_sync(batch=_BATCH)
    _wait(lambda: place.requests() >= before + after or not process.is_alive)
    if process.is_alive:
        process.kill()
    return _ended(process)


def _stopped(place: Place, after: int) -> list[Ended]:
    """Stop a process until its lease is over and another has gone on; then wake it up."""
    before = place.requests()
    process = place.shop.start_books_sync(batch=_BATCH, lease_seconds=LEASE_SECONDS)
    _wait(lambda: place.requests() >= before + after or not process.is_alive)
    if not process.is_alive:
        return [_ended(process)]
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(LEASE_SECONDS * 1.1)
    beside = attempt(place)
    os.kill(process.pid, signal.SIGCONT)
    return [beside, _ended(process)]


def _wait(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not is_so() and time.monotonic() < deadline:
        time.sleep(_LOOKS_EVERY_SECONDS)
