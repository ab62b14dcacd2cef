"""Faults on demand: which requests are hit, and with what."""

import re
import threading
from dataclasses import dataclass, field
from typing import Any

from udsync_pipelines.emulators.damage import DAMAGES

KINDS = DAMAGES | frozenset(
    {
        "status",  # answer with an error: 429, 500, 502, 503 (recorded bodies), any other
        "hang",  # say nothing for some seconds, then close
        "slow",  # answer late
        "close",  # close the connection before anything is done
        "lost_answer",  # do the work, then close the connection
        "truncated",  # promise the whole body, send a part, close
        "warning",  # a PHP warning before the JSON: 200, text/html, no X-WP-Total
        "empty_page",  # an empty list where there are rows
        "duplicated_page",  # the page before this one once more
        "missing_rows",  # leave rows out of the list
        "no_total",  # a list without X-WP-Total
        "wrong_total",  # a list whose X-WP-Total is another number
        "early_end",  # an empty page, and X-WP-Total says that it is beyond the end
        "answer_before",  # what was last answered on the same path, once more
        "act",  # change the store before or after the request, see Control
    }
)


@dataclass(slots=True)
class Fault:
    """One fault and when it strikes.

    Attributes:
        kind: one of ``KINDS``.
        path: regular expression searched in path and query; empty matches all.
        method: HTTP method, empty for any.
        nth: the first matching request to strike (1 is the next one).
        times: how often to strike; 0 means for ever.
        every: strike each so many matching requests from ``nth`` on.
        settings: what the kind needs: ``status``, ``retry_after``, ``after_commit``, ``seconds``,
            ``keep`` (bytes sent, truncated), ``unannounced`` (a truncated body whose length was not
            told), ``rows`` (how many to leave out), ``total`` (wrong_total), ``actions`` and
            ``when`` ("before" or "after", for act), and those of ``damage``.
        seen: matching requests so far.
        struck: strikes so far.
    """

    kind: str
    path: str = ""
    method: str = ""
    nth: int = 1
    times: int = 1
    every: int = 1
    settings: dict[str, Any] = field(default_factory=dict)
    seen: int = 0
    struck: int = 0

    def strikes(self, method: str, target: str) -> bool:
        """Count a request; return whether the fault hits it."""
        if self.method and self.method.upper() != method:
            return False
        if self.path and not re.search(self.path, target):
            return False
        self.seen += 1
        due = self.seen >= self.nth and (self.seen - self.nth) % self.every == 0
        if not due or (self.times and self.struck >= self.times):
            return False
        self.struck += 1
        return True

    def seconds(self, default: float) -> float:
        """Return how long to wait."""
        return float(self.settings.get("seconds", default))


class Faults:
    """The faults in force; the first one that strikes a request decides, acts add to it."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(
        self,
        kind: str,
        *,
        path: str = "",
        method: str = "",
        nth: int = 1,
        times: int = 1,
        every: int = 1,
        **settings: Any,
    ) -> Fault:
        """Put a fault in force and return it; its ``struck`` tells how often it has hit.

        Raises:
            ValueError: there is no such kind.
        """
        if kind not in KINDS:
            message = f"There is no fault '{kind}'. Choose one of: {', '.join(sorted(KINDS))}."
            raise ValueError(message)
        fault = Fault(kind, path, method, nth, times, every, settings)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Lift all faults."""
        with self._lock:
            self._faults.clear()

    def listed(self) -> list[Fault]:
        """Return the faults in force, oldest first."""
        with self._lock:
            return list(self._faults)

    def striking(self, method: str, target: str) -> tuple[Fault | None, list[Fault]]:
        """Return the fault that hits a request, if any, and the acts that go with it."""
        with self._lock:
            hits = [fault for fault in self._faults if fault.strikes(method, target)]
        acts = [fault for fault in hits if fault.kind == "act"]
        return next((fault for fault in hits if fault.kind != "act"), None), acts
