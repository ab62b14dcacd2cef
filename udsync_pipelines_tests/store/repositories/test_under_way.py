"""How many requests may be under way, by how long they usually take."""

import threading
import time

import pytest

from udsync_pipelines.store.repositories import under_way
from udsync_pipelines.store.repositories.under_way import UnderWay


class Timer:
    """A timer that stands where it is put."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def seen(per_second: float, *seconds: float) -> UnderWay:
    """Requests that have taken so long, one after another."""
    timer = Timer()
    made = UnderWay(per_second, timer=timer)
    for took in seconds:
        with made.one():
            timer.now += took
    return made


@pytest.mark.parametrize(
    ("per_second", "took", "most"), [(8.0, 0.1, 2), (8.0, 0.5, 5), (24.0, 0.1, 6), (24.0, 0.3, 11)]
)
def test_a_few_more_than_usual_may_be_under_way(per_second: float, took: float, most: int) -> None:
    assert seen(per_second, took).most == most


def test_before_the_first_answer_nobody_is_held_back() -> None:
    fresh = UnderWay(8.0)

    with fresh.one(), fresh.one(), fresh.one():
        fresh.wait()

    assert seen(8.0).most == float("inf")


def test_one_slow_answer_changes_little_and_many_are_the_new_usual() -> None:
    assert seen(8.0, *[0.5] * 20, 5.0).most == 7
    assert seen(8.0, *[0.5] * 20, *[1.0] * 60).most == 9


def test_whoever_comes_while_too_many_are_held_up_waits_until_one_has_ended() -> None:
    usual = seen(8.0, 0.1)
    held_up = [usual.one(), usual.one()]
    for one in held_up:
        one.__enter__()
    passed = threading.Event()

    def come() -> None:
        usual.wait()
        passed.set()

    waiting = threading.Thread(target=come)
    waiting.start()
    is_let_through = passed.wait(0.2)
    held_up[0].__exit__(None, None, None)
    waiting.join(timeout=10)

    assert not is_let_through
    assert passed.is_set()


def test_nobody_waits_for_ever_for_what_is_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_way, "LONGEST_HOLD", 0.05)
    usual = seen(8.0, 0.1)

    with usual.one(), usual.one():
        began = time.monotonic()
        usual.wait()

    assert time.monotonic() - began >= 0.05
