"""How much memory processes take, with what they share counted once."""

from collections.abc import Iterable

import psutil  # type: ignore[import-untyped]  # it ships no types


def memory_of(pid: int) -> int:
    """Bytes that a process and those it has started take: their proportional set size.

    0 when it is gone. Where the system tells no proportional size (not Linux, or another user's
    process) the resident size counts, which is larger.
    """
    try:
        process = psutil.Process(pid)
        family: Iterable[psutil.Process] = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0
    return sum(_size(one) for one in family)


def _size(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", 0) or full.rss)
    except psutil.AccessDenied:
        return _resident(process)
    except psutil.Error:
        return 0


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
