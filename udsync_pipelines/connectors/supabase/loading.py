"""Writing one prepared batch, in one transaction, whatever single rows are refused in it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

import psycopg
from psycopg.pq import TransactionStatus

from udsync_pipelines.connectors.supabase.batch import Batch, PreparedRecord
from udsync_pipelines.connectors.supabase.connection import Connection
from udsync_pipelines.connectors.supabase.responses import is_data_error
from udsync_pipelines.connectors.supabase.statements import (
    COUNTS,
    PREAMBLE,
    note_mappings,
    stage_child,
    stage_root,
)
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.records import LoadReceipt, RejectedRow


@dataclass(slots=True)
class _Counts:
    created: int = 0
    updated: int = 0
    unchanged: int = 0


class BatchLoader:
    """Writes one batch of one entity over one connection.

    Rows that only the database refuses are found by halving the batch inside savepoints, so that
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
        self._note_mappings = note_mappings(schema, entity, store_id, connection_id)

    def load(self) -> LoadReceipt:
        """Write the batch and commit.

        Raises:
            psycopg.Error: no single record is to blame; nothing was written.
        """
        refused: list[RejectedRow] = []
        try:
            with self._connection.transaction():
                self._open_stages()
                counts = self._write(self._batch.chunks())
        except psycopg.Error as error:
            if not (is_data_error(error) or _is_too_slow(error)):
                raise
            with self._connection.transaction():
                self._open_stages()
                counts = _Counts()
                records = [record for chunk in self._batch.chunks() for record in chunk]
                self._write_in_parts(records, error, counts, refused)
        rejected = (*self._batch.rejected, *refused)
        return LoadReceipt(counts.created, counts.updated, counts.unchanged, rejected)

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
        if len(records) == 1:
            if not is_data_error(error):
                raise error
            refused.append(_refusal(records[0], error))
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
                if not (is_data_error(failure) or _is_too_slow(failure)):
                    raise
                self._write_in_parts(part, failure, counts, refused)
            else:
                counts.created += written.created
                counts.updated += written.updated
                counts.unchanged += written.unchanged

    def _write(self, chunks: Iterable[Sequence[PreparedRecord]]) -> _Counts:
        child_lines: list[list[str]] = [[] for _ in self._children]
        count = 0
        with self._copying(self._root.copy) as copy:
            for chunk in chunks:
                count += len(chunk)
                _send(copy, [record.root for record in chunk])
                for number, lines in enumerate(child_lines):
                    lines.extend(chain.from_iterable(record.children[number] for record in chunk))
        for staged, lines in zip(self._children, child_lines, strict=True):
            with self._copying(staged.copy) as copy:
                _send(copy, lines)
        for staged in (self._root, *self._children):
            for statement in staged.merge:
                self._execute(statement)
        self._execute(self._note_mappings)
        ((created, written),) = self._connection.execute(COUNTS, prepare=False).fetchall()
        return _Counts(created, written - created, count - written)

    @contextmanager
    def _copying(self, statement: str) -> Iterator[psycopg.Copy]:
        with self._connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            yield copy

    def _execute(self, statement: str) -> None:
        # The staging tables are new each time: a prepared plan for them could not be used again.
        self._connection.execute(statement.encode(), prepare=False)


def _send(copy: psycopg.Copy, lines: Sequence[str]) -> None:
    if lines:
        copy.write("\n".join(lines) + "\n")


def _is_too_slow(error: psycopg.Error) -> bool:
    return isinstance(error, psycopg.errors.QueryCanceled)


_COPIED_COLUMN = re.compile(r"^COPY \S+, line \d+, column (\w+)", re.MULTILINE)
_REASONS = {
    "23502": ("not_null", "is empty, but the database wants a value", "Add a rule that fills it."),
    "23505": ("duplicate", "repeats a value that must be unique", "Drop that unique constraint."),
    "23503": ("foreign_key", "points to a row that is not there", "Drop that foreign key."),
    "23514": ("check_failed", "breaks a check constraint", "Correct the record or the constraint."),
    "22P02": ("not_readable", "cannot be read as the column's type", "Correct the mapping rule."),
    "22001": ("too_long", "is too long for its column", "Make the column of type text."),
    "22003": ("out_of_range", "is out of range for its column", "Enlarge the column's type."),
    "54000": ("too_long", "is too long for an index", "Shorten it, or drop the index."),
    "P0001": ("trigger_refused", "was refused by a trigger", "Correct the record or the trigger."),
}


def _refusal(record: PreparedRecord, error: psycopg.Error) -> RejectedRow:
    state = error.sqlstate or ""
    code, problem, cure = _REASONS.get(
        state, ("data_refused", f"was refused (SQLSTATE {state})", "Correct the record's values.")
    )
    place = _place(error)
    return RejectedRow(record.source_id, code, f"{place} {problem}.", cure)


def _place(error: psycopg.Error) -> str:
    """The column, else the constraint, else just the record; names only, never values."""
    found = error.diag
    if found.column_name:
        return f"{found.table_name}.{found.column_name}"
    if found.constraint_name:
        return f"A value under {found.table_name}'s constraint {found.constraint_name}"
    copied = _COPIED_COLUMN.search(found.context or "")
    return f"The column {copied[1]}" if copied else "The record"
