"""The emulator's clock, and the two forms in which WordPress writes a time."""

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    """What time the store thinks it is: the real time, or a time that a test has set."""

    def __init__(self) -> None:
        self._fixed: float | None = None

    def now(self) -> int:
        """Return the store's time in whole seconds since 1970 (the resolution of all stamps)."""
        return int(time.time() if self._fixed is None else self._fixed)

    def set(self, moment: str | int) -> None:
        """Stop the clock at a UTC time, given as ISO text or as seconds since 1970."""
        self._fixed = float(moment if isinstance(moment, int) else seconds_of(moment))

    def advance(self, seconds: float) -> None:
        """Move a stopped clock on; a running clock stops first."""
        self._fixed = (time.time() if self._fixed is None else self._fixed) + seconds

    def run(self) -> None:
        """Let the clock show the real time again."""
        self._fixed = None


def seconds_of(text: str) -> int:
    """Read ISO text (UTC if it names no zone) as seconds since 1970."""
    moment = datetime.fromisoformat(text)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(aware.timestamp())


def gmt_text(seconds: int | None) -> str | None:
    """Write a time as ``date_..._gmt`` has it: UTC without saying so."""
    if seconds is None:
        return None
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:19]


def local_text(seconds: int | None, zone: ZoneInfo) -> str | None:
    """Write a time as ``date_...`` has it: the site's wall clock, without an offset."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, zone).isoformat()[:19]


def wall_seconds(seconds: int, zone: ZoneInfo) -> int:
    """Return the site's wall clock at a time, counted as if it were UTC."""
    return seconds + _offset(seconds // 900, zone)


@lru_cache(maxsize=100_000)
def _offset(quarter: int, zone: ZoneInfo) -> int:
    # Offsets change on quarters of an hour only, so a quarter stands for all its seconds.
    shift = datetime.fromtimestamp(quarter * 900, zone).utcoffset()
    return int(shift.total_seconds()) if shift else 0


def from_wall(wall: int, zone: ZoneInfo) -> int:
    """Return the time at which the site's wall clock shows this; the first one in the fold."""
    naive = (_EPOCH + timedelta(seconds=wall)).replace(tzinfo=zone, fold=0)
    return int(naive.timestamp())
