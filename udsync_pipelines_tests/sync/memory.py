"""An archive, a ledger and a destination in memory that keep the promises of `sync.ports`.

Each write is whole or not at all, and none happens after the process has died: what a crash leaves
behind here is what it leaves behind in a database.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from uuid import UUID, uuid4

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.sync.entities import PARENTS
from udsync_pipelines.sync.plan import (
    Action,
    Intent,
    IntentState,
    Parked,
    Plan,
    PlanState,
    SyncOptions,
)
from udsync_pipelines.sync.ports import Outcome, PageReceipt, Progress
from udsync_pipelines.sync.records import (
    JSON,
    READ,
    ArchivedRecord,
    Bookmark,
    LoadReceipt,
    MappedRecord,
    Page,
    RejectedRow,
    Row,
    SourceRecord,
)

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
UNFINISHED = (
    PlanState.PLANNING,
    PlanState.AWAITING_APPROVAL,
    PlanState.APPROVED,
    PlanState.APPLYING,
)
FINISHED = (PlanState.APPLIED, PlanState.DRY_RUN, PlanState.FAILED, PlanState.SUPERSEDED)


class Crash(BaseException):
    """The process has died, as by `kill -9`: nothing of it runs any more."""


@dataclass
class Process:
    """A process that dies at the nth point it reaches, or at the nth passage of the one named."""

    dies_at: int = 0
    dies_where: str = ""
    passed: list[str] = field(default_factory=list)
    is_dead: bool = False

    def reached(self, point: str) -> None:
        self.passed.append(point)
        if point.startswith(self.dies_where) and self._passages() == self.dies_at:
            self.is_dead = True
            raise Crash(point)

    def _passages(self) -> int:
        return sum(point.startswith(self.dies_where) for point in self.passed)

    def must_live(self) -> None:
        """Called before each write."""
        if self.is_dead:
            raise Crash


@dataclass
class MemoryArchive:
    process: Process
    records: dict[Entity, dict[str, ArchivedRecord]] = field(default_factory=dict)
    parents: dict[tuple[Entity, str], str | None] = field(default_factory=dict)
    bookmarks: dict[tuple[Entity, str], Bookmark] = field(default_factory=dict)
    history: list[tuple[UUID, SourceRecord]] = field(default_factory=list)
    seqs: Iterator[int] = field(default_factory=lambda: count(1))

    def bookmark(self, entity: Entity, purpose: str = READ) -> Bookmark:
        return self.bookmarks.get((entity, purpose), {})

    def known(self, entity: Entity) -> "MemoryKnown":
        parents = {one: parent for (kind, one), parent in self.parents.items() if kind is entity}
        return MemoryKnown(self.records.get(entity, {}), parents)

    def store(self, page: Page, plan_id: UUID, purpose: str = READ) -> PageReceipt:
        self.process.must_live()
        held = self.records.setdefault(page.entity, {})
        records = {record.source_id: record for record in page.records}
        changed = [record for record in records.values() if self._brings_news(record)]
        for record in changed:
            self.parents[page.entity, record.source_id] = record.parent_id
            self.history.append((plan_id, record))
            held[record.source_id] = ArchivedRecord(
                page.entity, record.source_id, record.raw, record.content_hash, next(self.seqs)
            )
        gone = [i for i in page.deleted_ids if i in held and held[i].deleted_at is None]
        for source_id in gone:
            held[source_id] = replace(held[source_id], deleted_at=NOW, changed_seq=next(self.seqs))
        if purpose:
            self.bookmarks[page.entity, purpose] = page.bookmark
        return PageReceipt(read=len(records), changed=len(changed), deleted=len(gone))

    def pending(self, entity: Entity, after_seq: int, limit: int) -> Sequence[ArchivedRecord]:
        due = [one for one in self._by_change(entity) if one.changed_seq > after_seq]
        return due[:limit]

    def newest(self, entity: Entity, source_ids: Collection[str]) -> Sequence[ArchivedRecord]:
        return [one for one in self._by_change(entity) if one.source_id in source_ids]

    def children(self, entity: Entity, parent_ids: Collection[str]) -> Sequence[ArchivedRecord]:
        return [
            one
            for one in self._by_change(entity)
            if self.parents[entity, one.source_id] in parent_ids and one.deleted_at is None
        ]

    def _brings_news(self, record: SourceRecord) -> bool:
        held = self.records[record.entity].get(record.source_id)
        return (
            held is None or held.deleted_at is not None or held.content_hash != record.content_hash
        )

    def _by_change(self, entity: Entity) -> list[ArchivedRecord]:
        held = self.records.get(entity, {}).values()
        return [
            replace(record, parent_raw=self._parent_raw(record))
            for record in sorted(held, key=lambda record: record.changed_seq)
        ]

    def _parent_raw(self, record: ArchivedRecord) -> bytes | None:
        parent_id = self.parents[record.entity, record.source_id]
        parent = self.records.get(PARENTS.get(record.entity, record.entity), {}).get(
            parent_id or ""
        )
        return None if parent is None else parent.raw


@dataclass
class MemoryKnown:
    records: Mapping[str, ArchivedRecord]
    parent_ids: Mapping[str, str | None] = field(default_factory=dict)

    def count_live(self) -> int:
        return len(self.live_ids_between(0, None))

    def live_ids_between(self, low: int, high: int | None) -> Sequence[str]:
        numbers = sorted(int(i) for i, one in self.records.items() if one.deleted_at is None)
        return [str(n) for n in numbers if n > low and (high is None or n <= high)]

    def known(self, source_ids: Collection[str]) -> frozenset[str]:
        return frozenset(source_ids) & frozenset(self.records)

    def parents(self, source_ids: Collection[str]) -> Mapping[str, str]:
        return {one: found for one in source_ids if (found := self.parent_ids.get(one))}


ParkedKey = tuple[UUID, UUID, Entity, str]  # target, source, entity, source id


@dataclass
class MemoryLedger:
    process: Process
    tenant_id: UUID = field(default_factory=uuid4)
    plans: dict[UUID, Plan] = field(default_factory=dict)
    batches: dict[UUID, Intent] = field(default_factory=dict)
    parked: dict[ParkedKey, tuple[Parked, UUID]] = field(default_factory=dict)
    progresses: dict[tuple[UUID, UUID, Entity], Progress] = field(default_factory=dict)
    bindings: dict[tuple[UUID, Entity, str], bytes] = field(default_factory=dict)

    def open_plan(
        self,
        lane: str,
        source_connection_id: UUID,
        options: SyncOptions,
        *,
        trigger: str,
        run_id: str | None,
    ) -> Plan:
        self.process.must_live()
        if not options.dry_run:
            self._supersede(lane)
        plan = Plan(
            id=uuid4(),
            tenant_id=self.tenant_id,
            lane=lane,
            source_connection_id=source_connection_id,
            options=options,
            trigger=trigger,
            state=PlanState.PLANNING,
            plan_hash=None,
            approved_by=None,
            counts={},
            run_id=run_id,
            error=None,
            created_at=NOW,
            finished_at=None,
        )
        self.plans[plan.id] = plan
        return plan

    def plan(self, plan_id: UUID) -> Plan:
        if plan_id not in self.plans:
            raise ConfigurationError(f"there is no plan {plan_id}.", code="plan_unknown")
        return self.plans[plan_id]

    def move_plan(
        self,
        plan_id: UUID,
        state: PlanState,
        *,
        plan_hash: str | None = None,
        error: Mapping[str, JSON] | None = None,
    ) -> None:
        self.process.must_live()
        if plan_id in self.plans:
            plan = self.plans[plan_id]
            self.plans[plan_id] = replace(
                plan,
                state=state,
                plan_hash=plan_hash or plan.plan_hash,
                error=error,
                finished_at=NOW if state in FINISHED else None,
            )

    def count(self, plan_id: UUID, counts: Mapping[str, JSON]) -> None:
        self.process.must_live()
        if plan_id in self.plans:
            plan = self.plans[plan_id]
            self.plans[plan_id] = replace(plan, counts={**plan.counts, **counts})

    def progress(self, target_connection_id: UUID, source: UUID, entity: Entity) -> Progress:
        return self.progresses.get((target_connection_id, source, entity), Progress())

    def parked_ids(self, target_connection_id: UUID, source: UUID, entity: Entity) -> Sequence[str]:
        key = (target_connection_id, source, entity)
        return sorted(source_id for *rest, source_id in self.parked if tuple(rest) == key)

    def discard_batches(self, plan_id: UUID) -> None:
        self.process.must_live()
        self.batches = {i: one for i, one in self.batches.items() if one.plan_id != plan_id}

    def plan_batch(self, intent: Intent, source: UUID, *, park: bool) -> int:
        self.process.must_live()
        self.batches[intent.id] = intent
        return self._park(intent, source, intent.parked) if park else len(intent.parked)

    def resolve_batch(self, intent: Intent) -> None:
        self.process.must_live()
        self.batches[intent.id] = replace(intent, state=self.batches[intent.id].state)

    def approve(self, plan_id: UUID, by: str, *, with_questions: bool = True) -> None:
        self.process.must_live()
        self.plans[plan_id] = replace(self.plans[plan_id], state=PlanState.APPROVED, approved_by=by)
        for intent in list(self.batches.values()):
            if intent.plan_id == plan_id and intent.state is IntentState.PLANNED:
                self.batches[intent.id] = replace(intent, state=IntentState.APPROVED)

    def intents(self, plan_id: UUID, *states: IntentState) -> Iterator[Intent]:
        position = -1
        while True:
            due = [
                intent
                for intent in self.batches.values()
                if intent.plan_id == plan_id
                and intent.position > position
                and intent.state in (states or IntentState)
            ]
            if not due:
                return
            first = min(due, key=lambda intent: intent.position)
            position = first.position
            yield first

    def move_intent(self, intent: Intent, state: IntentState) -> None:
        self.process.must_live()
        self.batches[intent.id] = replace(self.batches[intent.id], state=state)

    def settle(self, intent: Intent, source: UUID, progress: Progress, outcome: Outcome) -> int:
        self.process.must_live()
        target = intent.target_connection_id
        self.move_intent(intent, IntentState.SETTLED)
        self.progresses[target, source, intent.entity] = progress
        for record in outcome.arrived:
            self.bindings[target, intent.entity, record.source_id] = record.row_hash
        for planned in intent.records:
            key = (target, intent.entity, planned.source_id)
            is_there = planned.action is Action.SKIP
            if is_there and (key in self.bindings or not planned.is_deleted):
                self.bindings[key] = planned.row_hash
        refused = {one.source_id for one in (*intent.parked, *outcome.parked)}
        for planned in intent.records:
            if planned.source_id not in refused:
                self.parked.pop((target, source, intent.entity, planned.source_id), None)
        return self._park(intent, source, outcome.parked)

    def parked_by(self, plan_id: UUID, limit: int) -> Sequence[tuple[Entity, Parked]]:
        found = [
            (entity, parked)
            for (_, _, entity, _), (parked, by) in self.parked.items()
            if by == plan_id
        ]
        return sorted(found, key=lambda one: (one[0], one[1].source_id))[:limit]

    def count_in_doubt(self, lane: str, source: UUID) -> int:
        return 0

    def count_parked_by(self, plan_id: UUID) -> int:
        return len({key[2:] for key, (_, by) in self.parked.items() if by == plan_id})

    def count_parked(self, source: UUID, entity: Entity) -> int:
        return len({key[3] for key in self.parked if key[1] == source and key[2] is entity})

    def _park(self, intent: Intent, source: UUID, records: Sequence[Parked]) -> int:
        newly = 0
        for one in records:
            key = (intent.target_connection_id, source, intent.entity, one.source_id)
            before, by = self.parked.get(key, (None, intent.plan_id))
            is_same = before and (before.content_hash, before.code) == (one.content_hash, one.code)
            plan_id = by if is_same else intent.plan_id
            self.parked[key] = (one, plan_id)
            newly += plan_id == intent.plan_id
        return newly

    def _supersede(self, lane: str) -> None:
        old = [p for p in self.plans.values() if p.lane == lane and p.state in UNFINISHED]
        for plan in old:
            self.plans[plan.id] = replace(plan, state=PlanState.SUPERSEDED, finished_at=NOW)
        left = (IntentState.PLANNED, IntentState.APPROVED, IntentState.SENT)
        for intent in list(self.batches.values()):
            if intent.plan_id in {plan.id for plan in old} and intent.state in left:
                self.batches[intent.id] = replace(intent, state=IntentState.SUPERSEDED)


@dataclass
class MemoryDestination:
    """Holds whole records; `writes` are the versions that really changed something, in order.

    Records whose id is in `refuses` are refused. With `fails_with`, loads raise that instead,
    once `good_loads` more have succeeded.
    """

    process: Process
    is_read_only: bool = False
    held: dict[tuple[Entity, str], MappedRecord] = field(default_factory=dict)
    writes: list[tuple[Entity, str, bytes]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    fails_with: Exception | None = None
    good_loads: int = 0
    calls: list[str] = field(default_factory=list)

    def check_writable(self) -> None:
        if self.is_read_only:
            raise ConfigurationError("This connection is read-only.", code="read_only")

    def hashes(self, entity: Entity, source_ids: Sequence[str]) -> Mapping[str, bytes]:
        self.calls.append("hashes")
        return {one.source_id: one.row_hash for one in self._of(entity, source_ids)}

    def stored(self, entity: Entity, source_ids: Sequence[str]) -> Mapping[str, Row]:
        self.calls.append("stored")
        return {one.source_id: one.root for one in self._of(entity, source_ids)}

    def load(self, entity: Entity, records: Sequence[MappedRecord]) -> LoadReceipt:
        self.process.must_live()
        self.calls.append("load")
        if self.fails_with is not None:
            if not self.good_loads:
                raise self.fails_with
            self.good_loads -= 1
        refused = [one for one in records if one.source_id in self.refuses]
        created = updated = 0
        taken = [one for one in records if one not in refused]
        for record in taken:
            before = self.held.get((entity, record.source_id))
            if before is not None and before.row_hash == record.row_hash:
                continue
            created += before is None
            updated += before is not None
            self.held[entity, record.source_id] = record
            self.writes.append((entity, record.source_id, record.row_hash))
        return LoadReceipt(
            created=created,
            updated=updated,
            unchanged=len(taken) - created - updated,
            rejected=tuple(
                RejectedRow(one.source_id, "value_refused", "It does not fit.", "Make it fit.")
                for one in refused
            ),
        )

    def _of(self, entity: Entity, source_ids: Sequence[str]) -> list[MappedRecord]:
        return [self.held[entity, i] for i in source_ids if (entity, i) in self.held]
