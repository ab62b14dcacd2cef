"""What the engine needs from the world: a source to read, a destination to load."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.records import (
    Bookmark,
    CanonicalRecord,
    LoadReceipt,
    MappedRecord,
    Page,
    Row,
    Window,
)


class KnownRecords(Protocol):
    """What the archive holds of one entity of one connection. Ids are the platform's numbers."""

    def count_live(self) -> int:
        """How many archived records are not known to be deleted."""

    def live_ids_between(self, low: int, high: int | None) -> Sequence[str]:
        """Ids above `low` and up to `high` (None: no limit), not known to be deleted, ascending.

        One answer is limited to the span of a page plus what disappeared from it; a source that
        asks for more than it can hold has to stop anyway.
        """

    def known(self, source_ids: Collection[str]) -> frozenset[str]:
        """Those of these ids that the archive holds, deleted or not."""


class Source(Protocol):
    """A platform that records are read from."""

    def read(
        self, entity: Entity, bookmark: Bookmark, window: Window, known: KnownRecords
    ) -> Iterator[Page]:
        """Yield pages until everything that the window asks for was read.

        Each page carries the bookmark to store with it; a reader that is given that bookmark goes
        on after the page. Nothing changed may be missed; anything may come twice. A new, empty
        bookmark, and one that stands inside an unfinished full read, mean a full read.

        Raises:
            RetryableError: the platform stayed unavailable for longer than the retry budget.
            ConfigurationError: the platform refuses us, or so many records have disappeared that
                a person must look first.
        """

    def canonical(self, entity: Entity, raw: bytes, parent_raw: bytes | None) -> CanonicalRecord:
        """Read one archived record.

        Raises:
            RecordRejectedError: it cannot be understood; the message names the field and why.
        """


class Destination(Protocol):
    """A platform that rows are loaded into, in batches that take effect whole or not at all."""

    def check_writable(self) -> None:
        """Refuse before any statement when the connection may only read.

        Raises:
            ConfigurationError: the connection is read-only.
        """

    def hashes(self, entity: Entity, source_ids: Sequence[str]) -> Mapping[str, bytes]:
        """The row hash that the destination holds for each of these records that it has."""

    def stored(self, entity: Entity, source_ids: Sequence[str]) -> Mapping[str, Row]:
        """The root-table row of each of these records, without raw JSON and our own columns."""

    def load(self, entity: Entity, records: Sequence[MappedRecord]) -> LoadReceipt:
        """Write one batch in one transaction; records whose row hash is already there are left.

        A record that the destination refuses for its own sake is left out and reported.

        Raises:
            RetryableError: the database is not reachable or asks for a pause.
            ConfigurationError: a table, a privilege or the right to write is missing.
        """
