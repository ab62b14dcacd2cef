"""How far a company's books are followed, and which of our documents others have changed there."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.store.repositories import books_events
from udsync_pipelines.store.repositories.bookmarks import Bookmarks
from udsync_pipelines.store.tenancy import TenantDatabase
from udsync_pipelines.sync.books.following import Deed, Deviation
from udsync_pipelines.sync.books.writes import Binding, Key, Role

PURPOSE = "followed"

_ENTITY_OF_ROLE = {
    Role.CUSTOMER: (Entity.CUSTOMER,),
    Role.ITEM: (Entity.PRODUCT, Entity.VARIATION),
    Role.SALE: (Entity.ORDER,),
    Role.PAYMENT: (Entity.ORDER,),
    Role.REFUND: (Entity.REFUND,),
}
_PLACES = [(entity.value, role.value) for role, of in _ENTITY_OF_ROLE.items() for entity in of]

_OURS = """
    tenant_id = :tenant AND source_connection_id = :source AND target_connection_id = :target
"""

# By the index on what is bound, which begins with entity and role.
_BOUND = sa.text("""
    SELECT b.entity, b.source_id, b.role, b.target_id, b.target_version, b.content_hash,
        b.source_hash
    FROM unnest(CAST(:entities AS text[]), CAST(:roles AS text[])) AS place (entity, role)
    CROSS JOIN unnest(CAST(:ids AS text[])) AS wanted (target_id)
    CROSS JOIN LATERAL (
        SELECT * FROM udsync.id_mappings
        WHERE tenant_id = :tenant AND target_connection_id = :target
          AND entity = place.entity AND role = place.role AND target_id = wanted.target_id
          AND source_connection_id = :source) b
""")

_TARGETS = sa.text(f"""
    SELECT DISTINCT target_id FROM udsync.id_mappings
    WHERE {_OURS} AND role <> 'row' AND target_id > :after ORDER BY target_id LIMIT :limit
""")

_DEVIATE = sa.text("""
    INSERT INTO udsync.sync_conflicts AS held
        (tenant_id, source_connection_id, target_connection_id, entity, source_id, role,
         target_id, policy, state, fields, source_version, target_version, reason)
    VALUES (:tenant, :source, :target, :entity, :source_id, :role, :target_id, 'manual', 'open',
        CAST(:fields AS jsonb), :written, :seen, :deed)
    ON CONFLICT (tenant_id, source_connection_id, target_connection_id, entity, source_id, role)
        WHERE state = 'open'
    DO UPDATE SET target_id = excluded.target_id, fields = excluded.fields,
        source_version = excluded.source_version, target_version = excluded.target_version,
        reason = excluded.reason
""")

_AGREE = sa.text(f"""
    UPDATE udsync.sync_conflicts SET state = 'superseded' WHERE {_OURS} AND state = 'open'
      AND (entity, source_id, role) IN (SELECT * FROM unnest(
        CAST(:entities AS text[]), CAST(:ids AS text[]), CAST(:roles AS text[])))
""")

# Written or bound anew meanwhile, a document deviates from nothing.
_DEVIATIONS = sa.text("""
    SELECT held.entity, held.source_id, held.role, held.target_id, held.fields,
        held.source_version, held.target_version, held.reason
    FROM udsync.sync_conflicts AS held
    JOIN udsync.id_mappings AS bound USING (tenant_id, source_connection_id, target_connection_id,
        entity, source_id, role, target_id)
    WHERE held.tenant_id = :tenant AND held.source_connection_id = :source
      AND held.target_connection_id = :target AND held.entity = :entity AND held.state = 'open'
      AND held.source_version IS NOT DISTINCT FROM bound.target_version
    ORDER BY held.source_id, held.role
""")


@dataclass(frozen=True, slots=True)
class PostgresWatch:
    """Implements `sync.books.following.Watch` for one store and one company of a tenant.

    Deviations are open rows of `sync_conflicts`; a person decides about them like about every
    parked record.
    """

    database: TenantDatabase
    tenant_id: UUID
    source_id: UUID
    target_id: UUID

    def followed_until(self) -> datetime | None:
        """Up to when changes in the books are known; None when nobody has looked yet."""
        found = self._bookmarks.read()
        return None if found is None else datetime.fromisoformat(found["until"])

    def note(self, until: datetime) -> None:
        """From now on changes up to this time are known."""
        self._bookmarks.write({"until": until.isoformat()})

    def is_told(self, since: datetime) -> bool:
        """Whether a webhook that waits tells that a document of ours was changed after this."""
        with self.database.tenant(self.tenant_id) as connection:
            return books_events.is_told(connection, self.tenant_id, self.target_id, since)

    def bindings_of(self, target_ids: Collection[str]) -> Mapping[str, Sequence[Binding]]:
        """Those of these objects that are bound, with their bindings."""
        found: dict[str, list[Binding]] = {}
        values = {
            "ids": list(target_ids),
            "entities": [entity for entity, _ in _PLACES],
            "roles": [role for _, role in _PLACES],
        }
        for row in self._rows(_BOUND, values):
            binding = Binding(
                _key(row), row.target_id, row.target_version, row.content_hash, row.source_hash
            )
            found.setdefault(row.target_id, []).append(binding)
        return found

    def targets(self, after: str, limit: int) -> Sequence[str]:
        """Bound objects behind this one, ascending."""
        return [row.target_id for row in self._rows(_TARGETS, {"after": after, "limit": limit})]

    def deviate(self, deviation: Deviation) -> None:
        """Remember a deviation instead of what was remembered of its key."""
        fields = {"shown": deviation.shown, "amounts": deviation.amounts}
        self._execute(
            _DEVIATE,
            {
                **_values(deviation.key),
                "target_id": deviation.target_id,
                "fields": orjson.dumps(fields).decode(),
                "written": deviation.written,
                "seen": deviation.seen,
                "deed": deviation.deed.value,
            },
        )

    def agree(self, keys: Collection[Key]) -> None:
        """The documents of these keys are as we wrote them, or as we have agreed to."""
        if keys:
            values = {
                "entities": [key.entity.value for key in keys],
                "ids": [key.source_id for key in keys],
                "roles": [key.role.value for key in keys],
            }
            self._execute(_AGREE, values)

    def deviations(self, entity: Entity) -> Mapping[Key, Deviation]:
        """The deviations of the records of an entity that are not over."""
        return {
            _key(row): Deviation(
                _key(row),
                row.target_id,
                Deed(row.reason),
                row.source_version,
                row.target_version,
                row.fields["shown"],
                row.fields["amounts"],
            )
            for row in self._rows(_DEVIATIONS, {"entity": entity.value})
        }

    @property
    def _bookmarks(self) -> Bookmarks:
        # Of the pair: what one store's documents are judged by says nothing of another's.
        purpose = f"{PURPOSE}_for:{self.source_id}"
        return Bookmarks(self.database, self.tenant_id, self.target_id, purpose)

    def _rows(self, statement: sa.TextClause, values: Mapping[str, Any]) -> Sequence[Any]:
        with self.database.tenant(self.tenant_id) as connection:
            return connection.execute(statement, {**self._pair, **values}).all()

    def _execute(self, statement: sa.TextClause, values: Mapping[str, Any]) -> None:
        with self.database.tenant(self.tenant_id) as connection:
            connection.execute(statement, {**self._pair, **values})

    @property
    def _pair(self) -> dict[str, Any]:
        return {"tenant": self.tenant_id, "source": self.source_id, "target": self.target_id}


def _key(row: Any) -> Key:
    return Key(Entity(row.entity), row.source_id, Role(row.role))


def _values(key: Key) -> dict[str, str]:
    return {"entity": key.entity.value, "source_id": key.source_id, "role": key.role.value}
