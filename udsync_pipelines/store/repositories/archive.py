"""The archive: raw records of one source connection, and the bookmarks that go with them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.store.tenancy import TenantDatabase, driver
from udsync_pipelines.sync.entities import PARENTS
from udsync_pipelines.sync.ports import KnownRecords, PageReceipt
from udsync_pipelines.sync.records import READ, ArchivedRecord, Bookmark, Page, SourceRecord

RECORDS = """
    SELECT * FROM udsync.source_records
    WHERE tenant_id = :tenant_id AND connection_id = :connection_id AND entity = :entity
"""

# The raw rows are looked up one by one by their whole key. LATERAL with LIMIT keeps the planner
# from joining the archive as a whole, which it prefers while a table has no statistics yet.
WITH_RAW = """
    WITH h AS MATERIALIZED ({records})
    SELECT h.source_id, r.raw, h.content_hash, h.changed_seq, h.deleted_at, p.raw AS parent_raw
    FROM h
    CROSS JOIN LATERAL (
        SELECT raw::text FROM udsync.raw_records
        WHERE tenant_id = h.tenant_id AND connection_id = h.connection_id AND entity = h.entity
          AND source_id = h.source_id AND seq = h.archived_seq AND fetched_at = h.fetched_at
        LIMIT 1) r
    LEFT JOIN LATERAL (
        SELECT a.raw::text FROM udsync.source_records ph
        CROSS JOIN LATERAL (
            SELECT raw FROM udsync.raw_records
            WHERE tenant_id = ph.tenant_id AND connection_id = ph.connection_id
              AND entity = ph.entity AND source_id = ph.source_id
              AND seq = ph.archived_seq AND fetched_at = ph.fetched_at
            LIMIT 1) a
        WHERE ph.tenant_id = h.tenant_id AND ph.connection_id = h.connection_id
          AND ph.entity = :parent_entity AND ph.source_id = h.parent_id
        LIMIT 1) p ON true
    ORDER BY h.changed_seq
"""

# One statement for a page, whatever its size; the arrays are sent in binary, without escaping.
APPEND = """
    WITH given AS MATERIALIZED (
        SELECT *, nextval('udsync.archive_seq') AS seq
        FROM unnest(%(ids)b::text[], %(hashes)b::bytea[], %(raws)b::text[],
                    %(modified)b::timestamptz[], %(parents)b::text[])
            AS page (source_id, content_hash, raw, modified_at, parent_id)),
    archived AS (
        INSERT INTO udsync.raw_records (tenant_id, connection_id, entity, source_id, seq,
            content_hash, raw, source_modified_at, fetched_at, plan_id)
        SELECT %(tenant)s, %(connection)s, %(entity)s, source_id, seq, content_hash, raw::json,
            modified_at, %(now)s, %(plan)s
        FROM given)
    INSERT INTO udsync.source_records (tenant_id, connection_id, entity, source_id, archived_seq,
        changed_seq, content_hash, fetched_at, parent_id, source_modified_at, first_seen_at)
    SELECT %(tenant)s, %(connection)s, %(entity)s, source_id, seq, seq, content_hash, %(now)s,
        parent_id, modified_at, %(now)s
    FROM given
    ON CONFLICT (tenant_id, connection_id, entity, source_id) DO UPDATE SET
        archived_seq = excluded.archived_seq, changed_seq = excluded.changed_seq,
        content_hash = excluded.content_hash, fetched_at = excluded.fetched_at,
        parent_id = excluded.parent_id, source_modified_at = excluded.source_modified_at,
        deleted_at = NULL
"""


@dataclass(frozen=True, slots=True)
class PostgresArchive:
    """Implements `sync.ports.Archive` for one source connection of one tenant."""

    database: TenantDatabase
    tenant_id: UUID
    connection_id: UUID

    def bookmark(self, entity: Entity, purpose: str = READ) -> Bookmark:
        """How far the entity has been read for this purpose; empty when it never was."""
        with self.database.tenant(self.tenant_id) as connection:
            found = connection.execute(
                sa.text(
                    "SELECT bookmark FROM udsync.sync_state WHERE tenant_id = :tenant_id"
                    " AND connection_id = :connection_id AND entity = :entity AND purpose = :read"
                ),
                self._key(entity) | {"read": purpose},
            ).scalar()
        return found or {}

    def known(self, entity: Entity) -> KnownRecords:
        """What is archived of this entity."""
        return _Known(self, entity)

    def store(self, page: Page, plan_id: UUID, purpose: str = READ) -> PageReceipt:
        """Store a page, read by this plan, and its bookmark in one transaction."""
        records = list({record.source_id: record for record in page.records}.values())
        with self.database.tenant(self.tenant_id) as connection:
            changed = self._changed(connection, page.entity, records)
            self._append(connection, changed, plan_id)
            deleted = self._mark_deleted(connection, page)
            if purpose:
                self._move_bookmark(connection, page, plan_id, purpose)
        return PageReceipt(read=len(records), changed=len(changed), deleted=deleted)

    def pending(self, entity: Entity, after_seq: int, limit: int) -> Sequence[ArchivedRecord]:
        """Records whose content changed after that seq, in the order of their change."""
        return self._newest(
            entity,
            # The condition on 0 is that of the index by change.
            " AND changed_seq > :after AND changed_seq > 0 ORDER BY changed_seq LIMIT :limit",
            {"after": after_seq, "limit": limit},
        )

    def newest(self, entity: Entity, source_ids: Collection[str]) -> Sequence[ArchivedRecord]:
        """The newest archived state of these records, in the order of their change."""
        return self._newest(entity, " AND source_id = ANY(:ids)", {"ids": list(source_ids)})

    def children(self, entity: Entity, parent_ids: Collection[str]) -> Sequence[ArchivedRecord]:
        """The records of this entity that belong to these parents and are not deleted."""
        return self._newest(
            entity,
            " AND parent_id = ANY(:parents) AND deleted_at IS NULL",
            {"parents": list(parent_ids)},
        )

    def _newest(
        self, entity: Entity, condition: str, values: dict[str, Any]
    ) -> Sequence[ArchivedRecord]:
        parent = {"parent_entity": PARENTS.get(entity)}
        with self.database.tenant(self.tenant_id) as connection:
            rows = connection.execute(
                sa.text(WITH_RAW.format(records=RECORDS + condition)),
                self._key(entity) | parent | values,
            )
            return [
                ArchivedRecord(
                    entity=entity,
                    source_id=row.source_id,
                    raw=row.raw.encode(),
                    content_hash=row.content_hash,
                    changed_seq=row.changed_seq,
                    parent_raw=None if row.parent_raw is None else row.parent_raw.encode(),
                    deleted_at=row.deleted_at,
                )
                for row in rows
            ]

    def _changed(
        self, connection: sa.Connection, entity: Entity, records: Sequence[SourceRecord]
    ) -> list[SourceRecord]:
        """The records that are new, differ from what is archived, or were thought deleted."""
        rows = connection.execute(
            sa.text(
                "SELECT source_id, content_hash FROM udsync.source_records"
                " WHERE tenant_id = :tenant_id AND connection_id = :connection_id"
                " AND entity = :entity AND source_id = ANY(:ids) AND deleted_at IS NULL"
            ),
            self._key(entity) | {"ids": [record.source_id for record in records]},
        )
        archived = {row.source_id: row.content_hash for row in rows}
        return [
            record for record in records if archived.get(record.source_id) != record.content_hash
        ]

    def _append(
        self, connection: sa.Connection, records: Sequence[SourceRecord], plan_id: UUID
    ) -> None:
        if not records:
            return
        driver(connection).execute(
            APPEND,
            {
                "tenant": self.tenant_id,
                "connection": self.connection_id,
                "entity": records[0].entity.value,
                "ids": [record.source_id for record in records],
                "hashes": [record.content_hash for record in records],
                "raws": [record.raw.decode() for record in records],
                "modified": [record.modified_at for record in records],
                "parents": [record.parent_id for record in records],
                "now": datetime.now(UTC),
                "plan": plan_id,
            },
        )

    def _mark_deleted(self, connection: sa.Connection, page: Page) -> int:
        if not page.deleted_ids:
            return 0
        return connection.execute(
            sa.text(
                "UPDATE udsync.source_records SET deleted_at = now(),"
                " changed_seq = nextval('udsync.archive_seq') WHERE tenant_id = :tenant_id"
                " AND connection_id = :connection_id AND entity = :entity"
                " AND source_id = ANY(:ids) AND deleted_at IS NULL"
            ),
            self._key(page.entity) | {"ids": list(page.deleted_ids)},
        ).rowcount

    def _move_bookmark(
        self, connection: sa.Connection, page: Page, plan_id: UUID, purpose: str
    ) -> None:
        connection.execute(
            sa.text(
                "INSERT INTO udsync.sync_state"
                " (tenant_id, connection_id, entity, purpose, bookmark, plan_id, updated_at)"
                " VALUES (:tenant_id, :connection_id, :entity, :read, CAST(:bookmark AS jsonb),"
                " :plan_id, now()) ON CONFLICT (tenant_id, connection_id, entity, purpose)"
                " DO UPDATE SET bookmark = excluded.bookmark, plan_id = excluded.plan_id,"
                " updated_at = excluded.updated_at"
            ),
            self._key(page.entity)
            | {
                "read": purpose,
                "bookmark": orjson.dumps(page.bookmark).decode(),
                "plan_id": plan_id,
            },
        )

    def _key(self, entity: Entity) -> dict[str, Any]:
        return {
            "tenant_id": self.tenant_id,
            "connection_id": self.connection_id,
            "entity": entity.value,
        }

    def select_ids(self, entity: Entity, condition: str, values: dict[str, Any]) -> list[str]:
        """The ids of archived records under a condition on `source_records`."""
        with self.database.tenant(self.tenant_id) as connection:
            return list(
                connection.execute(
                    sa.text(
                        "SELECT source_id FROM udsync.source_records WHERE tenant_id = :tenant_id"
                        " AND connection_id = :connection_id AND entity = :entity" + condition
                    ),
                    self._key(entity) | values,
                ).scalars()
            )


@dataclass(frozen=True, slots=True)
class _Known:
    """Implements `sync.ports.KnownRecords`."""

    archive: PostgresArchive
    entity: Entity

    def count_live(self) -> int:
        """How many archived records are not known to be deleted."""
        key = self.archive
        with key.database.tenant(key.tenant_id) as connection:
            counted: int = connection.execute(
                sa.text(
                    "SELECT count(*) FROM udsync.source_records WHERE tenant_id = :tenant_id"
                    " AND connection_id = :connection_id AND entity = :entity"
                    " AND deleted_at IS NULL"
                ),
                {
                    "tenant_id": key.tenant_id,
                    "connection_id": key.connection_id,
                    "entity": self.entity.value,
                },
            ).scalar_one()
        return counted

    def live_ids_between(self, low: int, high: int | None) -> Sequence[str]:
        """Ids above `low` and up to `high` (None: no limit), not known to be deleted, ascending."""
        return self.archive.select_ids(
            self.entity,
            " AND source_number > :low AND (CAST(:high AS bigint) IS NULL"
            " OR source_number <= :high) AND deleted_at IS NULL ORDER BY source_number",
            {"low": low, "high": high},
        )

    def parents(self, source_ids: Collection[str]) -> Mapping[str, str]:
        """The ids of the records that these belong to, by id; without those that have none."""
        key = self.archive
        with key.database.tenant(key.tenant_id) as connection:
            rows = connection.execute(
                sa.text(
                    "SELECT source_id, parent_id FROM udsync.source_records"
                    " WHERE tenant_id = :tenant_id AND connection_id = :connection_id"
                    " AND entity = :entity AND source_id = ANY(:ids) AND parent_id IS NOT NULL"
                ),
                {
                    "tenant_id": key.tenant_id,
                    "connection_id": key.connection_id,
                    "entity": self.entity.value,
                    "ids": list(source_ids),
                },
            ).all()
        return {row.source_id: row.parent_id for row in rows}

    def known(self, source_ids: Collection[str]) -> frozenset[str]:
        """Those of these ids that the archive holds, deleted or not."""
        return frozenset(
            self.archive.select_ids(
                self.entity, " AND source_id = ANY(:ids)", {"ids": list(source_ids)}
            )
        )
