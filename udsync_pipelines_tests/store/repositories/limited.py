"""Limits of a connection on a clock of the test's own.

A test module takes the fixtures by importing them.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from udsync_pipelines.errors import PlatformUnavailableError
from udsync_pipelines.store.repositories.counted_calls import CountedCalls
from udsync_pipelines.store.repositories.limits import SharedLimits
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.store.samples import Household, household

__all__ = ["NOON", "Clock", "Make", "Rate", "away", "make", "owner"]

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Rate:
    name: str
    calls: int
    period_seconds: int
    burst: int = 1


class Clock:
    """A clock that stands still until someone sleeps; shared by threads."""

    def __init__(self) -> None:
        self.now = NOON
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def owner(state_database: StateDatabase) -> Household:
    return household(state_database, "acme")


Make = Callable[..., SharedLimits]


@pytest.fixture
def make(state_database: StateDatabase, owner: Household) -> Make:
    def limited(*rates: Rate, **options: object) -> SharedLimits:
        return SharedLimits(
            state_database,
            owner.tenant_id,
            owner.connection_id,
            rates or (Rate("requests", 10, 1),),
            calls=CountedCalls(state_database, owner.tenant_id, owner.connection_id),
            **options,  # type: ignore[arg-type]  # a test names what it needs
        )

    return limited


def away(*_: object) -> AbstractContextManager[None]:
    raise PlatformUnavailableError("The state database went away.")
