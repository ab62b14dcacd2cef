"""The values that travel between a source, the archive and a destination."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from udsync_pipelines.domain.customer import Customer
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.domain.order import Order
from udsync_pipelines.domain.product import Product, Variation
from udsync_pipelines.domain.refund import Refund

JSON: TypeAlias = bool | int | float | str | Sequence["JSON"] | Mapping[str, "JSON"] | None
Bookmark: TypeAlias = Mapping[str, JSON]  # how far we have read; only its source understands it
CanonicalRecord: TypeAlias = Customer | Product | Variation | Order | Refund
Row: TypeAlias = Mapping[str, object]  # column name → value, as a destination's table wants it


READ = "read"
"""The purpose of a bookmark that says how far a source was read."""


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One record as a platform sent it.

    `raw` is its JSON, `content_hash` (16 bytes) is taken over what matters in it: two reads of an
    unchanged record have the same hash even when the platform shuffles its JSON. `parent_id` is
    the record it belongs to (a refund's order, a variation's product).
    """

    entity: Entity
    source_id: str
    raw: bytes
    content_hash: bytes
    modified_at: datetime | None
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What one step of reading brought, and the bookmark that is true once it is archived.

    A record may come again, on this page or a later one: the archive knows it by its hash.
    `deleted_ids` are records that the platform has confirmed to be gone for good.
    """

    entity: Entity
    records: tuple[SourceRecord, ...]
    bookmark: Bookmark
    deleted_ids: tuple[str, ...] = ()
    calls: int = 1


@dataclass(frozen=True, slots=True)
class Window:
    """What to read: what changed since the bookmark, everything, or a span of modification times.

    `since` and `until` are inclusive instants; with either, the bookmark stays where it is. With
    `accept_deletions` a person has looked, and records that vanished in numbers are believed gone.
    A span `of_creation` is one of the times at which records were made. It has a bookmark of its
    own, so that one that was cut off goes on, and one that was read is not read again.
    """

    full: bool = False
    since: datetime | None = None
    until: datetime | None = None
    accept_deletions: bool = False
    of_creation: bool = False

    @property
    def purpose(self) -> str:
        """What the bookmark of such a read is for; "" where a span leaves none."""
        if not self.is_span:
            return READ
        if not self.of_creation:
            return ""
        return f"{READ}:{_day(self.since)}..{_day(self.until)}"

    @property
    def is_span(self) -> bool:
        """True when a span of time was asked for."""
        return self.since is not None or self.until is not None


@dataclass(frozen=True, slots=True)
class ArchivedRecord:
    """The newest archived state of a record. `changed_seq` grows with every change of content.

    `parent_raw` is the JSON of the record that it belongs to, when that is archived.
    """

    entity: Entity
    source_id: str
    raw: bytes
    content_hash: bytes
    changed_seq: int
    parent_raw: bytes | None = None
    deleted_at: datetime | None = None

    @property
    def state_hash(self) -> bytes:
        """Changes with the record, with what it belongs to, and with its deletion."""
        if self.parent_raw is None and self.deleted_at is None:
            return self.content_hash
        state = hashlib.blake2b(self.content_hash, digest_size=16)
        state.update(self.parent_raw or b"")
        state.update(b"" if self.deleted_at is None else b"deleted")
        return state.digest()


@dataclass(frozen=True, slots=True)
class MappedRecord:
    """A record as rows of a destination: root table first, then its children.

    `row_hash` (16 bytes) covers every row and the raw JSON that goes with them: equal hash means
    that writing it again would change nothing.
    """

    entity: Entity
    source_id: str
    tables: Mapping[str, Sequence[Row]]
    row_hash: bytes
    raw: bytes
    deleted_at: datetime | None = None

    @property
    def root(self) -> Row:
        """The row of the record itself, without its children."""
        return next(iter(self.tables.values()))[0]


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A record that the destination refused, and why."""

    source_id: str
    code: str
    reason: str
    cure: str


@dataclass(frozen=True, slots=True)
class LoadReceipt:
    """What a destination did with one batch, once its transaction is committed."""

    created: int
    updated: int
    unchanged: int
    rejected: tuple[RejectedRow, ...] = field(default=())


def _day(instant: datetime | None) -> str:
    return "" if instant is None else instant.isoformat(timespec="seconds")
