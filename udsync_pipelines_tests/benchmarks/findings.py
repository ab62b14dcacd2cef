"""What was found at one size, and which bars it holds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from udsync_pipelines.connectors.supabase.sums import CurrencySums, StoreSums
from udsync_pipelines_tests.benchmarks.ceiling import Ceiling
from udsync_pipelines_tests.benchmarks.load_ratio import Ratio

MOST_CALLS = 3  # per list, when nothing has changed
LEAST_RATIO = 0.5
MOST_GROWTH_BYTES = 32 * 1024**2  # from the smallest size to the largest
STAGES = ("open", "extract", "map", "resolve", "load", "close")
WHO = ("udsync", "postgres", "shop")


@dataclass(frozen=True)
class Run:
    """One sync in a process of its own: what it told, the calls it made, what it wrote.

    `written` names the tables that are not as they were before.
    """

    stages: Mapping[str, Mapping[str, float]]
    state: str
    counts: Mapping[str, Any]
    parked: int
    intents: int
    peak_bytes: int
    calls: Mapping[str, int]
    written: Sequence[str]

    @property
    def seconds(self) -> float:
        """From opening to closing, without the start of the interpreter."""
        return sum(stage["seconds"] for stage in self.stages.values())

    def processor(self, who: str) -> float:
        """Processor seconds of one of the three parties."""
        return sum(stage[f"cpu_{who}"] for stage in self.stages.values())


@dataclass(frozen=True)
class Findings:
    """Everything that was measured at one size."""

    orders: int
    ceiling: Ceiling
    first: Run
    again: Run
    reread: Run
    ratio: Ratio
    shop_sums: Mapping[str, Any]
    database_sums: StoreSums


def missed(findings: Sequence[Findings]) -> Iterator[str]:
    """Each hard bar that was missed, as a sentence."""
    for one in findings:
        for problem in _missed_at(one):
            yield f"{one.orders:,} orders: {problem}"
    growth = findings[-1].first.peak_bytes - findings[0].first.peak_bytes
    if growth > MOST_GROWTH_BYTES:
        yield (
            f"memory grows by {growth / 1024**2:.0f} MB from {findings[0].orders:,} orders to"
            f" {findings[-1].orders:,}"
        )


def warnings(findings: Sequence[Findings]) -> Iterator[str]:
    """Each speed that was missed, as a sentence; speeds depend on what else the machine does."""
    for one in findings:
        if one.ratio.ratio < LEAST_RATIO:
            yield (
                f"{one.orders:,} orders: loading is {one.ratio.ratio:.2f} of raw COPY,"
                f" below {LEAST_RATIO}"
            )


def _missed_at(one: Findings) -> Iterator[str]:
    for name, run in (("first", one.first), ("no-change", one.again), ("full", one.reread)):
        if run.state != "applied" or run.parked:
            yield f"the {name} run ended {run.state} with {run.parked} records parked"
    for name, run in (("no-change", one.again), ("full", one.reread)):
        if run.written:
            yield f"the {name} run wrote to {', '.join(run.written)}"
    for name, calls in one.again.calls.items():
        if calls > MOST_CALLS:
            yield f"the no-change run asked {calls} times for {name}, more than {MOST_CALLS}"
    shop = dict(figures_of_shop(one.shop_sums))
    database = dict(figures_of_database(one.database_sums))
    for name in sorted({*shop, *database}):
        if shop.get(name) != database.get(name):
            yield f"{name}: {shop.get(name)} in the shop, {database.get(name)} in the database"
    landed = sum(number for name, number in shop.items() if name.endswith("orders"))
    if landed != one.first.counts["order.created"]:
        yield f"{one.first.counts['order.created']} orders were created, the shop has {landed}"


def figures_of_shop(sums: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """The store's figures by a name that both sides share."""
    for kind, total in (("orders", "total"), ("refunds", "amount")):
        for currency, given in sums[kind].items():
            yield f"{currency} {kind}", Decimal(given["count"])
            yield f"{currency} {kind}, total", Decimal(given[total])
            yield f"{currency} {kind}, tax", Decimal(given["total_tax"])


def figures_of_database(sums: StoreSums) -> Iterator[tuple[str, Decimal]]:
    """The database's figures by the same names."""
    given: dict[str, Mapping[str, CurrencySums]] = {"orders": sums.orders, "refunds": sums.refunds}
    for kind, by_currency in given.items():
        for currency, held in by_currency.items():
            yield f"{currency} {kind}", Decimal(held.count)
            yield f"{currency} {kind}, total", held.total
            yield f"{currency} {kind}, tax", held.total_tax
