"""The benchmark of latency itself: what it works out, and that no broken promise passes it."""

from dataclasses import replace
from typing import Any

import pytest

from udsync_pipelines_tests.benchmarks.latency import verdict
from udsync_pipelines_tests.benchmarks.latency_findings import (
    Arrival,
    LatencyFindings,
    arrivals,
    missed,
    report,
    stages,
)

CLEAN = {"duplicates": {"doc_numbers": {}, "private_notes": {}}, "orphans": [], "unequal": []}
RUN: dict[str, Any] = {
    "jobName": "sync_orders",
    "status": "SUCCESS",
    "stats": {"enqueuedTime": 10.0, "launchTime": 10.5, "startTime": 11.0, "endTime": 14.0},
    "stepStats": [{"stepKey": "extract_orders", "startTime": 11.2, "endTime": 11.7}],
}


def findings(*seconds: float) -> LatencyFindings:
    """Orders that took so long, a document each, and all else as promised."""
    booked = [Arrival(number, 100.0, 100.0 + took, 1) for number, took in enumerate(seconds)]
    return LatencyFindings(booked, 10.0, [RUN], {"company": 6}, {"daemon": 1.0}, CLEAN)


def delivery(order: int, at: float, topic: str = "order.created") -> dict[str, Any]:
    return {"topic": topic, "record_id": order, "at": at}


def made(number: str, at: float, entity: str = "SalesReceipt") -> dict[str, Any]:
    return {"event": "created", "entity": entity, "number": number, "at": at}


def test_an_order_counts_from_its_first_webhook_to_its_document() -> None:
    deliveries = [
        delivery(7, 50.0, "product.updated"),
        delivery(7, 100.0),
        delivery(7, 101.0, "order.updated"),
    ]
    history = [
        made("", 102.0, "Customer"),
        {**made("WC-7", 109.0), "event": "updated"},
        made("WC-7", 103.5),
    ]

    (found,) = arrivals([7], deliveries, history)

    assert found == Arrival(7, 100.0, 103.5, 1)
    assert found.seconds == 3.5


def test_an_order_without_a_document_takes_for_ever_and_is_missed() -> None:
    (lost,) = arrivals([7], [delivery(7, 100.0)], [])

    found = replace(findings(1.0, 1.0, 1.0), arrivals=[*findings(1.0, 1.0, 1.0).arrivals, lost])

    assert lost.seconds == float("inf")
    assert "1 orders did not arrive" in list(missed(found))


def test_a_run_is_told_apart_into_its_waits_and_steps() -> None:
    slower = {**RUN, "stats": {**RUN["stats"], "launchTime": 12.5, "startTime": None}}

    found = stages([RUN, slower, RUN])

    assert found["queued"] == 0.5
    assert found["starting"] == 0.5
    assert round(found["extract_orders"], 3) == 0.5
    assert found["started to ended"] == 3.0


def test_findings_that_keep_every_promise_end_well() -> None:
    found = findings(1.0, 2.0, 3.0)

    assert list(missed(found)) == []
    assert verdict(found) == 0
    assert "median 2.0, 90 % 3.0" in next(iter(report(found)))


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (findings(4.0, 5.0, 6.0), "the median is 5.0 s"),
        (findings(*[1.0] * 98, 31.0, 31.0), "99 % took 31.0 s"),
        (replace(findings(1.0), arrivals=[Arrival(1, 0.0, 1.0, 2)]), "more than once"),
        (replace(findings(1.0), runs=[{**RUN, "status": "FAILURE"}]), "1 runs failed"),
        (
            replace(findings(1.0), audit={**CLEAN, "duplicates": {"doc_numbers": {"WC-1": ["a"]}}}),
            "doc_numbers",
        ),
        (replace(findings(1.0), audit={**CLEAN, "orphans": ["SalesReceipt 1"]}), "orphans"),
    ],
)
def test_each_broken_promise_of_latency_ends_badly(broken: LatencyFindings, says: str) -> None:
    problems = list(missed(broken))

    assert len(problems) == 1
    assert says in problems[0]
    assert verdict(broken) == 1
