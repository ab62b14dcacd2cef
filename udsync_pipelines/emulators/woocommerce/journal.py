"""Which requests the emulator has had."""

import re
import threading
from collections import Counter, deque
from typing import NamedTuple

_IDS = re.compile(r"/\d+")
_KEYS = re.compile(r"(consumer_(?:key|secret))=[^&]*")
_MOST_KEPT = 200_000


class RequestRecord(NamedTuple):
    """One request; keys in the query are masked. ``fault`` names what struck it."""

    number: int
    method: str
    path: str
    query: str
    status: int
    milliseconds: float
    fault: str


class Journal:
    """The last requests, and how many there were by method and address."""

    def __init__(self) -> None:
        self._records: deque[RequestRecord] = deque(maxlen=_MOST_KEPT)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._number = 0

    def note(
        self, method: str, path: str, query: str, status: int, milliseconds: float, fault: str
    ) -> None:
        """Write a request down; status 0 means that no answer was sent."""
        with self._lock:
            self._number += 1
            masked = _KEYS.sub(r"\1=...", query)
            self._records.append(
                RequestRecord(self._number, method, path, masked, status, milliseconds, fault)
            )
            short = _IDS.sub("/#", path.removeprefix("/wp-json/wc/v3"))
            self._counts[f"{method} {short or '/'}"] += 1

    def records(self, pattern: str = "") -> list[RequestRecord]:
        """Return the requests, oldest first, whose address matches a regular expression."""
        with self._lock:
            return [
                record
                for record in self._records
                if not pattern or re.search(pattern, f"{record.path}?{record.query}")
            ]

    def counts(self) -> dict[str, int]:
        """Return how many requests there were, by method and address with ``#`` for ids."""
        with self._lock:
            return dict(self._counts)

    def clear(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._records.clear()
            self._counts.clear()

    def __len__(self) -> int:
        with self._lock:
            return sum(self._counts.values())
