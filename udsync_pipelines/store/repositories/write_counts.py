"""How far the writes of a plan are, while it is carried out."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

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


@dataclass(frozen=True, slots=True)
class WritesSoFar:
    """Requests that a plan has made to write, and those that it may make and has not.

    `names` are customers and items; `due` are all that is left, `due_names` among them. `sales` are
    documents of orders, `due_sales` those that are left. `seconds` lie between the first request
    and the last one. Of a plan that nobody has approved nothing is
    due yet.
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
