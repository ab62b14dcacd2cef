"""The benchmark of backfills: no broken promise passes it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from udsync_pipelines_tests.benchmarks.backfill import Finished, missed, report
from udsync_pipelines_tests.benchmarks.backfill_books import Compared
from udsync_pipelines_tests.benchmarks.backfill_watch import (
    Forecast,
    Interruption,
    Watched,
    errors,
)
from udsync_pipelines_tests.benchmarks.company import Traffic

TRAFFIC = Traffic({"POST /salesreceipt": 980}, {"200": 980}, 20, 0, 6)
CLEAN = {"orphans": [], "unequal": [], "unapplied_payments": {}, "duplicates": {"numbers": {}}}
MONEY = (Decimal("100.00"), Decimal("5.00"))
BOOKS = Compared(
    due=800,
    bound=790,
    lost=0,
    refunds=9,
    sold=MONEY,
    in_books=MONEY,
    sales=790,
    refund_documents=9,
    audit=CLEAN,
)
WATCHED = Watched(
    seconds=130.0,
    forecasts=[Forecast(1.0, 2.0, 900.0), Forecast(10.0, 6.0, 112.0), Forecast(130.0, 100.0, 9.0)],
    interruptions=[Interruption(5.0, 9.0), Interruption(60.0, 70.0)],
)
GOOD = Finished(
    orders=800,
    kills=2,
    factor=1.0,
    load_seconds=120.0,
    traffic=TRAFFIC,
    pages=12,
    least_pages=10,
    watched=WATCHED,
    left_in_doubt=1,
    syncs_after=1,
    compared=BOOKS,
)


def test_a_backfill_that_keeps_every_promise_misses_nothing() -> None:
    assert list(missed(GOOD)) == []
    assert "0 refused" in report(GOOD)
    assert "98.0% of the allowed rate in 120 s of loading; 90.5% of all the time" in report(GOOD)


def test_forecasts_are_judged_from_the_mark_on_by_the_end_that_came() -> None:
    ((percent, error),) = errors(WATCHED, from_percent=5.0)

    assert percent == 6.0
    assert error == pytest.approx(8 / 130)


@pytest.mark.parametrize(
    "broken",
    [
        replace(GOOD, traffic=replace(TRAFFIC, throttled=1)),
        replace(GOOD, load_seconds=130.0),
        replace(GOOD, watched=replace(WATCHED, forecasts=[Forecast(10.0, 6.0, 140.0)])),
        replace(GOOD, watched=replace(WATCHED, stops=1)),
        replace(GOOD, pages=13),
        replace(GOOD, compared=replace(BOOKS, lost=1)),
        replace(GOOD, compared=replace(BOOKS, sales=791)),
        replace(GOOD, compared=replace(BOOKS, refund_documents=10)),
        replace(GOOD, compared=replace(BOOKS, in_books=(Decimal("100.01"), Decimal("5.00")))),
        replace(GOOD, compared=replace(BOOKS, audit={**CLEAN, "orphans": ["7"]})),
        replace(
            GOOD, compared=replace(BOOKS, audit={**CLEAN, "duplicates": {"numbers": {"WC-1": 2}}})
        ),
    ],
)
def test_each_broken_promise_is_told(broken: Finished) -> None:
    assert len(list(missed(broken))) == 1
