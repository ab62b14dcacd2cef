"""What was found when posting, and which bars it holds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from udsync_pipelines_tests.benchmarks.company import Traffic

MOST_GROWTH_BYTES = 32 * 1024**2  # from the smallest size to the largest
MOST_MILLISECONDS = 15.0  # of our processor per order
MOST_READS = 24  # of a first run: pre-flight (12), lists, names, items; a page holds 1000
MOST_READS_AGAIN = 6  # of a run that finds only parked records: reference lists
LEAST_SHARE_OF_RATE = 0.9
ALLOWED_PER_MINUTE = 500
WHO = ("udsync", "postgres", "shop", "company")
CLEAN = ("duplicates", "orphans", "unequal", "unapplied_payments")


@dataclass(frozen=True)
class PostingRun:
    """One sync of every lane in a process of its own, and what the company has seen of it."""

    stages: Mapping[str, Mapping[str, float]]
    states: Mapping[str, str]
    counts: Mapping[str, int]
    parked: Mapping[str, int]
    in_doubt: int
    peak_bytes: int
    traffic: Traffic
    transactions: int

    @property
    def seconds(self) -> float:
        """From opening to closing, without the start of the interpreter."""
        return sum(stage["seconds"] for stage in self.stages.values())

    def seconds_of(self, stage: str) -> float:
        """Seconds of a stage over all lanes."""
        return sum(one["seconds"] for name, one in self.stages.items() if name.endswith(stage))

    def processor(self, who: str) -> float:
        """Processor seconds of one of the four parties."""
        return sum(stage[f"cpu_{who}"] for stage in self.stages.values())

    @property
    def created(self) -> int:
        """Objects that it says it has created."""
        return self._counted("created")

    @property
    def unequal(self) -> int:
        """Documents whose answer differed from the order."""
        return self._counted("unequal")

    def _counted(self, name: str) -> int:
        return sum(number for key, number in self.counts.items() if key.endswith(f".{name}"))


@dataclass(frozen=True)
class PostingFindings:
    """Everything that was measured at one size."""

    orders: int
    first: PostingRun
    again: PostingRun
    audit: Mapping[str, Any]

    @property
    def documents(self) -> int:
        """Documents that the company holds after both runs."""
        return sum(self.audit["counts"].values())


def missed(found: Sequence[PostingFindings]) -> Iterator[str]:
    """Each hard bar that was missed, as a sentence."""
    for one in found:
        for problem in (*_missed_by(one), *_missed_again(one.again), *_unclean(one.audit)):
            yield f"{one.orders:,} orders: {problem}"
    growth = found[-1].first.peak_bytes - found[0].first.peak_bytes
    if growth > MOST_GROWTH_BYTES:
        yield (
            f"memory grows by {growth / 1024**2:.0f} MB from {found[0].orders:,} orders to"
            f" {found[-1].orders:,}"
        )


def warnings(found: Sequence[PostingFindings]) -> Iterator[str]:
    """Each speed that was missed, as a sentence; speeds depend on what else the machine does."""
    last = found[-1]
    spent = 1000 * last.first.processor("udsync") / last.orders
    if spent > MOST_MILLISECONDS:
        yield f"{last.orders:,} orders: {spent:.1f} ms of our processor each, above 15"


def missed_at_real_limits(run: PostingRun) -> Iterator[str]:
    """Each bar of a run at the platform's own limits that was missed."""
    if run.traffic.throttled:
        yield f"the company refused {run.traffic.throttled} requests with 429"
    rate = posts_per_minute(run)
    if rate < LEAST_SHARE_OF_RATE * ALLOWED_PER_MINUTE:
        yield f"{rate:.0f} writes a minute, below 90 % of {ALLOWED_PER_MINUTE}"


def posts_per_minute(run: PostingRun) -> float:
    """Writes per minute while something was loaded."""
    return 60 * run.traffic.posts / run.seconds_of("load")


def _missed_by(one: PostingFindings) -> Iterator[str]:
    first = one.first
    if set(first.states.values()) != {"applied"} or first.in_doubt or first.unequal:
        yield f"the first run ended {dict(first.states)}, {first.in_doubt} writes in doubt"
    if first.traffic.posts != first.created:
        yield f"{first.traffic.posts} writes were sent for {first.created} objects"
    documents = sum(
        first.counts.get(f"quickbooks.{kind}.created", 0)
        for kind in ("sales_receipt", "invoice", "payment", "refund_receipt", "credit_memo")
    )
    if documents != one.documents:
        yield f"{documents} documents were created, the company holds {one.documents}"
    if first.traffic.throttled or set(first.traffic.statuses) != {"200"}:
        yield f"not every answer was 200: {dict(first.traffic.statuses)}"
    most = MOST_READS + first.created // 1000  # names and items come in pages of 1000
    if first.traffic.metered > most:
        yield f"{first.traffic.metered} metered reads, more than {most}"


def _missed_again(again: PostingRun) -> Iterator[str]:
    if again.traffic.posts or again.created:
        yield f"the second run wrote {again.traffic.posts} times"
    allowed = MOST_READS_AGAIN if sum(again.parked.values()) else 0
    if again.traffic.total > allowed:
        yield f"the second run asked {again.traffic.total} times, more than {allowed}"


def _unclean(audit: Mapping[str, Any]) -> Iterator[str]:
    for name in CLEAN:
        found = audit[name]
        parts = found.values() if isinstance(found, dict) else (found,)
        if any(parts):
            yield f"the audit finds {name.replace('_', ' ')}: {str(found)[:200]}"
