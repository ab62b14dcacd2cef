"""What posting needs from the world: the books of a company, and a ledger of writes."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.draft_json import AnyDraft
from udsync_pipelines.posting.matching import BooksName, BooksProduct
from udsync_pipelines.sync.books.writes import Binding, Key, Write
from udsync_pipelines.sync.decisions import Standing
from udsync_pipelines.sync.plan import Intent, IntentState, Parked
from udsync_pipelines.sync.ports import Progress


@dataclass(frozen=True, slots=True)
class Symbols:
    """The ids that a draft's symbols have in the books, and that of the invoice that it pays."""

    customers: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)
    invoice_id: str | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """An object as it stands in the books.

    `target_id` names kind and id, as `sales_receipt/12`. `version` changes with everything that
    matters in it and with nothing else. `total` and `tax` (None for customers and items) are in
    `currency`, and `exchange_rate` is units of the home currency for one of it, where the books
    name it. `note`, `customer_id`, `dated_on` (its posting day) and `account_id` (where its money
    goes to or comes from) are a document's own; None where it has none or was not looked at.
    `receipt` is what proves that it was written.
    """

    target_id: str
    version: str
    total: Decimal | None = None
    tax: Decimal | None = None
    currency: str = ""
    number: str = ""
    is_voided: bool = False
    receipt: Mapping[str, str | None] = field(default_factory=dict)
    was_found: bool = False
    exchange_rate: Decimal | None = None
    note: str | None = None
    customer_id: str | None = None
    dated_on: date | None = None
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """An object that was changed in the books, by whomever.

    `posted` is None when it is said to be deleted, or is there in a form that only reading it by
    its id can tell.
    """

    target_id: str
    posted: Posted | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed in the books until their own time `at`, where they say it.

    Of `untold` kinds more did than can be told: compare them.
    """

    objects: Sequence[Change]
    untold: frozenset[str] = frozenset()
    at: datetime | None = None


class Books(Protocol):
    """A company's books. Safe to use from several threads.

    Every method raises a RetryableError when the platform stays unavailable and a
    ConfigurationError when nothing can succeed.
    """

    @property
    def account(self) -> str:
        """The company's id."""

    def check_writable(self) -> None:
        """Refuse when the connection may only be read.

        Raises:
            ConfigurationError: the connection is read-only.
        """

    def company(self) -> Company:
        """Tax codes, accounts and preferences, without items."""

    def renew(self, oldest: timedelta) -> None:
        """Read what `company` tells again, once it is older than this."""

    def names(self) -> Sequence[BooksName]:
        """Every customer, vendor and employee, inactive ones too."""

    def products(self) -> Sequence[BooksProduct]:
        """Every item, inactive ones too."""

    def create(self, draft: AnyDraft, name: str, symbols: Symbols, request_id: str) -> Posted:
        """Write a new object; where the books refuse a second one, the one that is ours already.

        Raises:
            OutcomeUnknownError: it was sent and the answer lost.
            RecordRejectedError: the books refuse it; nothing was written.
        """

    def update(
        self, draft: AnyDraft, symbols: Symbols, target_id: str, version: str, request_id: str
    ) -> Posted:
        """Bring an object that still looks like `version` to the draft, lines and all.

        Raises:
            ConflictError: it was changed, voided or deleted in the books meanwhile.
            OutcomeUnknownError: it was sent and the answer lost.
            RecordRejectedError: the books refuse it; nothing was written.
        """

    def withdraw(self, target_id: str, version: str | None, request_id: str) -> Posted:
        """Take back a document that still looks like `version`: void it, else delete it.

        One that is voided or deleted already is left. Without a version, only such a one is taken.

        Raises:
            ConflictError: it was changed in the books meanwhile.
            OutcomeUnknownError: it was sent and the answer lost.
            RecordRejectedError: the books refuse it; nothing was written.
        """

    def erase(self, posted: Posted, request_id: str) -> None:
        """Delete a document that nobody has touched since it was created; one that is gone is left.

        Raises:
            ConflictError: somebody has changed it, or something was built on it.
            OutcomeUnknownError: it was sent and the answer lost.
            RecordRejectedError: the books refuse it; it stands.
        """

    def find(self, draft: AnyDraft, name: str, symbols: Symbols) -> Posted | None:
        """The object that an earlier attempt to write this draft has made.

        Raises:
            RecordRejectedError: several could be it, or what has its number is not ours.
        """

    def read(self, target_id: str) -> Posted | None:
        """An object as it stands now; None when the books do not have it any more."""

    def changes(self, since: datetime, now: datetime) -> Changes:
        """What changed since a time. Too long ago, everything is untold."""

    def standing(self, target_ids: Collection[str]) -> Mapping[str, Posted]:
        """Those of these objects that the books still have; a missing one may only be hidden."""


class WriteLedger(Protocol):
    """Batches of writes, bindings and receipts of one tenant, for one store and one company."""

    def bound(self, keys: Collection[Key]) -> Mapping[Key, Binding]:
        """The bindings of these keys, where there are some."""

    def customer_keys(self) -> Mapping[str, Collection[Key]]:
        """Every bound customer of the books, by its target id, with the keys bound to it."""

    def item_targets(self) -> Mapping[str, Key]:
        """Every bound item of the books, by its target id."""

    def standing(self, entity: Entity, source_ids: Collection[str]) -> Mapping[str, Standing]:
        """The questions that stand about these records, by source id; decided or not."""

    def last_draft(self, key: Key) -> AnyDraft | None:
        """The draft of the last settled write of a key."""

    def plan_batch(self, batch: Intent, writes: Sequence[Write], *, park: bool) -> int:
        """Store a planned batch with its writes and park its records; return the newly parked."""

    def resolve_batch(
        self, batch: Intent, writes: Sequence[Write], newly: Sequence[Parked], *, park: bool
    ) -> int:
        """Store what matching decided; return how many of `newly` are parked newly."""

    def writes(self, batch_id: UUID, *states: IntentState) -> Sequence[Write]:
        """The writes of a batch in these states (none named: all), by position."""

    def states(self, write_ids: Collection[UUID]) -> Mapping[UUID, Write]:
        """These writes as they stand now."""

    def digests(self, plan_id: UUID) -> Iterator[bytes]:
        """The digest of every write of a plan, by position, computed from what is stored."""

    def send(self, write: Write) -> None:
        """Record that the write is sent from now on."""

    def settle(self, write: Write, posted: Posted, problem: Parked | None) -> None:
        """In one transaction: the write is settled with its receipt, and the key bound.

        With a problem (the answer differs from the draft) the binding has no digest.
        """

    def reject(
        self, write: Write, code: str, reason: str, cure: str, answer_id: str | None = None
    ) -> None:
        """Record that the write cannot be carried out, and why.

        `answer_id` is the platform's own id of the request that it refused.
        """

    def doubt(self, write: Write) -> None:
        """Record that the write was sent and its answer lost."""

    def supersede(self, write: Write) -> None:
        """Record that the write has not arrived and will be planned anew."""

    def answered(self, keys: Collection[Key]) -> Mapping[Key, int]:
        """How many writes of these keys the books have answered, where they have any."""

    def unanswered(self, keys: Collection[Key]) -> Collection[Key]:
        """Those of these keys of which a write was sent and never answered."""

    def doubts(self, lane: str) -> Sequence[Write]:
        """The writes of a lane, of any plan, whose answers were lost."""

    def sent_longer_than(self, write: Write, horizon: timedelta) -> bool:
        """True when the write was sent so long ago that the books must show it."""

    def finish_batch(
        self,
        batch: Intent,
        progress: Progress,
        parked: Sequence[Parked],
        arrived: Mapping[str, bytes],
    ) -> int:
        """In one transaction: the batch is settled, the progress moved, records parked, released.

        `arrived` are the records that are wholly in the books, or need nothing, with the content
        hash of the shop's record. Returns how many are parked newly.
        """
