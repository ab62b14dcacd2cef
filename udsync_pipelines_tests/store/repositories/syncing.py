"""A tenant with a store and a database, and what syncs of it write."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID, uuid4

import orjson
import sqlalchemy as sa

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.store.repositories import connections
from udsync_pipelines.store.repositories.archive import PostgresArchive
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines.sync.plan import (
    Action,
    Intent,
    IntentState,
    Parked,
    Plan,
    PlannedRecord,
    SyncOptions,
)
from udsync_pipelines.sync.records import ArchivedRecord, MappedRecord, Page, SourceRecord
from udsync_pipelines_tests.store.databases import StateServer
from udsync_pipelines_tests.store.samples import KEYS, household

MODIFIED_AT = datetime(2026, 9, 1, 12, tzinfo=UTC)


Listener = Callable[[Any, str, Any], None]
"""Given the driver's cursor, a statement and its parameters, before they are executed."""


class OverheardDatabase(StateDatabase):
    """A state database whose statements are told to a listener first."""

    listener: Listener

    @contextmanager
    def tenant(self, tenant_id: UUID) -> Iterator[sa.Connection]:
        with super().tenant(tenant_id) as connection:

            def overhear(*arguments: Any) -> None:
                self.listener(*arguments[1:4])

            sa.event.listen(connection, "before_cursor_execute", overhear)
            try:
                yield connection
            finally:
                sa.event.remove(connection, "before_cursor_execute", overhear)


@contextmanager
def overheard(url: str, listener: Listener) -> Iterator[OverheardDatabase]:
    """A state database with a listener, closed at the end."""
    database = OverheardDatabase(url)
    database.listener = listener
    yield database
    database.close()


def cutting_at(server: StateServer, words: str) -> Listener:
    """A listener that ends the server's side of a connection before a statement with these words.

    That is what a crash of the server, or of this process, does to a transaction.
    """

    def cut(cursor: Any, statement: str, _: Any) -> None:
        if words in statement:
            server.run(f"SELECT pg_terminate_backend({cursor.connection.info.backend_pid}, 5000)")

    return cut


@dataclass(frozen=True)
class Tenant:
    """A tenant with what it syncs."""

    database: StateDatabase
    id: UUID
    store: UUID
    target: UUID
    url: str

    @property
    def archive(self) -> PostgresArchive:
        return PostgresArchive(self.database, self.id, self.store)

    @property
    def ledger(self) -> PostgresLedger:
        return PostgresLedger(self.database, self.id)

    def plan(self, lane: str = "orders", **options: Any) -> Plan:
        """A sync that was started."""
        return self.ledger.open_plan(
            lane, self.store, SyncOptions(**options), trigger="manual", run_id=None
        )

    def batch(self, plan: Plan, *records: PlannedRecord, **differences: Any) -> Intent:
        """A batch of a plan, not stored yet."""
        values: dict[str, Any] = {
            "id": uuid4(),
            "plan_id": plan.id,
            "position": 0,
            "entity": Entity.ORDER,
            "target_connection_id": self.target,
            "state": IntentState.PLANNED,
            "records": records,
            "last_seq": 1,
        }
        return Intent(**values | differences)

    def archived(self, entity: Entity = Entity.ORDER) -> list[ArchivedRecord]:
        """All newest archived records, in the order of their change."""
        return list(self.archive.pending(entity, 0, 10**6))

    def rows(self, table: str) -> list[Any]:
        """All rows of a table that the tenant sees."""
        with self.database.tenant(self.id) as connection:
            return list(connection.exec_driver_sql(f"SELECT * FROM udsync.{table}"))


def new_tenant(database: StateDatabase, name: str, url: str = "") -> Tenant:
    """A tenant with a store and a database."""
    owner = household(database, name)
    new = connections.NewConnection(Platform.SUPABASE, "Database", f"{name}.db", {})
    with database.tenant(owner.tenant_id) as connection:
        target = connections.save(connection, owner.tenant_id, new, KEYS)
    return Tenant(database, owner.tenant_id, owner.connection_id, target.id, url)


def record(source_id: int | str, parent: int | None = None, **content: Any) -> SourceRecord:
    """A record as a store sends it."""
    raw = orjson.dumps({"id": source_id, **content})
    return sent(source_id, raw, parent)


def sent(source_id: int | str, raw: bytes, parent: int | None = None) -> SourceRecord:
    """A record with this very JSON."""
    return SourceRecord(
        Entity.ORDER if parent is None else Entity.REFUND,
        str(source_id),
        raw,
        blake2b(raw, digest_size=16).digest(),
        MODIFIED_AT,
        None if parent is None else str(parent),
    )


def page(*records: SourceRecord, deleted: tuple[str, ...] = (), **bookmark: Any) -> Page:
    """A page of orders, or of refunds."""
    entity = records[0].entity if records else Entity.ORDER
    return Page(entity, records, bookmark, deleted)


def hash_of(number: int) -> bytes:
    """16 bytes that tell numbers apart."""
    return number.to_bytes(16, "big")


def planned(source_id: int, action: Action = Action.CREATE) -> PlannedRecord:
    """A record of a batch."""
    return PlannedRecord(str(source_id), hash_of(source_id), action=action)


def mapped(source_id: int, row_hash: bytes | None = None) -> MappedRecord:
    """A record that arrived at the destination."""
    rows = {"woo_orders": [{"id": str(source_id)}], "woo_order_lines": []}
    return MappedRecord(
        Entity.ORDER, str(source_id), rows, row_hash or hash_of(source_id), raw=b"{}"
    )


def parked(source_id: int, code: str = "bad_value", content: int = 0) -> Parked:
    """A record that cannot go on."""
    return Parked(str(source_id), hash_of(content), code, f"Reason of {code}.", "Correct it.")
