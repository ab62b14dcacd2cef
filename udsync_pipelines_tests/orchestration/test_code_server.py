"""Workers of runs are forked from a process that has imported what a run needs."""

import os
import signal
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path

import pytest

from udsync_pipelines.orchestration import warm_worker
from udsync_pipelines.orchestration.code_server import WARM
from udsync_pipelines.orchestration.forked_worker import ForkingContext

LOOK = """
import pathlib, sys, threading
known = [name for name in {names!r} if name in sys.modules]
pathlib.Path({file!r}).write_text(chr(10).join([str(threading.active_count()), *known]))
"""

WORK_ON = """
import os, time
told.send(os.getppid())
time.sleep(600)
"""


OF_A_SERVER = ("ensure_running", "connect_to_new_process", "set_forkserver_preload")


@pytest.fixture
def warm(monkeypatch: pytest.MonkeyPatch) -> Iterator[ForkingContext]:
    """A fork server of the test's own, as the code server starts it: a process has only one."""
    server = forkserver.ForkServer()
    for name in OF_A_SERVER:
        monkeypatch.setattr(forkserver, name, getattr(server, name))
    context = ForkingContext()
    context.set_forkserver_preload(WARM)
    yield context
    server._stop()  # type: ignore[attr-defined]


def test_a_worker_begins_with_all_that_a_run_needs_and_no_thread(
    warm: ForkingContext, tmp_path: Path
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


def test_workers_of_a_fork_server_that_is_killed_end_with_it_and_the_next_one_starts(
    warm: ForkingContext,
) -> None:
    heard, told = warm.Pipe(duplex=False)
    worker = warm.Process(target=exec, args=(WORK_ON, {"told": told}))
    worker.start()
    told.close()
    fork_server = heard.recv()

    os.kill(fork_server, signal.SIGKILL)

    with pytest.raises(EOFError):  # nobody is left who could tell more
        heard.recv()
    worker.join(60)
    following = warm.Process(target=exec, args=("pass",))
    following.start()
    following.join(60)
    assert (worker.exitcode, following.exitcode) == (255, 0)
