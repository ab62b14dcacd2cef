"""Which requests the emulator has had."""

import re
import threading
from collections import Counter, deque
from typing import NamedTuple

_COMPANY = re.compile(r"^/v3/company/[^/]*")
_IDS = re.compile(r"/\d+")
_MOST_KEPT = 200_000


class RequestRecord(NamedTuple):
    """One request; ``fault`` names what struck it, ``trace`` is the answer's ``intuit_tid``."""

    number: int
    method: str
    path: str
    query: str
    status: int
    milliseconds: float
    fault: str
    trace: str


class Journal:
    """The last requests, and how many there were by method and address."""

    def __init__(self) -> None:
        self._records: deque[RequestRecord] = deque(maxlen=_MOST_KEPT)
        self._counts: Counter[str] = Counter()
        self._statuses: Counter[int] = Counter()
        self._lock = threading.Lock()
        self._number = 0

    def note(
        self, target: tuple[str, str, str], status: int, milliseconds: float, fault: str, trace: str
    ) -> None:
        """Write a request down: method, path and query; status 0 means that no answer was sent."""
        method, path, query = target
        short = _IDS.sub("/#", _COMPANY.sub("", path)).lower()
        operation = re.search(r"(?:^|&)operation=(\w+)", query)
        voids = "include=void" in query
        name = f"{method} {short}" + (f" {operation.group(1)}" if operation else "")
        with self._lock:
            self._number += 1
            self._records.append(
                RequestRecord(self._number, *target, status, milliseconds, fault, trace)
            )
            self._counts[name + (" void" if voids else "")] += 1
            self._statuses[status] += 1

    def records(self, pattern: str = "") -> list[RequestRecord]:
        """Return the requests, oldest first, whose address matches a regular expression."""
        with self._lock:
            return [
                record
                for record in self._records
                if not pattern or re.search(pattern, f"{record.path}?{record.query}")
            ]

    def counts(self) -> dict[str, int]:
        """Return how many requests there were, by method, address and operation."""
        with self._lock:
            return dict(self._counts)

    def statuses(self) -> dict[int, int]:
        """Return how many answers there were by status."""
        with self._lock:
            return dict(self._statuses)

    def clear(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._records.clear()
            self._counts.clear()
            self._statuses.clear()

    def __len__(self) -> int:
        with self._lock:
            return sum(self._counts.values())
