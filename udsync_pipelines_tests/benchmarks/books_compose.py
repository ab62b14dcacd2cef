"""How orders become books, in numbers: `python -m udsync_pipelines_tests.benchmarks.books_compose`.

Two populations are composed and compared with the books' own arithmetic: the emulated store's
orders, read as the connector reads them, and orders of every tax setting (with and without tax in
the prices, rounded per line and at subtotal, one to three rates, coupons, fees, shipping,
refunds). The exit code is 1 when a document differs from its order by a cent, or when anything is
parked for another reason than a rate that has no tax code.

`--orders 100000`, or the environment variable UDSYNC_BENCH_ORDERS, chooses how many of each.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from random import Random
from time import perf_counter

from udsync_pipelines.domain.order import Order
from udsync_pipelines.domain.refund import Refund
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.compose import compose_order
from udsync_pipelines.posting.documents import Composition, Skipped
from udsync_pipelines.posting.policy import PostingPolicy
from udsync_pipelines.posting.refunds import compose_refund
from udsync_pipelines.posting.tax import arithmetic_of
from udsync_pipelines.posting.tax.arithmetic import TaxedAmount
from udsync_pipelines_tests.posting.books import MANY_CURRENCIES, POLICY
from udsync_pipelines_tests.posting.made_orders import BOOKS, RULES, made_order, made_refunds
from udsync_pipelines_tests.posting.shop import generated

ORDERS = 5_000
CHUNK = 2_500
SEED = 7
EXPECTED = frozenset({"tax_code_unmapped", "waits_for_order"})


@dataclass
class Tally:
    """What came of a population: counts by outcome, and what was unequal."""

    sales: Counter[str] = field(default_factory=Counter)
    refunds: Counter[str] = field(default_factory=Counter)
    parked: Counter[str] = field(default_factory=Counter)
    unequal: int = 0

    def add(self, other: "Tally") -> None:
        """Take another tally in."""
        self.sales += other.sales
        self.refunds += other.refunds
        self.parked += other.parked
        self.unequal += other.unequal

    @property
    def is_good(self) -> bool:
        """True when every document is equal and nothing is parked that could be posted."""
        return not self.unequal and set(self.parked) <= EXPECTED


def emulated(first: int, count: int) -> Tally:
    """So many orders of an emulated store of their own."""
    return _tally(generated(count, SEED + first), POLICY, MANY_CURRENCIES)


def of_every_setting(first: int, count: int) -> Tally:
    """So many orders of random tax settings."""
    return _tally(_made(first, count), RULES, BOOKS)


def _made(first: int, count: int) -> Iterator[tuple[Order, tuple[Refund, ...]]]:
    for number in range(first, first + count):
        random = Random(SEED * 1_000_003 + number)  # noqa: S311 - the same orders every time
        sold = made_order(random)
        yield sold, made_refunds(random, sold)


def _tally(
    pairs: Iterator[tuple[Order, tuple[Refund, ...]]], policy: PostingPolicy, company: Company
) -> Tally:
    tally = Tally()
    for sold, refunds in pairs:
        try:
            made = compose_order(sold, policy, company)
            tally.sales[_outcome(made)] += 1
            tally.unequal += _is_unequal(made, sold.total.amount, company)
            if isinstance(made, Composition):
                tally.unequal += made.sale.total_tax != sold.total_tax.amount
                tally.sales["with a rounding line"] += made.rounding_lines
        except RecordRejectedError as error:
            tally.parked[error.code] += 1
        for refund in refunds:
            _tally_refund(tally, refund, sold, refunds, (policy, company))
    return tally


def _tally_refund(
    tally: Tally,
    refund: Refund,
    sold: Order,
    refunds: Sequence[Refund],
    books: tuple[PostingPolicy, Company],
) -> None:
    try:
        made = compose_refund(refund, sold, refunds, *books)
    except RecordRejectedError as error:
        tally.parked[error.code] += 1
        return
    tally.refunds[_outcome(made)] += 1
    tally.unequal += _is_unequal(made, refund.amount.amount, books[1])


def _outcome(made: Composition | Skipped) -> str:
    if isinstance(made, Skipped):
        return made.code.replace("_", " ")
    if made.moved_cents:
        return f"cents moved: {made.moved_cents}, splits: {made.splits}"
    return f"splits: {made.splits}" if made.splits else "as is"


def _is_unequal(made: Composition | Skipped, total: Decimal, company: Company) -> bool:
    if isinstance(made, Skipped):
        return False
    codes = {code.id: code for code in company.tax_codes}
    lines = [TaxedAmount(line.amount, codes[line.tax_code]) for line in made.sale.lines]
    predicted = arithmetic_of(company.regime).predict(lines)
    return (
        predicted is None
        or predicted.total != made.sale.total_tax
        or made.sale.net_total + predicted.total != total
    )


def _run(name: str, count: int) -> Tally:
    work = {"emulated": emulated, "every setting": of_every_setting}[name]
    chunks = [(first, min(CHUNK, count - first)) for first in range(0, count, CHUNK)]
    tally, started = Tally(), perf_counter()
    with ProcessPoolExecutor(min(len(chunks), os.cpu_count() or 1)) as processes:
        firsts, counts = zip(*chunks, strict=True)
        for part in processes.map(work, firsts, counts):
            tally.add(part)
    _print(name, count, tally, perf_counter() - started)
    return tally


def _print(name: str, count: int, tally: Tally, seconds: float) -> None:
    print(f"\n{name}: {count} orders in {seconds:.1f} s ({count / seconds:.0f} a second)")
    for title, counts in (
        ("sales", tally.sales),
        ("refunds", tally.refunds),
        ("parked", tally.parked),
    ):
        print(f"  {title}")
        for outcome, number in islice(sorted(counts.items()), 20):
            print(f"    {number:>8}  {outcome}")
    print(f"  documents that differ from the shop: {tally.unequal}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Compose both populations; 0 when every document is equal to the cent."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    default = int(os.environ.get("UDSYNC_BENCH_ORDERS") or ORDERS)
    parser.add_argument("--orders", type=int, default=default)
    count = parser.parse_args(arguments).orders
    tallies = [_run(name, count) for name in ("emulated", "every setting")]
    return 0 if all(tally.is_good for tally in tallies) else 1


if __name__ == "__main__":
    sys.exit(main())
