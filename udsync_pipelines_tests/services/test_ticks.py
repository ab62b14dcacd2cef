"""When schedules are due, over changes of clocks and long pauses."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest
from dagster._utils.schedules import schedule_execution_time_iterator
from hypothesis import given, settings
from hypothesis import strategies as st

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.ticks import check_cron, latest_tick, next_tick, ticks_from

EDMONTON = "America/Edmonton"
CRONS = ["*/7 * * * *", "7 * * * *", "30 2 * * *", "30 1 * * *", "0 6 * * 1-5", "0 0 1 * *"]
ZONES = [EDMONTON, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "after", "ticks"),
    [
        ("30 2 * * *", "2026-03-08T07:00", ["2026-03-08T09:00", "2026-03-09T08:30"]),
        ("30 1 * * *", "2026-11-01T06:00", ["2026-11-01T08:30", "2026-11-02T08:30"]),
        ("7 * * * *", "2026-11-01T07:00", ["2026-11-01T07:07", "2026-11-01T08:07"]),
        ("7 * * * *", "2026-03-08T08:00", ["2026-03-08T08:07", "2026-03-08T09:07"]),
    ],
    ids=["in the hour that does not exist", "in the hour that comes twice", "hourly in autumn",
         "hourly in spring"],
)  # fmt: skip
def test_a_change_of_clocks_neither_loses_a_tick_nor_doubles_it(
    cron: str, after: str, ticks: list[str]
) -> None:
    first = next_tick(cron, EDMONTON, at(after))

    assert [first, next_tick(cron, EDMONTON, first)] == [at(tick) for tick in ticks]


@settings(max_examples=60)
@given(
    st.sampled_from(CRONS),
    st.sampled_from(ZONES),
    st.timedeltas(timedelta(0), timedelta(days=365)),
    st.timedeltas(timedelta(0), timedelta(days=500)),
)
def test_the_latest_tick_is_the_last_that_dagster_would_have_run(
    cron: str, zone: str, day: timedelta, pause: timedelta
) -> None:
    due = next_tick(cron, zone, at("2026-01-01T00:00") + day)
    now = due + pause

    latest = latest_tick(cron, zone, due, now)

    # Of a dense schedule only the last days are counted: counting all takes minutes.
    begin = max(due, now - timedelta(days=2)) if cron[0] == "*" else due
    ran = schedule_execution_time_iterator(begin.timestamp(), cron, zone)
    assert latest == list(takewhile(lambda tick: tick <= now, ran))[-1]


def test_ticks_are_told_in_utc() -> None:
    assert next(ticks_from("0 6 * * *", EDMONTON, at("2026-07-01T00:00"))).tzinfo is UTC


@pytest.mark.parametrize(
    ("cron", "message"),
    [
        ("", "'' is not a cron expression."),
        ("hourly", "'hourly' is not a cron expression."),
        ("61 * * * *", "'61 * * * *' is not a cron expression."),
        ("* * * * * *", "'* * * * * *' is not a cron expression."),
        ("0 0 30 2 *", "'0 0 30 2 *' is not a cron expression."),
        ("0 0 31 4 *", "'0 0 31 4 *' never comes."),
    ],
)
def test_what_is_no_time_is_refused_with_an_example(cron: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_cron(cron)

    assert refused.value.message == message
    assert refused.value.code == "cron_invalid"
    assert refused.value.cure
