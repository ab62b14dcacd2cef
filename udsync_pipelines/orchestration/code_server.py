"""Dagster's code server with run workers that are forked from a warm process.

Dagster starts the worker of each run as a new Python, which takes seconds of a processor to import
Dagster and us. Python's own fork server has done that once: a small process without threads, that
opens nothing. All else is Dagster's: how runs are launched, cancelled and seen to have died.

`dagster dev` and any other code server start workers as Dagster does by default.
"""

import multiprocessing.forkserver
from typing import Any

import dagster._grpc.server
from dagster._cli import main
from dagster._grpc.server import DagsterApiServer

from udsync_pipelines.orchestration.forked_worker import ForkingContext

WARM = ["udsync_pipelines.orchestration.warm_worker"]
"""What is imported before the first run is asked for."""


class ForkingApiServer(DagsterApiServer):
    """The stock server, but for where processes of runs come from."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        context = ForkingContext()
        context.set_forkserver_preload(WARM)
        multiprocessing.forkserver.ensure_running()  # it imports while we do
        super().__init__(*args, **kwargs)
        self._mp_ctx = context  # type: ignore[assignment] # used as that of "spawn" is


def run() -> None:
    """Serve as `dagster api grpc` does."""
    dagster._grpc.server.DagsterApiServer = ForkingApiServer  # type: ignore[misc]  # noqa: SLF001
    main()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    run()
