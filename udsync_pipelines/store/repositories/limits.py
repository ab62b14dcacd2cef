"""The limits of a connection, kept by all processes of the installation together.

Rates: one row per limit holds the theoretical arrival time of the generic cell rate algorithm;
one UPDATE moves it and returns how long to wait. Requests in flight: one lease per slot, free when
it has expired, so that a process that dies gives its slots back. The database's clock counts,
unless a test brings its own. Calls are counted beside them.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid4

from udsync_pipelines.errors import PlatformUnavailableError
from udsync_pipelines.store.repositories.counted_calls import CountedCalls
from udsync_pipelines.store.repositories.noting import never_failing
from udsync_pipelines.store.repositories.under_way import UnderWay
from udsync_pipelines.store.tenancy import NamedRow, StateDatabase, driver

logger = logging.getLogger(__name__)

LONGEST_REQUEST = 300  # seconds until a slot of a dead process is free again
LONGEST_WAIT_FOR_SLOT = 600.0


class Rate(Protocol):
    """So many calls in so many seconds, of which `burst` may come at once."""

    @property
    def name(self) -> str:
        """What the limit is called."""

    @property
    def calls(self) -> int:
        """How many calls, more than 0."""

    @property
    def period_seconds(self) -> int:
        """In how many seconds."""

    @property
    def burst(self) -> int:
        """How many of them at once, at least 1."""


@dataclass(frozen=True, slots=True)
class _Slot:
    name: str
    fence: int


class SharedLimits:
    """The limits of one connection; implements the connector's port. Safe to use from threads.

    `rates` are written when this is made and hold for all processes: the last one decides. What
    goes through is counted in `calls`.
    """

    def __init__(  # noqa: PLR0913 - clock and sleep are arguments, so that tests own them
        self,
        database: StateDatabase,
        tenant_id: UUID,
        connection_id: UUID,
        rates: Sequence[Rate],
        *,
        calls: CountedCalls,
        slots: int = 10,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._database = database
        self._tenant = tenant_id
        self._connection = connection_id
        self.calls = calls
        self._clock = clock
        self._sleep = sleep
        self._owner = uuid4().hex
        self._pattern = f"slot:{connection_id}:"
        self._names = [f"{self._pattern}{number:02d}" for number in range(slots)]
        self._turnstile = threading.Lock()
        self._under_way = UnderWay(max(rate.calls / rate.period_seconds for rate in rates))
        self._prepare(rates)

    def hold_as(self, owner: str) -> None:
        """Take slots in this name from now on, by which they can be freed if this process dies."""
        self._owner = owner

    @contextmanager
    def slot(self, rates: Sequence[str]) -> Iterator[None]:
        """Wait until one request may start that counts against these rates; hold its slot.

        Raises:
            PlatformUnavailableError: all slots were taken for longer than any request may last.
        """
        held = self._take_turn(rates)
        try:
            with self._under_way.one():
                yield
        finally:
            self._give_back(held)

    def pause(self, seconds: float) -> None:
        """No process starts a request for so long; a longer pause that holds already stays."""
        with never_failing("pause"):
            self._once(_PAUSE, seconds=seconds)
        logger.warning(
            "connection pauses for everybody",
            extra={"connection": str(self._connection), "seconds": round(seconds, 1)},
        )

    def count(self, name: str, *, is_metered: bool, has_failed: bool) -> None:
        """Count a call by its name."""
        self.calls.count(name, is_metered=is_metered, has_failed=has_failed)

    def check_allowance(self) -> None:
        """Refuse a metered call when the month's allowance is spent, by all processes together.

        Raises:
            UdsyncError: it is spent.
        """
        self.calls.check_allowance()

    def _take_turn(self, rates: Sequence[str]) -> _Slot:
        """Take a slot and reserve a time on each rate, then wait for that time.

        The threads of a process come through one by one, and the next asks when the time of the
        one before has come: so a process has one reserved time open. One that stood still for a
        while goes on at the same distances; several reserved times would have fallen due together.
        """
        while True:
            with self._turnstile:
                self._under_way.wait()
                held, waited = self._next_turn(rates)
            if not waited or not self._is_blocked():
                return held
            self._give_back(held)

    def _next_turn(self, rates: Sequence[str]) -> tuple[_Slot, bool]:
        """A slot whose time has come, and whether that was waited for."""
        waited = 0.0
        while True:
            held, seconds = self._try(rates)
            if held is None and waited >= LONGEST_WAIT_FOR_SLOT:
                raise _no_slot()
            self._sleep_for(seconds)
            if held is not None:
                return held, seconds > 0
            waited += seconds

    def _try(self, rates: Sequence[str]) -> tuple[_Slot | None, float]:
        """A slot with the seconds until its turn; or none with the seconds to ask again."""
        first, *others = sorted(rates) or [""]
        turn = self._once(
            _TAKE_TURN,
            names=self._names,
            owner=self._owner,
            seconds=LONGEST_REQUEST,
            name=first,
        )[0]
        if turn.blocked > 0:
            return None, float(turn.blocked)
        if turn.slot is None:
            return None, 0.02
        waits = [float(self._once(_RESERVE, name=name)[0][0]) for name in others]
        return _Slot(turn.slot, turn.fence), max([turn.wait or 0.0, *waits])

    def _is_blocked(self) -> bool:
        """Whether a pause holds that came while a turn was waited for."""
        return bool(self._once(_BLOCKED)[0][0])

    def _give_back(self, held: _Slot) -> None:
        with never_failing("give back"):
            self._once(_GIVE_BACK, name=held.name, fence=held.fence)

    def _sleep_for(self, seconds: float) -> None:
        if seconds > 0:
            self._sleep(seconds)

    def _prepare(self, rates: Sequence[Rate]) -> None:
        self._for_each(
            _SET_RATE,
            [
                {
                    **self._key,
                    "name": rate.name,
                    "calls": rate.calls,
                    "period": rate.period_seconds,
                    "burst": rate.burst,
                }
                for rate in sorted(rates, key=lambda rate: rate.name)
            ],
        )
        # Apart, for whoever takes a slot locks slots before rates.
        self._for_each(
            _ADD_SLOT, [{**self._key, "name": name, "owner": self._owner} for name in self._names]
        )

    @property
    def _key(self) -> dict[str, object]:
        return {
            "tenant": self._tenant,
            "connection": self._connection,
            "now": None if self._clock is None else self._clock(),
        }

    def _once(self, statement: bytes, **values: object) -> Sequence[NamedRow]:
        return self._database.once(self._tenant, statement, {**self._key, **values})

    def _for_each(self, statement: bytes, rows: Sequence[Mapping[str, object]]) -> None:
        with (
            self._database.tenant(self._tenant) as connection,
            driver(connection).cursor() as cursor,
        ):
            cursor.executemany(statement, rows)


def _sql(text: str) -> bytes:
    return text.encode()


_NOW = "coalesce(CAST(%(now)s AS timestamptz), clock_timestamp())"
_STEP = "make_interval(secs => period_seconds::float8 / calls)"
# What a crash of the server may lose of a turn is a moment of waiting, not a fact.
_LOSABLE = "set_config('synchronous_commit', 'off', true)"

_PAUSE = _sql(
    "UPDATE udsync.rate_limits SET updated_at = now(), blocked_until ="
    f" greatest(blocked_until, {_NOW} + make_interval(secs => %(seconds)s))"
    " WHERE tenant_id = %(tenant)s AND connection_id = %(connection)s AND name = ANY(ARRAY("
    # In the order in which a turn reserves them, so that neither waits for the other.
    "SELECT name FROM udsync.rate_limits"
    " WHERE tenant_id = %(tenant)s AND connection_id = %(connection)s ORDER BY name FOR UPDATE))"
)
_SET_RATE = _sql(
    "INSERT INTO udsync.rate_limits"
    " (tenant_id, connection_id, name, calls, period_seconds, burst, next_at)"
    f" VALUES (%(tenant)s, %(connection)s, %(name)s, %(calls)s, %(period)s, %(burst)s, {_NOW})"
    " ON CONFLICT (tenant_id, connection_id, name) DO UPDATE"
    " SET calls = excluded.calls, period_seconds = excluded.period_seconds,"
    " burst = excluded.burst"
)
_ADD_SLOT = _sql(
    "INSERT INTO udsync.leases (tenant_id, name, owner, expires_at)"
    f" VALUES (%(tenant)s, %(name)s, %(owner)s, {_NOW}) ON CONFLICT (tenant_id, name) DO NOTHING"
)
_BLOCKED = _sql(
    f"SELECT coalesce(max(blocked_until) > {_NOW}, false) FROM udsync.rate_limits"
    " WHERE tenant_id = %(tenant)s AND connection_id = %(connection)s"
)
_RESERVE_ONE = (
    f"UPDATE udsync.rate_limits SET next_at = greatest(next_at, {_NOW}) + {_STEP},"
    " updated_at = now()"
    " WHERE tenant_id = %(tenant)s AND connection_id = %(connection)s AND name = %(name)s"
)
_WAIT = f"greatest(0, extract(epoch FROM next_at - burst * {_STEP} - {_NOW}))::float8"
_RESERVE = _sql(f"{_RESERVE_ONE} RETURNING {_WAIT}")
# One round trip for what every request needs. Slots are locked before rates.
_TAKE_TURN = _sql(
    "WITH pause AS ("
    f"SELECT coalesce(extract(epoch FROM max(blocked_until) - {_NOW}), 0)::float8 AS seconds"
    " FROM udsync.rate_limits WHERE tenant_id = %(tenant)s AND connection_id = %(connection)s"
    "), taken AS ("
    "UPDATE udsync.leases SET owner = %(owner)s, fence = fence + 1, acquired_at = now(),"
    f" renewed_at = now(), expires_at = {_NOW} + make_interval(secs => %(seconds)s)"
    " WHERE tenant_id = %(tenant)s AND name ="
    " (SELECT name FROM udsync.leases"
    f"  WHERE tenant_id = %(tenant)s AND name = ANY(%(names)s) AND expires_at <= {_NOW}"
    "  AND (SELECT seconds FROM pause) <= 0"
    "  ORDER BY name LIMIT 1 FOR UPDATE SKIP LOCKED)"
    " RETURNING name, fence"
    f"), reserved AS ({_RESERVE_ONE} AND EXISTS (SELECT FROM taken) RETURNING {_WAIT} AS seconds)"
    " SELECT pause.seconds AS blocked, taken.name AS slot, taken.fence,"
    f" (SELECT seconds FROM reserved) AS wait, {_LOSABLE}"
    " FROM pause LEFT JOIN taken ON true"
)
_GIVE_BACK = _sql(
    f"UPDATE udsync.leases SET expires_at = {_NOW}"
    " WHERE tenant_id = %(tenant)s AND name = %(name)s AND fence = %(fence)s"
    f" RETURNING {_LOSABLE}"
)


def _no_slot() -> PlatformUnavailableError:
    return PlatformUnavailableError(
        "All requests that may be in flight to this connection are taken.",
        code="slots_taken",
        cure="Wait for the other syncs of this connection to end, then sync again.",
    )
