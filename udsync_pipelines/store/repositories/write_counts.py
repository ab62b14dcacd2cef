"""How far the writes of a plan are: requests while it is carried out, and states by platform."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from udsync_pipelines.sync.plan import IntentState

_SO_FAR = sa.text("""
    SELECT
        count(*) FILTER (WHERE is_done AND is_name) AS names,
        count(*) FILTER (WHERE is_done AND NOT is_name) AS documents,
        count(*) FILTER (WHERE is_due AND is_name) AS due_names,
        count(*) FILTER (WHERE is_due) AS due,
        count(*) FILTER (WHERE is_done AND role = 'sale') AS sales,
        count(*) FILTER (WHERE is_due AND role = 'sale') AS due_sales,
        coalesce(extract(epoch FROM max(sent_at) - min(sent_at)), 0)::float8 AS seconds
    FROM (
        SELECT sent_at, role, role IN ('customer', 'item') AS is_name,
            state IN ('approved', 'sent') AS is_due,
            sent_at IS NOT NULL AND state IN ('settled', 'rejected', 'unknown') AS is_done
        FROM udsync.sync_queue
        WHERE tenant_id = :tenant AND plan_id = :plan AND kind = 'record'
            AND operation <> 'link') AS writes
""")


# Books have a row for each object, below their batch; a database has the batch alone.
_STATES = sa.text("""
    SELECT c.platform, q.kind, q.state, count(*) AS number
    FROM udsync.sync_queue q
    JOIN udsync.connections c ON c.tenant_id = q.tenant_id AND c.id = q.target_connection_id
    WHERE q.tenant_id = :tenant AND q.plan_id = :plan AND q.kind IN ('batch', 'record')
    GROUP BY c.platform, q.kind, q.state
""")


@dataclass(frozen=True, slots=True)
class WritesSoFar:
    """Requests that a plan has made to write, and those that it may make and has not.

    `names` are customers and items; `due` are all that is left, `due_names` among them. `sales` are
    documents of orders, `due_sales` those that are left. `seconds` lie between the first request
    and the last one. Of a plan that nobody has approved nothing is due yet.
    """

    names: int
    documents: int
    due_names: int
    due: int
    seconds: float
    sales: int = 0
    due_sales: int = 0

    @property
    def writes(self) -> int:
        """What was written in all."""
        return self.names + self.documents

    @property
    def seconds_left(self) -> float | None:
        """How long what is due takes at the rate so far; None while no rate can be told."""
        if self.writes < 2 or not self.seconds:  # noqa: PLR2004 - a rate lies between two
            return None
        return self.due * self.seconds / (self.writes - 1)


def so_far(connection: sa.Connection, tenant_id: UUID, plan_id: UUID) -> WritesSoFar:
    """Count the writes of a plan as they stand now."""
    row = connection.execute(_SO_FAR, {"tenant": tenant_id, "plan": plan_id}).one()
    return WritesSoFar(
        row.names,
        row.documents,
        row.due_names,
        row.due,
        row.seconds,
        row.sales,
        row.due_sales,
    )


@dataclass(frozen=True, slots=True)
class WriteStates:
    """How many writes to one platform are in each state.

    `is_by_batch`: a write is a batch of rows, not an object of the books.
    """

    platform: str
    is_by_batch: bool
    states: Mapping[IntentState, int]

    @property
    def total(self) -> int:
        """All writes that were planned."""
        return sum(self.states.values())

    def count(self, *states: IntentState) -> int:
        """How many are in one of these states."""
        return sum(self.states.get(state, 0) for state in states)


def states_by_platform(
    connection: sa.Connection, tenant_id: UUID, plan_id: UUID
) -> tuple[WriteStates, ...]:
    """How far each platform's writes came, by name; a platform without any is left out."""
    counted: dict[tuple[str, str], Counter[IntentState]] = {}
    for row in connection.execute(_STATES, {"tenant": tenant_id, "plan": plan_id}):
        states = counted.setdefault((row.platform, row.kind), Counter())
        states[IntentState(row.state)] += row.number
    by_object = {platform for platform, kind in counted if kind == "record"}
    return tuple(
        WriteStates(platform, kind == "batch", states)
        for (platform, kind), states in sorted(counted.items())
        if kind == "record" or platform not in by_object
    )
