"""The benchmark of posting itself: it measures a small store, and no broken promise passes it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from udsync_pipelines_tests.benchmarks.company import Traffic
from udsync_pipelines_tests.benchmarks.posting import measure, verdict
from udsync_pipelines_tests.benchmarks.posting_findings import (
    WHO,
    PostingFindings,
    PostingRun,
    missed,
    missed_at_real_limits,
    warnings,
)
from udsync_pipelines_tests.benchmarks.posting_report import tables

MEGABYTE = 1024**2
STAGE = {"seconds": 1.0} | {f"cpu_{who}": 0.001 for who in WHO}


def seen(**differences: Any) -> Traffic:
    """What the company saw of two receipts, with differences."""
    kept: dict[str, Any] = {
        "calls": {"POST /salesreceipt": 2, "GET /query": 3, "POST /oauth2/tokens": 1},
        "statuses": {"200": 5},
        "metered": 3,
        "throttled": 0,
        "most_in_flight": 2,
    }
    return Traffic(**{**kept, **differences})


def run(**differences: Any) -> PostingRun:
    """A first run that keeps every promise, with differences."""
    kept: dict[str, Any] = {
        "stages": {"open": STAGE, "orders load": STAGE},
        "states": {"orders": "applied"},
        "counts": {"quickbooks.sales_receipt.created": 2},
        "parked": {"orders": 0},
        "in_doubt": 0,
        "peak_bytes": 120 * MEGABYTE,
        "traffic": seen(),
        "transactions": 8,
    }
    return PostingRun(**{**kept, **differences})


IDLE = run(counts={}, traffic=seen(calls={}, statuses={}, metered=0))
AUDIT = {
    "counts": {"SalesReceipt": 2},
    "duplicates": {"doc_numbers": {}},
    "orphans": [],
    "unequal": [],
    "unapplied_payments": {},
}


def findings(**differences: Any) -> PostingFindings:
    """Two orders that were posted well, with differences."""
    kept: dict[str, Any] = {"orders": 2, "first": run(), "again": IDLE, "audit": AUDIT}
    return PostingFindings(**{**kept, **differences})


@pytest.mark.postgres
@pytest.mark.slow
def test_a_small_store_is_posted_and_holds_every_bar(new_server_home: Callable[[], Path]) -> None:
    found = measure(new_server_home().parent, 60)

    assert list(missed([found])) == []
    assert found.first.traffic.posts == found.first.created > 60
    assert found.again.traffic.posts == 0
    assert all("orders/s" in table or "sent" in table for table in tables([found]))


def test_findings_that_keep_every_promise_miss_nothing() -> None:
    assert list(missed([findings()])) == []
    assert list(warnings([findings()])) == []
    assert verdict([findings()]) == 0


@pytest.mark.parametrize(
    ("differences", "sentence"),
    [
        (
            {"first": run(in_doubt=1)},
            "the first run ended {'orders': 'applied'}, 1 writes in doubt",
        ),
        (
            {"first": run(traffic=seen(calls={"POST /salesreceipt": 3}))},
            "3 writes were sent for 2 objects",
        ),
        (
            {"audit": {**AUDIT, "counts": {"SalesReceipt": 3}}},
            "2 documents were created, the company holds 3",
        ),
        (
            {"first": run(traffic=seen(statuses={"200": 4, "429": 1}, throttled=1))},
            "not every answer was 200: {'200': 4, '429': 1}",
        ),
        ({"first": run(traffic=seen(metered=25))}, "25 metered reads, more than 24"),
        ({"again": replace(IDLE, traffic=seen(calls={"GET /query": 1}))}, "the second run asked 1"),
        (
            {"again": replace(IDLE, parked={"orders": 1}, traffic=seen(calls={"GET /query": 7}))},
            "the second run asked 7 times, more than 6",
        ),
        ({"audit": {**AUDIT, "orphans": ["lost"]}}, "the audit finds orphans: ['lost']"),
        (
            {"audit": {**AUDIT, "duplicates": {"doc_numbers": {"WC-1": ["a", "b"]}}}},
            "the audit finds duplicates",
        ),
    ],
)
def test_each_broken_promise_of_posting_is_told_and_costs_the_exit_code(
    differences: dict[str, Any], sentence: str
) -> None:
    found = [findings(**differences)]

    assert [problem for problem in missed(found) if sentence in problem]
    assert verdict(found) == 1


def test_a_second_run_that_writes_is_a_broken_promise() -> None:
    told = list(missed([findings(again=run())]))

    assert "2 orders: the second run wrote 2 times" in told


def test_memory_that_grows_with_the_posted_orders_is_a_broken_promise() -> None:
    large = findings(first=run(peak_bytes=200 * MEGABYTE))

    told = list(missed([findings(), replace(large, orders=10_000)]))

    assert told == ["memory grows by 80 MB from 2 orders to 10,000"]


def test_slow_posting_is_warned_about_but_keeps_the_exit_code() -> None:
    slow = findings(first=run(stages={"orders load": {**STAGE, "cpu_udsync": 0.05}}))

    assert list(warnings([slow])) == ["2 orders: 25.0 ms of our processor each, above 15"]
    assert verdict([slow]) == 0


def test_a_refused_request_or_an_idle_rate_is_told_at_real_limits() -> None:
    minute = {"orders load": {**STAGE, "seconds": 60.0}}
    full = run(stages=minute, traffic=seen(calls={"POST /invoice": 480}))
    idle = run(stages=minute, traffic=seen(calls={"POST /invoice": 400}, throttled=2))

    assert list(missed_at_real_limits(full)) == []
    assert list(missed_at_real_limits(idle)) == [
        "the company refused 2 requests with 429",
        "400 writes a minute, below 90 % of 500",
    ]
