"""One sync of a lane from end to end, in this process or in one that may be killed."""

import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any

from udsync_pipelines.errors import UdsyncError
from udsync_pipelines.services.books import utc_now
from udsync_pipelines.services.engines import open_engine
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.sync import due
from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines.sync.entities import DESTINATIONS, lane_named
from udsync_pipelines.sync.plan import SyncOptions
from udsync_pipelines_tests.scenarios.processes import PROCESSES

_KIB = 1 if sys.platform == "linux" else 1024


def sync_lane(
    installation: Installation,
    tenant: str,
    lane: str,
    options: SyncOptions | None = None,
    *,
    clock: Callable[[], datetime] = utc_now,
) -> SyncReport:
    """Do what the ops of a lane's job do, one after the other."""
    with open_engine(installation, tenant, clock=clock) as opened:
        plan = opened.open(
            lane_named(lane), options or SyncOptions(), trigger="manual", run_id=None
        )
        opened.engine.extract(plan.id)
        opened.engine.map(plan.id)
        opened.engine.resolve(plan.id)
        for platform in DESTINATIONS:
            opened.engine.load(plan.id, platform)
        return opened.close_sync(plan.id)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process with a sync ended: -9 when it was killed; an error's line; peak memory."""

    exit_code: int | None
    error: str
    peak_kib: int


class SyncProcess:
    """A sync in a process of its own, with the environment that names its installation.

    `batch` is the number of records a batch holds there, so that a small store has many batches.
    """

    def __init__(self, environment: Mapping[str, str], tenant: str, lane: str, batch: int) -> None:
        self._answer, answer = PROCESSES.Pipe(duplex=False)
        self._process = PROCESSES.Process(
            target=_sync, args=(dict(environment), tenant, lane, batch, answer), daemon=True
        )
        self._process.start()
        answer.close()

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.is_alive()

    def kill(self) -> None:
        """End it as `kill -9` does."""
        os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float = 120) -> Ended:
        """Wait for its end, and end it when it takes too long."""
        try:
            said: tuple[str, int] = self._answer.recv() if self._answer.poll(timeout) else ("", 0)
        except EOFError:
            said = ("", 0)
        self._process.join(5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        ended = Ended(self._process.exitcode, *said)
        self._process.close()
        self._answer.close()
        return ended


def _sync(
    environment: dict[str, str], tenant: str, lane: str, batch: int, answer: "Connection[Any, Any]"
) -> None:
    os.environ.update(environment)
    due.BATCH = batch
    error = ""
    try:
        with open_installation() as installation:
            sync_lane(installation, tenant, lane)
    except UdsyncError as failure:
        error = str(failure)
    answer.send((error, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // _KIB))
    os._exit(1 if error else 0)
