"""One running sync per tenant and lane: leases with a heartbeat and a fencing number.

A lease is a row of `leases`. Its holder renews it every few seconds; each grant has a higher
number, and every transaction of the holder checks that its number is still the one in force. So
a process that was stopped, and wakes up when somebody else has the lane, writes nothing more.

Beside the row the holder keeps an advisory lock, which the server frees as soon as the process
has died: then the lane can be taken over at once, without waiting for the lease to run out.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from udsync_pipelines.errors import LaneBusyError, LeaseLostError, UdsyncError
from udsync_pipelines.store.session_locks import SessionLocks
from udsync_pipelines.store.tenancy import NamedRow, StateDatabase

_BEATS = 4
"""Heartbeats within the time of a lease: one or two may be late or lost."""

_TAKE = sa.text("""
    WITH former AS (
        SELECT owner FROM udsync.leases WHERE tenant_id = :tenant AND name = :name)
    INSERT INTO udsync.leases AS held
        (tenant_id, name, owner, fence, acquired_at, renewed_at, expires_at, details)
    VALUES (:tenant, :name, :owner, 1, now(), now(), now() + make_interval(secs => :seconds),
        jsonb_build_object('is_locked', CAST(:is_locked AS boolean)))
    ON CONFLICT (tenant_id, name) DO UPDATE SET owner = excluded.owner, fence = held.fence + 1,
        acquired_at = now(), renewed_at = now(), expires_at = excluded.expires_at,
        details = excluded.details
    WHERE held.expires_at <= now()
        OR (CAST(:is_locked AS boolean) AND (held.details->>'is_locked')::boolean)
    RETURNING fence, (SELECT owner FROM former) AS former_owner
""")
# What a process that is over has held beside its lanes: slots for requests nobody waits for.
_FREE_SLOTS = sa.text("""
    UPDATE udsync.leases SET expires_at = now()
    WHERE tenant_id = :tenant AND owner = :owner AND name NOT LIKE 'lane:%'
        AND expires_at > now()
""")
_RENEW = sa.text("""
    UPDATE udsync.leases SET renewed_at = now(),
        expires_at = now() + make_interval(secs => :seconds)
    WHERE tenant_id = :tenant AND name = :name AND fence = :fence
""")
# Without an owner: who takes it next has nothing else to free.
_GIVE_BACK = sa.text("""
    UPDATE udsync.leases SET expires_at = now(), owner = ''
    WHERE tenant_id = :tenant AND name = :name AND fence = :fence
""")
# FOR SHARE: who takes the lane over waits for the transactions that began under the old number.
_CHECK = sa.text("""
    SELECT count(*) FROM (
        SELECT 1 FROM udsync.leases
        WHERE tenant_id = :tenant AND (name, fence) IN (
            SELECT * FROM unnest(CAST(:names AS text[]), CAST(:fences AS bigint[])))
        FOR SHARE) AS held
""")
# The same where nobody looks at the answer: fails unless every number is still in force.
_GUARD = b"""
    SELECT 1 / (count(*) = cardinality(CAST(%(fences)s AS bigint[])))::int FROM (
        SELECT 1 FROM udsync.leases
        WHERE tenant_id = %(tenant)s AND (name, fence) IN (
            SELECT * FROM unnest(CAST(%(names)s AS text[]), CAST(%(fences)s AS bigint[])))
        FOR SHARE) AS held
"""


@dataclass(frozen=True, slots=True)
class _Lease:
    tenant: str
    lane: str
    fence: int
    valid_until: float


class LaneLeases:
    """The lanes of one tenant that this process holds. Safe to use from several threads.

    Whatever else is held as its `owner` is freed at the end; when the process has died, by whoever
    takes a lane of it over.
    """

    def __init__(
        self,
        database: StateDatabase,
        url: str,
        tenant_id: UUID,
        *,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._locks = SessionLocks(url)
        self._tenant_id = tenant_id
        self._seconds = seconds
        self._clock = clock
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._held: dict[str, _Lease] = {}
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def hold(self, tenant: str, lane: str) -> None:
        """Hold the lane until `close`; holding it again changes nothing.

        Raises:
            LaneBusyError: another process syncs this lane right now.
        """
        if lane in self._held:
            return
        is_locked = self._locks.try_hold(f"udsync:{self._tenant_id}:{lane}")
        began = self._clock()
        with self._database.tenant(self._tenant_id) as connection:
            values = {"tenant": self._tenant_id, "name": _name(lane)}
            taken = connection.execute(
                _TAKE,
                {
                    **values,
                    "owner": self.owner,
                    "seconds": self._seconds,
                    "is_locked": is_locked,
                },
            ).one_or_none()
            if taken is None:
                raise _busy(tenant, lane)
            if taken.former_owner:
                connection.execute(
                    _FREE_SLOTS, {"tenant": self._tenant_id, "owner": taken.former_owner}
                )
        self._held[lane] = _Lease(tenant, lane, taken.fence, began + self._seconds)
        self._beat()

    def must_hold(self) -> None:
        """Called before anything is sent to a platform.

        Raises:
            LeaseLostError: a lane's lease ran out while this process was stopped or cut off, or
                somebody else has taken it over.
        """
        for lease in tuple(self._held.values()):
            if self._clock() >= lease.valid_until:
                raise _lost(lease)

    def check(self, connection: sa.Connection) -> None:
        """Called in each transaction: nobody else can take a lane over before it has ended.

        Raises:
            LeaseLostError: somebody else has taken a lane over.
        """
        held = tuple(self._held.values())
        if not held:
            return
        found = connection.execute(_CHECK, self._numbers(held)).scalar_one()
        if found < len(held):
            raise _lost(held[0])

    def once(
        self, tenant_id: UUID, statement: bytes, values: Mapping[str, Any]
    ) -> Sequence[NamedRow]:
        """`StateDatabase.once`, with the check of `check` in the same round trip.

        Raises:
            LeaseLostError: somebody else has taken a lane over; the statement did nothing.
        """
        held = tuple(self._held.values())
        guard = (_GUARD, self._numbers(held)) if held else None
        try:
            return self._database.once(tenant_id, statement, values, guard)
        except psycopg.errors.DivisionByZero as error:
            raise _lost(held[0]) from error

    def fenced(self) -> "FencedDatabase":
        """The state database, for what only the holder of its lanes may write."""
        return FencedDatabase(self._database, self)

    def close(self) -> None:
        """Give back every lane; they are free when this returns."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()
        for lease in self._held.values():
            with suppress(UdsyncError, SQLAlchemyError):
                self._write(_GIVE_BACK, lease)
        if self._held:
            with suppress(UdsyncError, SQLAlchemyError):
                self._free_slots()
        self._held.clear()
        self._locks.close()
        self._closed.clear()
        self._thread = None

    def _free_slots(self) -> None:
        """Free the slots whose giving back was lost, or whose taking was, with a cut session."""
        with self._database.tenant(self._tenant_id) as connection:
            connection.execute(_FREE_SLOTS, {"tenant": self._tenant_id, "owner": self.owner})

    def _beat(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep, name="leases", daemon=True)
            self._thread.start()

    def _keep(self) -> None:
        while not self._closed.wait(self._seconds / _BEATS):
            for lease in tuple(self._held.values()):
                # While the database is away the lease runs out by our own clock.
                with suppress(UdsyncError, SQLAlchemyError):
                    self._renew(lease)

    def _renew(self, lease: _Lease) -> None:
        began = self._clock()
        if began >= lease.valid_until:
            return  # too late: what was not held for a moment may have been somebody else's
        is_held = self._write(_RENEW, lease) == 1
        until = began + self._seconds if is_held else 0.0
        self._held[lease.lane] = _Lease(lease.tenant, lease.lane, lease.fence, until)

    def _numbers(self, held: Sequence[_Lease]) -> dict[str, object]:
        return {
            "tenant": self._tenant_id,
            "names": [_name(lease.lane) for lease in held],
            "fences": [lease.fence for lease in held],
        }

    def _write(self, statement: sa.TextClause, lease: _Lease) -> int:
        with self._database.tenant(self._tenant_id) as connection:
            values: Mapping[str, object] = {
                "tenant": self._tenant_id,
                "name": _name(lease.lane),
                "fence": lease.fence,
            }
            more = {"seconds": self._seconds} if statement is _RENEW else {}
            return connection.execute(statement, {**values, **more}).rowcount


@dataclass(frozen=True, slots=True)
class FencedDatabase:
    """The state database as the holder of lanes sees it: each transaction checks the leases."""

    database: StateDatabase
    leases: LaneLeases

    @contextmanager
    def tenant(self, tenant_id: UUID) -> Iterator[sa.Connection]:
        """One transaction of this tenant, as `StateDatabase.tenant`.

        Raises:
            LeaseLostError: somebody else has taken over a lane that this process held.
        """
        with self.database.tenant(tenant_id) as connection:
            self.leases.check(connection)
            yield connection

    def once(
        self, tenant_id: UUID, statement: bytes, values: Mapping[str, Any]
    ) -> Sequence[NamedRow]:
        """One statement in a transaction of its own, as `StateDatabase.once`.

        Raises:
            LeaseLostError: somebody else has taken over a lane that this process held.
        """
        return self.leases.once(tenant_id, statement, values)


def _name(lane: str) -> str:
    return f"lane:{lane}"


def _busy(tenant: str, lane: str) -> LaneBusyError:
    return LaneBusyError(
        f"another sync of {lane} for {tenant} is running.",
        cure="Wait for it to end, or stop it in Dagster's Runs page.",
    )


def _lost(lease: _Lease) -> LeaseLostError:
    return LeaseLostError(
        f"this sync of {lease.lane} for {lease.tenant} was cut off, and another one may have taken"
        " over; it writes nothing more.",
        cure="Nothing: the next sync finds what has arrived and does the rest.",
    )
