"""Starting runs as Dagster does by default, and noticing when the process of one is gone.

Dagster's code server notices the end of runs that it has started itself, while it lives and can
reach the database. Nobody else does: a run whose code server died with it, or that was executed in
a command which was killed, would look busy for ever, and keep its lane.

Every job of ours has an op that takes `engines`: that resource keeps the lock that shows it.
"""

import time

from dagster import DagsterRun
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus
from dagster._serdes import ConfigurableClassData

from udsync_pipelines.services.standing_installation import standing_installation
from udsync_pipelines.store.run_presence import is_present

STARTS_WITHIN_SECONDS = 25.0
"""So long after its start a run may take to open what it works with."""

ABSENT_FOR_SECONDS = 12.0
"""So long its process must be gone: after a restart of the database it shows again in less."""


class WatchedRunLauncher(DefaultRunLauncher):
    """Dagster's own launcher, whose runs are looked after by run monitoring."""

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(inst_data)
        self._absent_since: dict[str, float] = {}

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Run monitoring asks for each run."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether the run's process is there; a moment's absence is none."""
        record = self._instance.get_run_record_by_id(run.run_id)
        started = record.start_time if record else None
        is_young = started is None or time.time() - started < STARTS_WITHIN_SECONDS
        with standing_installation() as installation, installation.state.dispatch() as connection:
            is_there = is_present(connection, run.run_id)
        if is_there or is_young:
            self._absent_since.pop(run.run_id, None)
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        since = self._absent_since.setdefault(run.run_id, time.monotonic())
        if time.monotonic() - since < ABSENT_FOR_SECONDS:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        self._absent_since.pop(run.run_id)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "Its process is gone.")
