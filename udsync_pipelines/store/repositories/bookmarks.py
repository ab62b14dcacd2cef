"""What a tenant remembers of a connection, by purpose: one JSON object each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from udsync_pipelines.store.tenancy import TenantDatabase

ANY_ENTITY = "*"
"""The entity of what is remembered of a connection as a whole."""

_KEY = """
    tenant_id = :tenant AND connection_id = :connection AND entity = :entity AND purpose = :purpose
"""


@dataclass(frozen=True, slots=True)
class Bookmarks:
    """The bookmarks of one connection for one purpose. Safe to use from several threads."""

    database: TenantDatabase
    tenant_id: UUID
    connection_id: UUID
    purpose: str

    def read(self, entity: str = ANY_ENTITY) -> Mapping[str, Any] | None:
        """What is remembered, or None."""
        with self.database.tenant(self.tenant_id) as connection:
            found = connection.execute(
                sa.text(f"SELECT bookmark FROM udsync.sync_state WHERE {_KEY}"), self._key(entity)
            ).scalar()
        return found if isinstance(found, Mapping) else None

    def write(self, bookmark: Mapping[str, Any], entity: str = ANY_ENTITY) -> None:
        """Remember this instead of what was remembered."""
        with self.database.tenant(self.tenant_id) as connection:
            connection.execute(
                sa.text(
                    "INSERT INTO udsync.sync_state"
                    " (tenant_id, connection_id, entity, purpose, bookmark, updated_at)"
                    " VALUES (:tenant, :connection, :entity, :purpose,"
                    " CAST(:bookmark AS jsonb), now())"
                    " ON CONFLICT (tenant_id, connection_id, entity, purpose) DO UPDATE"
                    " SET bookmark = excluded.bookmark, updated_at = excluded.updated_at"
                ),
                {**self._key(entity), "bookmark": orjson.dumps(bookmark).decode()},
            )

    def forget(self, entity: str = ANY_ENTITY) -> None:
        """Remember nothing any more."""
        with self.database.tenant(self.tenant_id) as connection:
            connection.execute(
                sa.text(f"DELETE FROM udsync.sync_state WHERE {_KEY}"), self._key(entity)
            )

    def _key(self, entity: str) -> dict[str, Any]:
        return {
            "tenant": self.tenant_id,
            "connection": self.connection_id,
            "entity": entity,
            "purpose": self.purpose,
        }


def remembered(
    database: TenantDatabase, tenant_id: UUID, beginning: str
) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """What is remembered for purposes that begin so, oldest first."""
    with database.tenant(tenant_id) as connection:
        rows = connection.execute(
            sa.text(
                "SELECT purpose, bookmark FROM udsync.sync_state WHERE tenant_id = :tenant"
                " AND starts_with(purpose, :beginning) ORDER BY updated_at, purpose"
            ),
            {"tenant": tenant_id, "beginning": beginning},
        ).all()
    return [(row.purpose, row.bookmark) for row in rows]
