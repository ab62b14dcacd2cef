"""Writes: what one sync would do in the books, one row for each customer, item and document."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.posting.documents import ItemRef, ItemSource, PaymentDraft, SalesDraft
from udsync_pipelines.posting.draft_json import AnyDraft, digest_of, draft_to_json
from udsync_pipelines.sync.decisions import Question
from udsync_pipelines.sync.plan import IntentState
from udsync_pipelines.sync.records import JSON


class Role(StrEnum):
    """What an object of the books is to the record that it stands for."""

    CUSTOMER = "customer"
    ITEM = "item"
    SALE = "sale"
    PAYMENT = "payment"
    REFUND = "refund"


class WriteAction(StrEnum):
    """What is done in the books. A link writes nothing there: the object exists already.

    A deletion takes a document back: it is voided, and deleted only where it cannot be voided.
    """

    CREATE = "create"
    UPDATE = "update"
    LINK = "link"
    DELETE = "delete"


WITHDRAWN = b""
"""The digest of a binding whose document we took back, as agreed: nothing is wanted of it."""

TAKEN_OUT = b"\x00"
"""The digest of a binding whose document others had taken out when nothing was wanted of it."""


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What a binding is about: a record of the shop in one role.

    The source id of a customer is what follows `customer/` in its symbol, or the whole symbol of
    one that is no account of the shop: `12`, `12@USD`, `guest:…`, `order:…`, `web:CAD`.
    """

    entity: Entity
    source_id: str
    role: Role

    def __str__(self) -> str:
        return f"{self.entity}/{self.source_id} {self.role}"


@dataclass(frozen=True, slots=True)
class Binding:
    """A key's object in the books.

    `target_id` names kind and id, as `sales_receipt/12`. `version` is what the object looked
    like after our last write, None for one that we never wrote. `digest` is that of the draft
    that was written, None when the answer differed from it, `WITHDRAWN` once the document was
    taken back, `TAKEN_OUT` where others had done that before us. `source_hash` is the
    content of the shop's record that it came from.
    """

    key: Key
    target_id: str
    version: str | None = None
    digest: bytes | None = None
    source_hash: bytes | None = None

    @property
    def is_withdrawn(self) -> bool:
        """Whether its document was taken back, by whomever: it is voided, or deleted."""
        return self.digest in (WITHDRAWN, TAKEN_OUT)

    @property
    def is_taken_out(self) -> bool:
        """Whether others took its document out: it is posted again only if a person says so."""
        return self.digest == TAKEN_OUT


@dataclass(frozen=True, slots=True)
class Write:
    """One object to be created, updated or linked in the books.

    Symbols in the draft (customer, items) are looked up when it is carried out; `depends_on` are
    the writes of this plan that must be settled before. `name` is the name under which a customer
    or item is created, `target_id` what is updated or linked, and `base_version` what an object
    that is updated must still look like; of one to be taken back, None: nobody has it any more.
    `linked_to` is the write that creates what is linked. With a `question`, it may be carried out
    only once a person has agreed; `code`, `reason` and `cure` then say what for.
    """

    id: UUID
    plan_id: UUID
    batch_id: UUID
    position: int
    key: Key
    action: WriteAction
    state: IntentState
    draft: AnyDraft
    source_hash: bytes
    name: str = ""
    target_id: str | None = None
    base_version: str | None = None
    linked_to: UUID | None = None
    depends_on: tuple[UUID, ...] = ()
    differences: Mapping[str, tuple[JSON, JSON]] = field(default_factory=dict)
    request_id: str = ""
    sent_at: datetime | None = None
    code: str | None = None
    reason: str | None = None
    cure: str | None = None
    question: Question | None = None

    @property
    def kind(self) -> str:
        """What it writes: customer, item, or the kind of document."""
        if isinstance(self.draft, SalesDraft | PaymentDraft):
            return self.draft.kind.value
        return self.key.role.value

    def draft_digest(self) -> bytes:
        """16 bytes that change with anything in the draft."""
        return digest_of(draft_to_json(self.draft))

    def bound_digest(self) -> bytes:
        """The digest of the binding, once the write has come out as it should."""
        if self.action is not WriteAction.DELETE:
            return self.draft_digest()
        return TAKEN_OUT if self.base_version is None else WITHDRAWN

    def digest(self) -> bytes:
        """16 bytes that change when anything that this write would do changes."""
        return digest_of_write(
            self.key,
            self.action,
            self.name,
            self.target_id,
            self.base_version,
            draft_digest=self.draft_digest(),
        )


def stage_of(write: Write) -> int:
    """When a write is sent, among those of a record.

    Documents name customers and items, and payments name invoices. What is taken back goes first,
    payments before their invoices; so does a payment that becomes less than its invoice was.
    """
    is_payment = write.key.role is Role.PAYMENT
    if write.key.role in (Role.CUSTOMER, Role.ITEM):
        return 0
    if lowers_payment(write) or (write.action is WriteAction.DELETE and is_payment):
        return 1
    if write.action is WriteAction.DELETE:
        return 2
    return 4 if is_payment else 3


def by_record(writes: Iterable[Write]) -> list[list[Write]]:
    """The writes of each record together, in the order in which they are to be sent."""
    found: dict[tuple[Entity, str], list[Write]] = {}
    for write in writes:
        found.setdefault((write.key.entity, write.key.source_id), []).append(write)
    return [sorted(group, key=stage_of) for group in found.values()]


def lowers_payment(write: Write) -> bool:
    """Whether it makes a payment less: books let no invoice become less than what was paid."""
    old, new = write.differences.get("amount", (None, None))
    is_update = write.action is WriteAction.UPDATE and isinstance(write.draft, PaymentDraft)
    return is_update and bool(old and new) and Decimal(str(new)) < Decimal(str(old))


def digest_of_write(
    key: Key,
    action: WriteAction,
    name: str,
    target_id: str | None,
    base_version: str | None,
    *,
    draft_digest: bytes,
) -> bytes:
    """The digest of a write with these parts, for those who have no use for its draft."""
    parts = (
        *(key.entity, key.source_id, key.role, action, name),
        *(target_id or "", base_version or "", draft_digest.hex()),
    )
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).digest()


def request_id(account: str, write: Write, answered: int = 0) -> str:
    """The id under which a write is sent, the same on every attempt; 34 characters.

    Books answer an id that they know with their first answer, and do nothing. So it counts how
    many writes of the key were answered: what was refused can be tried again, and what was changed
    there and back can be changed there once more.

    It depends on the company, the key and the payload. An update starts from the version that it
    replaces, so that changing something there and back are two requests.
    """
    parts: tuple[str, ...] = (
        account,
        str(write.key),
        write.action,
        write.base_version or "",
        write.digest().hex(),
    )
    if answered:
        parts = (*parts, str(answered))
    return f"u-{hashlib.blake2b('|'.join(parts).encode(), digest_size=16).hexdigest()}"


def customer_key(symbol: str) -> Key:
    """The key of a draft's customer."""
    return Key(Entity.CUSTOMER, symbol.removeprefix("customer/"), Role.CUSTOMER)


def customer_symbol(key: Key) -> str:
    """What drafts call the customer of a key."""
    return key.source_id if ":" in key.source_id else f"customer/{key.source_id}"


def item_key(item: ItemRef) -> Key | None:
    """The key of a line's item; None for an item of the books, which needs none."""
    if item.source is ItemSource.BOOKS:
        return None
    entity = Entity.VARIATION if item.source is ItemSource.VARIATION else Entity.PRODUCT
    return Key(entity, item.id, Role.ITEM)


def needed_keys(draft: AnyDraft) -> tuple[Key, ...]:
    """The customers and items that must be in the books before a draft can be written."""
    if not isinstance(draft, SalesDraft | PaymentDraft):
        return ()
    customer = customer_key(draft.customer)
    lines = draft.lines if isinstance(draft, SalesDraft) else ()
    items = (item_key(line.item) for line in lines)
    return (customer, *dict.fromkeys(key for key in items if key is not None))
