"""What figures depend on: the machine, its load, and the processor time of whole process trees."""

import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, process_time

import psutil  # type: ignore[import-untyped]  # it ships no types
import psycopg

Session = psycopg.Connection[tuple[object, ...]]


def facts(server_version: str) -> str:
    """One line about this machine, to be read with every figure."""
    load = ", ".join(f"{average:.2f}" for average in os.getloadavg())
    return (
        f"{os.cpu_count()} cores, load average {load}, {platform.machine()},"
        f" Python {platform.python_version()}, PostgreSQL {server_version}"
    )


def postmaster_pid(session: Session) -> int:
    """The process that all backends of this session's server descend from."""
    row = session.execute("select pg_backend_pid()").fetchone()
    assert row is not None
    return int(psutil.Process(row[0]).ppid())


def tree_seconds(pid: int) -> float:
    """Processor seconds of a process, its living descendants, and those it has waited for."""
    root = psutil.Process(pid)
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.Error:  # ended meanwhile: its parent counts it from now on
            continue
    return total


def peak_bytes() -> int:
    """The most memory that this process has held at once.

    Linux hands the parent's `ru_maxrss` on to a child, so that the kernel's own mark of this
    program alone is taken where there is one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text(encoding="ascii").splitlines()
        marks = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
        return int(marks[0]) * 1024
    unit = 1 if platform.system() == "Darwin" else 1024
    return getrusage(RUSAGE_SELF).ru_maxrss * unit


@dataclass
class Stopwatch:
    """Times stages: their seconds, and the processor seconds of us and of the watched trees."""

    watched: Mapping[str, int]
    stages: dict[str, dict[str, float]] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        started, before = perf_counter(), self._processor()
        yield
        seconds = perf_counter() - started
        used = {f"cpu_{who}": after - before[who] for who, after in self._processor().items()}
        self.stages[name] = {"seconds": seconds, **used}

    def _processor(self) -> dict[str, float]:
        return {"udsync": process_time()} | {
            who: tree_seconds(pid) for who, pid in self.watched.items()
        }
