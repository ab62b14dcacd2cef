"""The processes of one PostgreSQL data folder: which of them live, and how they end.

`postmaster.pid` alone proves nothing: after a kill -9 it stays behind, its number may belong to
another program by now, or to a dead process that nobody has collected. A server process is known
by the folder it works in, which is its data folder.
"""

import contextlib
import os
import signal
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types

PID_FILE = "postmaster.pid"
_PORT_LINE = 3
_STATUS_LINE = 7


def postmaster(data: Path) -> int | None:
    """Return the process id of the live postmaster of this data folder, or None."""
    lines = _pid_file_lines(data)
    pid = int(lines[0]) if lines and lines[0].isdigit() else 0
    return pid if pid and _works_in(pid, data) else None


def port_of(data: Path) -> int | None:
    """Return the port that the postmaster of this data folder wrote down, or None."""
    lines = _pid_file_lines(data)
    written = lines[_PORT_LINE] if len(lines) > _PORT_LINE else ""
    return int(written) if written.isdigit() else None


def is_ready(data: Path) -> bool:
    """Tell whether the postmaster of this data folder wrote down that it takes connections."""
    lines = _pid_file_lines(data)
    return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"


def server_processes(data: Path) -> list[int]:
    """Return the ids of all live processes that serve this data folder."""
    return [pid for pid in psutil.pids() if _works_in(pid, data)]


def clear_what_a_crash_left(data: Path, *, patience_seconds: float = 5) -> None:
    """End server processes without a postmaster, and remove a `postmaster.pid` that misleads.

    Call it under the lock, and only when no postmaster lives. PostgreSQL refuses to start while
    a process with the number in that file exists, even an unrelated or an uncollected dead one;
    where the number is free, the file is left to PostgreSQL's own checks.
    """
    leftovers = server_processes(data)
    if not wait_until_gone(data, leftovers, timeout_seconds=patience_seconds):
        _kill(leftovers, data)
        if not wait_until_gone(data, leftovers, timeout_seconds=patience_seconds):
            return
    lines = _pid_file_lines(data)
    if lines and lines[0].isdigit() and psutil.pid_exists(int(lines[0])):
        (data / PID_FILE).unlink(missing_ok=True)


def wait_until_gone(data: Path, pids: list[int], *, timeout_seconds: float) -> bool:
    """Wait for these server processes to end; tell whether all did.

    A dead process that nobody has collected counts as ended.
    """
    deadline = time.monotonic() + timeout_seconds
    while remaining := [pid for pid in pids if _works_in(pid, data)]:
        if time.monotonic() > deadline:
            return False
        pids = remaining
        time.sleep(0.01)
    return True


def _kill(pids: list[int], data: Path) -> None:
    for pid in pids:
        if _works_in(pid, data):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _works_in(pid: int, data: Path) -> bool:
    if pid == os.getpid():
        return False
    try:
        process = psutil.Process(pid)
        return bool(
            process.cwd() == str(data.resolve())
            and process.name().startswith("postgres")
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except (psutil.Error, OSError):  # gone meanwhile, or another user's, so not ours
        return False


def _pid_file_lines(data: Path) -> list[str]:
    try:
        return (data / PID_FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
