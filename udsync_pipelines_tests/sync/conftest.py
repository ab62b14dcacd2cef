"""A world of its own for each test, and patience for property tests on busy machines."""

import pytest
from hypothesis import HealthCheck, settings

from udsync_pipelines_tests.sync.world import World

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture
def world() -> World:
    """A shop with two orders, one of them with a refund; nothing is synced yet."""
    made = World()
    made.shop.order(1, "18.00")
    made.shop.order(2, "20.50")
    made.shop.refund(11, 1, "5.00")
    return made
