"""A world of its own for each test."""

import pytest

from udsync_pipelines_tests.sync.books.world import BooksWorld


@pytest.fixture
def world() -> BooksWorld:
    """A shop without orders, and books without documents."""
    return BooksWorld()
