"""What becomes a webhook delivery: hooks, their queue, and when a store gives a hook up."""

import html
import secrets
import string
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Literal

Event = Literal["created", "updated", "deleted", "restored"]

_MOST_FAILURES = 5
_RESOURCES = {
    "order": "order",
    "product": "product",
    "variation": "product",
    "customer": "customer",
    "coupon": "coupon",
}
_ALSO_UPDATED = ("order", "customer")


@dataclass(slots=True)
class Hook:
    """A webhook of the store, with what REST does not show of it."""

    id: int
    topic: str
    url: str
    secret: str
    is_active: bool = True
    is_acknowledged: bool = False
    failures: int = 0

    def failed(self) -> bool:
        """Count a failure; whether the store gives the hook up: at the seventh in a row.

        The counter is looked at before it is raised, whatever the documentation says.
        """
        if self.failures > _MOST_FAILURES:
            self.is_active = False
            return True
        self.failures += 1
        return False


@dataclass(frozen=True, slots=True)
class Job:
    """One delivery that is due: which hook, and about which record."""

    hook_id: int
    record_id: int


@dataclass(slots=True)
class Disturbance:
    """What goes wrong on the way; shares from 0 to 1."""

    lose: float = 0.0
    duplicate: float = 0.0
    reorder: bool = False
    dice: Random = field(default_factory=lambda: Random(1))  # noqa: S311 - no secret


class Webhooks:
    """The hooks of a store and what waits to be delivered. Safe to use from any thread."""

    def __init__(self) -> None:
        self.hooks: dict[int, Hook] = {}
        self.changed = threading.Condition()
        self.disturbance = Disturbance()
        self._due: dict[Job, None] = {}

    def announce(self, kind: str, record_id: int, event: Event) -> None:
        """Something happened to a record. What waits already for a hook is not queued twice."""
        resource = _RESOURCES.get(kind)
        if resource is None or not self.hooks:
            return
        events = [event, "updated"] if event == "created" and kind in _ALSO_UPDATED else [event]
        topics = [f"{resource}.{name}" for name in events]
        with self.changed:
            for topic in topics:
                for hook in self.hooks.values():
                    if hook.is_active and hook.topic == topic:
                        self._due.setdefault(Job(hook.id, record_id))
            self.changed.notify_all()

    def take(self) -> tuple[Job, ...]:
        """The next delivery: once, twice, or not at all, as things go wrong; () when none waits."""
        with self.changed:
            while self._due:
                jobs = list(self._due)
                job = self.disturbance.dice.choice(jobs) if self.disturbance.reorder else jobs[0]
                del self._due[job]
                if self.disturbance.dice.random() < self.disturbance.lose:
                    continue
                is_twice = self.disturbance.dice.random() < self.disturbance.duplicate
                return (job, job) if is_twice else (job,)
        return ()

    def waiting(self) -> int:
        """How many deliveries wait."""
        with self.changed:
            return len(self._due)

    def wait(self, seconds: float) -> None:
        """Wait until something is announced, at most so long."""
        with self.changed:
            if not self._due:
                self.changed.wait(seconds)

    def taken(self) -> Iterator[tuple[Job, ...]]:
        """Yield deliveries until none waits."""
        while jobs := self.take():
            yield jobs


def secret_of(given: object) -> str:
    """The secret that signs: entities are decoded; one of 50 characters when none was given."""
    letters = string.ascii_letters + string.digits + "!@#$%^&*()"
    made = "".join(secrets.choice(letters) for _ in range(50))
    return html.unescape(str(given)) if given else made
