"""How long a load still takes, and what a month will have cost."""

from datetime import date, timedelta

import pytest

from udsync_pipelines.sync.forecast import Stretch, month_forecast, pace_of, seconds_left

ALLOWED = 8.0
MONTH = Stretch(orders=100, documents=130, names=30, seconds=30.0, load_seconds=20.0)


def test_before_anything_is_done_the_allowed_rate_and_the_sample_count() -> None:
    pace = pace_of((), ALLOWED, 2.0)

    assert pace.seconds_for(80) == 20.0


def test_finished_parts_tell_what_an_order_costs() -> None:
    pace = pace_of([MONTH], ALLOWED)

    assert (pace.documents_per_order, pace.names_per_order) == (1.3, 0.3)
    assert (pace.seconds_per_order, pace.writes_per_second) == (0.1, 8.0)
    assert pace.seconds_for(100) == pytest.approx(30.0)


def test_how_many_are_new_is_told_by_the_last_part() -> None:
    later = Stretch(orders=100, documents=130, names=10, seconds=25.0, load_seconds=15.0)

    assert pace_of([MONTH, later, Stretch(0)], ALLOWED).names_per_order == 0.1


def test_a_few_orders_do_not_tell_how_many_are_new() -> None:
    few = Stretch(orders=10, documents=12, names=29, seconds=9.0, load_seconds=5.0)

    assert pace_of([few], ALLOWED, 1.5).names_per_order == pytest.approx(0.3)
    assert pace_of([few], ALLOWED, 1.0).names_per_order == 0.0
    assert pace_of([MONTH, few], ALLOWED, 1.5).names_per_order == 0.3


def test_parts_that_wrote_nothing_leave_the_allowed_rate() -> None:
    assert pace_of([Stretch(orders=10, seconds=1.0)], ALLOWED).writes_per_second == ALLOWED


def test_what_is_left_follows_from_the_pace_of_what_is_done() -> None:
    assert seconds_left([MONTH], None, 200, pace_of([MONTH], ALLOWED)) == pytest.approx(60.0)


def test_what_is_not_planned_yet_is_expected_to_take_as_long_as_its_like() -> None:
    pace = pace_of([MONTH], ALLOWED)

    assert seconds_left([MONTH], Stretch(100, seconds=4.0), 0, pace) == pytest.approx(26.0)
    assert seconds_left([MONTH], Stretch(100, seconds=40.0), 0, pace) == 0.0


def test_what_is_planned_and_not_begun_is_written_at_the_allowed_rate() -> None:
    running = Stretch(100, seconds=10.0, due=160)

    left = seconds_left([], running, 100, pace_of([], ALLOWED, 1.5))

    # 20 s for what is due, then as long again with its 10 s of planning.
    assert left == pytest.approx(20.0 + 30.0)


def test_what_is_half_written_tells_its_own_rate() -> None:
    running = Stretch(100, documents=60, names=40, seconds=35.0, load_seconds=25.0, due=60)

    left = seconds_left([], running, 0, pace_of([], ALLOWED, 1.5))

    assert left == pytest.approx(60 / 4.0)


def test_what_has_hardly_begun_does_not_outweigh_what_is_done() -> None:
    running = Stretch(100, documents=1, names=0, seconds=12.0, load_seconds=2.0, due=159)

    left = seconds_left([MONTH], running, 0, pace_of([MONTH], ALLOWED))

    assert left == pytest.approx(159 / 8.0)


def test_planned_customers_and_items_tell_how_many_are_still_new() -> None:
    running = Stretch(100, documents=1, names=5, seconds=12.0, due=134, due_names=5)

    left = seconds_left([MONTH], running, 100, pace_of([MONTH], ALLOWED))

    # 10 names for 100 orders, where the month before needed 30.
    assert left == pytest.approx(134 / 8.0 + 100 * (0.1 + 1.4 / 8.0))


def test_an_empty_part_says_nothing_about_what_is_new() -> None:
    assert Stretch(0).names_per_order == 0.0
    left = seconds_left([MONTH], Stretch(0, due=8), 100, pace_of([MONTH], ALLOWED))
    assert left == pytest.approx(31.0)


def test_a_part_that_was_cut_off_counts_with_what_went_on_later() -> None:
    before = Stretch(100, documents=30, names=20, seconds=11.0, load_seconds=6.0, due=999)
    later = Stretch(100, documents=10, names=1, seconds=5.0, load_seconds=2.0, due=90, due_names=4)

    whole = before.continued(later)

    assert whole == Stretch(100, 40, 21, 16.0, 8.0, due=90, due_names=4)


def test_what_is_due_of_a_part_that_was_cut_off_stays_so_until_it_is_planned_anew() -> None:
    before = Stretch(100, documents=30, names=20, load_seconds=6.0, due=99, due_names=3)

    whole = before.continued(Stretch(100, seconds=5.0))

    assert (whole.due, whole.due_names, whole.seconds) == (99, 3, 5.0)


def test_a_month_is_forecast_by_the_last_seven_whole_days() -> None:
    today = date(2026, 11, 21)
    daily = {today - timedelta(days=back): 10 for back in range(21)} | {today: 3}

    # 20 days of 10 and today's 3 so far, and 9 days more.
    assert month_forecast(daily, today) == 203 + 90


def test_days_without_calls_count_and_days_before_the_first_call_do_not() -> None:
    today = date(2026, 11, 10)

    assert month_forecast({date(2026, 11, 6): 40}, today) == 40 + 20 * 10
    assert month_forecast({today: 5}, today) == 5 + 20 * 5
    assert month_forecast({}, today) == 0


def test_calls_of_the_month_before_are_not_of_this_one() -> None:
    assert month_forecast({date(2026, 10, 31): 70}, date(2026, 11, 1)) == 29 * 70
