"""Noticing at once that a company's consent has ended, for the state that an operator sees."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from pydantic import SecretStr

from udsync_pipelines.connectors.quickbooks.tokens import needs_consent, read_tokens
from udsync_pipelines.store.repositories import connection_status
from udsync_pipelines.store.repositories.credentials import LockedCredentials
from udsync_pipelines.store.tables.states import ConnectionState
from udsync_pipelines.store.tenancy import StateDatabase


@dataclass(frozen=True, slots=True)
class WatchedCredentials:
    """Sealed credentials that note a dead refresh token as the state of their connection.

    Implements the token store of the QuickBooks connector.
    """

    store: LockedCredentials

    def read(self) -> Mapping[str, SecretStr]:
        """The credentials by name, without a lock; raises what the store raises."""
        return self.store.read()

    def renew(
        self, change: Callable[[Mapping[str, SecretStr]], Mapping[str, SecretStr]]
    ) -> Mapping[str, SecretStr]:
        """Renew under the connection's lock; raises what the store raises."""
        renewed = self.store.renew(change)
        if read_tokens(renewed).needs_consent():
            owner = self.store.owner
            note_end_of_consent(self.store.database, owner.tenant_id, owner.connection_id)
        return renewed


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
            details={**former, "reason": str(needs_consent())},
        )
