"""Noting at once that a company's consent has ended, for whoever looks at its connection."""

import logging
from datetime import UTC, datetime
from uuid import UUID

from udsync_pipelines.connectors.quickbooks.tokens import needs_consent
from udsync_pipelines.store.repositories import connection_status, sync_log
from udsync_pipelines.store.tables.states import ConnectionState, LogLevel
from udsync_pipelines.store.tenancy import StateDatabase

NOTICE = "quickbooks needs consent"

logger = logging.getLogger(__name__)


def note_end_of_consent(database: StateDatabase, tenant_id: UUID, connection_id: UUID) -> None:
    """Set the connection's state to needs_consent; what its last check found is kept beside.

    Whoever finds it first gives notice, in the sync log and in the process's own log: one line,
    however many processes and syncs find the same until somebody connects the company again.
    """
    fields = {"connection": str(connection_id)}
    with database.tenant(tenant_id) as transaction:
        is_news = connection_status.enter(
            transaction,
            tenant_id,
            connection_id,
            state=ConnectionState.NEEDS_CONSENT,
            checked_at=datetime.now(UTC),
            details={"reason": needs_consent().cure},
        )
        if is_news:
            sync_log.add(transaction, tenant_id, LogLevel.WARNING, NOTICE, fields)
    if is_news:
        logger.warning(NOTICE, extra=fields)
