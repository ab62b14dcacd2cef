"""Schedules are the same each time, and together they do all that a campaign is to do."""

from collections import Counter
from itertools import chain

import pytest

from udsync_pipelines_tests.chaos.drawing import MOST_ORDERS, POINTS, draw
from udsync_pipelines_tests.chaos.kinds import KINDS
from udsync_pipelines_tests.chaos.schedule import (
    REAL_KILLS,
    Hand,
    Refund,
    Round,
    Sale,
    Schedule,
    Way,
)

LEAST_REAL_KILLS = 200


@pytest.fixture(scope="module")
def campaign() -> list[Schedule]:
    """The schedules of the whole campaign."""
    return [draw(number) for number in range(1, 10_001)]


def rounds(campaign: list[Schedule]) -> list[Round]:
    return list(chain.from_iterable(one.rounds for one in campaign))


def test_a_number_draws_the_same_schedule_each_time_and_tells_it() -> None:
    told = draw(7).told()

    assert draw(7) == draw(7)
    assert told.startswith("Schedule 7: the company ")
    assert told.count("then a") >= 1
    assert draw(8).told() != told


def test_stores_of_the_campaign_are_small_and_half_the_companies_ignore_request_ids(
    campaign: list[Schedule],
) -> None:
    sold = [sum(isinstance(it, Sale) for it in doings(one)) for one in campaign]
    ignoring = sum(not one.remembers_requests for one in campaign)

    assert set(sold) == set(range(1, MOST_ORDERS + 1))
    assert 4_500 < ignoring < 5_500


def test_the_campaign_kills_for_real_at_least_two_hundred_times(campaign: list[Schedule]) -> None:
    ways = Counter(chain.from_iterable(one.ways() for one in campaign))
    really = sum(any(way in REAL_KILLS for way in one.ways()) for one in campaign)
    points = {one.work.point for one in rounds(campaign)} - {""}

    assert really > LEAST_REAL_KILLS
    assert set(ways) == set(Way)
    assert points == set(POINTS)


def test_every_kind_of_fault_and_every_hand_is_drawn(campaign: list[Schedule]) -> None:
    drawn = {(it.side, it.kind) for one in rounds(campaign) for it in one.strikes}
    hands = {it.hand for one in rounds(campaign) for it in one.interferences}

    assert drawn == {(side, kind) for side, kinds in KINDS.items() for kind in range(len(kinds))}
    assert hands == set(Hand)


def test_no_order_is_refunded_twice_and_none_before_it_is_sold(campaign: list[Schedule]) -> None:
    for one in campaign:
        refunded = [it.order for it in doings(one) if isinstance(it, Refund)]
        sold = sum(isinstance(it, Sale) for it in doings(one))

        assert len(refunded) == len(set(refunded))
        assert all(order < sold for order in refunded)


def doings(schedule: Schedule) -> list[object]:
    return list(chain.from_iterable(one.doings for one in schedule.rounds))
