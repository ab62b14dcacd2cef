"""How orders become books, in numbers: `make bench SUITE=books`.

Three populations are composed and compared with the books' own arithmetic: the emulated store's
orders, read as the connector reads them; orders of every tax setting (with and without tax in the
prices, rounded per line and at subtotal, one to three rates, coupons, fees, shipping, refunds);
and some of these with a tax that somebody has changed by hand. The exit code is 1 when a document
differs from its order by a cent, when anything is parked that could be posted, or when what is
parked is parked without its numbers.

`--orders 5000`, or the environment variable UDSYNC_BENCH_ORDERS, chooses how many of the first
two; there are a tenth as many of the third.
"""

import argparse
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from time import perf_counter

from udsync_pipelines.domain.money import Money
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

ORDERS = 100_000
CHUNK = 2_500
SEED = 7
A_FEW_CENTS, MOST_EDITED_CENTS = 5, 300

EMULATED, EVERY_SETTING, EDITED = "emulated store", "every tax setting", "tax changed by hand"
_UNPOSTABLE = frozenset({"tax_code_unmapped", "waits_for_order", "below_zero"})
EXPECTED: Mapping[str, frozenset[str]] = {
    EMULATED: _UNPOSTABLE,
    EVERY_SETTING: frozenset(),
    EDITED: frozenset({"tax_not_explained", "tax_unequal"}),
}
"""Why something may be parked: the books have no code for a rate, no document is below zero, or
somebody has changed a tax to one that no rate makes."""

NAMES_NUMBERS = frozenset({"tax_not_explained", "tax_unequal", "below_zero"})
_AMOUNT = re.compile(r"\d+\.\d\d")

Sold = tuple[Order, tuple[Refund, ...]]


@dataclass
class Tally:
    """What came of a population: counts by outcome, and what was unequal.

    `touched` adds up splits, moved cents and rounding lines over sales and refunds; `examples`
    holds a sentence for each reason to park; `mute` counts those that lack their numbers.
    """

    sales: Counter[str] = field(default_factory=Counter)
    refunds: Counter[str] = field(default_factory=Counter)
    parked: Counter[str] = field(default_factory=Counter)
    touched: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    unequal: int = 0
    mute: int = 0

    def add(self, other: "Tally") -> None:
        """Take another tally in."""
        self.sales += other.sales
        self.refunds += other.refunds
        self.parked += other.parked
        self.touched += other.touched
        self.examples = {**other.examples, **self.examples}
        self.unequal += other.unequal
        self.mute += other.mute

    def is_good(self, population: str) -> bool:
        """True when every document is equal and nothing is parked that could be posted."""
        return not self.unequal and not self.mute and set(self.parked) <= EXPECTED[population]

    def park(self, error: RecordRejectedError) -> None:
        """Count one that is parked."""
        self.parked[error.code] += 1
        self.examples.setdefault(error.code, error.message)
        self.mute += error.code in NAMES_NUMBERS and not _AMOUNT.search(error.message)


def emulated(first: int, count: int) -> Tally:
    """So many orders of an emulated store of their own."""
    return _tally(generated(count, SEED + first), POLICY, MANY_CURRENCIES)


def of_every_setting(first: int, count: int) -> Tally:
    """So many orders of random tax settings."""
    return _tally(_made(first, count), RULES, BOOKS)


def edited(first: int, count: int) -> Tally:
    """So many orders of random tax settings whose tax somebody has changed."""
    return _tally(map(_edited, range(first, first + count)), RULES, BOOKS)


def _made(first: int, count: int) -> Iterator[Sold]:
    for number in range(first, first + count):
        random = Random(SEED * 1_000_003 + number)  # noqa: S311 - the same orders every time
        sold = made_order(random)
        yield sold, made_refunds(random, sold)


def _edited(number: int) -> Sold:
    random = Random(SEED * 7_000_003 + number)  # noqa: S311 - the same orders every time
    sold = made_order(random)
    size = random.choice((A_FEW_CENTS, MOST_EDITED_CENTS))
    cents = random.choice((-1, 1)) * random.randint(1, size)
    change = Money(Decimal(cents) / 100, sold.currency)
    if (sold.total_tax + change).amount < 0:
        change = -change
    return replace(sold, total=sold.total + change, total_tax=sold.total_tax + change), ()


def _tally(pairs: Iterator[Sold], policy: PostingPolicy, company: Company) -> Tally:
    tally = Tally()
    for sold, refunds in pairs:
        try:
            made = compose_order(sold, policy, company)
        except RecordRejectedError as error:
            tally.park(error)
        else:
            _count(tally, tally.sales, made)
            tally.unequal += _is_unequal(made, sold.total.amount, company)
            if isinstance(made, Composition):
                tally.unequal += made.sale.total_tax != sold.total_tax.amount
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
        tally.park(error)
        return
    _count(tally, tally.refunds, made)
    tally.unequal += _is_unequal(made, refund.amount.amount, books[1])


def _count(tally: Tally, outcomes: Counter[str], made: Composition | Skipped) -> None:
    if isinstance(made, Skipped):
        outcomes[f"nothing to post: {made.code.replace('_', ' ')}"] += 1
        return
    outcomes["equal in total and tax"] += 1
    outcomes[f"equal in total and tax, {made.remedy.replace('_', ' ')}"] += 1
    tally.touched["splits"] += made.splits
    tally.touched["moved cents"] += made.moved_cents
    tally.touched["rounding lines"] += made.rounding_lines


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


WORK = {EMULATED: emulated, EVERY_SETTING: of_every_setting, EDITED: edited}


def run(population: str, count: int) -> Tally:
    """Compose so many orders of a population on every core, and print what came of them."""
    chunks = [(first, min(CHUNK, count - first)) for first in range(0, count, CHUNK)]
    tally, started = Tally(), perf_counter()
    with ProcessPoolExecutor(min(len(chunks), os.cpu_count() or 1)) as processes:
        firsts, counts = zip(*chunks, strict=True)
        for part in processes.map(WORK[population], firsts, counts):
            tally.add(part)
    _print(population, count, tally, perf_counter() - started)
    return tally


def _print(population: str, count: int, tally: Tally, seconds: float) -> None:
    print(f"\n{population}: {count:,} orders in {seconds:.1f} s ({count / seconds:,.0f} a second)")
    for title, outcomes in (("sales", tally.sales), ("refunds", tally.refunds)):
        print(f"  {title}")
        for outcome, number in sorted(outcomes.items()):
            print(f"    {number:>8,}  {outcome}")
    print("  parked")
    for code, number in sorted(tally.parked.items()):
        print(f"    {number:>8,}  {code}, such as: {tally.examples[code]}")
    for name in ("splits", "moved cents", "rounding lines"):
        print(f"  {name}: {tally.touched[name]:,}")
    print(f"  documents that differ from the shop: {tally.unequal}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compose all populations; 0 when every document is equal to the cent."""
    parser = argparse.ArgumentParser(prog="make bench SUITE=books", description=__doc__)
    default = int(os.environ.get("UDSYNC_BENCH_ORDERS") or ORDERS)
    parser.add_argument("--orders", type=int, default=default)
    count = parser.parse_args(arguments).orders
    sizes = {EMULATED: count, EVERY_SETTING: count, EDITED: max(1, count // 10)}
    tallies = {population: run(population, size) for population, size in sizes.items()}
    missed = [name for name, tally in tallies.items() if not tally.is_good(name)]
    print()
    for name in missed:
        print(f"MISSED: {name}: a document differs, or something is parked that could be posted.")
    if not missed:
        print("Every bar holds: what can be posted is equal to the cent, the rest says why.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
