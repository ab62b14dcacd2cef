"""What the last check of a connection found, in a transaction of its tenant."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from udsync_pipelines.store.tables.connections import IntegrationStatus
from udsync_pipelines.store.tables.states import ConnectionState


@dataclass(frozen=True, slots=True)
class Status:
    """Health of a connection. `details` hold no secret and nothing personal."""

    connection_id: UUID
    state: ConnectionState
    checked_at: datetime | None
    last_sync_at: datetime | None
    details: Mapping[str, Any]


def record_check(
    connection: sa.Connection,
    tenant_id: UUID,
    connection_id: UUID,
    *,
    state: ConnectionState,
    checked_at: datetime,
    details: Mapping[str, Any],
) -> None:
    """Note what a check found; the time of the last sync stays."""
    values = {"state": state, "checked_at": checked_at, "details": dict(details)}
    _upsert(connection, tenant_id, connection_id, values, insert_only={})


def enter(
    connection: sa.Connection,
    tenant_id: UUID,
    connection_id: UUID,
    *,
    state: ConnectionState,
    checked_at: datetime,
    details: Mapping[str, Any],
) -> bool:
    """Note that the connection is in this state; False when it has been in it already.

    Of several processes that find the same, one enters. Details that are not given stay.
    """
    new = insert(IntegrationStatus).values(
        tenant_id=tenant_id,
        connection_id=connection_id,
        state=state,
        checked_at=checked_at,
        details=dict(details),
    )
    entered = connection.execute(
        new.on_conflict_do_update(
            index_elements=["tenant_id", "connection_id"],
            set_={
                "state": state,
                "checked_at": checked_at,
                "details": IntegrationStatus.details.op("||")(new.excluded.details),
            },
            where=IntegrationStatus.state != state,
        ).returning(IntegrationStatus.connection_id)
    )
    return entered.one_or_none() is not None


def record_sync(
    connection: sa.Connection, tenant_id: UUID, connection_id: UUID, *, synced_at: datetime
) -> None:
    """Note that a sync of the connection ended at this time; what a check found stays."""
    values = {"last_sync_at": synced_at}
    unchecked = {"state": ConnectionState.UNCHECKED}
    _upsert(connection, tenant_id, connection_id, values, insert_only=unchecked)


def list_all(connection: sa.Connection, tenant_id: UUID) -> tuple[Status, ...]:
    """The recorded status of each of the tenant's connections that has one."""
    statement = (
        sa.select(
            IntegrationStatus.connection_id,
            IntegrationStatus.state,
            IntegrationStatus.checked_at,
            IntegrationStatus.last_sync_at,
            IntegrationStatus.details,
        )
        .where(IntegrationStatus.tenant_id == tenant_id)
        .order_by(IntegrationStatus.connection_id)
    )
    return tuple(Status(*row) for row in connection.execute(statement))


def _upsert(
    connection: sa.Connection,
    tenant_id: UUID,
    connection_id: UUID,
    values: Mapping[str, Any],
    *,
    insert_only: Mapping[str, Any],
) -> None:
    connection.execute(
        insert(IntegrationStatus)
        .values(tenant_id=tenant_id, connection_id=connection_id, **insert_only, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "connection_id"], set_=dict(values))
    )
