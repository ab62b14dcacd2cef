"""Months of the partitioned tables.

There is no default partition: while one exists, none can be detached beside running work.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

import sqlalchemy as sa

from udsync_pipelines.store.tables.declarative import SCHEMA

PARTITIONED: Mapping[str, str] = MappingProxyType(
    {"raw_records": "fetched_at", "sync_log": "logged_at", "webhook_events": "received_at"}
)
_LOCK = 0x75647061  # "udpa": one process at a time makes partitions
_MONTHS_A_YEAR = 12


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
