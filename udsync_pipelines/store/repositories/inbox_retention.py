"""What the inbox keeps of deliveries of long ago, and what it forgets."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

_AT_ONCE = 10_000

_MONTHS_WITH_WORK = sa.text("""
    SELECT DISTINCT CAST(date_trunc('month', received_at, 'UTC') AT TIME ZONE 'UTC' AS date)
    FROM udsync.webhook_events
    WHERE state IN ('pending', 'claimed') AND received_at < :before
""")

_FORGET_KEYS = sa.text("""
    DELETE FROM udsync.webhook_deliveries_seen AS seen
    USING (SELECT tenant_id, connection_id, deduplication_key
           FROM udsync.webhook_deliveries_seen
           WHERE tenant_id = :tenant AND received_at < :before LIMIT :at_once) AS old
    WHERE seen.tenant_id = old.tenant_id AND seen.connection_id = old.connection_id
        AND seen.deduplication_key = old.deduplication_key
""")

_FORGET_QUARANTINED = sa.text("DELETE FROM udsync.webhook_quarantine WHERE received_at < :before")


def months_with_work(connection: sa.Connection, before: datetime) -> set[date]:
    """The first days of the months (UTC) before a time with deliveries that nobody has finished.

    Of all tenants; in a dispatch transaction.
    """
    return set(connection.execute(_MONTHS_WITH_WORK, {"before": before}).scalars())


def forget_some_keys(connection: sa.Connection, tenant_id: UUID, before: datetime) -> int:
    """Forget keys of deliveries that a tenant received before a time; return how many, 0 at last.

    A platform that repeats such a delivery after all only causes its record to be read again.
    """
    values = {"tenant": tenant_id, "before": before, "at_once": _AT_ONCE}
    return connection.execute(_FORGET_KEYS, values).rowcount


def forget_quarantined(connection: sa.Connection, before: datetime) -> int:
    """Forget events of companies that nobody has connected since; in a dispatch transaction.

    Who connects such a company later reads all of it first.
    """
    return connection.execute(_FORGET_QUARANTINED, {"before": before}).rowcount
