"""What a connection has asked of its platform, by day."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import sqlalchemy as sa

_DAILY = sa.text("""
    SELECT used_on, sum(metered)::bigint AS metered FROM udsync.api_usage
    WHERE tenant_id = :tenant AND connection_id = :connection AND used_on >= :since
    GROUP BY used_on
""")


def metered_by_day(
    connection: sa.Connection, tenant_id: UUID, connection_id: UUID, since: date
) -> Mapping[date, int]:
    """Calls that the platform bills, by day (UTC) from one day on; days without are left out."""
    rows = connection.execute(
        _DAILY, {"tenant": tenant_id, "connection": connection_id, "since": since}
    )
    return {row.used_on: int(row.metered) for row in rows}
