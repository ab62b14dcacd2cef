"""Stores of any size land as the recorded one does, and in the same memory."""

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines_tests.scenarios.conftest import ConnectShop
from udsync_pipelines_tests.scenarios.evidence import differences
from udsync_pipelines_tests.scenarios.shops import written
from udsync_pipelines_tests.store_fixtures import StartStore

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

UNTIL = "2026-06-30T12:00:00"


def test_two_thousand_orders_land_whole_and_land_once(
    store_emulator: StartStore, connect: ConnectShop
) -> None:
    shop = connect(store_emulator(orders=2000, seed=7, until=UNTIL))

    first = shop.sync_all()
    left = differences(shop)
    before = shop.versions()
    second = [*shop.sync_all(), *shop.sync_all(full=True)]

    assert first[2].plan.counts[f"{Entity.ORDER}.created"] == 2000
    assert left == []
    assert [written(report) for report in second] == [{}] * 6
    assert shop.versions() == before


def test_memory_does_not_grow_with_the_number_of_orders(
    store_emulator: StartStore, connect: ConnectShop
) -> None:
    thousand = connect(store_emulator(orders=1000, seed=7, until=UNTIL))
    four_thousand = connect(store_emulator(orders=4000, seed=7, until=UNTIL), name="large")

    small = thousand.start_sync(batch=500).wait()
    large = four_thousand.start_sync(batch=500).wait()

    assert (small.exit_code, large.exit_code) == (0, 0)
    assert large.peak_kib < 1.1 * small.peak_kib
