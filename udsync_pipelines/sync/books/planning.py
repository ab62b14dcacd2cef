"""From what is due to batches of writes: what each record lacks in the books, and what it needs.

Nothing of the books is read here but the lists that composing needs, and only when there is
something to compose. Which customers and items exist already is decided by `matching`.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast
from uuid import UUID, uuid4

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.domain.order import Order
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.compose import STATUS_NOT_POSTED, reason_to_skip
from udsync_pipelines.posting.documents import Draft
from udsync_pipelines.posting.draft_json import AnyDraft, draft_to_json
from udsync_pipelines.posting.refunds import SALE_NOT_POSTED
from udsync_pipelines.sync.books import problems, questions
from udsync_pipelines.sync.books.documents import Documents, about_as_known
from udsync_pipelines.sync.books.drafting import Drafted, Drafter, parked_of
from udsync_pipelines.sync.books.following import Deviation
from udsync_pipelines.sync.books.lifecycle import Step, steps_of
from udsync_pipelines.sync.books.ports import Books, WriteLedger
from udsync_pipelines.sync.books.writes import (
    Binding,
    Key,
    Role,
    Write,
    WriteAction,
    needed_keys,
    stage_of,
)
from udsync_pipelines.sync.decisions import Standing
from udsync_pipelines.sync.plan import (
    Action,
    Intent,
    IntentState,
    Parked,
    PlannedRecord,
    differences,
)
from udsync_pipelines.sync.records import ArchivedRecord
from udsync_pipelines.sync.target import Sync

ROLES: Mapping[Entity, tuple[Role, ...]] = {
    Entity.CUSTOMER: (Role.CUSTOMER,),
    Entity.PRODUCT: (Role.ITEM,),
    Entity.VARIATION: (Role.ITEM,),
    Entity.ORDER: (Role.SALE, Role.PAYMENT),
    Entity.REFUND: (Role.REFUND,),
}
"""What a record of each entity may own in the books."""

NAMED = (Role.CUSTOMER, Role.ITEM)
"""Roles of the name lists: found by matching, never deleted, the books' own edits respected."""


@dataclass
class Planned:
    """What one sync has planned so far: the writes by key, and the keys that are in doubt.

    `edited` are the orders that were posted before and have changed.
    """

    position: int
    writes: dict[Key, UUID] = field(default_factory=dict)
    in_doubt: frozenset[Key] = frozenset()
    edited: set[str] = field(default_factory=set)

    def take(self) -> int:
        """The next position."""
        self.position += 1
        return self.position - 1


@dataclass
class BatchPlanner:
    """Plans one batch of records of one entity.

    `deviations` are the documents of the entity that others have changed in the books; `agreed`,
    afterwards, those that a person is content with.
    """

    sync: Sync
    entity: Entity
    target_connection_id: UUID
    books: Books
    ledger: WriteLedger
    drafter: Drafter
    planned: Planned
    deviations: Mapping[Key, Deviation] = field(default_factory=dict)
    agreed: set[Key] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    _writes: list[Write] = field(default_factory=list)
    _bound: dict[Key, Binding] = field(default_factory=dict)
    _standing: Mapping[str, Standing] = field(default_factory=dict)
    _batch_id: UUID = field(default_factory=uuid4)

    def plan(self, records: Sequence[ArchivedRecord], last_seq: int) -> tuple[Intent, list[Write]]:
        """The batch of these records, and its writes."""
        position = self.planned.take()
        self._bound.update(self.ledger.bound(self._keys(records)))
        self._standing = self.ledger.standing(self.entity, [one.source_id for one in records])
        drafted, parked = self._draft_all([one for one in records if not self._still_asks(one)])
        self._learn(drafted)
        done: list[PlannedRecord] = []
        for one in drafted:
            try:
                done.append(self._record(one))
            except RecordRejectedError as error:
                parked.append(parked_of(one.record, error))
        batch = Intent(
            id=self._batch_id,
            plan_id=self.sync.plan.id,
            position=position,
            entity=self.entity,
            target_connection_id=self.target_connection_id,
            state=IntentState.PLANNED,
            records=tuple(done),
            last_seq=last_seq,
            parked=tuple(parked),
        )
        return batch, self._writes

    def _keys(self, records: Sequence[ArchivedRecord]) -> list[Key]:
        return [Key(self.entity, one.source_id, role) for one in records for role in self._roles]

    @property
    def _roles(self) -> tuple[Role, ...]:
        return ROLES[self.entity]

    def _draft_all(self, records: Sequence[ArchivedRecord]) -> tuple[list[Drafted], list[Parked]]:
        drafted: list[Drafted] = []
        parked: list[Parked] = []
        for record in records:
            if record.deleted_at is not None or self._is_unchanged(record):
                drafted.append(Drafted(record))
                continue
            try:
                drafted.append(self.drafter.draft(record))
            except RecordRejectedError as error:
                parked.append(parked_of(record, error))
        return drafted, parked

    def _is_unchanged(self, record: ArchivedRecord) -> bool:
        """What is posted stays as it is until the record itself changes, whatever the policy."""
        bindings = self._of(record)
        is_asked_about = record.source_id in self._standing
        return (
            bool(bindings)
            and not is_asked_about
            and not self._deviating(record)
            and not self.drafter.lost_its_order(record)
            and all(
                one.digest is not None and one.source_hash == record.state_hash
                for one in bindings.values()
            )
        )

    def _still_asks(self, record: ArchivedRecord) -> bool:
        """Whether a question about its documents waits, and neither side is known to have changed.

        It stays parked as it is: asking the books again and again would cost a metered read each
        time, and what people do there is followed. Who starts a sync by hand has them asked; but
        what was taken back is not posted again before somebody decides that.
        """
        standing = self._standing.get(record.source_id)
        if standing is None or standing.choice is not None or standing.kind not in questions.ODD:
            return False
        known = about_as_known(record.state_hash, self._of(record), self.deviations)
        is_asked = self.sync.plan.is_by_hand and standing.kind != questions.TAX_DIFFERS
        return not is_asked and standing.about == known

    def _of(self, record: ArchivedRecord) -> dict[Role, Binding]:
        keys = {role: Key(self.entity, record.source_id, role) for role in self._roles}
        return {role: self._bound[key] for role, key in keys.items() if key in self._bound}

    def _deviating(self, record: ArchivedRecord) -> frozenset[Role]:
        """The roles of the record's documents that others have changed in the books."""
        keys = {role: Key(self.entity, record.source_id, role) for role in self._roles}
        return frozenset(role for role, key in keys.items() if key in self.deviations)

    def _learn(self, drafted: Sequence[Drafted]) -> None:
        """Which customers and items are bound, and what is archived of those that are not."""
        needed = {key for one in drafted for _, draft in one.drafts for key in needed_keys(draft)}
        sales = {
            Key(Entity.ORDER, one.order.id, Role.SALE)
            for one in drafted
            if one.order is not None and self.entity is Entity.REFUND
        }
        self._bound.update(self.ledger.bound(needed | sales))
        self.drafter.learn(needed - set(self._bound) - set(self.planned.writes))

    def _record(self, one: Drafted) -> PlannedRecord:
        bound = self._of(one.record)
        is_to_be_posted = one.record.deleted_at is None and one.skipped is None
        if is_to_be_posted and not one.drafts:
            return _planned(one, Action.SKIP)  # posted, and unchanged
        if self._roles[0] in NAMED:
            writes = self._named_writes(one, bound) if is_to_be_posted else []
        else:
            self._check_waiting(one, bound)
            writes = self._document_writes(one, bound)
        self._writes += self._with_dependencies(one, writes)
        self._count(one, writes)
        actions = {write.action for write in writes}
        if WriteAction.CREATE in actions:
            return _planned(one, Action.CREATE)
        return _planned(one, Action.UPDATE if actions else Action.SKIP)

    def _document_writes(self, one: Drafted, bound: Mapping[Role, Binding]) -> list[Write]:
        documents = Documents(
            one.record.state_hash,
            bound,
            self.books,
            self.ledger,
            self._standing.get(one.record.source_id),
            self._deviating(one.record),
        )
        wanted = {role: cast("Draft", draft) for role, draft in one.drafts}
        why_gone = one.skipped.reason if one.skipped else "It was deleted in the shop."
        if bound and self.entity is Entity.ORDER:
            self.planned.edited.add(one.record.source_id)
        steps = steps_of(wanted, documents, why_gone)
        if documents.are_kept():
            self.agreed |= {bound[role].key for role in documents.deviating if role in bound}
        return [self._of_step(one, step) for step in steps]

    def _of_step(self, one: Drafted, step: Step) -> Write:
        asks = step.question is not None
        return replace(
            self._new_write(one, step.role, step.draft),
            action=step.action,
            target_id=step.target_id,
            base_version=step.base_version,
            differences=differences(_flat(step.draft), _flat(step.former)) if step.former else {},
            question=step.question,
            code=step.question.kind if step.question else None,
            reason=step.why if asks else None,
            cure=questions.CURE if asks else None,
        )

    def _named_writes(self, one: Drafted, bound: Mapping[Role, Binding]) -> list[Write]:
        return [
            write
            for role, draft in one.drafts
            if (write := self._named_write(one, role, draft, bound.get(role))) is not None
        ]

    def _check_waiting(self, one: Drafted, bound: Mapping[Role, Binding]) -> None:
        """A refund does not change when its order gets a status that is posted: it waits for it."""
        is_refund = one.skipped is not None and one.skipped.code == SALE_NOT_POSTED
        if bound or not is_refund or one.order is None:
            return
        why = reason_to_skip(one.order, self.drafter.policy)
        if why is not None and why.code == STATUS_NOT_POSTED:
            raise problems.waits_for_sale(one.order)

    def _named_write(
        self, one: Drafted, role: Role, draft: AnyDraft, binding: Binding | None
    ) -> Write | None:
        """What a customer or item needs, or None when the books have it as it should be."""
        write = self._new_write(one, role, draft)
        if binding is None:
            return write if one.creates else None
        if binding.version is None or binding.digest == write.draft_digest():
            return None  # without a version, the books had it before us: it is theirs
        former = self.ledger.last_draft(write.key)
        return replace(
            write,
            action=WriteAction.UPDATE,
            target_id=binding.target_id,
            base_version=binding.version,
            differences=differences(_flat(draft), _flat(former)) if former else {},
        )

    def _new_write(self, one: Drafted, role: Role, draft: AnyDraft) -> Write:
        return Write(
            id=uuid4(),
            plan_id=self.sync.plan.id,
            batch_id=self._batch_id,
            position=0,
            key=Key(self.entity, one.record.source_id, role),
            action=WriteAction.CREATE,
            state=IntentState.PLANNED,
            draft=draft,
            source_hash=one.record.state_hash,
        )

    def _with_dependencies(self, one: Drafted, writes: Sequence[Write]) -> Iterator[Write]:
        """The writes with what they wait for, which comes first."""
        new: list[Write] = []
        done: list[Write] = []
        for write in sorted(writes, key=stage_of):
            waits = [other.id for other in done if _comes_after(write, other)]
            if write.action is not WriteAction.DELETE:
                for key in needed_keys(write.draft):
                    waits += self._dependency(key, one, new)
                waits += self._sale_before(write, one)
            done.append(replace(write, depends_on=tuple(dict.fromkeys(waits))))
        for write in (*new, *done):
            placed = replace(write, position=self.planned.take())
            self.planned.writes[placed.key] = placed.id
            yield placed

    def _dependency(self, key: Key, one: Drafted, new: list[Write]) -> list[UUID]:
        """The write that brings a customer or item into the books; none when it is there."""
        if key in self._bound:
            return []
        if key in self.planned.in_doubt:
            raise problems.waits_for_doubt(key)
        if key in self.planned.writes:
            return [self.planned.writes[key]]
        for write in new:
            if write.key == key:
                return [write.id]
        write = Write(
            id=uuid4(),
            plan_id=self.sync.plan.id,
            batch_id=self._batch_id,
            position=0,
            key=key,
            action=WriteAction.CREATE,
            state=IntentState.PLANNED,
            draft=self._named(key, one),
            source_hash=b"",
        )
        new.append(write)
        return [write.id]

    def _named(self, key: Key, one: Drafted) -> AnyDraft:
        order = cast("Order", one.order)  # only what belongs to an order needs customers and items
        if key.role is Role.CUSTOMER:
            return self.drafter.customer(key, order, one.texts)
        return self.drafter.item(key, order)

    def _sale_before(self, write: Write, one: Drafted) -> list[UUID]:
        """A refund waits for its sale."""
        if write.key.role is not Role.REFUND or one.order is None:
            return []
        sale = Key(Entity.ORDER, one.order.id, Role.SALE)
        if sale in self.planned.writes:
            return [self.planned.writes[sale]]
        if sale not in self._bound or self._bound[sale].is_withdrawn:
            raise problems.waits_for_sale(one.order)
        return []

    def _count(self, one: Drafted, writes: Collection[Write]) -> None:
        made = one.composition
        if made is None or not writes:
            return
        self.counts["splits"] += made.splits
        self.counts["moved_cents"] += made.moved_cents
        self.counts["rounding_lines"] += made.rounding_lines


def _comes_after(write: Write, other: Write) -> bool:
    """Whether another write of the same record must have come out well before this one."""
    is_taken_back = other.action is WriteAction.DELETE
    is_of_payment = Role.PAYMENT in (write.key.role, other.key.role)
    return is_taken_back or is_of_payment


def _planned(one: Drafted, action: Action) -> PlannedRecord:
    record = one.record
    return PlannedRecord(record.source_id, record.state_hash, record.deleted_at is not None, action)


def _flat(draft: AnyDraft) -> dict[str, object]:
    """The values of a draft by their path, so that two drafts can be compared."""
    found: dict[str, object] = {}

    def walk(path: str, value: object) -> None:
        if isinstance(value, Mapping):
            for name, part in value.items():
                walk(f"{path}.{name}" if path else str(name), part)
        elif isinstance(value, list):
            for place, part in enumerate(value):
                walk(f"{path}.{place + 1}", part)
        else:
            found[path] = value

    walk("", draft_to_json(draft))
    return found
