"""The calls of a connection, counted by name and day, and what its month still allows."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from udsync_pipelines.errors import UdsyncError
from udsync_pipelines.store.repositories.noting import never_failing
from udsync_pipelines.store.tenancy import StateDatabase, driver

_FLUSH_AFTER = 50  # calls counted in memory before they are written


@dataclass(slots=True)
class Calls:
    """How many calls: in all, of those that the platform bills, and of those that failed."""

    calls: int = 0
    metered: int = 0
    failed: int = 0

    def add(self, *, is_metered: bool, has_failed: bool) -> None:
        """Count one more."""
        self.calls += 1
        self.metered += is_metered and not has_failed
        self.failed += has_failed


class CountedCalls:
    """The calls of one connection by all processes together. Safe to use from threads.

    Of `monthly_reads` metered calls none is allowed beyond; `spent` makes what is raised then.
    `made` are the calls that went through this object.
    """

    def __init__(
        self,
        database: StateDatabase,
        tenant_id: UUID,
        connection_id: UUID,
        *,
        monthly_reads: int | None = None,
        spent: Callable[[int], UdsyncError] | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.made = Calls()
        self._database = database
        self._tenant = tenant_id
        self._connection = connection_id
        self._monthly_reads = monthly_reads
        self._spent = spent
        self._clock = clock
        self._lock = threading.Lock()
        self._unwritten: dict[str, Calls] = {}
        self._used: int | None = None

    def count(self, name: str, *, is_metered: bool, has_failed: bool) -> None:
        """Count a call by its name; written now and then, and by `flush`."""
        with self._lock:
            for entry in (self.made, self._unwritten.setdefault(name, Calls())):
                entry.add(is_metered=is_metered, has_failed=has_failed)
            if self._used is not None:
                self._used += is_metered and not has_failed
            is_due = sum(entry.calls for entry in self._unwritten.values()) >= _FLUSH_AFTER
        if is_due:
            with never_failing("count"):
                self.flush()

    def check_allowance(self) -> None:
        """Refuse a metered call when the month's allowance is spent, by all processes together.

        Others' calls are learnt of now and then, when calls are written.

        Raises:
            UdsyncError: it is spent; what was given as `spent`.
        """
        if self._monthly_reads is None or self._spent is None:
            return
        used = self._used
        if used is None:
            self.flush()
            used = self._used = self.metered_this_month()
        if used >= self._monthly_reads:
            raise self._spent(self._monthly_reads)

    def flush(self) -> None:
        """Write the calls counted since the last time; call it at the end of a run."""
        with self._lock:
            counted, self._unwritten = self._unwritten, {}
            self._used = None
        if not counted:
            return
        rows = [
            {
                **self._key,
                "name": name,
                "calls": entry.calls,
                "metered": entry.metered,
                "failed": entry.failed,
            }
            for name, entry in sorted(counted.items())
        ]
        with (
            self._database.tenant(self._tenant) as connection,
            driver(connection).cursor() as cursor,
        ):
            cursor.executemany(_COUNT, rows)

    def metered_this_month(self) -> int:
        """Calls of this calendar month (UTC) that the platform bills, as written so far."""
        return int(self._database.once(self._tenant, _METERED, self._key)[0][0])

    @property
    def _key(self) -> dict[str, object]:
        return {
            "tenant": self._tenant,
            "connection": self._connection,
            "now": None if self._clock is None else self._clock(),
        }


_NOW = "coalesce(CAST(%(now)s AS timestamptz), clock_timestamp()) AT TIME ZONE 'UTC'"
_COUNT = (
    "INSERT INTO udsync.api_usage"
    " (tenant_id, connection_id, used_on, name, calls, metered, failed)"
    f" VALUES (%(tenant)s, %(connection)s, CAST({_NOW} AS date), %(name)s,"
    " %(calls)s, %(metered)s, %(failed)s)"
    " ON CONFLICT (tenant_id, connection_id, used_on, name) DO UPDATE"
    " SET calls = api_usage.calls + excluded.calls,"
    " metered = api_usage.metered + excluded.metered,"
    " failed = api_usage.failed + excluded.failed"
).encode()
_METERED = (
    "SELECT coalesce(sum(metered), 0)::bigint FROM udsync.api_usage"
    " WHERE tenant_id = %(tenant)s AND connection_id = %(connection)s"
    f" AND used_on >= date_trunc('month', {_NOW})::date"
).encode()
