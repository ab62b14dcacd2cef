"""Writing one prepared batch, in one transaction, whatever single rows are refused in it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import UUID

import psycopg
from psycopg.pq import TransactionStatus

from udsync_pipelines.connectors.supabase.batch import Batch, PreparedRecord
from udsync_pipelines.connectors.supabase.connection import Connection
from udsync_pipelines.connectors.supabase.refusals import refusal
from udsync_pipelines.connectors.supabase.responses import RowDroppedError, is_data_error
from udsync_pipelines.connectors.supabase.statements import (
    COUNTS,
    PREAMBLE,
    note_mappings,
    stage_child,
    stage_root,
)
from udsync_pipelines.connectors.supabase.straight import straight
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.records import LoadReceipt, RejectedRow


@dataclass(slots=True)
class _Counts:
    created: int = 0
    updated: int = 0
    unchanged: int = 0


class BatchLoader:
    """Writes one batch of one entity over one connection.

    A batch that is all new is copied straight into the tables, any other by way of staging tables.
    Rows that only the database refuses, or takes and drops without a word (a trigger of the
    customer's, a row security policy), are found by halving the batch inside savepoints, so that
    the batch still takes effect whole or not at all, less the refused records.
    """

    def __init__(
        self,
        connection: Connection,
        batch: Batch,
        *,
        entity: Entity,
        store_id: UUID,
        connection_id: str,
    ) -> None:
        self._connection = connection
        self._batch = batch
        self._root = stage_root(batch.root, store_id)
        self._children = tuple(
            stage_child(columns, store_id, number) for number, columns in enumerate(batch.children)
        )
        schema = batch.root.shape.schema
        self._straight = straight(batch, entity, store_id, connection_id)
        self._note_mappings = note_mappings(schema, entity, store_id, connection_id)

    def load(self) -> LoadReceipt:
        """Write the batch and commit.

        Raises:
            psycopg.Error: no single record is to blame; nothing was written.
        """
        refused: list[RejectedRow] = []
        counts = self._copied_straight()
        if counts is None:
            counts = self._staged(refused)
        rejected = (*self._batch.rejected, *refused)
        return LoadReceipt(counts.created, counts.updated, counts.unchanged, rejected)

    def _copied_straight(self) -> _Counts | None:
        """Copy a batch that is all new into the tables themselves; None when that cannot be done.

        It is twice as fast. Whatever stands in the way, another loader of the same records or a
        bad row, is left to staging.
        """
        try:
            with self._connection.transaction():
                self._execute(PREAMBLE)
                if self._connection.execute(
                    self._straight.is_any_there.encode(), (self._batch.keys(),)
                ).fetchall() != [(False,)]:
                    return None
                created = self._copy_straight()
        except psycopg.Error as error:
            if not _may_be_a_record(error):
                raise
            return None
        return _Counts(created=created)

    def _copy_straight(self) -> int:
        straight = self._straight
        count = self._copy(straight.root, straight.children, self._batch.chunks(), straight.prefix)
        with self._copying(straight.mappings) as copy:
            copy.send([straight.mapping_line(key) for key in self._batch.prepared_keys()])
        return count

    def _staged(self, refused: list[RejectedRow]) -> _Counts:
        try:
            with self._connection.transaction():
                self._open_stages()
                return self._write(self._batch.chunks())
        except psycopg.Error as error:
            if not _may_be_a_record(error):
                raise
            with self._connection.transaction():
                self._open_stages()
                counts = _Counts()
                records = [record for chunk in self._batch.chunks() for record in chunk]
                self._write_in_parts(records, error, counts, refused)
        return counts

    def _open_stages(self) -> None:
        creates = [staged.create for staged in (self._root, *self._children)]
        self._execute(PREAMBLE + "\n".join(creates))

    def _write_in_parts(
        self,
        records: Sequence[PreparedRecord],
        error: psycopg.Error,
        counts: _Counts,
        refused: list[RejectedRow],
    ) -> None:
        if len(records) <= 1:
            if not (records and is_data_error(error)):
                raise error
            refused.append(refusal(records[0].source_id, error))
            return
        middle = len(records) // 2
        for part in (records[:middle], records[middle:]):
            try:
                with self._connection.transaction():
                    self._execute(
                        "\n".join(staged.empty for staged in (self._root, *self._children))
                    )
                    written = self._write([part])
            except psycopg.Error as failure:
                if self._connection.info.transaction_status is not TransactionStatus.INTRANS:
                    raise
                if not _may_be_a_record(failure):
                    raise
                self._write_in_parts(part, failure, counts, refused)
            else:
                counts.created += written.created
                counts.updated += written.updated
                counts.unchanged += written.unchanged

    def _write(self, chunks: Iterable[Sequence[PreparedRecord]]) -> _Counts:
        count = self._copy(self._root.copy, [staged.copy for staged in self._children], chunks)
        for staged in (self._root, *self._children):
            for statement in staged.merge:
                self._execute(statement)
            if self._asked(staged.dropped) != [(False,)]:
                raise RowDroppedError
        self._execute(self._note_mappings)
        ((created, written),) = self._asked(COUNTS)
        return _Counts(created, written - created, count - written)

    def _copy(
        self,
        root: str,
        children: Sequence[str],
        chunks: Iterable[Sequence[PreparedRecord]],
        prefix: str = "",
    ) -> int:
        child_lines: list[list[str]] = [[] for _ in children]
        count = 0
        with self._copying(root) as copy:
            for chunk in chunks:
                count += len(chunk)
                copy.send([record.root for record in chunk], prefix)
                for number, lines in enumerate(child_lines):
                    lines.extend(chain.from_iterable(record.children[number] for record in chunk))
        for statement, lines in zip(children, child_lines, strict=True):
            with self._copying(statement) as copy:
                copy.send(lines, prefix)
        return count

    @contextmanager
    def _copying(self, statement: str) -> Iterator["_Lines"]:
        with self._connection.cursor() as cursor:
            with cursor.copy(statement.encode()) as copy:
                lines = _Lines(copy)
                yield lines
            if cursor.rowcount != lines.sent:
                raise RowDroppedError

    def _execute(self, statement: str) -> None:
        # The staging tables are new each time: a prepared plan for them could not be used again.
        self._connection.execute(statement.encode(), prepare=False)

    def _asked(self, question: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(question.encode(), prepare=False).fetchall()


@dataclass(slots=True)
class _Lines:
    """Lines on their way into a table, counted."""

    copy: psycopg.Copy
    sent: int = 0

    def send(self, lines: Sequence[str], prefix: str = "") -> None:
        if lines:
            between = f"\n{prefix}"
            self.copy.write(f"{prefix}{between.join(lines)}\n")
            self.sent += len(lines)


def _may_be_a_record(error: psycopg.Error) -> bool:
    """True when fewer records at a time may succeed: a bad one among them, or simply too many."""
    return is_data_error(error) or isinstance(error, psycopg.errors.QueryCanceled)
