"""The store's records in SQLite: an index to filter, order and page by, and bodies beside it.

A body that nobody has changed is made on request by the generator and never kept, so that a
hundred thousand orders cost an index only.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import orjson

Json = dict[str, Any]
Generate = Callable[[str, int], bytes | None]

_SCHEMA = """
CREATE TABLE records (
  kind TEXT NOT NULL, id INTEGER NOT NULL, parent INTEGER NOT NULL, listed INTEGER NOT NULL,
  status TEXT NOT NULL, created INTEGER, modified INTEGER, created_wall INTEGER,
  modified_wall INTEGER, customer INTEGER, name TEXT NOT NULL, email TEXT NOT NULL,
  sku TEXT NOT NULL, search TEXT NOT NULL, PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE TABLE bodies (
  kind TEXT NOT NULL, id INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, id));
"""
_INDEXES = """
CREATE INDEX by_id ON records (kind, listed, id);
CREATE INDEX by_created ON records (kind, listed, created, id);
CREATE INDEX by_modified ON records (kind, listed, modified, id);
CREATE INDEX by_parent ON records (kind, parent, id);
CREATE INDEX by_customer ON records (kind, customer) WHERE customer > 0;
CREATE INDEX by_email ON records (kind, email);
CREATE INDEX by_sku ON records (kind, sku);
"""
_COLUMNS = 14


class Row(NamedTuple):
    """What the index knows of a record. Times are seconds; ``wall`` is the site's own clock."""

    kind: str
    id: int
    parent: int = 0
    listed: bool = True
    status: str = ""
    created: int | None = None
    modified: int | None = None
    created_wall: int | None = None
    modified_wall: int | None = None
    customer: int = 0
    name: str = ""
    email: str = ""
    sku: str = ""
    search: str = ""


class Records:
    """All records of one emulated store. Not safe for threads by itself: callers hold a lock."""

    def __init__(self, generate: Generate, path: str = ":memory:") -> None:
        self._generate = generate
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=OFF")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.create_collation("words", _collate)
        self._database.executescript(_SCHEMA)
        self._counts: dict[tuple[str, tuple[Any, ...]], int] = {}

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def fill(self, rows: Iterable[Row], bodies: Iterable[tuple[str, int, bytes]]) -> None:
        """Load a store at once; indexes are built afterwards, which is much faster."""
        marks = ",".join("?" * _COLUMNS)
        self._database.execute("BEGIN")
        self._database.executemany(f"INSERT INTO records VALUES ({marks})", rows)  # noqa: S608
        self._database.executemany("INSERT INTO bodies VALUES (?,?,?)", bodies)
        self._database.execute("COMMIT")
        self._database.executescript(_INDEXES)
        self._database.execute("ANALYZE")

    def row(self, kind: str, record_id: int) -> Row | None:
        """Return the index row of a record, or None."""
        found = self._database.execute(
            "SELECT * FROM records WHERE kind=? AND id=?", (kind, record_id)
        ).fetchone()
        return Row(*found) if found else None

    def rows(self, where: str, values: Sequence[Any] = (), tail: str = "") -> list[Row]:
        """Return index rows that fulfil an SQL condition."""
        query = f"SELECT * FROM records WHERE {where} {tail}"  # noqa: S608
        return [Row(*found) for found in self._database.execute(query, tuple(values))]

    def count(self, where: str, values: Sequence[Any] = ()) -> int:
        """Count the records that fulfil a condition; remembered until something is written."""
        key = (where, tuple(values))
        if key not in self._counts:
            query = f"SELECT COUNT(*) FROM records WHERE {where}"  # noqa: S608
            self._counts[key] = self._database.execute(query, key[1]).fetchone()[0]
        return self._counts[key]

    def page(self, where: str, values: Sequence[Any], tail: str) -> list[tuple[int, int, bytes]]:
        """Return (id, parent, body) of the records that fulfil a condition."""
        # The inner query touches an index only, so that deep pages stay quick.
        query = (
            "SELECT r.kind, r.id, p.parent, b.body "  # noqa: S608
            f"FROM (SELECT kind, id FROM records WHERE {where} {tail}) r "
            "CROSS JOIN records p ON p.kind = r.kind AND p.id = r.id "
            "LEFT JOIN bodies b ON b.kind = r.kind AND b.id = r.id"
        )
        found = self._database.execute(query, tuple(values)).fetchall()
        return [
            (record_id, parent, body if body is not None else self._made(kind, record_id))
            for kind, record_id, parent, body in found
        ]

    def _made(self, kind: str, record_id: int) -> bytes:
        body = self._generate(kind, record_id)
        if body is None:
            message = f"The emulator has no body for {kind} {record_id}."
            raise LookupError(message)
        return body

    def body(self, kind: str, record_id: int) -> bytes | None:
        """Return the JSON of a record, made on the spot if it was never changed, or None."""
        stored = self.stored_body(kind, record_id)
        if stored is not None:
            return stored
        return self._made(kind, record_id) if self.row(kind, record_id) else None

    def stored_body(self, kind: str, record_id: int) -> bytes | None:
        """Return the JSON of a record that was written or recorded, None if it is generated."""
        found = self._database.execute(
            "SELECT body FROM bodies WHERE kind=? AND id=?", (kind, record_id)
        ).fetchone()
        return bytes(found[0]) if found else None

    def document(self, kind: str, record_id: int) -> Json | None:
        """Return a record parsed, or None."""
        body = self.body(kind, record_id)
        return orjson.loads(body) if body is not None else None

    def save(self, row: Row, document: Json) -> None:
        """Write a record: its index row and its body."""
        marks = ",".join("?" * _COLUMNS)
        self._database.execute(f"INSERT OR REPLACE INTO records VALUES ({marks})", row)  # noqa: S608
        self._database.execute(
            "INSERT OR REPLACE INTO bodies VALUES (?,?,?)",
            (row.kind, row.id, orjson.dumps(document)),
        )
        self._counts.clear()

    def save_row(self, row: Row) -> None:
        """Write the index row only."""
        marks = ",".join("?" * _COLUMNS)
        self._database.execute(f"INSERT OR REPLACE INTO records VALUES ({marks})", row)  # noqa: S608
        self._counts.clear()

    def delete(self, kind: str, record_id: int) -> None:
        """Remove a record for good."""
        for table in ("records", "bodies"):
            self._database.execute(
                f"DELETE FROM {table} WHERE kind=? AND id=?",  # noqa: S608
                (kind, record_id),
            )
        self._counts.clear()

    def swap_kinds(self, first: str, second: str) -> None:
        """Let two kinds change places (orders of one storage and of the other)."""
        for table in ("records", "bodies"):
            self._database.execute(
                f"UPDATE {table} SET kind = CASE kind WHEN ? THEN ? ELSE ? END "  # noqa: S608
                "WHERE kind IN (?, ?)",
                (first, second, first, first, second),
            )
        self._counts.clear()

    def highest_id(self, kinds: Sequence[str]) -> int:
        """Return the highest id in use among some kinds, 0 if there is none."""
        marks = ",".join("?" * len(kinds))
        query = f"SELECT MAX(id) FROM records WHERE kind IN ({marks})"  # noqa: S608
        return self._database.execute(query, tuple(kinds)).fetchone()[0] or 0

    def each(self, kind: str, batch: int = 500) -> Iterator[tuple[Row, bytes]]:
        """Go through all records of a kind by id, a batch at a time, never all in memory."""
        last = 0
        while True:
            rows = self.rows("kind=? AND id>?", (kind, last), f"ORDER BY id LIMIT {batch}")
            if not rows:
                return
            for row in rows:
                body = self.body(kind, row.id)
                if body is not None:
                    yield row, body
            last = rows[-1].id


def _collate(left: str, right: str) -> int:
    # MySQL compares names without regard to case.
    first, second = left.casefold(), right.casefold()
    return (first > second) - (first < second)
