"""Whether a signal asked us to end, whoever has handled it and whatever came of that."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

ENDING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def noticing_interruptions() -> Iterator[Callable[[], bool]]:
    """Inside this block, the callable tells whether SIGINT or SIGTERM has arrived since its begin.

    Dagster replaces the handlers of both and raises an error of its own, which may be turned into
    another one on its way up; the numbers of the signals are written to a pipe in any case. Works
    in the main thread only, as all signal handling does.
    """
    reader, writer = os.pipe()
    for end in (reader, writer):
        os.set_blocking(end, False)
    previous = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    seen = bytearray()

    def has_arrived() -> bool:
        with suppress(BlockingIOError):
            seen.extend(os.read(reader, 4096))
        return any(number in seen for number in ENDING)

    try:
        yield has_arrived
    finally:
        signal.set_wakeup_fd(previous)
        os.close(reader)
        os.close(writer)
