"""How WordPress and WooCommerce understand the date filters, mistakes included.

Source: measured on WooCommerce 11.0.1 in three time zones; ``WP_Date_Query`` and
``wc_string_to_timestamp`` explain it. An offset together with ``dates_are_gmt`` is wrong by the
site's offset; ``.000Z`` and bare-hour offsets are wrong without it on orders in HPOS storage.
"""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from udsync_pipelines.emulators.woocommerce.clock import from_wall, wall_seconds

_ACCEPTED = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(\.\d+)?(Z|z|[+-]\d{2}(?::\d{2})?)?"
)
_STRICT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})")


class DateValue:
    """One date given in a query.

    Raises:
        ValueError: WordPress would answer 400 "Invalid date." (a date alone, free text).
    """

    def __init__(self, text: str) -> None:
        match = _ACCEPTED.fullmatch(text)
        if match is None:
            message = "Invalid date."
            raise ValueError(message)
        day, time, _fraction, offset = match.groups()
        naive = datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=UTC)
        self._wall = int(naive.timestamp())
        self._offset = _offset_seconds(offset)
        self._strict = bool(_STRICT.fullmatch(text))

    def against_gmt(self, zone: ZoneInfo) -> int:
        """Return the value compared with the GMT column when ``dates_are_gmt`` is given."""
        return self._as_site_wall(zone)

    def against_wall(self, zone: ZoneInfo) -> int:
        """Return the value compared with the stored local column (posts, no flag)."""
        return self._as_site_wall(zone)

    def against_hpos(self, zone: ZoneInfo) -> int:
        """Return the value compared with the GMT column for orders in HPOS, no flag."""
        utc = self._wall - (self._offset or 0)
        return utc if self._strict else from_wall(utc, zone)

    def _as_site_wall(self, zone: ZoneInfo) -> int:
        if self._offset is None:
            return self._wall
        return wall_seconds(self._wall - self._offset, zone)


def _offset_seconds(offset: str | None) -> int | None:
    if offset is None:
        return None
    if offset in ("Z", "z"):
        return 0
    hours, _, minutes = offset[1:].partition(":")
    seconds = int(timedelta(hours=int(hours), minutes=int(minutes or 0)).total_seconds())
    return -seconds if offset[0] == "-" else seconds
