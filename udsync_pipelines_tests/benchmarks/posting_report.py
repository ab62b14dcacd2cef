"""The figures of posting as text: a table with a column for each size."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from udsync_pipelines_tests.benchmarks.posting_findings import (
    WHO,
    PostingFindings,
    PostingRun,
    posts_per_minute,
)

MEGABYTE = 1024**2
STAGES = ("open", "extract", "map", "resolve", "load", "close")
KINDS = (
    *("customer", "item", "sales_receipt", "invoice", "payment", "refund_receipt"),
    "credit_memo",
)

Lines: TypeAlias = Iterator[tuple[str, list[str]]]


def tables(found: Sequence[PostingFindings]) -> Iterator[str]:
    """All tables, in the order of the questions."""
    first, again = [one.first for one in found], [one.again for one in found]
    sizes = [one.orders for one in found]
    for title, lines in (
        ("(a) first sync of every lane", _first(first, sizes)),
        ("(b) what came of it", _outcome(first)),
        ("(c) second sync, nothing has changed", _again(again)),
    ):
        headed = [(title, [f"{size:,}" for size in sizes]), *lines]
        yield "\n".join(
            f"{name:<52}" + "".join(f"{cell:>15}" for cell in cells) for name, cells in headed
        )


def _first(runs: Sequence[PostingRun], sizes: Sequence[int]) -> Lines:
    both = list(zip(runs, sizes, strict=True))
    yield "orders/s", [f"{orders / run.seconds:.1f}" for run, orders in both]
    yield "writes/s while loading", [f"{posts_per_minute(run) / 60:.0f}" for run in runs]
    yield "seconds", [f"{run.seconds:.1f}" for run in runs]
    for stage in STAGES:
        yield (
            f"  {stage}: seconds, share",
            [
                f"{run.seconds_of(stage):.1f} {run.seconds_of(stage) / run.seconds:4.0%}"
                for run in runs
            ],
        )
    for who in WHO:
        yield (
            f"processor ms per order, {who}",
            [f"{1000 * run.processor(who) / orders:.2f}" for run, orders in both],
        )
    yield (
        "processor ms per write, udsync",
        [f"{1000 * run.processor('udsync') / run.traffic.posts:.2f}" for run in runs],
    )
    yield (
        "transactions per write",
        [f"{run.transactions / run.traffic.posts:.2f}" for run in runs],
    )
    yield "peak memory of our process, MB", [f"{run.peak_bytes / MEGABYTE:.0f}" for run in runs]
    yield "calls per order", [f"{run.traffic.total / orders:.2f}" for run, orders in both]
    yield "metered reads", [str(run.traffic.metered) for run in runs]
    yield (
        "metered reads per order",
        [f"{run.traffic.metered / orders:.4f}" for run, orders in both],
    )


def _outcome(runs: Sequence[PostingRun]) -> Lines:
    yield "writes sent (POST)", [f"{run.traffic.posts:,}" for run in runs]
    for kind in KINDS:
        yield (
            f"  {kind.replace('_', ' ')}s created",
            [f"{run.counts.get(f'quickbooks.{kind}.created', 0):,}" for run in runs],
        )
    yield "orders and refunds parked", [f"{sum(run.parked.values()):,}" for run in runs]
    yield "answers 429", [str(run.traffic.throttled) for run in runs]
    yield "most requests in flight", [str(run.traffic.most_in_flight) for run in runs]


def _again(runs: Sequence[PostingRun]) -> Lines:
    yield "writes sent (POST)", [str(run.traffic.posts) for run in runs]
    yield "calls to the company", [str(run.traffic.total) for run in runs]
    yield "seconds", [f"{run.seconds:.1f}" for run in runs]
