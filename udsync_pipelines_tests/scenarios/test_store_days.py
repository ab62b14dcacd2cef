"""Whole days of shops in twelve zones: in the evening the books have what the shop has.

Edits, refunds, deletions and people at work in the books, on the days on which clocks change and
months end.
"""

import random
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from udsync_pipelines.services.installation import Installation
from udsync_pipelines_tests.scenarios.books_evidence import unequal_books, wrong_days
from udsync_pipelines_tests.scenarios.simulated import open_simulated_shop
from udsync_pipelines_tests.scenarios.simulated import (
    simulated_installation as simulated_installation,
)
from udsync_pipelines_tests.scenarios.store_days import STORE_DAYS, StoreDay

BASES = ("created", "paid", "completed")
"""Which moment of an order dates its document; in turns, so that each zone has two of them."""

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.mark.parametrize(
    ("zone", "day", "basis"),
    [
        (zone, day, BASES[(number + which) % len(BASES)])
        for number, (zone, days) in enumerate(STORE_DAYS.items())
        for which, day in enumerate(days)
    ],
    ids=lambda value: str(value).rpartition("/")[2],
)
def test_in_the_evening_the_books_have_what_the_shop_has_on_its_days(
    simulated_installation: Installation, zone: str, day: date, basis: str
) -> None:
    opening = datetime.combine(day, time(0), ZoneInfo(zone))
    empty = {"recorded": False, "customers": 0, "products": 0}
    with open_simulated_shop(simulated_installation, opening, zone=zone, **empty) as shop:
        shop.change_policy(date_basis=basis)
        lived = StoreDay(shop, ZoneInfo(zone), day, random.Random(f"{zone} {day}"))  # noqa: S311 - not secret

        lived.run()

        assert unequal_books(shop.store, shop.company) == [], lived.happened
        assert wrong_days(shop.store, shop.company, basis) == [], lived.happened
        assert shop.parked() == {}
