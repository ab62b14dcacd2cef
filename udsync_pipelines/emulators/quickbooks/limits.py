"""Limits per company: requests a second and a minute, batches a minute, requests in flight."""

import threading
import time
from collections import deque

PER_SECOND = 10
PER_MINUTE = 500
BATCHES_PER_MINUTE = 40
IN_FLIGHT = 10


class _Window:
    """At most so many in any span of so many seconds."""

    def __init__(self, most: float, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._times: deque[float] = deque()

    def full(self, now: float) -> bool:
        while self._times and self._times[0] <= now - self._seconds:
            self._times.popleft()
        return len(self._times) >= self._most

    def note(self, now: float) -> None:
        self._times.append(now)


class Limits:
    """The limits of one company, on the real clock; a refused request does not count.

    ``factor`` multiplies the rates, never the requests in flight; 0 lifts everything.
    ``monthly_reads`` is the app's allowance of metered calls; 0 is without end.
    """

    def __init__(self, factor: float, monthly_reads: int = 0) -> None:
        self._lock = threading.Lock()
        self._factor = factor
        self._second = _Window(PER_SECOND * factor, 1.0)
        self._minute = _Window(PER_MINUTE * factor, 60.0)
        self._batches = _Window(BATCHES_PER_MINUTE * factor, 60.0)
        self._flying = 0
        self._monthly_reads = monthly_reads
        self.reads = 0
        self.refused = 0
        self.most_in_flight = 0

    @property
    def in_flight(self) -> int:
        """How many requests are being answered now."""
        with self._lock:
            return self._flying

    def enter(self, *, batch: bool = False) -> bool:
        """Take a place for a request; False means 429 and no place was taken."""
        now = time.monotonic()
        with self._lock:
            windows = [self._second, self._minute, *([self._batches] if batch else [])]
            full = self._flying >= IN_FLIGHT or any(one.full(now) for one in windows)
            if self._factor and full:
                self.refused += 1
                return False
            for one in windows:
                one.note(now)
            self._flying += 1
            self.most_in_flight = max(self.most_in_flight, self._flying)
            return True

    def read_allowed(self) -> bool:
        """Return whether the month's allowance of metered calls has some left."""
        with self._lock:
            return not self._monthly_reads or self.reads < self._monthly_reads

    def note_read(self, calls: int = 1) -> None:
        """Count a metered call that succeeded; a batch counts as many as it holds."""
        with self._lock:
            self.reads += calls

    def leave(self) -> None:
        """Give the place of a request back."""
        with self._lock:
            self._flying -= 1
