"""The ledger of writes in the books: planned, sent, settled with a receipt, or parked."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.posting.draft_json import AnyDraft
from udsync_pipelines.store.repositories import (
    batches,
    book_answers,
    book_bindings,
    decisions,
    parked_records,
)
from udsync_pipelines.store.repositories.write_rows import (
    INSERT_WRITE,
    UPDATE_WRITE,
    digest_of_row,
    write_of,
    write_row,
)
from udsync_pipelines.store.tenancy import TenantDatabase, driver
from udsync_pipelines.sync.books.ports import Posted
from udsync_pipelines.sync.books.writes import Binding, Key, Role, Write, WriteAction
from udsync_pipelines.sync.decisions import Standing
from udsync_pipelines.sync.plan import Intent, IntentState, Parked
from udsync_pipelines.sync.ports import Progress

_PAGE = 1000

# One statement, so that no write waits for the server twice.
SETTLE_AND_BIND = f"""
    WITH settled AS (
        UPDATE udsync.sync_queue SET state = 'settled', settled_at = now(),
            receipt = CAST(%(receipt)s AS jsonb), code = %(code)s, reason = %(reason)s,
            cure = %(cure)s
        WHERE tenant_id = %(tenant)s AND id = %(id)s)
    {book_bindings.BIND}
""".encode()

_WRITES = "SELECT * FROM udsync.sync_queue WHERE tenant_id = :tenant AND kind = 'record'"


@dataclass(frozen=True, slots=True)
class PostgresWriteLedger:
    """Implements `sync.books.ports.WriteLedger` for one store and one company of a tenant."""

    database: TenantDatabase
    tenant_id: UUID
    source_id: UUID
    target_id: UUID

    def bound(self, keys: Collection[Key]) -> Mapping[Key, Binding]:
        """The bindings of these keys, where there are some."""
        if not keys:
            return {}
        with self._transaction() as connection:
            return book_bindings.bound(connection, self._pair, keys)

    def has_documents(self) -> bool:
        """True once a sale, payment or refund was posted."""
        with self._transaction() as connection:
            return book_bindings.has_documents(connection, self._pair)

    def sales_among(self, target_ids: Collection[str]) -> Collection[str]:
        """Those of these objects of the books that are sales which were posted from the store."""
        with self._transaction() as connection:
            return book_bindings.sales_among(connection, self._pair, target_ids)

    def customer_keys(self) -> Mapping[str, Collection[Key]]:
        """Every bound customer of the books, by its target id, with the keys bound to it."""
        found: dict[str, list[Key]] = {}
        with self._transaction() as connection:
            for key, target_id in book_bindings.in_role(connection, self._pair, Role.CUSTOMER):
                found.setdefault(target_id, []).append(key)
        return found

    def item_targets(self) -> Mapping[str, Key]:
        """Every bound item of the books, by its target id."""
        with self._transaction() as connection:
            bound = book_bindings.in_role(connection, self._pair, Role.ITEM)
        return {target_id: key for key, target_id in bound}

    def standing(self, entity: Entity, source_ids: Collection[str]) -> Mapping[str, Standing]:
        """The questions that stand about these records, by source id."""
        with self._transaction() as connection:
            return decisions.standing(
                connection, self.tenant_id, self.target_id, entity, source_ids
            )

    def last_draft(self, key: Key) -> AnyDraft | None:
        """The draft of the last settled write of a key."""
        found = self._select(
            " AND target_connection_id = :target AND source_connection_id = :source"
            " AND entity = :entity AND source_id = :source_id AND role = :role"
            " AND state = 'settled' ORDER BY settled_at DESC LIMIT 1",
            {
                "target": self.target_id,
                "source": self.source_id,
                "entity": key.entity.value,
                "source_id": key.source_id,
                "role": key.role.value,
            },
        )
        return found[0].draft if found else None

    def plan_batch(self, batch: Intent, writes: Sequence[Write], *, park: bool) -> int:
        """Store a planned batch with its writes and park its records; return the newly parked."""
        with self._transaction() as connection:
            batches.insert(connection, self.tenant_id, self.source_id, batch)
            if writes:
                with driver(connection).cursor() as cursor:
                    cursor.executemany(INSERT_WRITE, self._rows(writes))
            return self._park(connection, batch, batch.parked, park=park)

    def resolve_batch(
        self, batch: Intent, writes: Sequence[Write], newly: Sequence[Parked], *, park: bool
    ) -> int:
        """Store what matching decided; return how many of `newly` are parked newly."""
        with self._transaction() as connection:
            batches.update(connection, self.tenant_id, batch)
            if writes:
                with driver(connection).cursor() as cursor:
                    cursor.executemany(UPDATE_WRITE, self._rows(writes))
            return self._park(connection, batch, newly, park=park)

    def writes(self, batch_id: UUID, *states: IntentState) -> Sequence[Write]:
        """The writes of a batch in these states (none named: all), by position."""
        return self._select(
            " AND batch_id = :batch AND state = ANY(:states) ORDER BY position",
            {"batch": batch_id, "states": [state.value for state in states or IntentState]},
        )

    def writes_of_plan(self, plan_id: UUID, after: int, limit: int) -> Sequence[Write]:
        """Writes of a plan behind a position, in their order."""
        return [write_of(row) for row in self._rows_of_plan(plan_id, after, limit)]

    def documents_of_plan(self, plan_id: UUID, limit: int) -> Sequence[Write]:
        """The writes of a plan that have created or changed a document, in their order."""
        return self._select(
            " AND plan_id = :plan AND target_connection_id = :target AND state = 'settled'"
            " AND operation IN ('create', 'update') AND role IN ('sale', 'payment', 'refund')"
            " ORDER BY position LIMIT :limit",
            {"plan": plan_id, "target": self.target_id, "limit": limit},
        )

    def states(self, write_ids: Collection[UUID]) -> Mapping[UUID, Write]:
        """These writes as they stand now."""
        found = self._select(" AND id = ANY(:ids)", {"ids": list(write_ids)})
        return {write.id: write for write in found}

    def digests(self, plan_id: UUID) -> Iterator[bytes]:
        """The digest of every write of a plan, by position, computed from what is stored."""
        position = -1
        while page := self._rows_of_plan(plan_id, position, _PAGE):
            yield from map(digest_of_row, page)
            position = page[-1].position

    def send(self, write: Write) -> None:
        """Record that the write is sent from now on."""
        self._move(
            write,
            "state = 'sent', request_id = %(request_id)s, attempts = attempts + 1, sent_at = now()",
            {"request_id": write.request_id},
        )

    def settle(self, write: Write, posted: Posted, problem: Parked | None) -> None:
        """In one transaction: the write is settled with its receipt, and the key bound."""
        is_ours = write.action is not WriteAction.LINK
        binding = Binding(
            write.key,
            posted.target_id,
            posted.version or None if is_ours else None,
            write.bound_digest() if problem is None else None,
            # The record is not wholly there before its batch is finished: `touch` says that.
            source_hash=None,
        )
        receipt = {
            **posted.receipt,
            "target_id": posted.target_id,
            "total": None if posted.total is None else str(posted.total),
            "tax": None if posted.tax is None else str(posted.tax),
            "currency": posted.currency,
            "was_found": posted.was_found,
        }
        self.database.once(
            self.tenant_id,
            SETTLE_AND_BIND,
            {
                **book_bindings.values_of(self._pair, binding),
                "id": write.id,
                "receipt": orjson.dumps(receipt).decode(),
                "code": problem and problem.code,
                "reason": problem and problem.reason,
                "cure": problem and problem.cure,
            },
        )

    def reject(
        self, write: Write, code: str, reason: str, cure: str, answer_id: str | None = None
    ) -> None:
        """Record that the write cannot be carried out, and why."""
        receipt = None if answer_id is None else orjson.dumps({"intuit_tid": answer_id}).decode()
        self._move(
            write,
            "state = 'rejected', code = %(code)s, reason = %(reason)s, cure = %(cure)s,"
            " receipt = coalesce(%(receipt)s::jsonb, receipt)",
            {"code": code, "reason": reason, "cure": cure, "receipt": receipt},
        )

    def doubt(self, write: Write) -> None:
        """Record that the write was sent and its answer lost."""
        self._move(write, "state = 'unknown'", {})

    def supersede(self, write: Write) -> None:
        """Record that the write has not arrived and will be planned anew."""
        self._move(write, "state = 'superseded'", {})

    def answered(self, keys: Collection[Key]) -> Mapping[Key, int]:
        """How many writes of these keys the books have answered, where they have any."""
        if not keys:
            return {}
        with self._transaction() as connection:
            return book_answers.counted(connection, self._pair, keys)

    def unanswered(self, keys: Collection[Key]) -> Collection[Key]:
        """Those of these keys of which a write was sent and never answered."""
        if not keys:
            return ()
        with self._transaction() as connection:
            return book_answers.unanswered(connection, self._pair, keys)

    def doubts(self, lane: str) -> Sequence[Write]:
        """The writes of a lane, of any plan, whose answers were lost."""
        return self._select(
            " AND target_connection_id = :target AND source_connection_id = :source"
            " AND state IN ('sent', 'unknown') AND plan_id IN (SELECT id FROM udsync.plans"
            " WHERE tenant_id = :tenant AND lane = :lane) ORDER BY sent_at, position",
            {"target": self.target_id, "source": self.source_id, "lane": lane},
        )

    def sent_longer_than(self, write: Write, horizon: timedelta) -> bool:
        """True when the write was sent so long ago that the books must show it."""
        with self._transaction() as connection:
            return bool(
                connection.execute(
                    sa.text(
                        "SELECT sent_at IS NULL OR sent_at <= now() - CAST(:horizon AS interval)"
                        " FROM udsync.sync_queue WHERE tenant_id = :tenant AND id = :id"
                    ),
                    {"tenant": self.tenant_id, "id": write.id, "horizon": horizon},
                ).scalar_one()
            )

    def finish_batch(
        self,
        batch: Intent,
        progress: Progress,
        parked: Sequence[Parked],
        arrived: Mapping[str, bytes],
    ) -> int:
        """In one transaction: batch settled, progress moved, records parked and released."""
        with self._transaction() as connection:
            batches.settle(connection, self.tenant_id, batch, {"arrived": len(arrived)})
            batches.move_progress(connection, self.tenant_id, self.source_id, batch, progress)
            if arrived:
                book_bindings.touch(connection, self._pair, batch.entity, arrived)
                parked_records.release(
                    connection, self.tenant_id, self.target_id, batch.entity, list(arrived)
                )
                decisions.close(
                    connection, self.tenant_id, self.target_id, batch.entity, list(arrived)
                )
            decisions.try_out(connection, self.tenant_id, batch, parked)
            return self._park(connection, batch, parked, park=True)

    def _park(
        self, connection: sa.Connection, batch: Intent, parked: Sequence[Parked], *, park: bool
    ) -> int:
        if not park:
            return len(parked)
        return parked_records.park(connection, self.tenant_id, self.source_id, batch, parked)

    def _rows(self, writes: Sequence[Write]) -> list[dict[str, Any]]:
        return [write_row(self.tenant_id, self.source_id, self.target_id, one) for one in writes]

    def _rows_of_plan(self, plan_id: UUID, after: int, limit: int) -> Sequence[sa.Row[Any]]:
        return self._select_rows(
            " AND plan_id = :plan AND target_connection_id = :target AND position > :after"
            " ORDER BY position LIMIT :limit",
            {"plan": plan_id, "target": self.target_id, "after": after, "limit": limit},
        )

    def _select(self, condition: str, values: Mapping[str, Any]) -> list[Write]:
        return [write_of(row) for row in self._select_rows(condition, values)]

    def _select_rows(self, condition: str, values: Mapping[str, Any]) -> Sequence[sa.Row[Any]]:
        with self._transaction() as connection:
            return connection.execute(
                sa.text(_WRITES + condition), {"tenant": self.tenant_id, **values}
            ).all()

    def _move(self, write: Write, change: str, values: Mapping[str, Any]) -> None:
        self.database.once(
            self.tenant_id,
            (
                f"UPDATE udsync.sync_queue SET {change}"
                " WHERE tenant_id = %(tenant)s AND id = %(id)s"
            ).encode(),
            {"tenant": self.tenant_id, "id": write.id, **values},
        )

    @property
    def _pair(self) -> Mapping[str, UUID]:
        return {"tenant": self.tenant_id, "source": self.source_id, "target": self.target_id}

    def _transaction(self) -> AbstractContextManager[sa.Connection]:
        return self.database.tenant(self.tenant_id)
