"""Rates and slots of a connection, kept by threads and processes together."""

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from udsync_pipelines.errors import PlatformUnavailableError
from udsync_pipelines.store.repositories import limits
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.store.repositories.limited import (
    NOON,
    Clock,
    Make,
    Rate,
    away,
    make,
    owner,
)
from udsync_pipelines_tests.store.samples import Household

__all__ = ["make", "owner"]

pytestmark = pytest.mark.postgres

DAYS = itertools.count(1)


def test_calls_that_come_at_once_are_spread_evenly_over_the_period(make: Make) -> None:
    clock = Clock()
    shared = make(Rate("requests", 10, 1), clock=clock, sleep=clock.sleep)

    starts = []
    for _ in range(5):
        with shared.slot(("requests",)):
            starts.append(round((clock.now - NOON).total_seconds(), 6))

    assert starts == [0.0, 0.1, 0.2, 0.3, 0.4]


def test_a_burst_goes_at_once_and_then_the_rate_holds(make: Make) -> None:
    clock = Clock()
    shared = make(Rate("requests", 10, 1, burst=3), clock=clock, sleep=clock.sleep)

    starts = []
    for _ in range(5):
        with shared.slot(("requests",)):
            starts.append(round((clock.now - NOON).total_seconds(), 6))

    assert starts == [0.0, 0.0, 0.0, 0.1, 0.2]


def test_unused_time_is_not_saved_up_for_later(make: Make) -> None:
    clock = Clock()
    shared = make(Rate("requests", 10, 1), clock=clock, sleep=clock.sleep)
    clock.now += timedelta(hours=1)

    for _ in range(3):
        with shared.slot(("requests",)):
            pass

    assert [round(seconds, 6) for seconds in clock.slept] == [0.1, 0.1]


def test_a_call_waits_for_the_slower_of_its_two_rates(make: Make) -> None:
    clock = Clock()
    rates = (Rate("requests", 10, 1), Rate("batches", 1, 1))
    shared = make(*rates, clock=clock, sleep=clock.sleep)

    for _ in range(2):
        with shared.slot(("requests", "batches")):
            pass

    assert [round(seconds, 6) for seconds in clock.slept] == [1.0]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    gaps=st.lists(st.floats(0, 0.5), min_size=2, max_size=20),
    calls=st.integers(1, 20),
    burst=st.integers(1, 4),
)
def test_no_window_ever_holds_more_calls_than_the_limit_allows(
    make: Make, gaps: list[float], calls: int, burst: int
) -> None:
    clock = Clock()
    shared = make(Rate(f"r{calls}-{burst}", calls, 1, burst), clock=clock, sleep=clock.sleep)
    clock.now += timedelta(days=next(DAYS))  # after every example before: slots end by the clock

    starts = []
    for gap in gaps:
        clock.now += timedelta(seconds=gap)
        with shared.slot((f"r{calls}-{burst}",)):
            starts.append(clock.now)

    window = timedelta(seconds=1) - timedelta(milliseconds=1)
    most = max(sum(first <= other < first + window for other in starts) for first in starts)
    assert most <= calls + burst - 1


def test_eight_threads_never_have_more_requests_in_flight_than_slots(make: Make) -> None:
    shared = make(Rate("requests", 100_000, 1), slots=3)
    lock = threading.Lock()
    inside: list[int] = [0]
    most: list[int] = []
    all_taken = threading.Event()

    def work() -> None:
        for _ in range(5):
            with shared.slot(("requests",)):
                with lock:
                    inside[0] += 1
                    most.append(inside[0])
                    if inside[0] == 3:
                        all_taken.set()
                all_taken.wait(60)
                with lock:
                    inside[0] -= 1

    run_threads(work, 8)

    assert len(most) == 40
    assert max(most) == 3


def test_eight_threads_start_no_closer_together_than_the_rate(make: Make) -> None:
    shared = make(Rate("requests", 50, 1))
    starts: list[float] = []

    def work() -> None:
        for _ in range(4):
            with shared.slot(("requests",)):
                starts.append(time.monotonic())

    run_threads(work, 8)

    assert len(starts) == 32
    # 31 spaces of 20 ms lie between them; what a thread is late by does not add up.
    assert max(starts) - min(starts) >= 31 * 0.02 - 0.02


def test_a_process_that_stood_still_goes_on_at_the_same_distances(make: Make) -> None:
    clock = Clock()
    lock = threading.Lock()

    def stand_still(seconds: float) -> None:
        due = clock.now + timedelta(seconds=seconds)
        time.sleep(0.2)  # whoever may reserve a time does so meanwhile
        with lock:
            is_first = not clock.slept
            clock.slept.append(seconds)
            clock.now = clock.now + timedelta(seconds=10) if is_first else max(clock.now, due)

    shared = make(Rate("requests", 10, 1), clock=clock, sleep=stand_still)
    starts: list[float] = []

    def work() -> None:
        with shared.slot(("requests",)):
            starts.append(round((clock.now - NOON).total_seconds(), 6))

    run_threads(work, 4)

    assert sorted(starts) == [0.0, 10.0, 10.0, 10.1]


PROCESSES = """
import multiprocessing
import sys
from uuid import UUID
from udsync_pipelines.store.repositories.counted_calls import CountedCalls
from udsync_pipelines.store.repositories.limits import SharedLimits
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.store.repositories.limited import NOON, Rate

url, tenant, connection = sys.argv[1:]

def work():
    database = StateDatabase(url)
    waits = []
    place = database, UUID(tenant), UUID(connection)
    shared = SharedLimits(*place, (Rate("requests", 10, 1),), calls=CountedCalls(*place),
                          clock=lambda: NOON, sleep=waits.append)
    for _ in range(20):
        waits.clear()
        with shared.slot(("requests",)):
            sys.stdout.write(f"{waits[-1] if waits else 0.0}\\n")
    sys.stdout.flush()
    database.close()

context = multiprocessing.get_context("fork")
processes = [context.Process(target=work) for _ in range(8)]
for process in processes:
    process.start()
for process in processes:
    process.join()
sys.exit(sum(process.exitcode != 0 for process in processes))
"""


@pytest.mark.usefixtures("make")
def test_eight_processes_get_starts_that_keep_the_rate_together(
    state_url: str, owner: Household
) -> None:
    places = [state_url, str(owner.tenant_id), str(owner.connection_id)]

    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", PROCESSES, *places],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    starts = sorted(map(float, done.stdout.split()))
    assert (done.returncode, done.stderr) == (0, "")
    assert len(starts) == 160
    assert all(second - first == pytest.approx(0.1) for first, second in pairwise(starts))


def test_a_pause_holds_back_everybody_on_the_connection(make: Make) -> None:
    clock = Clock()
    one, other = (make(clock=clock, sleep=clock.sleep) for _ in range(2))

    one.pause(60)
    with other.slot(("requests",)):
        waited = (clock.now - NOON).total_seconds()

    assert waited == pytest.approx(60)


def test_after_a_pause_calls_go_on_at_the_rate(make: Make) -> None:
    clock = Clock()
    shared = make(clock=clock, sleep=clock.sleep)
    shared.pause(60)
    clock.now += timedelta(seconds=61)

    starts = []
    for _ in range(3):
        with shared.slot(("requests",)):
            starts.append(round((clock.now - NOON).total_seconds() - 61, 6))

    assert starts == [0.0, 0.1, 0.2]
    assert len(clock.slept) == 2


def test_a_shorter_pause_does_not_shorten_a_longer_one(make: Make) -> None:
    clock = Clock()
    shared = make(clock=clock, sleep=clock.sleep)

    shared.pause(60)
    shared.pause(5)
    with shared.slot(("requests",)):
        waited = (clock.now - NOON).total_seconds()

    assert waited == pytest.approx(60)


def test_whoever_waits_for_a_turn_waits_longer_when_a_pause_comes(make: Make) -> None:
    clock = Clock()
    other = make(clock=clock, sleep=clock.sleep)

    def pause_while_sleeping(seconds: float) -> None:
        clock.sleep(seconds)
        if len(clock.slept) == 1:
            other.pause(30)

    shared = make(clock=clock, sleep=pause_while_sleeping)
    with shared.slot(("requests",)):
        pass
    with shared.slot(("requests",)):
        waited = (clock.now - NOON).total_seconds()

    assert waited == pytest.approx(30.1)


def test_a_slot_of_a_dead_process_is_free_after_the_longest_request(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LONGEST_REQUEST", 1)
    clock = Clock()
    dead = make(slots=1, clock=clock, sleep=clock.sleep)._take_turn(("requests",))
    shared = make(slots=1, clock=clock, sleep=clock.sleep)

    with shared.slot(("requests",)):
        waited = (clock.now - NOON).total_seconds()
        shared._give_back(dead)  # the dead one wakes up late: the slot is another's now
        is_still_held = shared._try(("requests",))[0] is None

    assert waited == pytest.approx(1, abs=0.2)
    assert is_still_held


def test_waiting_for_a_slot_ends_with_a_sentence(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LONGEST_WAIT_FOR_SLOT", 0.1)
    clock = Clock()
    shared = make(slots=1, clock=clock, sleep=clock.sleep)

    slot = shared.slot(("requests",))
    with slot, pytest.raises(PlatformUnavailableError) as caught, shared.slot(("requests",)):
        pass

    assert caught.value.code == "slots_taken"


def test_a_slot_is_given_back_when_the_request_fails(make: Make) -> None:
    shared = make(slots=1)

    with pytest.raises(RuntimeError), shared.slot(("requests",)):
        raise RuntimeError

    with shared.slot(("requests",)):
        pass


def test_a_database_that_goes_away_does_not_hide_the_outcome_of_a_request(
    make: Make, state_database: StateDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = make()
    outcomes = []

    with shared.slot(("requests",)):
        monkeypatch.setattr(state_database, "tenant", away)
        monkeypatch.setattr(state_database, "once", away)
        outcomes.append("written")
        shared.pause(60)
        for _ in range(50):
            shared.count("Invoice create", is_metered=False, has_failed=False)

    assert outcomes == ["written"]


def test_a_request_does_not_start_while_the_database_is_away(
    make: Make, state_database: StateDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = make()
    monkeypatch.setattr(state_database, "once", away)

    with pytest.raises(PlatformUnavailableError, match="went away"), shared.slot(("requests",)):
        pass


def test_another_rate_for_the_same_limit_replaces_the_former(make: Make) -> None:
    clock = Clock()
    make(Rate("requests", 10, 1), clock=clock)
    shared = make(Rate("requests", 2, 1), clock=clock, sleep=clock.sleep)

    for _ in range(2):
        with shared.slot(("requests",)):
            pass

    assert [round(seconds, 6) for seconds in clock.slept] == [0.5]


def run_threads(work: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
