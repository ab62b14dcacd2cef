"""The requests of a process that are under way, and how many of them there usually are."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil

LONGEST_HOLD = 10.0
"""Seconds after which one more request starts, however many are held up."""

_WEIGHT = 0.05  # of the newest request in the usual time of one
_SPARE_SECONDS = 1 / 8


class UnderWay:
    """Holds requests back while others are held up on their way. Safe to use from threads.

    Of requests that start `per_second` and take t seconds each, t times as many are under way at a
    time. Many more than that wait somewhere: together they would arrive when it lets go, and with
    those that follow they would be more than a second allows. Where a platform allows a fifth more
    in a second than we start, those of an eighth of a second may be held up.
    """

    def __init__(self, per_second: float, *, timer: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._timer = timer
        self._changed = threading.Condition()
        self._count = 0
        self._usual: float | None = None

    @property
    def most(self) -> float:
        """How many may be under way; without an end while nobody knows how long they take."""
        if self._usual is None:
            return float("inf")
        spare = max(1, int(self._per_second * _SPARE_SECONDS))
        return ceil(self._per_second * self._usual) + spare

    def wait(self) -> None:
        """Wait until one more may be under way."""
        with self._changed:
            self._changed.wait_for(lambda: self._count < self.most, timeout=LONGEST_HOLD)

    @contextmanager
    def one(self) -> Iterator[None]:
        """One request is under way inside."""
        with self._changed:
            self._count += 1
        began = self._timer()
        try:
            yield
        finally:
            took = self._timer() - began
            with self._changed:
                usual = took if self._usual is None else self._usual
                self._usual = usual + _WEIGHT * (took - usual)
                self._count -= 1
                self._changed.notify_all()
