"""Whole days of shops in twelve zones: in the evening the books have what the shop has.

Edits, refunds, deletions and people at work in the books, on the days on which clocks change and
months end.
"""

import random
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from udsync_pipelines.services.installation import Installation
from udsync_pipelines_tests.scenarios.books_evidence import (
    PREFIX,
    REFUNDS,
    SALES,
    standing,
    unequal_books,
)
from udsync_pipelines_tests.scenarios.evidence import listed
from udsync_pipelines_tests.scenarios.simulated import SimulatedShop, open_simulated_shop
from udsync_pipelines_tests.scenarios.simulated import (
    simulated_installation as simulated_installation,
)
from udsync_pipelines_tests.scenarios.store_days import STORE_DAYS, StoreDay

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.mark.parametrize(
    ("zone", "day"),
    [(zone, day) for zone, days in STORE_DAYS.items() for day in days],
    ids=lambda value: str(value).rpartition("/")[2],
)
def test_in_the_evening_the_books_have_what_the_shop_has_on_its_days(
    simulated_installation: Installation, zone: str, day: date
) -> None:
    opening = datetime.combine(day, time(0), ZoneInfo(zone))
    empty = {"recorded": False, "customers": 0, "products": 0}
    with open_simulated_shop(simulated_installation, opening, zone=zone, **empty) as shop:
        lived = StoreDay(shop, ZoneInfo(zone), day, random.Random(f"{zone} {day}"))  # noqa: S311 - not secret

        lived.run()

        assert unequal_books(shop.store, shop.company) == [], lived.happened
        assert wrong_days(shop) == []
        assert shop.parked() == {}


def wrong_days(shop: SimulatedShop) -> list[str]:
    """The documents that are not dated on the day on which the shop's own pages show them."""
    orders, refunds = listed(shop.store, "woo_orders"), listed(shop.store, "woo_refunds")
    shown = {f"{PREFIX}-{one['number']}": one["date_created"] for one in orders.values()}
    for refund in refunds.values():
        order = orders.get(refund["parent_id"])
        if order is not None:
            number = f"{PREFIX}-{order['number']}-R{refund['id']}"
            shown[number] = refund["date_created"]
    return [
        f"{number} is dated {one['TxnDate']}, the shop has {shown[number]}"
        for number, documents in standing(shop.company, *SALES, *REFUNDS).items()
        for one in documents
        if one["TxnDate"] != shown[number][:10]
    ]
