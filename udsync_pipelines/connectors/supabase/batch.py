"""Preparing a batch: mapped records to lines of COPY's text format, bad records set aside."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from typing import TypeAlias

from udsync_pipelines.connectors.supabase.fields import NULL, Fields, fields
from udsync_pipelines.connectors.supabase.shape import EntityShape, TableShape
from udsync_pipelines.connectors.supabase.tables import STORE_ID, ColumnType
from udsync_pipelines.connectors.supabase.values import UnfitValueError, encode_bigint
from udsync_pipelines.sync.records import MappedRecord, RejectedRow, Row

Keyed: TypeAlias = tuple[int, MappedRecord]
ROOT_SYSTEM_COLUMNS = ("content_hash", "raw", "deleted_at")
RECORDS_PER_CHUNK = 50  # encoded together while the database reads the chunk before


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one table that a batch fills."""

    shape: TableShape
    names: tuple[str, ...]

    def encode(self, rows: Sequence[Row]) -> dict[str, Fields]:
        """The fields of the rows, column by column.

        Raises:
            UnfitValueError: a value does not fit; the problem starts with the column's name.
        """
        by_row = [tuple(map(row.get, self.names)) for row in rows]
        by_column = zip(*by_row, strict=True) if by_row else [()] * len(self.names)
        return {
            name: self.encode_column(name, values)
            for name, values in zip(self.names, by_column, strict=True)
        }

    def encode_column(self, name: str, values: Sequence[object]) -> Fields:
        """The fields of one column.

        Raises:
            UnfitValueError: a value does not fit; the problem starts with the column's name.
        """
        try:
            return fields(self.shape.columns[name], values)
        except UnfitValueError as error:
            raise error.located(f"The column {self.shape.table.name}.{name}") from None

    def check_keys(self, encoded: dict[str, Fields], name: str, keys: Sequence[str]) -> None:
        """Refuse rows whose key is not that of the record they come from.

        Raises:
            UnfitValueError: with the column's name.
        """
        if encoded[name] != keys:
            raise UnfitValueError(
                "key_differs",
                f"The column {self.shape.table.name}.{name} differs from the record's id",
                "Correct the mapping rule of this column.",
            )


@dataclass(frozen=True, slots=True)
class PreparedRecord:
    """One record as lines for COPY: its root row, and for each child table its rows."""

    source_id: str
    key: str
    root: str
    children: tuple[list[str], ...]


@dataclass(slots=True)
class Batch:
    """What is to be loaded, sorted by key, each record once; and what was refused on the way.

    Records are encoded as `chunks` are first gone through, so that the database can read one chunk
    while the next is prepared; `rejected` is complete when all were gone through once.
    """

    root: Columns
    children: tuple[Columns, ...]
    waiting: list[Keyed]
    rejected: list[RejectedRow] = field(default_factory=list)
    _prepared: list[PreparedRecord] = field(default_factory=list)

    def chunks(self) -> Iterator[list[PreparedRecord]]:
        """The records that can be loaded as far as we can tell, by ascending key."""
        yield list(self._prepared)
        while self.waiting:
            chunk = self.waiting[:RECORDS_PER_CHUNK]
            del self.waiting[:RECORDS_PER_CHUNK]
            prepared = self._prepare_or_reject(chunk)
            self._prepared.extend(prepared)
            yield prepared

    def keys(self) -> list[int]:
        """The keys of all records, prepared or not."""
        return [int(record.key) for record in self._prepared] + [key for key, _ in self.waiting]

    def prepared_keys(self) -> list[str]:
        """The keys of the records that were prepared, as text."""
        return [record.key for record in self._prepared]

    def _prepare_or_reject(self, chunk: Sequence[Keyed]) -> list[PreparedRecord]:
        try:
            return _prepare_chunk(self.root, self.children, chunk)
        except UnfitValueError as error:
            if len(chunk) == 1:
                self.rejected.append(_rejection(chunk[0][1], error))
                return []
        middle = len(chunk) // 2
        first, second = chunk[:middle], chunk[middle:]
        return self._prepare_or_reject(first) + self._prepare_or_reject(second)


def prepare(shape: EntityShape, records: Sequence[MappedRecord]) -> Batch:
    """Make a batch; of a record that occurs twice, the later one counts.

    Raises:
        ConfigurationError: a rule fills a table or column that the database does not have.
    """
    rejected: list[RejectedRow] = []
    newest: dict[int, MappedRecord] = {}
    for record in records:
        try:
            newest[int(encode_key(record.source_id))] = record
        except UnfitValueError as error:
            rejected.append(_rejection(record, error))
    children = tuple(_columns(child, records) for child in shape.children)
    # Two loaders that lock in one order cannot deadlock.
    waiting = sorted(newest.items(), key=itemgetter(0))
    return Batch(_columns(shape.root, records), children, waiting, rejected)


def encode_key(source_id: str) -> str:
    """A record's id as the text of its key.

    Raises:
        UnfitValueError: it is not a whole number of 64 bits.
    """
    try:
        return encode_bigint(source_id)
    except UnfitValueError as error:
        raise error.located("The record's id") from None


def _columns(shape: TableShape, records: Sequence[MappedRecord]) -> Columns:
    rows = (row for record in records for row in record.tables.get(shape.table.name, ()))
    filled: set[str] = set()
    for row in rows:
        filled.update(row)
    return Columns(shape, shape.chosen(filled))


def _prepare_chunk(
    root: Columns, children: tuple[Columns, ...], chunk: Sequence[Keyed]
) -> list[PreparedRecord]:
    keys = [str(key) for key, _ in chunk]
    records = [record for _, record in chunk]
    encoded = root.encode([_root_row(root, record) for record in records])
    root.check_keys(encoded, "id", keys)
    encoded["content_hash"] = fields(ColumnType.BYTEA, [record.row_hash for record in records])
    encoded["raw"] = root.encode_column("raw", [record.raw for record in records])
    encoded["deleted_at"] = fields(
        ColumnType.TIMESTAMPTZ, [record.deleted_at for record in records]
    )
    lines = _lines(encoded)
    child_lines = [_prepare_children(child, records, keys) for child in children]
    return [
        PreparedRecord(record.source_id, key, line, tuple(own))
        for record, key, line, *own in zip(records, keys, lines, *child_lines, strict=True)
    ]


def _root_row(root: Columns, record: MappedRecord) -> Row:
    rows = record.tables.get(root.shape.table.name, ())
    if len(rows) != 1:
        raise UnfitValueError(
            "root_row_missing",
            f"The mapping gives {len(rows)} rows for {root.shape.table.name} instead of one",
            "Correct the mapping profile.",
        )
    return rows[0]


def _prepare_children(
    child: Columns, records: Sequence[MappedRecord], keys: Sequence[str]
) -> list[list[str]]:
    table = child.shape.table
    rows = [record.tables.get(table.name, ()) for record in records]
    encoded = child.encode([row for own in rows for row in own])
    parents = [key for key, own in zip(keys, rows, strict=True) for _ in own]
    child.check_keys(encoded, table.parent_key or "", parents)
    own_key = [encoded[name] for name in table.key if name != STORE_ID.name]
    if len(set(zip(*own_key, strict=True))) != len(parents) or any(NULL in k for k in own_key):
        raise UnfitValueError(
            "line_key_repeated",
            f"The table {table.name} gets two rows with the same key, or one without a key",
            "Correct the mapping profile, or the record in the store.",
        )
    lines = iter(_lines(encoded))
    return [list(islice(lines, len(own))) for own in rows]


def _lines(encoded: dict[str, Fields]) -> list[str]:
    return list(map("\t".join, zip(*encoded.values(), strict=True)))


def _rejection(record: MappedRecord, error: UnfitValueError) -> RejectedRow:
    return RejectedRow(record.source_id, error.code, f"{error.problem}.", error.cure)
