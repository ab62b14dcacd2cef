"""The posting day is the shop's own, in every zone, on every night of the year."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from udsync_pipelines.domain.order import Order
from udsync_pipelines.posting.compose import compose_order
from udsync_pipelines.posting.dating import sale_day
from udsync_pipelines.posting.documents import Composition, PaymentDraft, Skipped
from udsync_pipelines.posting.policy import DateBasis
from udsync_pipelines.posting.refunds import compose_refund
from udsync_pipelines_tests.posting.books import CANADA, policy
from udsync_pipelines_tests.posting.shop import line, order, refund

ZONES = {
    "Pacific/Honolulu": (),
    "America/Edmonton": (date(2026, 3, 8), date(2026, 11, 1)),
    "America/St_Johns": (date(2026, 3, 8), date(2026, 11, 1)),
    "UTC": (),
    "Europe/London": (date(2026, 3, 29), date(2026, 10, 25)),
    "Africa/Cairo": (date(2026, 4, 24), date(2026, 10, 30)),
    "Asia/Kathmandu": (),
    "Asia/Kolkata": (),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
    "Pacific/Auckland": (date(2026, 4, 5), date(2026, 9, 27)),
    "Pacific/Chatham": (date(2026, 4, 5), date(2026, 9, 27)),
    "Pacific/Kiritimati": (),
}
"""Twelve zones from UTC-10 to UTC+14, those at +5:45 and +12:45 too, with their clock changes."""

NIGHTS = (date(2026, 1, 1), date(2026, 2, 28), date(2026, 7, 1), date(2026, 12, 31))
BASES = {
    DateBasis.CREATED: "created_at",
    DateBasis.PAID: "paid_at",
    DateBasis.COMPLETED: "completed_at",
}


def minutes(zone: str, night: date) -> Iterator[tuple[datetime, date]]:
    """Each minute from 23:30 to 00:30 around the end of a day, and the shop's day of it.

    Wall clock times are made without any arithmetic on instants: the day is what the clock on the
    shop's wall shows, also where that clock shows a time twice.
    """
    end = datetime(night.year, night.month, night.day, 23, 30)  # noqa: DTZ001 - a wall clock
    for minute in range(61):
        shown = end + timedelta(minutes=minute)
        for fold in (0, 1):
            local = shown.replace(tzinfo=ZoneInfo(zone), fold=fold)
            instant = local.astimezone(UTC)
            if instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == shown:  # no gap
                yield instant, shown.date()


def sold_at(moment: datetime, field: str = "created_at", **changes: Any) -> Order:
    return order(line("1.00"), **{field: moment, **changes})


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("basis", BASES)
def test_orders_of_each_minute_around_midnight_are_dated_on_the_shops_day(
    zone: str, basis: DateBasis
) -> None:
    rules = policy(timezone=zone, date_basis=basis)
    eves = [day - timedelta(days=1) for day in ZONES[zone]]
    nights = (*NIGHTS, *ZONES[zone], *eves)

    wrong = [
        (moment, day)
        for night in nights
        for moment, day in minutes(zone, night)
        if sale_day(sold_at(moment, BASES[basis]), rules) != day
    ]

    assert wrong == []
    assert sum(1 for night in nights for _ in minutes(zone, night)) >= 61 * len(nights)


@pytest.mark.parametrize("zone", ZONES)
def test_receipts_payments_and_refunds_of_one_night_share_the_shops_day(zone: str) -> None:
    rules = policy(timezone=zone)
    for moment, day in minutes(zone, date(2026, 7, 1)):
        if moment.minute % 20:
            continue
        sold = sold_at(moment, paid_at=moment, payment_method="bacs")
        given = refund("1.00", created_at=moment)
        made = compose_order(sold, rules, CANADA)
        back = compose_refund(given, sold, [given], rules, CANADA)

        assert isinstance(made, Composition)
        assert isinstance(back, Composition)
        assert [each.dated_on for each in (*made.documents, back.sale)] == [day] * 3
        assert isinstance(made.documents[1], PaymentDraft)


@pytest.mark.parametrize("zone", ZONES)
def test_the_start_day_cuts_at_the_shops_midnight_to_the_minute(zone: str) -> None:
    night = date(2026, 7, 1)
    rules = policy(timezone=zone, start_on=night + timedelta(days=1))

    for moment, day in minutes(zone, night):
        left_out = isinstance(compose_order(sold_at(moment), rules, CANADA), Skipped)
        assert left_out is (day == night)
