"""Sending notifications as Intuit does: one address for all companies of an app, until it answers.

What is not answered with 200 within 3 seconds is sent again after 10, 20 and 30 seconds, 5 and 20
minutes, 2, 4 and 6 hours, then every 6 hours; later events wait behind it. Nothing is promised of
their order.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.webhooks import Form, events_from, written

Json = dict[str, Any]

WAITS = (10.0, 20.0, 30.0, 300.0, 1200.0, 7200.0, 14400.0, 21600.0)
"""Seconds before each further attempt; the last one is repeated for ever."""
ANSWER_WITHIN = 3.0
_LOOKS_EVERY = 0.05


@dataclass(frozen=True, slots=True)
class Attempt:
    """A delivery that was tried: how many events, and the answer; status 0: none in time."""

    events: int
    status: int
    number: int


@dataclass(slots=True)
class _Delivery:
    body: bytes
    headers: Json
    events: int
    due_at: float
    attempts: int = 0


@dataclass(slots=True)
class WebhookSender:
    """Delivers the events of some companies of one app to one address.

    Attributes:
        companies: whose events; all have the app's verifier token.
        url: the address that the app has set up.
        form: CloudEvents, or the form before them.
        speed: how much faster than Intuit it repeats; 60 makes seconds of minutes.
        duplicate: which share of deliveries is sent a second time although it was answered.
        reorder: events of a body stand in any order.
        seed: decides what is repeated and disordered.
        log: the attempts so far, oldest first.
    """

    companies: Sequence[Company]
    url: str
    form: Form = "cloudevents"
    speed: float = 1.0
    duplicate: float = 0.0
    reorder: bool = False
    seed: int = 1
    clock: Callable[[], float] = time.monotonic
    log: list[Attempt] = field(default_factory=list)
    _sent: list[int] = field(init=False)
    _waiting: list[_Delivery] = field(init=False, default_factory=list)
    _dice: Random = field(init=False)
    _stopped: threading.Event = field(init=False, default_factory=threading.Event)
    _thread: threading.Thread | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._sent = [len(company.events) for company in self.companies]
        self._dice = Random(self.seed)  # noqa: S311 - no secret

    def start(self) -> None:
        """Deliver on a thread of its own."""
        self._thread = threading.Thread(target=self._run, daemon=True, name="notifications")
        self._thread.start()

    def stop(self) -> None:
        """Stop after the delivery under way."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def step(self) -> int:
        """Gather what is new and send what is due; return how many attempts were made."""
        self._gather()
        before = len(self.log)
        while self._waiting and self._waiting[0].due_at <= self.clock():
            if not self._try(self._waiting[0]):
                break  # later events are held back
            self._waiting.pop(0)
        return len(self.log) - before

    def waiting(self) -> int:
        """How many deliveries wait to be acknowledged."""
        return len(self._waiting)

    def _run(self) -> None:
        while not self._stopped.wait(_LOOKS_EVERY):
            self.step()

    def _gather(self) -> None:
        parts = []
        for index, company in enumerate(self.companies):
            events = events_from(company, self._sent[index])
            self._sent[index] += len(events)
            if self.reorder:
                self._dice.shuffle(events)
            if events:
                parts.append((company, events))
        if not parts:
            return
        body, headers = written(parts, self.form)
        number = sum(len(events) for _, events in parts)
        is_twice = self._dice.random() < self.duplicate
        for _ in range(1 + is_twice):
            self._waiting.append(_Delivery(body, headers, number, self.clock()))

    def _try(self, delivery: _Delivery) -> bool:
        try:
            answer = httpx.post(
                self.url, content=delivery.body, headers=delivery.headers, timeout=ANSWER_WITHIN
            )
            status = answer.status_code
        except httpx.HTTPError:
            status = 0
        wait = WAITS[min(delivery.attempts, len(WAITS) - 1)] / self.speed
        delivery.attempts += 1
        delivery.due_at = self.clock() + wait
        self.log.append(Attempt(delivery.events, status, delivery.attempts))
        return status == httpx.codes.OK
