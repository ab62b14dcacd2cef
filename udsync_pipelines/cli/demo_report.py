"""The proof at the end of the demo: sums of money, shop against database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rich.table import Table

from udsync_pipelines.cli.output import ExitCode, console, say
from udsync_pipelines.cli.runs import JobRun
from udsync_pipelines.cli.summary import counts_of, exit_code
from udsync_pipelines.connectors.supabase.sums import CurrencySums, StoreSums
from udsync_pipelines.sync.entities import lane_named


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure as the shop and the database have it."""

    name: str
    shop: Decimal
    database: Decimal

    @property
    def is_equal(self) -> bool:
        """Equal to the cent, and beyond it."""
        return self.shop == self.database


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What both syncs did, and how shop and database compare."""

    first: JobRun
    second: JobRun
    figures: tuple[Figure, ...]

    @property
    def is_good(self) -> bool:
        """Everything arrived, to the cent, and syncing again wrote nothing."""
        ends = {exit_code(self.first), exit_code(self.second)}
        # What the books cannot hold is parked, and judged by the proof of the books.
        is_through = ends <= {ExitCode.SETTLED, ExitCode.PARKED}
        return is_through and self.written_again == 0 and all(one.is_equal for one in self.figures)

    @property
    def written_again(self) -> int:
        """How many records the second sync wrote."""
        return sum(
            counts["created"] + counts["updated"]
            for plan in self.second.plans
            for entity in lane_named(plan.lane).entities
            if (counts := counts_of(plan, entity.value))
        )


def compare(
    shop: Mapping[str, Any], database: StoreSums, first: JobRun, second: JobRun
) -> DemoResult:
    """Compare the emulated shop's own sums with those of the database."""
    return DemoResult(first, second, tuple(_figures(shop, database)))


def print_result(result: DemoResult) -> None:
    """The figures as a table, then a verdict."""
    table = Table("", title="Shop against database")
    for heading in ("shop", "database", "difference"):
        table.add_column(heading, justify="right")
    for one in result.figures:
        table.add_row(
            one.name, f"{one.shop:,}", f"{one.database:,}", f"{one.database - one.shop:,}"
        )
    console.print(table)
    if result.is_good:
        say("Every figure is equal to the cent; the second sync wrote nothing.")
    elif result.written_again:
        say(f"The second sync wrote {result.written_again} records; it should have written none.")
    else:
        say("Shop and database differ, or a sync did not settle: see above.")


def _figures(shop: Mapping[str, Any], database: StoreSums) -> Iterator[Figure]:
    for kind, held in (("orders", database.orders), ("refunds", database.refunds)):
        of_shop = shop[kind]
        for currency in sorted({*of_shop, *held}):
            given = of_shop.get(currency, {})
            has = held.get(currency, CurrencySums(0, Decimal(0), Decimal(0)))
            total, tax = given.get("total", given.get("amount", 0)), given.get("total_tax", 0)
            yield Figure(f"{currency} {kind}", Decimal(given.get("count", 0)), Decimal(has.count))
            yield Figure(f"{currency} {kind}, total", Decimal(total), has.total)
            yield Figure(f"{currency} {kind}, tax in it", Decimal(tax), has.total_tax)
