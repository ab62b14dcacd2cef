"""The figures as text: a table for each question, a column for each size."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from udsync_pipelines_tests.benchmarks.findings import STAGES, WHO, Findings, Run

MEGABYTE = 1024**2
LISTS = ("orders", "refunds")

Lines: TypeAlias = Iterator[tuple[str, list[str]]]


def tables(found: Sequence[Findings]) -> Iterator[str]:
    """All tables, in the order of the questions."""
    first, again, reread = (
        [one.first for one in found],
        [one.again for one in found],
        [one.reread for one in found],
    )
    sizes = [one.orders for one in found]
    for title, lines in (
        ("(a) load stage against raw COPY of the same rows", _ratio(found)),
        ("(b) first sync, end to end", _end_to_end(first, sizes)),
        ("(c) the emulator's own ceiling, 2 requests at a time", _ceiling(found)),
        ("(d) peak memory of our process, MB", _memory(first, again, reread)),
        ("(e) incremental run, nothing has changed", _repeated(again, sizes)),
        ("(f) full read again, nothing has changed", _repeated(reread, sizes)),
    ):
        headed = [(title, [f"{size:,}" for size in sizes]), *lines]
        yield "\n".join(
            f"{name:<56}" + "".join(f"{cell:>15}" for cell in cells) for name, cells in headed
        )


def _ratio(found: Sequence[Findings]) -> Lines:
    ratios = [one.ratio for one in found]
    yield "rounds x batches, taking turns", [f"{it.rounds} x {it.batches}" for it in ratios]
    yield "our load, orders/s", [f"{it.ours_rate:,.0f}" for it in ratios]
    yield "raw COPY, orders/s", [f"{it.raw_rate:,.0f}" for it in ratios]
    yield "ratio, median of rounds (aim 0.50)", [f"{it.ratio:.2f}" for it in ratios]
    yield "ratio, median of single batches", [f"{it.of_pairs:.2f}" for it in ratios]
    yield (
        "ratio, when raw COPY leaves out the id mappings",
        [f"{it.without_mappings:.2f}" for it in ratios],
    )


def _end_to_end(runs: Sequence[Run], sizes: Sequence[int]) -> Lines:
    both = list(zip(runs, sizes, strict=True))
    yield "orders/s", [f"{orders / run.seconds:,.0f}" for run, orders in both]
    yield "seconds", [f"{run.seconds:.1f}" for run in runs]
    for stage in STAGES:
        yield f"  {stage}: seconds, share", [_share(run, stage) for run in runs]
    yield from _processor(runs, sizes)
    for stage in STAGES[1:-1]:
        yield (
            f"  in {stage}: udsync + postgres",
            [
                f"{_per_order(run, stage, 'udsync', orders):.2f} +"
                f" {_per_order(run, stage, 'postgres', orders):.2f}"
                for run, orders in both
            ],
        )


def _share(run: Run, stage: str) -> str:
    seconds = run.stages[stage]["seconds"]
    return f"{seconds:.2f} {seconds / run.seconds:4.0%}"


def _per_order(run: Run, stage: str, who: str, orders: int) -> float:
    return 1000 * run.stages[stage][f"cpu_{who}"] / orders


def _processor(runs: Sequence[Run], sizes: Sequence[int]) -> Lines:
    for who in WHO:
        yield (
            f"processor ms per order, {who}",
            [
                f"{1000 * run.processor(who) / orders:.2f}"
                for run, orders in zip(runs, sizes, strict=True)
            ],
        )


def _ceiling(found: Sequence[Findings]) -> Lines:
    yield "orders/s", [f"{one.ceiling.orders_per_second:,.0f}" for one in found]
    yield (
        "processor ms per order, shop",
        [f"{one.ceiling.shop_milliseconds_per_order:.2f}" for one in found],
    )


def _memory(*kinds: Sequence[Run]) -> Lines:
    for name, runs in zip(("first sync", "incremental", "full read again"), kinds, strict=True):
        yield name, [f"{run.peak_bytes / MEGABYTE:.0f}" for run in runs]


def _repeated(runs: Sequence[Run], sizes: Sequence[int]) -> Lines:
    for path in LISTS:
        yield f"calls: GET /{path}", [str(run.calls.get(f"GET /{path}", 0)) for run in runs]
    yield "records read", [f"{_counted(run, 'read'):,}" for run in runs]
    yield "tables written to", [", ".join(run.written) or "none" for run in runs]
    yield (
        "records written",
        [str(_counted(run, "created") + _counted(run, "updated")) for run in runs],
    )
    yield "intents planned", [str(run.intents) for run in runs]
    yield "seconds", [f"{run.seconds:.1f}" for run in runs]
    yield from _processor(runs, sizes)


def _counted(run: Run, name: str) -> int:
    return sum(number for key, number in run.counts.items() if key.endswith(f".{name}"))
