"""What the engine needs from the world: a source, an archive, a ledger, destinations."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.plan import Intent, IntentState, Parked, Plan, PlanState, SyncOptions
from udsync_pipelines.sync.records import (
    JSON,
    READ,
    ArchivedRecord,
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

    def parents(self, source_ids: Collection[str]) -> Mapping[str, str]:
        """The ids of the records that these belong to, by id; without those that have none."""


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

    def named(
        self, entity: Entity, source_ids: Sequence[str], known: KnownRecords
    ) -> Iterator[Page]:
        """Yield these records as the platform has them now, and those of them that are gone.

        Without regard to when they changed; their pages carry no bookmark. An id that is neither
        there nor known is passed over.

        Raises:
            RetryableError, ConfigurationError: as of `read`.
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


@dataclass(frozen=True, slots=True)
class PageReceipt:
    """What archiving a page did: records on it, and how many of them brought something new."""

    read: int
    changed: int
    deleted: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a destination has been loaded: through which seq, with which mapping profile."""

    loaded_through: int = 0
    profile_version: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one batch: the records that arrived, those that are parked, the receipt.

    `root_table` is where the destination has the records of this entity.
    """

    arrived: Sequence[MappedRecord]
    parked: Sequence[Parked]
    receipt: LoadReceipt
    root_table: str = ""


class Archive(Protocol):
    """The raw records of one source connection, with the bookmarks that go with them."""

    def bookmark(self, entity: Entity, purpose: str = READ) -> Bookmark:
        """How far the entity has been read for this purpose; empty when it never was."""

    def known(self, entity: Entity) -> KnownRecords:
        """What is archived of this entity."""

    def store(self, page: Page, plan_id: UUID, purpose: str = READ) -> PageReceipt:
        """Store a page, read by this plan, and its bookmark in one transaction.

        A record whose content hash is the archived one is left alone, so that it is not loaded
        again. The bookmark is that of the purpose; without a purpose every bookmark stays where
        it is (reading a span of time).
        """

    def pending(self, entity: Entity, after_seq: int, limit: int) -> Sequence[ArchivedRecord]:
        """Records whose content changed after that seq, in the order of their change."""

    def newest(self, entity: Entity, source_ids: Collection[str]) -> Sequence[ArchivedRecord]:
        """The newest archived state of these records, in the order of their change."""

    def children(self, entity: Entity, parent_ids: Collection[str]) -> Sequence[ArchivedRecord]:
        """The records of this entity that belong to these parents and are not deleted."""


class Ledger(Protocol):
    """Plans, intents, parked records and bindings of one tenant."""

    def open_plan(
        self,
        lane: str,
        source_connection_id: UUID,
        options: SyncOptions,
        *,
        trigger: str,
        run_id: str | None,
    ) -> Plan:
        """Start a sync of a lane; unfinished plans of the same lane become superseded."""

    def plan(self, plan_id: UUID) -> Plan:
        """The plan of this id.

        Raises:
            ConfigurationError: there is none for this tenant.
        """

    def move_plan(
        self,
        plan_id: UUID,
        state: PlanState,
        *,
        plan_hash: str | None = None,
        error: Mapping[str, JSON] | None = None,
    ) -> None:
        """Record where the plan stands now."""

    def count(self, plan_id: UUID, counts: Mapping[str, JSON]) -> None:
        """Merge these counts into the plan's, key by key."""

    def progress(self, target_connection_id: UUID, source: UUID, entity: Entity) -> Progress:
        """How far this destination has been loaded from this source."""

    def parked_ids(self, target_connection_id: UUID, source: UUID, entity: Entity) -> Sequence[str]:
        """The records that are parked for this destination, ascending."""

    def discard_batches(self, plan_id: UUID) -> None:
        """Forget what a step that is repeated had planned before."""

    def plan_batch(self, intent: Intent, source: UUID, *, park: bool) -> int:
        """Store one planned batch and park its records; return how many are parked newly.

        A record that was already parked with the same content and code is not new. Without `park`
        (a dry run) the batch only shows what would be parked, and all of it counts as new.
        """

    def resolve_batch(self, intent: Intent) -> None:
        """Store what comparing the batch with the destination decided: actions, differences."""

    def approve(self, plan_id: UUID, by: str, *, with_questions: bool = True) -> None:
        """Let the plan, each of its batches and each of its writes take effect.

        Without questions, writes that a person must agree to first are left out.
        """

    def intents(self, plan_id: UUID, *states: IntentState) -> Iterator[Intent]:
        """The plan's batches in these states (none named: all), by position, one at a time."""

    def move_intent(self, intent: Intent, state: IntentState) -> None:
        """Record where the intent stands now."""

    def settle(self, intent: Intent, source: UUID, progress: Progress, outcome: Outcome) -> int:
        """In one transaction: the intent is settled, its records bound, the progress moved.

        Records that needed no write are bound too, where a crash has kept that from happening.
        Records that arrived are no longer parked; records that the destination refused are.
        Returns how many are parked newly.
        """

    def parked_by(self, plan_id: UUID, limit: int) -> Sequence[tuple[Entity, Parked]]:
        """The records that this plan was the first to park, and that still are."""

    def count_parked_by(self, plan_id: UUID) -> int:
        """How many records this plan was the first to park, each once, that still are."""

    def count_parked(self, source: UUID, entity: Entity) -> int:
        """How many records of this entity are parked now, each once whatever parked it."""

    def count_in_doubt(self, lane: str, source: UUID) -> int:
        """How many writes of this lane were sent and their answers lost."""
