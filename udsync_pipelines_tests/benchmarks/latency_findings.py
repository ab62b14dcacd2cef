"""How long orders took into the books, worked out from what both emulators have noted."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

MEDIAN_SECONDS = 5.0
WORST_SECONDS = 30.0
WORST_SHARE = 0.99
SALES_DOCUMENTS = ("SalesReceipt", "Invoice")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Arrival:
    """An order's way: when its first webhook was sent, when the books had its document.

    Both in seconds since 1970; `booked_at` is None when the document never came.
    """

    order: int
    told_at: float
    booked_at: float | None
    documents: int

    @property
    def seconds(self) -> float:
        """From the one to the other; without end when it never came."""
        return float("inf") if self.booked_at is None else self.booked_at - self.told_at


@dataclass(frozen=True, slots=True)
class LatencyFindings:
    """What was measured.

    `runs` are Dagster's, with the times of their steps, `processor` is processor seconds by
    process, and `audit` is the company's own.
    """

    arrivals: Sequence[Arrival]
    took: float
    runs: Sequence[Json]
    calls: Mapping[str, int]
    processor: Mapping[str, float]
    audit: Mapping[str, Any]

    def percentile(self, share: float) -> float:
        """The seconds within which this share of all orders was booked."""
        ordered = sorted(one.seconds for one in self.arrivals)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def arrivals(
    orders: Sequence[int], deliveries: Sequence[Json], history: Sequence[Json]
) -> list[Arrival]:
    """Each order's way, in the order of sale.

    `deliveries` are what the store has sent, `history` what was written in the company.

    Raises:
        LookupError: the store has told nobody of one of the orders.
    """
    told: dict[int, float] = {}
    for one in deliveries:
        if one["topic"].startswith("order."):
            told.setdefault(one["record_id"], one["at"])
    booked: dict[str, list[float]] = {}
    for event in history:
        if event["event"] == "created" and event["entity"] in SALES_DOCUMENTS:
            booked.setdefault(event["number"], []).append(event["at"])
    found = []
    for order in orders:
        times = booked.get(f"WC-{order}", [])
        found.append(Arrival(order, told[order], min(times, default=None), len(times)))
    return found


def stages(runs: Sequence[Json]) -> Mapping[str, float]:
    """Median seconds that a run spends in the queue, in starting, in each step, and in all."""
    seconds: dict[str, list[float]] = {}
    for run in runs:
        times = run["stats"]
        spans = [
            ("queued", times["enqueuedTime"], times["launchTime"]),
            ("starting", times["launchTime"], times["startTime"]),
            *((one["stepKey"], one["startTime"], one["endTime"]) for one in run["stepStats"]),
            ("started to ended", times["startTime"], times["endTime"]),
        ]
        for name, begun, ended in spans:
            if begun and ended:
                seconds.setdefault(name, []).append(ended - begun)
    return {name: median(each) for name, each in seconds.items()}


def missed(found: LatencyFindings) -> Iterator[str]:
    """Every promise that was broken."""
    documents = Counter(one.documents for one in found.arrivals)
    if documents[0]:
        yield f"{documents[0]} orders did not arrive"
    if twice := sum(number for times, number in documents.items() if times > 1):
        yield f"{twice} orders arrived more than once"
    if found.percentile(0.5) >= MEDIAN_SECONDS:
        yield f"the median is {found.percentile(0.5):.1f} s, not under {MEDIAN_SECONDS:.0f} s"
    if found.percentile(WORST_SHARE) >= WORST_SECONDS:
        worst = found.percentile(WORST_SHARE)
        yield f"99 % took {worst:.1f} s, not under {WORST_SECONDS:.0f} s"
    twice_over = found.audit["duplicates"]
    lists = {**twice_over, **{name: found.audit[name] for name in ("orphans", "unequal")}}
    yield from (
        f"the audit of the books found {name}: {each}" for name, each in lists.items() if each
    )
    if failed := sum(one["status"] == "FAILURE" for one in found.runs):
        yield f"{failed} runs failed"


def report(found: LatencyFindings) -> Iterator[str]:
    """The figures, a line each."""
    number = len(found.arrivals)
    shares = (("median", 0.5), ("90 %", 0.9), ("99 %", 0.99), ("worst", 1.0))
    times = ", ".join(f"{name} {found.percentile(share):.1f}" for name, share in shares)
    yield f"{number:,} orders in {found.took:.0f} s; seconds from webhook to books: {times}"
    ended = Counter(f"{one['jobName']} {one['status']}" for one in found.runs)
    of_orders = [one for one in found.runs if one["jobName"] == "sync_orders"]
    runs = ", ".join(f"{name} {count}" for name, count in sorted(ended.items()))
    yield f"runs: {runs}; {number / max(1, len(of_orders)):.1f} orders a run of sync_orders"
    seconds = ", ".join(f"{name} {took:.1f}" for name, took in stages(of_orders).items())
    yield f"a run of sync_orders, medians in seconds: {seconds}"
    calls = ", ".join(f"{name} {count / number:.2f}" for name, count in found.calls.items())
    yield f"calls an order: {calls}"
    used = ", ".join(f"{name} {seconds:.1f}" for name, seconds in found.processor.items())
    total = sum(found.processor.values())
    yield f"processor seconds: {used}; together {total:.1f}, {total / found.took:.2f} cores"
