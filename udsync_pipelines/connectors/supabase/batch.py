"""Preparing a batch: mapped records to rows of text for COPY, bad records set aside."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TypeAlias

from udsync_pipelines.connectors.supabase.shape import EntityShape, TableShape
from udsync_pipelines.connectors.supabase.tables import STORE_ID
from udsync_pipelines.connectors.supabase.values import (
    Encoder,
    UnfitValueError,
    encode_bigint,
    encode_bytea,
    encode_json,
    encode_timestamptz,
    encoder,
)
from udsync_pipelines.sync.records import MappedRecord, RejectedRow, Row

CopyRow: TypeAlias = Sequence[str | None]
ROOT_SYSTEM_COLUMNS = ("content_hash", "raw", "deleted_at")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one table that a batch fills, and how a row becomes text."""

    shape: TableShape
    names: tuple[str, ...]
    encoders: tuple[Encoder, ...]

    def encode(self, row: Row) -> list[str | None]:
        """The row's values as text, in the order of `names`.

        Raises:
            UnfitValueError: a value does not fit; the problem starts with the column's name.
        """
        values = map(row.get, self.names)
        try:
            return [
                None if value is None else encode(value)
                for encode, value in zip(self.encoders, values, strict=True)
            ]
        except UnfitValueError:
            raise self._located(row) from None

    def _located(self, row: Row) -> UnfitValueError:
        for name, encode in zip(self.names, self.encoders, strict=True):
            try:
                if row.get(name) is not None:
                    encode(row[name])
            except UnfitValueError as error:
                return error.located(f"The column {self.shape.table.name}.{name}")
        raise AssertionError  # the same values were refused a moment ago


@dataclass(frozen=True, slots=True)
class PreparedRecord:
    """One record as rows of text: its root row, and for each child table its rows."""

    source_id: str
    root: CopyRow
    children: tuple[tuple[CopyRow, ...], ...]


@dataclass(slots=True)
class Batch:
    """What is to be loaded, sorted by key, each record once; and what was refused on the way.

    Rows are encoded as `records` are first gone through, so that the database can read the first
    while the next are prepared; `rejected` is complete when all were gone through once.
    """

    root: Columns
    children: tuple[Columns, ...]
    waiting: list[tuple[int, MappedRecord]]
    rejected: list[RejectedRow] = field(default_factory=list)
    _prepared: list[PreparedRecord] = field(default_factory=list)

    def records(self) -> Iterator[PreparedRecord]:
        """The records that can be loaded as far as we can tell, by ascending key."""
        yield from self._prepared
        while self.waiting:
            key, record = self.waiting.pop()
            try:
                prepared = _prepare_record(self.root, self.children, record, str(key))
            except UnfitValueError as error:
                self.rejected.append(_rejection(record, error))
            else:
                self._prepared.append(prepared)
                yield prepared


def prepare(shape: EntityShape, records: Sequence[MappedRecord]) -> Batch:
    """Make a batch; of a record that occurs twice, the later one counts.

    Raises:
        ConfigurationError: a rule fills a table or column that the database does not have.
    """
    children = tuple(_columns(child, records) for child in shape.children)
    rejected: list[RejectedRow] = []
    newest: dict[int, MappedRecord] = {}
    for record in records:
        try:
            newest[int(encode_key(record.source_id))] = record
        except UnfitValueError as error:
            rejected.append(_rejection(record, error))
    # Two loaders that lock in one order cannot deadlock. Taken from the end: highest key first.
    waiting = sorted(newest.items(), key=itemgetter(0), reverse=True)
    return Batch(_columns(shape.root, records), children, waiting, rejected)


def _columns(shape: TableShape, records: Iterable[MappedRecord]) -> Columns:
    rows = (row for record in records for row in record.tables.get(shape.table.name, ()))
    names = shape.chosen({name for row in rows for name in row})
    return Columns(shape, names, tuple(encoder(shape.columns[name]) for name in names))


def _prepare_record(
    root: Columns, children: tuple[Columns, ...], record: MappedRecord, key: str
) -> PreparedRecord:
    rows = record.tables.get(root.shape.table.name, ())
    if len(rows) != 1:
        raise UnfitValueError(
            "root_row_missing",
            f"The mapping gives {len(rows)} rows for {root.shape.table.name} instead of one",
            "Correct the mapping profile.",
        )
    system = (
        encode_bytea(record.row_hash),
        _located(f"The column {root.shape.table.name}.raw", encode_json, record.raw),
        None if record.deleted_at is None else encode_timestamptz(record.deleted_at),
    )
    return PreparedRecord(
        record.source_id,
        (*_keyed(root, "id", rows[0], key), *system),
        tuple(_prepare_children(child, record, key) for child in children),
    )


def _prepare_children(child: Columns, record: MappedRecord, key: str) -> tuple[CopyRow, ...]:
    table = child.shape.table
    parent_key = table.parent_key or ""
    rows = tuple(_keyed(child, parent_key, row, key) for row in record.tables.get(table.name, ()))
    places = [child.names.index(name) for name in table.key if name != STORE_ID.name]
    keys = {tuple(row[place] for place in places) for row in rows}
    if len(keys) != len(rows) or any(None in parts for parts in keys):
        raise UnfitValueError(
            "line_key_repeated",
            f"The table {table.name} gets two rows with the same key, or one without a key",
            "Correct the mapping profile, or the record in the store.",
        )
    return rows


def _keyed(columns: Columns, column: str, row: Row, key: str) -> CopyRow:
    encoded = columns.encode(row)
    place = columns.names.index(column)
    if encoded[place] is None:
        encoded[place] = key
    elif encoded[place] != key:
        raise UnfitValueError(
            "key_differs",
            f"The column {columns.shape.table.name}.{column} differs from the record's id",
            "Correct the mapping rule of this column.",
        )
    return encoded


def encode_key(source_id: str) -> str:
    """A record's id as the text of its key.

    Raises:
        UnfitValueError: it is not a whole number of 64 bits.
    """
    return _located("The record's id", encode_bigint, source_id)


def _located(place: str, encode: Callable[[object], str], value: object) -> str:
    try:
        return encode(value)
    except UnfitValueError as error:
        raise error.located(place) from None


def _rejection(record: MappedRecord, error: UnfitValueError) -> RejectedRow:
    return RejectedRow(record.source_id, error.code, f"{error.problem}.", error.cure)
