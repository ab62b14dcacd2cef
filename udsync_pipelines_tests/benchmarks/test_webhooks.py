"""The benchmark of webhooks itself: it measures a small load, and no broken promise passes it."""

from dataclasses import replace
from pathlib import Path

import pytest

from udsync_pipelines_tests.benchmarks.webhook_load import Load
from udsync_pipelines_tests.benchmarks.webhook_place import webhook_place
from udsync_pipelines_tests.benchmarks.webhooks import Found, measure, missed, verdict
from udsync_pipelines_tests.disposable_postgres import guarded_folder

GOOD = Load([200] * 1000, [0.01] * 1000, 5.0)
FOUND = Found(GOOD, expected=950, stored=950, storm=GOOD, reads=[1, 999])


@pytest.mark.postgres
def test_a_small_load_is_stored_once_whatever_is_sent_twice() -> None:
    with guarded_folder() as folder, webhook_place(Path(folder) / "webhooks", 2) as place:
        found = measure(place, rate=40, seconds=2, storm=40, storm_seconds=1)

    assert found.stored == found.expected == 76
    assert set(found.load.statuses) == set(found.storm.statuses) == {200}
    assert sum(found.reads) == 40


def test_a_run_that_keeps_every_promise_ends_well() -> None:
    assert list(missed(FOUND)) == []
    assert verdict(FOUND) == 0


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (replace(FOUND, stored=949), "949 events are stored"),
        (replace(FOUND, reads=[1, 1, 998]), "read 3 times"),
        (replace(FOUND, reads=[1, 900]), "only 901 events"),
        (replace(FOUND, load=replace(GOOD, statuses=[200] * 999 + [503])), "1 deliveries"),
        (replace(FOUND, storm=replace(GOOD, seconds=[0.01] * 998 + [0.6, 0.6])), "99.9 %"),
    ],
)
def test_each_broken_promise_is_named_and_ends_badly(broken: Found, says: str) -> None:
    problems = list(missed(broken))

    assert len(problems) == 1
    assert says in problems[0]
    assert verdict(broken) == 1
