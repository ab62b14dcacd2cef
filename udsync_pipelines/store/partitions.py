"""Months of the partitioned tables.

There is no default partition: while one exists, none can be detached beside running work.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from udsync_pipelines.store.tables.declarative import SCHEMA

PARTITIONED: Mapping[str, str] = MappingProxyType(
    {"raw_records": "fetched_at", "sync_log": "logged_at", "webhook_events": "received_at"}
)
EXPIRING = ("sync_log", "webhook_events")
"""The tables whose months of long ago are dropped. The archive is the proof: it stays for ever."""

_LOCK = 0x75647061  # "udpa": one process at a time makes partitions
_MONTHS_A_YEAR = 12
_EXPIRING_MONTH = re.compile(rf"({'|'.join(EXPIRING)})_(\d{{4}})_(\d{{2}})")
_LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a table that expires, by the first of its days (UTC).

    Its partition is attached to the table, leaving it, or on its own: a drop that was cut off has
    come so far.
    """

    table: str
    first: date
    is_attached: bool = True
    is_leaving: bool = False

    @property
    def name(self) -> str:
        """The name of its partition."""
        return f"{self.table}_{self.first:%Y_%m}"


def upcoming_months(today: date, ahead: int = 2) -> tuple[date, ...]:
    """The first days of this month and of the `ahead` months after it."""
    months = [today.replace(day=1)]
    for _ in range(ahead):
        months.append(_following(months[-1]))
    return tuple(months)


def months_between(first: date, last: date) -> tuple[date, ...]:
    """The first days of all months from that of `first` to that of `last`, both included."""
    months = [first.replace(day=1)]
    while _following(months[-1]) <= last:
        months.append(_following(months[-1]))
    return tuple(months)


def first_kept(today: date, kept: int) -> date:
    """The first day of the oldest month that stays, where `kept` whole months before today's do."""
    months = today.year * _MONTHS_A_YEAR + today.month - 1 - kept
    return date(months // _MONTHS_A_YEAR, months % _MONTHS_A_YEAR + 1, 1)


def ensure_partitions(connection: sa.Connection, months: Iterable[date]) -> list[str]:
    """Make the missing partitions of these months (UTC); return their names, oldest first.

    Needs the owner of the tables (`StateDatabase.maintenance`). Costs one query when nothing is
    missing. Readers and writers of the tables are not held up.
    """
    wanted = _names(months)
    if not _missing(connection, wanted):
        return []
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    missing = _missing(connection, wanted)
    for name in missing:
        table, month = wanted[name]
        _create(connection, name, table, month)
    return missing


def months_before(connection: sa.Connection, first: date) -> list[Month]:
    """The months of `EXPIRING` that ended before this one began, oldest first."""
    rows = connection.execute(
        sa.text(
            "SELECT c.relname AS name, i.inhrelid IS NOT NULL AS is_attached,"
            " coalesce(i.inhdetachpending, false) AS is_leaving"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " LEFT JOIN pg_inherits i ON i.inhrelid = c.oid"
            " WHERE n.nspname = :schema AND c.relkind = 'r'"
        ),
        {"schema": SCHEMA},
    )
    named = [(_EXPIRING_MONTH.fullmatch(row.name), row) for row in rows]
    found = [
        Month(match[1], date(int(match[2]), int(match[3]), 1), row.is_attached, row.is_leaving)
        for match, row in named
        if match
    ]
    return sorted(
        (one for one in found if one.first < first), key=lambda one: (one.first, one.table)
    )


def drop_month(connection: sa.Connection, month: Month, wait: str = "10s") -> bool:
    """Drop a month, beside running work; return False when that did not pause within `wait`.

    Then nobody is held up, and the same call later goes on from where this one stopped. Nobody may
    write to the month any more. Needs the owner of the tables, and a connection that commits each
    statement (`StateDatabase.upkeep`): what is in a transaction locks the whole table.
    """
    detach = "FINALIZE" if month.is_leaving else "CONCURRENTLY"
    try:
        connection.exec_driver_sql(f"SET lock_timeout = '{wait}'")
        if month.is_attached:
            connection.exec_driver_sql(
                f"ALTER TABLE {SCHEMA}.{month.table}"
                f" DETACH PARTITION {SCHEMA}.{month.name} {detach}"
            )
        connection.exec_driver_sql(f"DROP TABLE {SCHEMA}.{month.name}")
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        return False
    return True


def _names(months: Iterable[date]) -> dict[str, tuple[str, date]]:
    firsts = sorted({month.replace(day=1) for month in months})
    return {f"{table}_{month:%Y_%m}": (table, month) for month in firsts for table in PARTITIONED}


def _missing(connection: sa.Connection, wanted: Mapping[str, object]) -> list[str]:
    found = connection.execute(
        sa.text(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = :schema AND c.relispartition AND c.relname = ANY(:names)"
        ),
        {"schema": SCHEMA, "names": list(wanted)},
    ).scalars()
    existing = set(found)
    return [name for name in wanted if name not in existing]


def _create(connection: sa.Connection, name: str, table: str, month: date) -> None:
    # Made apart and attached: CREATE TABLE ... PARTITION OF would lock the whole table against
    # readers. Nobody is granted the partition itself; forced security shuts out its owner too.
    begin, end = f"{month:%Y-%m-01}", f"{_following(month):%Y-%m-01}"
    for statement in (
        f"CREATE TABLE {SCHEMA}.{name} (LIKE {SCHEMA}.{table} INCLUDING ALL)",
        f"ALTER TABLE {SCHEMA}.{name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {SCHEMA}.{table} ATTACH PARTITION {SCHEMA}.{name}"
        f" FOR VALUES FROM ('{begin} 00:00+00') TO ('{end} 00:00+00')",
    ):
        connection.exec_driver_sql(statement)


def _following(month: date) -> date:
    years, index = divmod(month.month, _MONTHS_A_YEAR)
    return date(month.year + years, index + 1, 1)
