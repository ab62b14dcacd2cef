"""When a schedule is due: by the iterator that Dagster's own schedules use, so that both agree.

Over a change of clocks a time that does not exist comes at the end of the gap, a time that comes
twice counts once for a daily schedule, and every hour counts for an hourly one. (croniter alone
differs: it fires twice.)
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from udsync_pipelines.errors import ConfigurationError

_LOOK_BACK = (timedelta(days=1), timedelta(days=40), timedelta(days=400))


def check_cron(cron: str) -> None:
    """Refuse what is no cron expression of five fields, and what never comes.

    Raises:
        ConfigurationError: code `cron_invalid`.
    """
    from dagster._utils.schedules import is_valid_cron_schedule

    if not is_valid_cron_schedule(cron):
        raise ConfigurationError(
            f"{cron!r} is not a cron expression.",
            code="cron_invalid",
            cure="Write minute, hour, day of month, month and day of week, like '30 6 * * 1-5'.",
        )
    try:
        next_tick(cron, "UTC", datetime.now(UTC))
    except ValueError as never:
        raise ConfigurationError(
            f"{cron!r} never comes.",
            code="cron_invalid",
            cure="Choose a day that the month has.",
        ) from never


def ticks_from(cron: str, zone: str, start: datetime) -> Iterator[datetime]:
    """Every tick at or after `start`, in UTC, without end."""
    # Imported late: Dagster takes a second, which commands that look at no schedule spare.
    from dagster._utils.schedules import schedule_execution_time_iterator

    for tick in schedule_execution_time_iterator(start.timestamp(), cron, zone):
        yield tick.astimezone(UTC)


def next_tick(cron: str, zone: str, after: datetime) -> datetime:
    """The first tick later than `after`, in UTC."""
    return next(tick for tick in ticks_from(cron, zone, after) if tick > after)


def latest_tick(cron: str, zone: str, due: datetime, now: datetime) -> datetime:
    """The last tick that is not later than `now`, where `due`, a tick, is the first.

    After a long pause it looks back from now, instead of counting every minute since.
    """
    for span in _LOOK_BACK:
        if now - due > span:
            found = _up_to(cron, zone, now - span, now)
            if found:
                return found[-1]
    return _up_to(cron, zone, due, now)[-1]


def _up_to(cron: str, zone: str, start: datetime, now: datetime) -> list[datetime]:
    return list(takewhile(lambda tick: tick <= now, ticks_from(cron, zone, start)))
