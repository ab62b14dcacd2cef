"""The log that operators read: fixed phrases, ids and counts, in a transaction of its tenant."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from udsync_pipelines.store.tables.queue import SyncLog
from udsync_pipelines.store.tables.states import LogLevel


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened. `fields` hold ids and counts, nothing secret or personal."""

    logged_at: datetime
    level: LogLevel
    event: str
    fields: Mapping[str, Any]


def add(
    connection: sa.Connection,
    tenant_id: UUID,
    level: LogLevel,
    event: str,
    fields: Mapping[str, Any],
) -> None:
    """Append a line."""
    connection.execute(
        sa.insert(SyncLog).values(
            tenant_id=tenant_id, level=level, event=event, fields=dict(fields)
        )
    )


def list_problems(connection: sa.Connection, tenant_id: UUID, limit: int) -> tuple[Line, ...]:
    """The last warnings and errors of the tenant, newest first."""
    rows = connection.execute(
        sa.select(SyncLog.logged_at, SyncLog.level, SyncLog.event, SyncLog.fields)
        .where(
            SyncLog.tenant_id == tenant_id,
            SyncLog.level.in_([LogLevel.WARNING, LogLevel.ERROR]),
        )
        .order_by(SyncLog.logged_at.desc(), SyncLog.id.desc())
        .limit(limit)
    )
    return tuple(Line(*row) for row in rows)
