"""The benchmark of kills itself: two kills of real processes, and no broken promise passes it."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from udsync_pipelines_tests.benchmarks.kill_findings import Kill, Load, missed, table, verdict
from udsync_pipelines_tests.benchmarks.killed_services import kill_services
from udsync_pipelines_tests.benchmarks.killed_workers import kill_workers
from udsync_pipelines_tests.benchmarks.served_shop import served_shop
from udsync_pipelines_tests.disposable_postgres import guarded_folder

GOOD = Kill("daemon", "1 run under way", "daemon ended", ended=3.2, booked=9.0)
WORKER = Kill("run worker", "after request 9", "The sync …", ended=0.3, taken_over=8.0, syncs=1)
LOAD = Load(orders=90, seconds=91.0, delivered=181, refused=6, swept=1, problems=())


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.timeout(900)  # a busy machine is no failure
def test_a_killed_worker_and_a_killed_api_double_and_lose_nothing() -> None:
    dice = Random(5)  # noqa: S311 - no secret
    with guarded_folder() as folder, served_shop(Path(folder)) as served:
        workers = list(kill_workers(served, dice, kills=1, orders=6, requests=30))
        services, load = kill_services(served, dice, ["API"])

    assert [one.problems for one in (*workers, *services)] == [(), ()]
    assert load.problems == ()
    assert "RunFailure" not in workers[0].told
    assert "marked as failed" in workers[0].told
    assert workers[0].taken_over is not None
    assert services[0].told == "API ended unexpectedly; starting it again"
    assert load.delivered > 0


def test_kills_that_keep_every_promise_end_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(missed([GOOD, WORKER], LOAD)) == []
    assert verdict([GOOD, WORKER], LOAD) == 0
    assert "| run worker | after request 9 | 0 s | 8 s | - | 1 |" in table([WORKER])
    assert "90 orders in 91 s" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (replace(GOOD, ended=61.0), "a run hung for 61 s"),
        (replace(WORKER, taken_over=62.0), "taken over only after 62 s"),
        (replace(GOOD, told=""), "nothing tells"),
        (replace(GOOD, problems=("order 7 has 2 sales documents",)), "order 7 has 2"),
    ],
)
def test_each_promise_that_a_kill_breaks_is_named_and_ends_badly(broken: Kill, says: str) -> None:
    problems = list(missed([WORKER, broken], LOAD))

    assert len(problems) == 1
    assert says in problems[0]
    assert verdict([WORKER, broken], LOAD) == 1


def test_what_is_wrong_after_the_load_ends_badly_too() -> None:
    lost = replace(LOAD, problems=("order 9 has 0 sales documents",))

    assert list(missed([GOOD], lost)) == ["order 9 has 0 sales documents"]
