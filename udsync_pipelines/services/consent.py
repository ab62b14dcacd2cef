"""Noting at once that a company's consent has ended, for whoever looks at its connection."""

from datetime import UTC, datetime
from uuid import UUID

from udsync_pipelines.connectors.quickbooks.tokens import needs_consent
from udsync_pipelines.store.repositories import connection_status
from udsync_pipelines.store.tables.states import ConnectionState
from udsync_pipelines.store.tenancy import StateDatabase


def note_end_of_consent(database: StateDatabase, tenant_id: UUID, connection_id: UUID) -> None:
    """Set the connection's state to needs_consent; what its last check found is kept beside."""
    with database.tenant(tenant_id) as transaction:
        statuses = connection_status.list_all(transaction, tenant_id)
        former = next((one.details for one in statuses if one.connection_id == connection_id), {})
        connection_status.record_check(
            transaction,
            tenant_id,
            connection_id,
            state=ConnectionState.NEEDS_CONSENT,
            checked_at=datetime.now(UTC),
            details={**former, "reason": needs_consent().cure},
        )
