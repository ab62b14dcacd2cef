"""How far the writes of a plan came, in a transaction of its tenant."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from udsync_pipelines.sync.plan import IntentState

# Books have a row for each object, below their batch; a database has the batch alone.
_STANDING = sa.text("""
    SELECT c.platform, q.kind, q.state, count(*) AS number
    FROM udsync.sync_queue q
    JOIN udsync.connections c ON c.tenant_id = q.tenant_id AND c.id = q.target_connection_id
    WHERE q.tenant_id = :tenant AND q.plan_id = :plan AND q.kind IN ('batch', 'record')
    GROUP BY c.platform, q.kind, q.state
""")


@dataclass(frozen=True, slots=True)
class Standing:
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


def of_plan(connection: sa.Connection, tenant_id: UUID, plan_id: UUID) -> tuple[Standing, ...]:
    """How far each platform's writes came, by name; a platform without any is left out."""
    counted: dict[tuple[str, str], Counter[IntentState]] = {}
    for row in connection.execute(_STANDING, {"tenant": tenant_id, "plan": plan_id}):
        states = counted.setdefault((row.platform, row.kind), Counter())
        states[IntentState(row.state)] += row.number
    by_object = {platform for platform, kind in counted if kind == "record"}
    return tuple(
        Standing(platform, kind == "batch", states)
        for (platform, kind), states in sorted(counted.items())
        if kind == "record" or platform not in by_object
    )
