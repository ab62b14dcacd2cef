"""One sync of a lane at a time: refused to others while it is held, free when its holder dies."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.store.lane_locks import LaneLocks
from udsync_pipelines_tests.store.databases import StateServer
from udsync_pipelines_tests.store.repositories import lane_holder

pytestmark = pytest.mark.postgres

ACME = uuid4()
Hold = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def locks(state_url: str) -> Iterator[LaneLocks]:
    with closing(LaneLocks(state_url)) as made:
        yield made


@pytest.fixture
def hold_elsewhere(state_url: str) -> Iterator[Hold]:
    """Hold a lane of the tenant in a process of its own; it is killed after the test."""
    started: list[subprocess.Popen[str]] = []

    def hold(lane: str) -> subprocess.Popen[str]:
        holder = subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, "-m", lane_holder.__name__, state_url, str(ACME), lane],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(holder)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        return holder

    yield hold
    for holder in started:
        holder.kill()
        holder.communicate(timeout=30)


def becomes_free(locks: LaneLocks, tenant: UUID, lane: str, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(ConfigurationError):
            locks.hold(tenant, "acme", lane)
            return True
        time.sleep(0.05)
    return False


def test_a_lane_that_another_process_syncs_is_refused_in_one_line(
    locks: LaneLocks, hold_elsewhere: Hold
) -> None:
    hold_elsewhere("orders")

    with pytest.raises(ConfigurationError) as refused:
        locks.hold(ACME, "acme", "orders")

    assert str(refused.value) == (
        "another sync of orders for acme is running."
        " Wait for it to end, or stop it in Dagster's Runs page."
    )
    assert refused.value.code == "lane_busy"


def test_a_lane_is_free_again_after_its_holder_was_killed(
    locks: LaneLocks, hold_elsewhere: Hold
) -> None:
    holder = hold_elsewhere("orders")

    holder.kill()
    holder.wait(timeout=30)

    assert becomes_free(locks, ACME, "orders")


def test_other_lanes_and_other_tenants_are_not_held_up(
    locks: LaneLocks, hold_elsewhere: Hold
) -> None:
    hold_elsewhere("orders")

    locks.hold(ACME, "acme", "customers")
    locks.hold(uuid4(), "other", "orders")


def test_holding_a_lane_again_changes_nothing(locks: LaneLocks, state_url: str) -> None:
    locks.hold(ACME, "acme", "orders")
    locks.hold(ACME, "acme", "orders")
    locks.close()

    with closing(LaneLocks(state_url)) as others:
        others.hold(ACME, "acme", "orders")


def test_closing_gives_every_lane_back_and_it_can_be_held_again(
    locks: LaneLocks, state_url: str
) -> None:
    with closing(LaneLocks(state_url)) as others:
        others.hold(ACME, "acme", "orders")
        others.hold(ACME, "acme", "customers")
        with pytest.raises(ConfigurationError):
            locks.hold(ACME, "acme", "customers")

    locks.hold(ACME, "acme", "orders")
    locks.hold(ACME, "acme", "customers")


def test_locks_that_held_nothing_can_be_closed(state_url: str) -> None:
    LaneLocks(state_url).close()


def test_a_lane_can_be_taken_over_at_once_again_and_again(state_url: str) -> None:
    for _ in range(20):
        with closing(LaneLocks(state_url)) as next_locks:
            next_locks.hold(ACME, "acme", "orders")


def test_locks_whose_server_went_away_can_be_closed(
    locks: LaneLocks, state_server: StateServer, state_url: str
) -> None:
    locks.hold(ACME, "acme", "orders")
    database = sa.make_url(state_url).database
    state_server.run(
        f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{database}'"
    )

    locks.close()

    locks.hold(ACME, "acme", "orders")
