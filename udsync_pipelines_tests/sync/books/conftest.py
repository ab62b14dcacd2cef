"""A world of its own for each test."""

import pytest

from udsync_pipelines_tests.sync.books.world import BooksWorld


@pytest.fixture
def world() -> BooksWorld:
    """A shop without orders, and books without documents."""
    return BooksWorld()


@pytest.fixture
def sold(world: BooksWorld) -> BooksWorld:
    """One order that is posted, and a second one of the same buyer that is not."""
    world.shop.sell(1)
    world.sync()
    world.shop.sell(2, "30.00")
    world.books.calls.clear()
    return world
