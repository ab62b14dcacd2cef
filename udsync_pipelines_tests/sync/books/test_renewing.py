"""When the lists of the books are read again for records that are parked."""

import pytest

from udsync_pipelines.sync.plan import SyncOptions
from udsync_pipelines_tests.sync.books.world import BooksWorld


@pytest.mark.parametrize(("trigger", "oldest"), [("manual", "0:00:00"), ("schedule", "6:00:00")])
def test_what_is_parked_is_tried_with_younger_lists_of_the_books(
    world: BooksWorld, trigger: str, oldest: str
) -> None:
    world.books.refuse("sales_receipt")
    world.shop.sell(1)
    world.sync()
    before = world.books.called("renew")

    engine = world.engine()
    plan = engine.open("orders", SyncOptions(), trigger=trigger)
    engine.extract(plan.id)
    engine.map(plan.id)

    assert before == []
    assert world.books.called("renew") == [("renew", oldest)]
