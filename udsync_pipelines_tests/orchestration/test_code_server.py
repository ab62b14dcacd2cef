"""Workers of runs are forked from a process that has imported what a run needs."""

import multiprocessing
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path

import pytest

from udsync_pipelines.orchestration import warm_worker
from udsync_pipelines.orchestration.code_server import WARM

LOOK = """
import pathlib, sys, threading
known = [name for name in {names!r} if name in sys.modules]
pathlib.Path({file!r}).write_text(chr(10).join([str(threading.active_count()), *known]))
"""


OF_A_SERVER = ("ensure_running", "connect_to_new_process", "set_forkserver_preload")


@pytest.fixture
def warm(monkeypatch: pytest.MonkeyPatch) -> Iterator[multiprocessing.context.ForkServerContext]:
    """A fork server of the test's own, as the code server starts it: a process has only one."""
    server = forkserver.ForkServer()
    for name in OF_A_SERVER:
        monkeypatch.setattr(forkserver, name, getattr(server, name))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(WARM)
    yield context
    server._stop()  # type: ignore[attr-defined]


def test_a_worker_begins_with_all_that_a_run_needs_and_no_thread(
    warm: multiprocessing.context.ForkServerContext, tmp_path: Path
) -> None:
    found = tmp_path / "found"
    script = LOOK.format(names=warm_worker.NEEDED, file=str(found))

    worker = warm.Process(target=exec, args=(script,))
    worker.start()
    worker.join(60)

    assert worker.exitcode == 0
    threads, *known = found.read_text().splitlines()
    assert threads == "1"
    assert known == list(warm_worker.NEEDED)
