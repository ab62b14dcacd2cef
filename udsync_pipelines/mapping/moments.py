"""Dates and times as text: a fixed, small set of directives that no machine's language changes."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Self
from zoneinfo import ZoneInfo, available_timezones

from udsync_pipelines.mapping.inputs import refusal
from udsync_pipelines.mapping.suggestions import did_you_mean

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# Own renderers: strftime follows the machine's language and pads the year differently by system.
_OF_DAY: dict[str, Callable[[date], str]] = {
    "%Y": lambda on: f"{on.year:04}",
    "%y": lambda on: f"{on.year % 100:02}",
    "%m": lambda on: f"{on.month:02}",
    "%d": lambda on: f"{on.day:02}",
    "%j": lambda on: f"{on.timetuple().tm_yday:03}",
    "%B": lambda on: _MONTHS[on.month - 1],
    "%b": lambda on: _MONTHS[on.month - 1][:3],
    "%A": lambda on: _DAYS[on.weekday()],
    "%a": lambda on: _DAYS[on.weekday()][:3],
}
_OF_TIME: dict[str, Callable[[datetime], str]] = {
    "%H": lambda at: f"{at.hour:02}",
    "%I": lambda at: f"{(at.hour - 1) % 12 + 1:02}",
    "%p": lambda at: "AM" if at.hour < 12 else "PM",  # noqa: PLR2004 - noon
    "%M": lambda at: f"{at.minute:02}",
    "%S": lambda at: f"{at.second:02}",
    "%f": lambda at: f"{at.microsecond:06}",
    "%z": lambda at: at.strftime("%z"),
}
DIRECTIVES = (*_OF_DAY, *_OF_TIME, "%%")
_READABLE = frozenset({"%Y", "%y", "%m", "%d", "%H", "%M", "%S", "%f", "%z", "%%"})
_DAY_NEEDS = ({"%Y", "%y"}, {"%m"}, {"%d"})
_PART = re.compile(r"%.?|[^%]+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class DateFormat:
    """How a date or a time is written, by directives such as `%Y-%m-%d`."""

    text: str
    parts: tuple[str, ...]

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Check a format.

        Raises:
            ValueError: it has no directive, or one that is not in the list.
        """
        parts = tuple(_PART.findall(text))
        directives = [part for part in parts if part.startswith("%")]
        if not directives:
            raise ValueError(f"the date format {text!r} has no directive such as %Y")
        for directive in directives:
            if directive not in DIRECTIVES:
                raise ValueError(
                    f"the date format has {directive!r}: known are {' '.join(DIRECTIVES)}"
                )
        return cls(text, parts)

    def render(self, moment: date | datetime) -> str:
        """The moment as text.

        Raises:
            RecordRejectedError: the format asks for a time of day and the moment is a date.
        """
        return "".join(_rendered(part, moment) for part in self.parts)


@dataclass(frozen=True, slots=True)
class ReadableDateFormat(DateFormat):
    """A date format that can also be read: numbers only, with year, month and day."""

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Check a format.

        Raises:
            ValueError: it lacks year, month or day, repeats one, or has one that is not a number.
        """
        directives = [part for part in _PART.findall(text) if part.startswith("%")]
        for directive in directives:
            if directive in DIRECTIVES and directive not in _READABLE:
                raise ValueError(f"{directive} can be written but not read: use numbers")
        for needed in _DAY_NEEDS:
            if sum(directive in needed for directive in directives) != 1:
                raise ValueError(
                    f"a format to read dates by has {' or '.join(sorted(needed))} exactly once"
                )
        if len(directives) != len(set(directives)):
            raise ValueError("a format to read dates by has no directive twice")
        parts = DateFormat.from_text(text).parts
        return cls(text, parts)

    def parse(self, text: str, zone: ZoneInfo) -> datetime:
        """The instant, in UTC, that the text names; in the zone unless the text has an offset.

        An hour that the clock change repeats is its first occurrence.

        Raises:
            RecordRejectedError: the text is not written so, or names no real date.
        """
        try:
            moment = datetime.strptime(text.strip(), self.text)  # noqa: DTZ007 - zone comes next
            aware = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
            return aware.astimezone(UTC)
        except (ValueError, OverflowError):
            raise refusal(f"the text is no date written as {self.text}") from None


def zone_from_text(text: str) -> ZoneInfo:
    """A time zone by its IANA name, such as `Europe/Vienna`.

    Raises:
        ValueError: no such zone is known.
    """
    if text not in _zones():
        raise ValueError(f"there is no time zone {text!r}{did_you_mean(text, _zones())}")
    return ZoneInfo(text)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())  # reads folders: once is enough


def _rendered(part: str, moment: date | datetime) -> str:
    if part in _OF_DAY:
        return _OF_DAY[part](moment)
    if part in _OF_TIME:
        if not isinstance(moment, datetime):
            raise refusal(f"a date has no time of day for {part}")
        return _OF_TIME[part](moment)
    return "%" if part == "%%" else part
