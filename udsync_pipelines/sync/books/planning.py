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
from udsync_pipelines.posting.draft_json import AnyDraft, draft_to_json
from udsync_pipelines.posting.refunds import SALE_NOT_POSTED
from udsync_pipelines.sync.books import problems
from udsync_pipelines.sync.books.deviating import (
    GONE,
    POST_AGAIN,
    parked_for,
    question_about,
)
from udsync_pipelines.sync.books.drafting import Drafted, Drafter, parked_of
from udsync_pipelines.sync.books.following import Deviation
from udsync_pipelines.sync.books.ports import Books, WriteLedger
from udsync_pipelines.sync.books.writes import (
    Binding,
    Key,
    Role,
    Write,
    WriteAction,
    needed_keys,
)
from udsync_pipelines.sync.decisions import KEEP_BOOKS
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
    """What one sync has planned so far: the writes by key, and the keys that are in doubt."""

    position: int
    writes: dict[Key, UUID] = field(default_factory=dict)
    in_doubt: frozenset[Key] = frozenset()

    def take(self) -> int:
        """The next position."""
        self.position += 1
        return self.position - 1


@dataclass
class BatchPlanner:
    """Plans one batch of records of one entity.

    `deviations` are the documents of the entity that others have changed in the books; `agreed`,
    afterwards, those that need nothing more, for the shop or a person is content with them.
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
    _chosen: dict[str, str | None] = field(default_factory=dict)
    _batch_id: UUID = field(default_factory=uuid4)

    def plan(self, records: Sequence[ArchivedRecord], last_seq: int) -> tuple[Intent, list[Write]]:
        """The batch of these records, and its writes."""
        position = self.planned.take()
        self._bound.update(self.ledger.bound(self._keys(records)))
        drafted, parked = self._draft_all(records)
        self._learn(drafted)
        done: list[PlannedRecord] = []
        for one in drafted:
            asked = self._asked(one)
            if asked is not None:
                parked.append(asked)
                continue
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
        return (
            bool(bindings)
            and not self._deviating(record)
            and all(
                one.digest is not None and one.source_hash == record.content_hash
                for one in bindings.values()
            )
        )

    def _of(self, record: ArchivedRecord) -> dict[Role, Binding]:
        keys = {role: Key(self.entity, record.source_id, role) for role in self._roles}
        return {role: self._bound[key] for role, key in keys.items() if key in self._bound}

    def _deviating(self, record: ArchivedRecord) -> list[Deviation]:
        keys = (Key(self.entity, record.source_id, role) for role in self._roles)
        return [self.deviations[key] for key in keys if key in self.deviations]

    def _asked(self, one: Drafted) -> Parked | None:
        """The record as it waits for a person, when others have changed its documents.

        What is not to be posted and is gone from the books, and what a person lets stand, is
        agreed: it needs nothing more.
        """
        deviations = self._deviating(one.record)
        if not deviations:
            return None
        is_off = one.record.deleted_at is not None or one.skipped is not None
        if is_off:
            gone = {deviation.key for deviation in deviations if deviation.deed in GONE}
            self.agreed |= gone
            return None
        question = question_about(one.record, deviations)
        standing = self.ledger.standing(self.entity, [one.record.source_id])
        asked = standing.get(one.record.source_id)
        choice = None if asked is None else asked.answer_to(question)
        if choice is None:
            return parked_for(one.record, deviations, question)
        self._chosen[one.record.source_id] = choice
        if choice == KEEP_BOOKS:
            self.agreed |= {deviation.key for deviation in deviations}
        return None

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
        if one.record.deleted_at is not None or one.skipped is not None:
            self._check_gone(one, bound)
            self._check_waiting(one, bound)
            return _planned(one, Action.SKIP)
        if self._chosen.get(one.record.source_id) == KEEP_BOOKS:
            return _planned(one, Action.SKIP)
        self._check_roles(one, bound)
        writes = [
            write
            for role, draft in one.drafts
            if (write := self._write(one, role, draft, bound.get(role))) is not None
        ]
        self._writes += self._with_dependencies(one, writes)
        self._count(one, writes)
        actions = {write.action for write in writes}
        if actions <= {WriteAction.UPDATE}:
            return _planned(one, Action.UPDATE if actions else Action.SKIP)
        return _planned(one, Action.CREATE)

    def _check_gone(self, one: Drafted, bound: Mapping[Role, Binding]) -> None:
        """What is posted for a record that is not to be posted must be gone from the books too."""
        if self._roles[0] in NAMED:
            return  # customers and items stay: documents name them
        for binding in bound.values():
            if binding.key in self.agreed:
                continue  # gone, as was seen when the books were followed
            posted = self.books.read(binding.target_id)
            if posted is not None and not posted.is_voided:
                raise problems.posted_but_gone(one, posted)

    def _check_waiting(self, one: Drafted, bound: Mapping[Role, Binding]) -> None:
        """A refund does not change when its order gets a status that is posted: it waits for it."""
        is_refund = one.skipped is not None and one.skipped.code == SALE_NOT_POSTED
        if bound or not is_refund or one.order is None:
            return
        why = reason_to_skip(one.order, self.drafter.policy)
        if why is not None and why.code == STATUS_NOT_POSTED:
            raise problems.waits_for_sale(one.order)

    def _check_roles(self, one: Drafted, bound: Mapping[Role, Binding]) -> None:
        drafted = {role for role, _ in one.drafts}
        for role, binding in bound.items():
            if one.drafts and role not in drafted:
                posted = self.books.read(binding.target_id)
                if posted is not None and not posted.is_voided:
                    raise problems.not_due_any_more(one, posted)

    def _write(
        self, one: Drafted, role: Role, draft: AnyDraft, binding: Binding | None
    ) -> Write | None:
        """The write that a draft needs, or None when the books have it as it should be."""
        key = Key(self.entity, one.record.source_id, role)
        write = Write(
            id=uuid4(),
            plan_id=self.sync.plan.id,
            batch_id=self._batch_id,
            position=0,
            key=key,
            action=WriteAction.CREATE,
            state=IntentState.PLANNED,
            draft=draft,
            source_hash=one.record.content_hash,
        )
        if binding is None:
            return write if one.creates else None
        if key in self.deviations:
            return self._write_over(write, self.deviations[key])
        if role in NAMED and binding.version is None:
            return None  # the books had it before us: it is theirs
        if binding.digest is None:
            self._check_equal_now(one, draft, binding)
            return None
        if binding.digest == write.draft_digest():
            return None
        return self._update(write, binding)

    def _update(self, write: Write, binding: Binding) -> Write:
        if write.key.role not in NAMED and write.kind != binding.target_id.partition("/")[0]:
            raise problems.form_changed(write, binding.target_id)
        former = self.ledger.last_draft(write.key)
        return replace(
            write,
            action=WriteAction.UPDATE,
            target_id=binding.target_id,
            base_version=binding.version,
            differences=differences(_flat(write.draft), _flat(former)) if former else {},
        )

    def _write_over(self, write: Write, deviation: Deviation) -> Write:
        """What a person has decided that a document becomes which others have changed."""
        if self._chosen[write.key.source_id] == POST_AGAIN:
            return write
        return replace(
            write,
            action=WriteAction.UPDATE,
            target_id=deviation.target_id,
            base_version=deviation.seen,
        )

    def _check_equal_now(self, one: Drafted, draft: AnyDraft, binding: Binding) -> None:
        """A document that did not come out as it should may have been corrected by a person."""
        posted = self.books.read(binding.target_id)
        problem = posted and problems.unequal(draft, posted, one.record)
        if problem:
            raise RecordRejectedError(problem.reason, code=problem.code, cure=problem.cure)

    def _with_dependencies(self, one: Drafted, writes: Sequence[Write]) -> Iterator[Write]:
        """The writes with what they wait for, which comes first."""
        new: list[Write] = []
        done: list[Write] = []
        for write in writes:
            waits: list[UUID] = []
            for key in needed_keys(write.draft):
                waits += self._dependency(key, one, new)
            waits += self._documents_before(write, one, done)
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

    def _documents_before(self, write: Write, one: Drafted, done: Sequence[Write]) -> list[UUID]:
        """A payment waits for its invoice, a refund for its sale."""
        if write.key.role is Role.PAYMENT:
            return [other.id for other in done if other.key.role is Role.SALE]
        if write.key.role is not Role.REFUND or one.order is None:
            return []
        sale = Key(Entity.ORDER, one.order.id, Role.SALE)
        if sale in self.planned.writes:
            return [self.planned.writes[sale]]
        if sale not in self._bound:
            raise problems.waits_for_sale(one.order)
        return []

    def _count(self, one: Drafted, writes: Collection[Write]) -> None:
        made = one.composition
        if made is None or not writes:
            return
        self.counts["splits"] += made.splits
        self.counts["moved_cents"] += made.moved_cents
        self.counts["rounding_lines"] += made.rounding_lines


def _planned(one: Drafted, action: Action) -> PlannedRecord:
    record = one.record
    return PlannedRecord(
        record.source_id, record.content_hash, record.deleted_at is not None, action
    )


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
