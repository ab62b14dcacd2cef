"""Plans that a person has approved and nobody carries out, in a transaction of their tenant."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class ApprovedPlan:
    """A plan that waits to be carried out, and the lane that it needs."""

    id: UUID
    lane: str


# Where a command approves, it carries out the plan itself at once: it is given time for that.
_WAITING = sa.text("""
    SELECT id, lane FROM udsync.plans
    WHERE tenant_id = :tenant AND finished_at IS NULL AND state = 'approved'
        AND approved_by <> 'policy' AND approved_at < now() - interval '15 seconds'
    ORDER BY approved_at
""")


def to_carry_out(connection: sa.Connection, tenant_id: UUID) -> Sequence[ApprovedPlan]:
    """The tenant's plans that were approved some moments ago, not begun or cut off."""
    rows = connection.execute(_WAITING, {"tenant": tenant_id})
    return [ApprovedPlan(row.id, row.lane) for row in rows]
