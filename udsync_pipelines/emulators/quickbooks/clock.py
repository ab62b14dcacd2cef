"""The company's clock, and the forms in which QuickBooks writes a time."""

import time
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
_FIRST_YEAR = 1900
_LAST_YEAR = 2200


class Clock:
    """What time the service thinks it is: the real time, or a time that a test has set."""

    def __init__(self) -> None:
        self._fixed: float | None = None

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return time.time() if self._fixed is None else self._fixed

    def set(self, moment: str | float) -> None:
        """Stop the clock at a time: ISO text (UTC if it names no zone) or seconds since 1970."""
        self._fixed = seconds_of(moment) if isinstance(moment, str) else float(moment)

    def advance(self, seconds: float) -> None:
        """Move a stopped clock on; a running clock stops first."""
        self._fixed = self.now() + seconds

    def run(self) -> None:
        """Let the clock show the real time again."""
        self._fixed = None

    def stamp(self) -> str:
        """Return the time as ``MetaData`` has it: whole seconds, Pacific time."""
        return pacific(self.now())

    def answer_time(self) -> str:
        """Return the time as an answer's ``time`` has it: milliseconds, Pacific time."""
        moment = datetime.fromtimestamp(self.now(), PACIFIC)
        return moment.isoformat(timespec="milliseconds")

    def today(self) -> str:
        """Return the server's date, which is Pacific whatever the company's zone is."""
        return datetime.fromtimestamp(self.now(), PACIFIC).date().isoformat()


def pacific(seconds: float) -> str:
    """Write a time in whole seconds with Pacific offset."""
    return datetime.fromtimestamp(int(seconds), PACIFIC).isoformat()


def seconds_of(text: str, zone: tzinfo = UTC) -> float:
    """Read ISO text (in ``zone`` if it names none) as seconds since 1970.

    Raises:
        ValueError: the text is not a time.
    """
    moment = datetime.fromisoformat(text)
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        message = f"{text} lies outside the years {_FIRST_YEAR} to {_LAST_YEAR}."
        raise ValueError(message)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()


def is_date(text: str) -> bool:
    """Return whether a text is a plain calendar date that books can have."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return False
    return day.isoformat() == text and _FIRST_YEAR <= day.year <= _LAST_YEAR
