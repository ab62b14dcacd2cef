"""Preparing a batch: mapped records to rows of text for COPY, bad records set aside."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
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
        encoded: list[str | None] = []
        for name, encode in zip(self.names, self.encoders, strict=True):
            value = row.get(name)
            try:
                encoded.append(None if value is None else encode(value))
            except UnfitValueError as error:
                place = f"{self.shape.table.name}.{name}"
                raise UnfitValueError(error.code, f"{place} {error.problem}", error.cure) from None
        return encoded


@dataclass(frozen=True, slots=True)
class PreparedRecord:
    """One record as rows of text: its root row, and for each child table its rows."""

    source_id: str
    key: int
    root: CopyRow
    children: tuple[tuple[CopyRow, ...], ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be loaded, sorted by key, each key once; and what was refused on the way."""

    root: Columns
    children: tuple[Columns, ...]
    records: tuple[PreparedRecord, ...]
    rejected: tuple[RejectedRow, ...]


def prepare(shape: EntityShape, records: Sequence[MappedRecord]) -> Batch:
    """Encode a batch; of a record that occurs twice, the later one counts.

    Raises:
        ConfigurationError: a rule fills a table or column that the database does not have.
    """
    newest = {record.source_id: record for record in records}.values()
    root = _columns(shape.root, newest)
    children = tuple(_columns(child, newest) for child in shape.children)
    prepared: list[PreparedRecord] = []
    rejected: list[RejectedRow] = []
    for record in newest:
        try:
            prepared.append(_prepare_record(root, children, record))
        except UnfitValueError as error:
            reason = f"{error.problem[:1].upper()}{error.problem[1:]}."
            rejected.append(RejectedRow(record.source_id, error.code, reason, error.cure))
    prepared.sort(key=attrgetter("key"))  # two loaders that lock in one order cannot deadlock
    return Batch(root, children, tuple(prepared), tuple(rejected))


def _columns(shape: TableShape, records: Iterable[MappedRecord]) -> Columns:
    rows = (row for record in records for row in record.tables.get(shape.table.name, ()))
    names = shape.chosen({name for row in rows for name in row})
    return Columns(shape, names, tuple(encoder(shape.columns[name]) for name in names))


def _prepare_record(
    root: Columns, children: tuple[Columns, ...], record: MappedRecord
) -> PreparedRecord:
    key = encode_key(record.source_id)
    rows = record.tables.get(root.shape.table.name, ())
    if len(rows) != 1:
        raise UnfitValueError(
            "root_row_missing",
            f"the mapping gives {len(rows)} rows for {root.shape.table.name} instead of one",
            "Correct the mapping profile.",
        )
    system = (
        encode_bytea(record.row_hash),
        _located(f"{root.shape.table.name}.raw", encode_json, record.raw),
        None if record.deleted_at is None else encode_timestamptz(record.deleted_at),
    )
    return PreparedRecord(
        record.source_id,
        int(key),
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
            f"{table.name} gets two rows with the same key, or one without a key",
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
            f"{columns.shape.table.name}.{column} differs from the record's id",
            "Correct the mapping rule of this column.",
        )
    return encoded


def encode_key(source_id: str) -> str:
    """A record's id as the text of its key.

    Raises:
        UnfitValueError: it is not a whole number of 64 bits.
    """
    return _located("the record's id", encode_bigint, source_id)


def _located(place: str, encode: Callable[[object], str], value: object) -> str:
    try:
        return encode(value)
    except UnfitValueError as error:
        raise UnfitValueError(error.code, f"{place} {error.problem}", error.cure) from None
