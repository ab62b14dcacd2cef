"""One sync of a lane at a time: refused while it is held, taken over when its holder is gone."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from udsync_pipelines.errors import ConfigurationError, LeaseLostError
from udsync_pipelines.store.lane_leases import LaneLeases
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.store.databases import StateServer
from udsync_pipelines_tests.store.repositories import lane_holder
from udsync_pipelines_tests.store.repositories.syncing import Tenant

pytestmark = pytest.mark.postgres

LONG = 600.0
Open = Callable[..., LaneLeases]


class Holder:
    """A process that holds a lane."""

    def __init__(self, url: str, tenant: UUID, lane: str, seconds: float) -> None:
        self.process = subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, "-m", lane_holder.__name__, url, str(tenant), lane, str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._answer() == "held"

    def ask(self, what: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@pytest.fixture
def opened(state_database: StateDatabase, state_url: str, acme: Tenant) -> Iterator[Open]:
    made: list[LaneLeases] = []

    def make(seconds: float = LONG, **more: Any) -> LaneLeases:
        made.append(LaneLeases(state_database, state_url, acme.id, seconds=seconds, **more))
        return made[-1]

    yield make
    for leases in made:
        leases.close()


@pytest.fixture
def hold_elsewhere(state_url: str, acme: Tenant) -> Iterator[Callable[..., Holder]]:
    started: list[Holder] = []

    def hold(lane: str, seconds: float = LONG) -> Holder:
        started.append(Holder(state_url, acme.id, lane, seconds))
        return started[-1]

    yield hold
    for holder in started:
        holder.process.kill()
        holder.process.communicate(timeout=30)


def taken_within(leases: LaneLeases, lane: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(ConfigurationError):
            leases.hold("acme", lane)
            return True
        time.sleep(0.05)
    return False


def fence_of(acme: Tenant, lane: str) -> int:
    with acme.database.tenant(acme.id) as connection:
        found: int = connection.execute(
            sa.text("SELECT fence FROM udsync.leases WHERE name = :name"), {"name": f"lane:{lane}"}
        ).scalar_one()
    return found


def test_a_lane_that_another_process_syncs_is_refused_in_one_line(
    opened: Open, hold_elsewhere: Callable[..., Holder]
) -> None:
    hold_elsewhere("orders")

    with pytest.raises(ConfigurationError) as refused:
        opened().hold("acme", "orders")

    assert str(refused.value) == (
        "another sync of orders for acme is running."
        " Wait for it to end, or stop it in Dagster's Runs page."
    )
    assert refused.value.code == "lane_busy"


def test_a_killed_holder_is_followed_at_once_without_waiting_for_its_lease(
    opened: Open, hold_elsewhere: Callable[..., Holder]
) -> None:
    holder = hold_elsewhere("orders")
    holder.process.kill()
    holder.process.wait(timeout=30)

    assert taken_within(opened(), "orders", 20)


def test_a_stopped_holder_that_wakes_up_after_its_lease_does_nothing_more(
    opened: Open, hold_elsewhere: Callable[..., Holder]
) -> None:
    holder = hold_elsewhere("orders", 1.0)
    assert [holder.ask("transaction"), holder.ask("request")] == ["done", "done"]

    holder.process.send_signal(signal.SIGSTOP)
    assert taken_within(opened(), "orders", 20)
    holder.process.send_signal(signal.SIGCONT)

    assert [holder.ask("request"), holder.ask("transaction")] == ["lease_lost", "lease_lost"]


def test_a_stopped_holder_may_not_send_although_nobody_took_over_yet(
    hold_elsewhere: Callable[..., Holder],
) -> None:
    holder = hold_elsewhere("orders", 1.0)

    holder.process.send_signal(signal.SIGSTOP)
    time.sleep(1.3)
    holder.process.send_signal(signal.SIGCONT)

    assert holder.ask("request") == "lease_lost"


def test_a_lease_is_kept_for_as_long_as_its_holder_lives(opened: Open) -> None:
    holding = opened(seconds=1.0)
    holding.hold("acme", "orders")

    assert not taken_within(opened(seconds=1.0), "orders", 2.5)
    holding.must_hold()


def test_each_grant_has_a_higher_number_than_the_one_before(opened: Open, acme: Tenant) -> None:
    fences = []
    for _ in range(3):
        with closing(opened()) as leases:
            leases.hold("acme", "orders")
            fences.append(fence_of(acme, "orders"))

    assert fences == [1, 2, 3]


def test_a_transaction_begun_in_time_ends_before_the_lane_changes_hands(
    opened: Open, acme: Tenant
) -> None:
    former = opened()
    former.hold("acme", "orders")
    take_over = sa.text("UPDATE udsync.leases SET fence = fence + 1")

    with former.fenced().tenant(acme.id), acme.database.tenant(acme.id) as connection:
        connection.execute(sa.text("SET LOCAL lock_timeout TO '200ms'"))
        with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            connection.execute(take_over)

    with acme.database.tenant(acme.id) as connection:
        assert connection.execute(take_over).rowcount == 1


def test_whoever_lost_a_lane_is_refused_each_transaction(opened: Open, acme: Tenant) -> None:
    former = opened()
    former.hold("acme", "orders")
    with acme.database.tenant(acme.id) as connection:
        connection.execute(sa.text("UPDATE udsync.leases SET fence = fence + 1"))

    told = r"orders for acme was cut off.*writes nothing more"
    with pytest.raises(LeaseLostError, match=told), former.fenced().tenant(acme.id):
        pass


def test_one_statement_of_whoever_lost_a_lane_is_refused_and_does_nothing(
    opened: Open, acme: Tenant
) -> None:
    former = opened()
    former.hold("acme", "orders")
    mark = b"UPDATE udsync.leases SET owner = %(owner)s RETURNING owner"
    marked = former.fenced().once(acme.id, mark, {"owner": "in force"})
    with acme.database.tenant(acme.id) as connection:
        connection.execute(sa.text("UPDATE udsync.leases SET fence = fence + 1"))

    with pytest.raises(LeaseLostError, match=r"orders for acme was cut off"):
        former.fenced().once(acme.id, mark, {"owner": "too late"})

    with acme.database.tenant(acme.id) as connection:
        owner = connection.execute(sa.text("SELECT owner FROM udsync.leases")).scalar_one()
    assert (marked[0].owner, owner) == ("in force", "in force")


def test_one_statement_without_any_lane_is_simply_done(opened: Open, acme: Tenant) -> None:
    fenced = opened().fenced()

    assert fenced.once(acme.id, b"SELECT 1 AS one", {})[0].one == 1


def test_a_heartbeat_that_finds_another_holder_stops_requests(opened: Open, acme: Tenant) -> None:
    former = opened(seconds=1.0)
    former.hold("acme", "orders")
    with acme.database.tenant(acme.id) as connection:
        connection.execute(sa.text("UPDATE udsync.leases SET fence = fence + 1"))

    time.sleep(0.6)

    with pytest.raises(LeaseLostError):
        former.must_hold()


def test_a_lease_that_ran_out_by_our_clock_is_never_renewed(opened: Open) -> None:
    now = [0.0]
    leases = opened(seconds=1.0, clock=lambda: now[0])
    leases.hold("acme", "orders")

    now[0] = 1.0
    time.sleep(0.6)

    with pytest.raises(LeaseLostError):
        leases.must_hold()


def test_other_lanes_and_other_tenants_are_not_held_up(
    opened: Open,
    hold_elsewhere: Callable[..., Holder],
    other: Tenant,
    state_database: StateDatabase,
    state_url: str,
) -> None:
    hold_elsewhere("orders")

    opened().hold("acme", "customers")
    with closing(LaneLeases(state_database, state_url, other.id, seconds=LONG)) as others:
        others.hold("other", "orders")


def test_holding_a_lane_again_changes_nothing(opened: Open, acme: Tenant) -> None:
    leases = opened()

    leases.hold("acme", "orders")
    leases.hold("acme", "orders")

    assert fence_of(acme, "orders") == 1


def test_closing_gives_every_lane_back_and_it_can_be_held_again(opened: Open) -> None:
    first, second = opened(), opened()
    first.hold("acme", "orders")
    first.hold("acme", "customers")
    with pytest.raises(ConfigurationError):
        second.hold("acme", "customers")

    first.close()
    second.hold("acme", "orders")
    second.hold("acme", "customers")
    second.close()

    first.hold("acme", "orders")


def test_leases_that_held_nothing_check_nothing_and_can_be_closed(
    opened: Open, acme: Tenant
) -> None:
    leases = opened()

    leases.must_hold()
    with leases.fenced().tenant(acme.id) as connection:
        assert connection.execute(sa.text("SELECT 1")).scalar_one() == 1
    leases.close()


def test_a_lane_taken_from_a_stopped_holder_is_not_given_to_the_next_at_once(
    opened: Open, hold_elsewhere: Callable[..., Holder]
) -> None:
    stopped = hold_elsewhere("orders", 1.0)
    stopped.process.send_signal(signal.SIGSTOP)
    holding = opened()
    assert taken_within(holding, "orders", 20)

    stopped.process.kill()  # its advisory lock is free now, and says nothing of the new holder
    stopped.process.wait(timeout=30)

    assert not taken_within(opened(), "orders", 1)
    holding.must_hold()


def test_leases_whose_server_went_away_can_be_closed(
    opened: Open, state_server: StateServer, state_url: str
) -> None:
    leases = opened(seconds=1.0)
    leases.hold("acme", "orders")
    database = sa.make_url(state_url).database
    state_server.run(
        f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{database}'"
    )

    leases.close()

    leases.hold("acme", "orders")


def test_of_many_threads_that_check_none_waits_for_another_for_ever(
    opened: Open, acme: Tenant
) -> None:
    leases = opened(seconds=1.0)
    leases.hold("acme", "orders")
    failed: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(30):
                with leases.fenced().tenant(acme.id):
                    pass
        except BaseException as error:  # noqa: BLE001 - told by the assertion
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert failed == []
    leases.must_hold()
