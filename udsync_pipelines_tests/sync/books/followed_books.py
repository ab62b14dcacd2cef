"""Posted orders whose documents others change, and what a sync saw of that."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines_tests.sync.books.company import Held
from udsync_pipelines_tests.sync.books.world import EVERY, BooksWorld, sale_of

MONTH = timedelta(days=30)
Do = Callable[[BooksWorld, Held], None]


@pytest.fixture
def posted(world: BooksWorld) -> BooksWorld:
    """Two orders, posted as sales receipts, and the books followed since; an hour has passed."""
    world.shop.sell(1, "20.00")
    world.shop.sell(2, "30.00")
    world.sync()
    world.books.touched.clear()  # the echoes of these writes are no matter
    world.wait(EVERY)
    world.books.calls.clear()
    return world


def receipt_of(world: BooksWorld, order: int) -> Held:
    return world.books.held[world.ledger.bound[sale_of(order)].target_id]


def followed(world: BooksWorld, report: SyncReport) -> dict[str, object]:
    """What a sync saw when it followed the books."""
    return {
        name.removeprefix("followed."): number
        for name, number in world.counts(report).items()
        if name.startswith("followed.")
    }


def delete(world: BooksWorld, held: Held) -> None:
    world.books.delete(held)


def void(world: BooksWorld, held: Held) -> None:
    world.books.void(held)


def edit(world: BooksWorld, held: Held) -> None:
    world.books.edit(held, Decimal("99.00"))


def redate(world: BooksWorld, held: Held) -> None:
    world.books.edit(held, dated_on=date(2020, 2, 2))


def rebank(world: BooksWorld, held: Held) -> None:
    world.books.edit(held, account_id="99")


DEEDS = pytest.mark.parametrize(
    ("do", "code"),
    [
        (delete, "deleted_in_books"),
        (void, "voided_in_books"),
        (edit, "edited_in_books"),
        (redate, "edited_in_books"),
        (rebank, "edited_in_books"),
    ],
)


def world_kinds(world: BooksWorld) -> dict[str, int]:
    """How many documents of each kind there are."""
    return {k: n for k, n in world.books.kinds().items() if k not in ("customer", "item")}
