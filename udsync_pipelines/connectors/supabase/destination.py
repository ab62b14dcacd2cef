"""A Supabase database as a destination, over PostgreSQL."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock
from time import monotonic
from types import TracebackType
from typing import Self
from uuid import UUID

import psycopg
from psycopg.pq import TransactionStatus

from udsync_pipelines.connectors.supabase.address import parse_url
from udsync_pipelines.connectors.supabase.batch import encode_key, prepare
from udsync_pipelines.connectors.supabase.connection import Connection, connect
from udsync_pipelines.connectors.supabase.loading import BatchLoader
from udsync_pipelines.connectors.supabase.responses import explain
from udsync_pipelines.connectors.supabase.schema import check_schema_name, quoted
from udsync_pipelines.connectors.supabase.shape import EntityShape, read_shape, root_table
from udsync_pipelines.connectors.supabase.sums import StoreSums, read_sums
from udsync_pipelines.connectors.supabase.values import UnfitValueError
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.sync.records import LoadReceipt, MappedRecord, Row

IDS_PER_QUERY = 5_000
TRUSTED_SECONDS = 5.0  # a connection idle for longer is tried before it is used


class SupabaseDestination:
    """Loads the rows of one store into its tables. Safe to share between threads, one at a time.

    `store_id` is the id of the connection that the records come from; `connection_id` that of the
    Supabase connection itself, noted beside each id mapping. The database is first reached when it
    is needed. With `read_only`, every write is refused before the database is reached.
    """

    def __init__(
        self,
        url: str,
        *,
        schema: str = "public",
        store_id: UUID,
        connection_id: str = "",
        read_only: bool = False,
    ) -> None:
        check_schema_name(schema)
        self._address = parse_url(url)
        self._schema = schema
        self._store_id = store_id
        self._connection_id = connection_id
        self._read_only = read_only
        self._open: Connection | None = None
        self._last_used = 0.0
        self._lock = Lock()
        self._shapes: dict[Entity, EntityShape] = {}

    def check_writable(self) -> None:
        """Refuse before any statement when the connection may only read.

        Raises:
            ConfigurationError: the connection is read-only.
        """
        if self._read_only:
            raise ConfigurationError(
                "This Supabase connection is read-only, so nothing is written to it.",
                code="read_only",
                platform="supabase",
                cure="Connect it again without --read-only to let udsync write.",
            )

    def hashes(self, entity: Entity, source_ids: Sequence[str]) -> Mapping[str, bytes]:
        """The row hash that the database holds for each of these records that it has.

        Raises:
            RetryableError: the database is not reachable or asks for a pause.
            ConfigurationError: a table or a privilege is missing.
        """
        found = self._select(entity, ("content_hash",), source_ids)
        return {source_id: hash_ for source_id, (hash_,) in found if isinstance(hash_, bytes)}

    def stored(self, entity: Entity, source_ids: Sequence[str]) -> Mapping[str, Row]:
        """The root row of each of these records, without raw JSON and our own columns.

        As mapping makes them: ids are text, money is Decimal, times are aware UTC; JSON columns
        are lists and tables.

        Raises:
            RetryableError: the database is not reachable or asks for a pause.
            ConfigurationError: a table or a privilege is missing.
        """
        with self._session() as connection:
            columns = self._shape(connection, entity).root.mapped_columns
        found = self._select(entity, columns, source_ids)
        return {
            source_id: dict(zip(columns, map(_as_mapped, row), strict=True))
            for source_id, row in found
        }

    def load(self, entity: Entity, records: Sequence[MappedRecord]) -> LoadReceipt:
        """Write one batch in one transaction; records whose row is already there are left alone.

        Of a record that occurs twice the later one counts, once. A record that the database cannot
        take is left out and reported; the receipt's counts are of what is committed.

        Raises:
            RetryableError: the database is not reachable or asks for a pause; nothing was written,
                or, when the answer to the commit was lost, loading it again changes nothing.
            ConfigurationError: a table, a privilege or the right to write is missing.
        """
        self.check_writable()
        root_table(entity)
        if not records:
            return LoadReceipt(0, 0, 0)
        with self._session() as connection:
            batch = prepare(self._shape(connection, entity), records)
            loader = BatchLoader(
                connection,
                batch,
                entity=entity,
                store_id=self._store_id,
                connection_id=self._connection_id,
            )
            return loader.load()

    def sums(self) -> StoreSums:
        """Counts and exact sums of what this store has in the database, deleted records left out.

        Raises:
            RetryableError: the database is not reachable or asks for a pause.
            ConfigurationError: a table or a privilege is missing.
        """
        with self._session() as connection:
            return read_sums(connection, self._schema, self._store_id)

    def close(self) -> None:
        """Close the connection, if one is open; the next use opens a new one."""
        with self._lock:
            self._drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _select(
        self, entity: Entity, columns: Sequence[str], source_ids: Sequence[str]
    ) -> list[tuple[str, tuple[object, ...]]]:
        given = _by_key(source_ids)
        keys = sorted(given)
        target = quoted(self._schema, root_table(entity).name)
        listed = ", ".join(quoted(column) for column in columns)
        query = (
            f"select id, {listed} from {target}".replace("%", "%%")  # noqa: S608
            + " where store_id = %s and id = any(%s)"
        ).encode()
        found: list[tuple[str, tuple[object, ...]]] = []
        with self._session() as connection:
            self._shape(connection, entity)
            for start in range(0, len(keys), IDS_PER_QUERY):
                parameters = (self._store_id, keys[start : start + IDS_PER_QUERY])
                for key, *values in connection.execute(query, parameters):
                    found.extend((source_id, tuple(values)) for source_id in given[key])
        return found

    def _shape(self, connection: Connection, entity: Entity) -> EntityShape:
        if entity not in self._shapes:
            self._shapes[entity] = read_shape(connection, self._schema, entity)
        return self._shapes[entity]

    @contextmanager
    def _session(self) -> Iterator[Connection]:
        with self._lock:
            try:
                yield self._connected()
            except psycopg.Error as error:
                self._shapes.clear()
                raise explain(error) from None  # the server's text may quote a value
            except ConfigurationError:
                self._shapes.clear()  # the tables may be put right while we live
                raise
            finally:
                self._last_used = monotonic()
                self._drop_if_unusable()

    def _connected(self) -> Connection:
        if self._open is not None and monotonic() - self._last_used > TRUSTED_SECONDS:
            try:
                self._open.execute("select 1", prepare=False)
            except psycopg.Error:
                self._drop()
        if self._open is None:
            self._open = connect(self._address)
        return self._open

    def _drop_if_unusable(self) -> None:
        if self._open is None:
            return
        if self._open.closed or self._open.info.transaction_status is not TransactionStatus.IDLE:
            self._drop()

    def _drop(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def _by_key(source_ids: Sequence[str]) -> dict[int, list[str]]:
    given: dict[int, list[str]] = {}
    for source_id in dict.fromkeys(source_ids):
        try:
            given.setdefault(int(encode_key(source_id)), []).append(source_id)
        except UnfitValueError:
            continue  # no row can have such a key
    return given


def _as_mapped(value: object) -> object:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    # Whole numbers in our root tables are ids, and ids are text wherever they are no column.
    return str(value) if type(value) is int else value
