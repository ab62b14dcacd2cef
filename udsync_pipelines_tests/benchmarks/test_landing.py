"""The landing benchmark itself: it measures a small store, and no broken promise passes it."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from udsync_pipelines.connectors.supabase.sums import CurrencySums, StoreSums
from udsync_pipelines_tests.benchmarks.ceiling import Ceiling
from udsync_pipelines_tests.benchmarks.findings import (
    STAGES,
    WHO,
    Findings,
    Run,
    missed,
    warnings,
)
from udsync_pipelines_tests.benchmarks.landing import measure, sizes, verdict
from udsync_pipelines_tests.benchmarks.load_ratio import Pair, Ratio, rounds_for, summary
from udsync_pipelines_tests.benchmarks.report import tables

MEGABYTE = 1024**2
STAGE = {"seconds": 1.0} | {f"cpu_{who}": 0.5 for who in WHO}


def run(**differences: Any) -> Run:
    """A run that keeps every promise, with differences."""
    kept: dict[str, Any] = {
        "stages": dict.fromkeys(STAGES, STAGE),
        "state": "applied",
        "counts": {"order.created": 2, "order.updated": 0, "order.read": 2},
        "parked": 0,
        "intents": 1,
        "peak_bytes": 120 * MEGABYTE,
        "calls": {"GET /orders": 2, "GET /refunds": 1},
        "written": [],
    }
    return Run(**{**kept, **differences})


def findings(**differences: Any) -> Findings:
    """Two orders of 10.00 that landed well, with differences."""
    sums = {"count": 2, "total": "20.00", "amount": "20.00", "total_tax": "1.00"}
    kept: dict[str, Any] = {
        "orders": 2,
        "ceiling": Ceiling(3000.0, 0.2),
        "first": run(written=["public.woo_orders"]),
        "again": run(),
        "reread": run(),
        "ratio": Ratio(7, 1, 0.6, 0.6, 0.55, 5000.0, 8000.0),
        "shop_sums": {"orders": {"CAD": sums}, "refunds": {}},
        "database_sums": StoreSums({}, {"CAD": held("20.00")}, {}),
    }
    return Findings(**{**kept, **differences})


def held(total: str) -> CurrencySums:
    """Two documents in the database."""
    return CurrencySums(2, Decimal(total), Decimal("1.00"))


@pytest.mark.postgres
def test_a_small_store_is_measured_and_holds_every_bar(new_server_home: Callable[[], Path]) -> None:
    found = measure(new_server_home().parent, 200, rounds=1)

    assert list(missed([found])) == []
    assert found.first.counts["order.created"] == 200
    assert found.first.counts["order.read"] >= 200
    assert found.again.calls["GET /orders"] <= 3
    assert found.again.intents == 0
    assert found.reread.counts["order.read"] >= 200
    assert found.ratio.ratio > 0
    assert all(found.first.stages[stage]["seconds"] > 0 for stage in STAGES)


def test_findings_that_keep_every_promise_miss_nothing() -> None:
    assert list(missed([findings()])) == []
    assert list(warnings([findings()])) == []


@pytest.mark.parametrize(
    ("differences", "sentence"),
    [
        ({"first": run(state="failed")}, "the first run ended failed with 0 records parked"),
        ({"again": run(parked=1)}, "the no-change run ended applied with 1 records parked"),
        ({"again": run(written=["a"])}, "the no-change run wrote to a"),
        ({"reread": run(written=["a", "b"])}, "the full run wrote to a, b"),
        (
            {"again": run(calls={"GET /orders": 4})},
            "the no-change run asked 4 times for GET /orders, more than 3",
        ),
        (
            {"database_sums": StoreSums({}, {"CAD": held("20.01")}, {})},
            "CAD orders, total: 20.00 in the shop, 20.01 in the database",
        ),
        (
            {"first": run(counts={"order.created": 1})},
            "1 orders were created, the shop has 2",
        ),
    ],
)
def test_each_broken_promise_is_told_and_costs_the_exit_code(
    differences: dict[str, Any], sentence: str
) -> None:
    found = [findings(**differences)]

    assert list(missed(found)) == [f"2 orders: {sentence}"]
    assert verdict(found) == 1


def test_memory_that_grows_with_the_orders_is_a_broken_promise() -> None:
    small, large = findings(), findings(first=run(peak_bytes=200 * MEGABYTE))

    told = list(missed([small, replace(large, orders=50_000)]))

    assert told == ["memory grows by 80 MB from 2 orders to 50,000"]


def test_a_slow_load_is_warned_about_but_keeps_the_exit_code() -> None:
    slow = findings(ratio=Ratio(7, 1, 0.4, 0.4, 0.4, 5000.0, 12000.0))

    assert list(warnings([slow])) == ["2 orders: loading is 0.40 of raw COPY, below 0.5"]
    assert verdict([slow]) == 0


def test_the_ratio_is_the_median_of_whole_rounds() -> None:
    raw = {"woo_orders": 2.0, "udsync_id_mappings": 1.0, "commit": 1.0}
    rounds = [[Pair(1000, ours, raw)] for ours in (5.0, 8.0, 80.0)]

    ratio = summary(rounds)

    assert ratio.ratio == 0.5
    assert ratio.without_mappings == 0.375
    assert ratio.ours_rate == 125.0
    assert ratio.raw_rate == 250.0


def test_small_sizes_get_more_rounds_and_large_ones_at_least_one() -> None:
    assert [rounds_for(batches) for batches in (1, 10, 50)] == [7, 2, 1]


def test_every_table_has_a_column_for_each_size() -> None:
    printed = list(tables([findings(), findings(orders=1000)]))

    assert [text[:3] for text in printed] == ["(a)", "(b)", "(c)", "(d)", "(e)", "(f)"]
    assert all(text.splitlines()[0].split()[-2:] == ["2", "1,000"] for text in printed)


def test_sizes_are_read_ascending_and_only_above_zero() -> None:
    assert sizes("1000, 200") == [200, 1000]
    with pytest.raises(ValueError, match="0"):
        sizes("0,5")
