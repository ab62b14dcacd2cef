"""A world of its own for each test."""

import pytest

from udsync_pipelines_tests.sync.world import World


@pytest.fixture
def world() -> World:
    """A shop with two orders, one of them with a refund; nothing is synced yet."""
    made = World()
    made.shop.order(1, "18.00")
    made.shop.order(2, "20.50")
    made.shop.refund(11, 1, "5.00")
    return made
