"""Dates and times: zones named, formats that no machine's language changes."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from udsync_pipelines.mapping.inputs import refusal
from udsync_pipelines.mapping.moments import DateFormat, ReadableDateFormat
from udsync_pipelines.mapping.registry import mapping_function


@mapping_function("date_format")
def date_format(moment: date | datetime, *, format_: DateFormat) -> str:
    """Write a date or a time. A time is written in the zone it has: apply `to_zone` before.

    Directives: %Y %y %m %d %j %B %b %A %a (the day), %H %I %p %M %S %f %z (the time), %% (a
    percent sign). Names are English.

    Example:
        >>> run(date(2026, 3, 9), {"function": "date_format", "format": "%d.%m.%Y"})
        '09.03.2026'
    """
    return format_.render(moment)


@mapping_function("to_zone")
def to_zone(moment: datetime, *, zone: ZoneInfo) -> datetime:
    """Show the same instant on the clocks of a zone.

    Example:
        >>> moment = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
        >>> run(moment, {"function": "to_zone", "zone": "Europe/Vienna"}).hour
        0
    """
    try:
        return moment.astimezone(zone)
    except OverflowError:
        raise refusal("the time is outside the years 1 to 9999") from None


@mapping_function("to_date")
def to_date(moment: date | datetime, *, zone: ZoneInfo) -> date:
    """The calendar day of an instant in a zone; a date stays what it is.

    Example:
        >>> moment = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
        >>> run(moment, {"function": "to_date", "zone": "Europe/Vienna"})
        datetime.date(2026, 7, 2)
    """
    return to_zone(moment, zone=zone).date() if isinstance(moment, datetime) else moment


@mapping_function("parse_date")
def parse_date(text: str, *, format_: ReadableDateFormat, zone: ZoneInfo) -> datetime | None:
    """Read an instant, in UTC, from a text; the zone counts unless the format has %z.

    Without a time of day it is midnight in the zone. Empty text is missing. Directives: %Y %y %m
    %d %H %M %S %f %z.

    Example:
        >>> step = {"function": "parse_date", "format": "%d.%m.%Y", "zone": "Europe/Vienna"}
        >>> run("09.03.2026", step).isoformat()
        '2026-03-08T23:00:00+00:00'
    """
    return format_.parse(text, zone) if text.strip() else None
