"""Faults on demand: which requests are hit, and with what."""

import re
import threading
from dataclasses import dataclass, field
from typing import Any

from udsync_pipelines.emulators.damage import DAMAGES

KINDS = DAMAGES | frozenset(
    {
        "status",  # an error by status: 401, 403, 429, 500, or a page for 502, 503, 504
        "fault",  # an application fault: code, detail; status 400 unless told
        "fault_200",  # the same with HTTP status 200
        "hang",  # say nothing for some seconds, then close
        "slow",  # answer late
        "close",  # close the connection before anything is done
        "lost_answer",  # do the work, then close the connection
        "truncated",  # promise the whole body, send a part, close
        "empty_list",  # a query that finds nothing, where there is something
        "missing_rows",  # leave rows out of what a query finds
        "answer_before",  # what was last answered on the same path, once more
        "expired_token",  # end all access tokens, so that this request is refused
        "act",  # change the company before or after the request, see Control
    }
)


@dataclass(slots=True)
class Fault:
    """One fault and when it strikes.

    Attributes:
        kind: one of ``KINDS``.
        path: regular expression searched in path and query; empty matches all.
        method: HTTP method, empty for any.
        body: text that the request's body holds, empty for any.
        nth: the first matching request to strike (1 is the next one).
        times: how often to strike; 0 means for ever.
        every: strike each so many matching requests from ``nth`` on.
        settings: what the kind needs: ``status``, ``retry_after``, ``xml``, ``code``, ``detail``,
            ``after_commit``, ``seconds``, ``keep`` (bytes sent, truncated), ``unannounced`` (a
            truncated body whose length was not told), ``rows`` (how many to leave out),
            ``actions`` and ``when`` ("before" or "after", for act), and those of ``damage``.
        seen: matching requests so far.
        struck: strikes so far.
    """

    kind: str
    path: str = ""
    method: str = ""
    body: str = ""
    nth: int = 1
    times: int = 1
    every: int = 1
    settings: dict[str, Any] = field(default_factory=dict)
    seen: int = 0
    struck: int = 0

    def strikes(self, method: str, target: str, body: bytes = b"") -> bool:
        """Count a request; return whether the fault hits it."""
        if self.method and self.method.upper() != method:
            return False
        if self.path and not re.search(self.path, target):
            return False
        if self.body.encode() not in body:
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

    def add(  # noqa: PLR0913 - one for each thing that a fault looks at
        self,
        kind: str,
        *,
        path: str = "",
        method: str = "",
        body: str = "",
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
        fault = Fault(kind, path, method, body, nth, times, every, settings)
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

    def striking(
        self, method: str, target: str, body: bytes = b""
    ) -> tuple[Fault | None, list[Fault]]:
        """Return the fault that hits a request, if any, and the acts that go with it."""
        with self._lock:
            hits = [fault for fault in self._faults if fault.strikes(method, target, body)]
        acts = [fault for fault in hits if fault.kind == "act"]
        return next((fault for fault in hits if fault.kind != "act"), None), acts
