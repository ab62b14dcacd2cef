"""Date functions: zones are named, clock changes are met."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines_tests.mapping.steps import run

VIENNA = "Europe/Vienna"
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis takes naive limits


@given(MOMENTS)
def test_a_written_instant_reads_back_as_the_same_instant(moment: datetime) -> None:
    written = run(moment, {"function": "date_format", "format": "%Y-%m-%dT%H:%M:%S.%f%z"})

    step = {"function": "parse_date", "format": "%Y-%m-%dT%H:%M:%S.%f%z", "zone": VIENNA}
    assert run(written, step) == moment


def test_every_directive_is_written_the_same_on_every_machine() -> None:
    moment = datetime(726, 1, 5, 0, 7, 9, 45, tzinfo=UTC)

    text = run(
        moment,
        {"function": "date_format", "format": "%Y %y %m %d %j %B %b %A %a %H %I %p %M %S %f %z %%"},
    )

    assert text == ("0726 26 01 05 005 January Jan Tuesday Tue 00 12 AM 07 09 000045 +0000 %")


def test_the_afternoon_is_written_with_pm() -> None:
    moment = datetime(2026, 1, 5, 13, 0, tzinfo=UTC)

    assert run(moment, {"function": "date_format", "format": "%I %p"}) == "01 PM"


def test_a_date_has_no_hour_to_write() -> None:
    with pytest.raises(RecordRejectedError, match="no time of day for %H"):
        run(date(2026, 1, 5), {"function": "date_format", "format": "%H"})


def test_a_date_is_its_own_day_in_every_zone() -> None:
    assert run(date(2026, 1, 5), {"function": "to_date", "zone": VIENNA}) == date(2026, 1, 5)


def test_the_hour_that_comes_twice_is_read_as_its_first() -> None:
    step = {"function": "parse_date", "format": "%Y-%m-%d %H:%M", "zone": VIENNA}

    assert run("2026-10-25 02:30", step) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-02-30", "09.03.2026", "soon", "0001-01-01"])
def test_a_text_that_names_no_day_is_refused_without_being_told(text: str) -> None:
    with pytest.raises(RecordRejectedError, match="no date written as %Y-%m-%d") as caught:
        run(text, {"function": "parse_date", "format": "%Y-%m-%d", "zone": "Asia/Tokyo"})

    assert text not in caught.value.message


def test_an_empty_text_is_a_missing_date() -> None:
    assert run(" ", {"function": "parse_date", "format": "%Y%m%d", "zone": VIENNA}) is None


def test_a_time_at_the_end_of_the_calendar_cannot_change_its_zone() -> None:
    last = datetime.max.replace(tzinfo=UTC)

    with pytest.raises(RecordRejectedError, match="years 1 to 9999"):
        run(last, {"function": "to_zone", "zone": "Asia/Tokyo"})


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (datetime(2026, 1, 5), "with a zone"),  # noqa: DTZ001 - that is what is refused
        ("2026-01-05", "apply to_decimal or parse_date first"),
        (12, "not a whole number"),
        (timedelta(1), "type timedelta"),
    ],
)
def test_what_is_no_time_with_a_zone_is_refused(value: object, reason: str) -> None:
    with pytest.raises(RecordRejectedError, match=reason):
        run(value, {"function": "to_zone", "zone": VIENNA})
    with pytest.raises(RecordRejectedError, match=reason):
        run(value, {"function": "date_format", "format": "%Y"})


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({"function": "date_format", "format": "year"}, "no directive"),
        ({"function": "date_format", "format": "%Q"}, "known are"),
        ({"function": "date_format", "format": "%Y-%"}, "known are"),
        ({"function": "date_format", "format": 5}, "in quotes"),
        ({"function": "to_zone", "zone": "Europe/Viena"}, "did you mean Europe/Vienna"),
        ({"function": "parse_date", "format": "%d %B %Y", "zone": "UTC"}, "can be written but"),
        ({"function": "parse_date", "format": "%d.%m.", "zone": "UTC"}, "%Y or %y exactly once"),
        ({"function": "parse_date", "format": "%Y%y%m%d", "zone": "UTC"}, "%Y or %y exactly once"),
        ({"function": "parse_date", "format": "%Y%m%d%H%H", "zone": "UTC"}, "twice"),
        ({"function": "parse_date", "format": "%Y%m%d%Q", "zone": "UTC"}, "known are"),
    ],
)
def test_formats_and_zones_that_do_not_exist_are_refused(step: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        run("x", step)
