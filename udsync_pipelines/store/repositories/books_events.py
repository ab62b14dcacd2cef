"""What events of a company tell of our documents: news, or the echo of what we wrote ourselves.

An event is news when a document of ours was changed after our last write of it had settled. Events
of objects that are not ours tell nothing, and of customers and items their own names are left to
the books. News starts a sync that looks at the books; everything else is put aside.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from udsync_pipelines.posting.documents import DraftKind
from udsync_pipelines.sync.delivery import WebhookFormat

NOTHING_NEW = "Of an object that is not ours, or the echo of our own write."

# By the index on what is bound, which ends with the object's id.
_IS_NEWS = """EXISTS (
    SELECT FROM udsync.id_mappings AS bound
    WHERE bound.tenant_id = event.tenant_id AND bound.target_connection_id = event.connection_id
        AND bound.entity = event.entity AND bound.role IN ('sale', 'payment', 'refund')
        AND bound.target_id = ANY(ARRAY(
            SELECT kind || '/' || event.resource_id FROM unnest(CAST(:kinds AS text[])) AS kind))
        AND NOT EXISTS (
            SELECT FROM udsync.sync_queue AS written
            WHERE written.tenant_id = bound.tenant_id AND written.kind = 'record'
                AND written.target_connection_id = bound.target_connection_id
                AND written.entity = bound.entity AND written.source_id = bound.source_id
                AND written.role = bound.role AND written.state = 'settled'
                AND written.settled_at >= coalesce(event.occurred_at, event.received_at)))
"""

_PUT_ASIDE = sa.text(f"""
    UPDATE udsync.webhook_events AS event
    SET state = 'ignored', finished_at = now(), reason = :reason
    WHERE event.tenant_id = :tenant AND event.state = 'pending' AND event.entity IS NOT NULL
        AND event.format = ANY(:formats) AND NOT {_IS_NEWS}
""")

_IS_TOLD = sa.text(f"""
    SELECT EXISTS (
        SELECT FROM udsync.webhook_events AS event
        WHERE event.tenant_id = :tenant AND event.connection_id = :company
            AND event.state IN ('pending', 'claimed') AND event.entity IS NOT NULL
            AND coalesce(event.occurred_at, event.received_at) > :since AND {_IS_NEWS})
""")

_KINDS = [kind.value for kind in DraftKind]
_FORMATS = [form.value for form in WebhookFormat if form is not WebhookFormat.WOOCOMMERCE]


def put_aside(connection: sa.Connection, tenant_id: UUID) -> int:
    """Put aside the events that wait and tell nothing new; return how many."""
    values = {"tenant": tenant_id, "reason": NOTHING_NEW, "formats": _FORMATS, "kinds": _KINDS}
    return connection.execute(_PUT_ASIDE, values).rowcount


def is_told(connection: sa.Connection, tenant_id: UUID, company: UUID, since: datetime) -> bool:
    """Whether an event that nobody has finished tells of a change after this time."""
    values = {"tenant": tenant_id, "company": company, "since": since, "kinds": _KINDS}
    return bool(connection.scalar(_IS_TOLD, values))
