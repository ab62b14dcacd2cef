"""The benchmark of backfills: no broken promise passes it."""

from dataclasses import replace

import pytest

from udsync_pipelines_tests.benchmarks.backfill import Finished, Forecast, missed, report
from udsync_pipelines_tests.benchmarks.company import Traffic

TRAFFIC = Traffic({"POST /salesreceipt": 980}, {"200": 980}, 20, 0, 6)
CLEAN = {"orphans": [], "unequal": [], "unapplied_payments": {}, "duplicates": {"numbers": {}}}
GOOD = Finished(
    orders=800,
    kills=0,
    seconds=130.0,
    load_seconds=120.0,
    traffic=TRAFFIC,
    pages=10,
    least_pages=10,
    forecasts=[Forecast(1.0, 2.0, 900.0), Forecast(10.0, 6.0, 125.0), Forecast(130.0, 100.0, 9.0)],
    audit=CLEAN,
)
KILLED = replace(GOOD, kills=20, load_seconds=900.0)


def test_a_backfill_that_keeps_every_promise_misses_nothing() -> None:
    assert list(missed(GOOD, 1.0)) == []
    assert "0 refused" in report(GOOD, 1.0)


@pytest.mark.parametrize(
    "broken",
    [
        replace(GOOD, traffic=replace(TRAFFIC, throttled=1)),
        replace(GOOD, load_seconds=130.0),
        replace(GOOD, forecasts=[Forecast(10.0, 6.0, 140.0)]),
        replace(GOOD, pages=11),
        replace(KILLED, pages=31),
        replace(KILLED, audit={**CLEAN, "orphans": ["7"]}),
        replace(KILLED, audit={**CLEAN, "duplicates": {"numbers": {"WC-1": 2}}}),
    ],
)
def test_each_broken_promise_is_told(broken: Finished) -> None:
    assert len(list(missed(broken, 1.0))) == 1


def test_each_kill_may_cost_a_page_and_a_killed_run_is_not_judged_by_its_speed() -> None:
    assert list(missed(replace(KILLED, pages=30), 1.0)) == []
