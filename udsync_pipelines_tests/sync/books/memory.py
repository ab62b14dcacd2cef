"""A ledger of writes in memory that keeps the promises of `sync.books.ports.WriteLedger`."""

import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.posting.draft_json import AnyDraft
from udsync_pipelines.sync.books.following import Deviation
from udsync_pipelines.sync.books.ports import Posted
from udsync_pipelines.sync.books.writes import Binding, Key, Role, Write, WriteAction
from udsync_pipelines.sync.decisions import KEEP_BOOKS, Question, Standing
from udsync_pipelines.sync.plan import Intent, IntentState, Parked, Plan, SyncOptions
from udsync_pipelines.sync.ports import Progress
from udsync_pipelines_tests.sync.memory import NOW, MemoryLedger

IN_DOUBT = (IntentState.SENT, IntentState.UNKNOWN)
ANSWERED = (IntentState.SETTLED, IntentState.REJECTED)
UNANSWERED = (IntentState.SENT, IntentState.UNKNOWN, IntentState.SUPERSEDED)
NOT_SENT = (IntentState.PLANNED, IntentState.APPROVED)


@dataclass
class BooksLedger(MemoryLedger):
    """Plans with writes: what ends or approves a plan ends or approves its writes too."""

    writes: dict[UUID, Write] = field(default_factory=dict)
    bound: dict[Key, Binding] = field(default_factory=dict)
    settled: list[tuple[Write, Posted]] = field(default_factory=list)
    standing: dict[str, Standing] = field(default_factory=dict)
    now: datetime = NOW

    def open_plan(
        self,
        lane: str,
        source_connection_id: UUID,
        options: SyncOptions,
        *,
        trigger: str,
        run_id: str | None,
    ) -> Plan:
        if not options.dry_run:
            self._end_writes(lane)
        return super().open_plan(
            lane, source_connection_id, options, trigger=trigger, run_id=run_id
        )

    def approve(self, plan_id: UUID, by: str, *, with_questions: bool = True) -> None:
        super().approve(plan_id, by, with_questions=with_questions)
        for write in self.of_plan(plan_id):
            is_asked = write.question is not None and not with_questions
            if write.state is IntentState.PLANNED and not is_asked:
                self.writes[write.id] = replace(write, state=IntentState.APPROVED)

    def discard_batches(self, plan_id: UUID) -> None:
        super().discard_batches(plan_id)
        for write in self.of_plan(plan_id):
            if write.state in (*NOT_SENT, IntentState.REJECTED):
                del self.writes[write.id]

    def count_in_doubt(self, lane: str, source: UUID) -> int:
        return len(self.in_doubt(lane))

    def decide(self, record: str, choice: str) -> None:
        """A person takes a choice that is offered."""
        question = self.question(record)
        assert choice in {one.name for one in question.choices}, question
        self.standing[record] = replace(self.standing[record], choice=choice)

    def question(self, record: str) -> Question:
        """What is asked about a parked record."""
        found = {f"{key[2]}/{key[3]}": one.question for key, (one, _) in self.parked.items()}
        question = found[record]
        assert question is not None, found
        return question

    def close(self, record: str) -> None:
        """A record is settled: only a decision to keep the books stands on."""
        standing = self.standing.get(record)
        if standing is not None and standing.choice != KEEP_BOOKS:
            del self.standing[record]

    def _park(self, intent: Intent, source: UUID, records: Sequence[Parked]) -> int:
        for one in records:
            self._ask(f"{intent.entity}/{one.source_id}", one.question)
        return super()._park(intent, source, records)

    def _ask(self, record: str, question: Question | None) -> None:
        standing = self.standing.get(record)
        if question is None:
            if standing is not None and standing.choice is None:
                del self.standing[record]
        elif standing is None or (standing.kind, standing.about) != (question.kind, question.about):
            self.standing[record] = Standing(question.kind, question.about)

    def of_plan(self, plan_id: UUID) -> list[Write]:
        """The writes of a plan, by position."""
        found = [write for write in self.writes.values() if write.plan_id == plan_id]
        return sorted(found, key=lambda write: write.position)

    def in_doubt(self, lane: str) -> list[Write]:
        """The writes of a lane whose answers were lost."""
        return [
            write
            for write in self.writes.values()
            if write.state in IN_DOUBT and self.plans[write.plan_id].lane == lane
        ]

    def _end_writes(self, lane: str) -> None:
        for write in list(self.writes.values()):
            plan = self.plans[write.plan_id]
            if plan.lane == lane and not plan.options.dry_run:
                if write.state is IntentState.SENT:
                    self.writes[write.id] = replace(write, state=IntentState.UNKNOWN)
                elif write.state in NOT_SENT:
                    self.writes[write.id] = replace(write, state=IntentState.SUPERSEDED)


@dataclass
class MemoryWrites:
    """The writes of one store and one company."""

    ledger: BooksLedger
    source: UUID
    lock: threading.Lock = field(default_factory=threading.Lock)

    def bound(self, keys: Collection[Key]) -> Mapping[Key, Binding]:
        return {key: self.ledger.bound[key] for key in keys if key in self.ledger.bound}

    def customer_keys(self) -> Mapping[str, Collection[Key]]:
        found: dict[str, list[Key]] = {}
        for key, binding in self.ledger.bound.items():
            if key.role is Role.CUSTOMER:
                found.setdefault(binding.target_id, []).append(key)
        return found

    def item_targets(self) -> Mapping[str, Key]:
        bound = self.ledger.bound.items()
        return {binding.target_id: key for key, binding in bound if key.role is Role.ITEM}

    def standing(self, entity: Entity, source_ids: Collection[str]) -> Mapping[str, Standing]:
        return {
            one: self.ledger.standing[f"{entity}/{one}"]
            for one in source_ids
            if f"{entity}/{one}" in self.ledger.standing
        }

    def last_draft(self, key: Key) -> AnyDraft | None:
        drafts = [write.draft for write, _ in self.ledger.settled if write.key == key]
        return drafts[-1] if drafts else None

    def plan_batch(self, batch: Intent, writes: Sequence[Write], *, park: bool) -> int:
        self._must_live()
        self.ledger.writes.update((write.id, write) for write in writes)
        return self.ledger.plan_batch(batch, self.source, park=park)

    def resolve_batch(
        self, batch: Intent, writes: Sequence[Write], newly: Sequence[Parked], *, park: bool
    ) -> int:
        self.ledger.resolve_batch(batch)
        self.ledger.writes.update((write.id, write) for write in writes)
        return self._park(batch, newly) if park else len(newly)

    def writes(self, batch_id: UUID, *states: IntentState) -> Sequence[Write]:
        found = [
            write
            for write in self.ledger.writes.values()
            if write.batch_id == batch_id and write.state in (states or IntentState)
        ]
        return sorted(found, key=lambda write: write.position)

    def states(self, write_ids: Collection[UUID]) -> Mapping[UUID, Write]:
        return {one: self.ledger.writes[one] for one in write_ids}

    def digests(self, plan_id: UUID) -> Iterator[bytes]:
        return (write.digest() for write in self.ledger.of_plan(plan_id))

    def send(self, write: Write) -> None:
        changes = {"request_id": write.request_id, "sent_at": self.ledger.now}
        self._move(write, state=IntentState.SENT, **changes)

    def settle(self, write: Write, posted: Posted, problem: Parked | None) -> None:
        why = dict.fromkeys(("code", "reason", "cure"))
        if problem is not None:
            why = {"code": problem.code, "reason": problem.reason, "cure": problem.cure}
        self._move(write, state=IntentState.SETTLED, **why)
        is_ours = write.action is not WriteAction.LINK
        with self.lock:
            self.ledger.bound[write.key] = Binding(
                write.key,
                posted.target_id,
                posted.version or None if is_ours else None,
                write.bound_digest() if problem is None else None,
            )
            self.ledger.settled.append((write, posted))

    def reject(
        self, write: Write, code: str, reason: str, cure: str, answer_id: str | None = None
    ) -> None:
        self._move(write, state=IntentState.REJECTED, code=code, reason=reason, cure=cure)

    def doubt(self, write: Write) -> None:
        self._move(write, state=IntentState.UNKNOWN)

    def supersede(self, write: Write) -> None:
        self._move(write, state=IntentState.SUPERSEDED)

    def answered(self, keys: Collection[Key]) -> Mapping[Key, int]:
        answered = Counter(
            write.key
            for write in self.ledger.writes.values()
            if write.state in ANSWERED and write.request_id
        )
        return {key: answered[key] for key in keys if key in answered}

    def unanswered(self, keys: Collection[Key]) -> Collection[Key]:
        return {
            write.key
            for write in self.ledger.writes.values()
            if write.key in keys and write.request_id and write.state in UNANSWERED
        }

    def doubts(self, lane: str) -> Sequence[Write]:
        return self.ledger.in_doubt(lane)

    def sent_longer_than(self, write: Write, horizon: timedelta) -> bool:
        sent_at = self.ledger.writes[write.id].sent_at
        return sent_at is None or sent_at <= self.ledger.now - horizon

    def finish_batch(
        self,
        batch: Intent,
        progress: Progress,
        parked: Sequence[Parked],
        arrived: Mapping[str, bytes],
    ) -> int:
        self.ledger.move_intent(batch, IntentState.SETTLED)
        target = batch.target_connection_id
        self.ledger.progresses[target, self.source, batch.entity] = progress
        for key, binding in list(self.ledger.bound.items()):
            if key.entity is batch.entity and key.source_id in arrived:
                source_hash = arrived[key.source_id]
                self.ledger.bound[key] = replace(binding, source_hash=source_hash)
        for source_id in arrived:
            self.ledger.parked.pop((target, self.source, batch.entity, source_id), None)
            self.ledger.close(f"{batch.entity}/{source_id}")
        for one in parked:
            if one.question is not None:
                self.ledger.close(f"{batch.entity}/{one.source_id}")
        return self._park(batch, parked)

    def _park(self, batch: Intent, parked: Sequence[Parked]) -> int:
        return self.ledger._park(batch, self.source, parked)

    def _move(self, write: Write, **changes: Any) -> None:
        self._must_live()
        with self.lock:
            held = self.ledger.writes[write.id]
            self.ledger.writes[write.id] = replace(held, **changes)

    def _must_live(self) -> None:
        self.ledger.process.must_live()


@dataclass
class MemoryWatch:
    """How one company is followed for one store; keeps the promises of `following.Watch`."""

    ledger: BooksLedger
    until: datetime | None = None
    told_at: datetime | None = None
    held: dict[Key, Deviation] = field(default_factory=dict)

    def followed_until(self) -> datetime | None:
        return self.until

    def note(self, until: datetime) -> None:
        self.until = until

    def is_told(self, since: datetime) -> bool:
        return self.told_at is not None and self.told_at > since

    def bindings_of(self, target_ids: Collection[str]) -> Mapping[str, Sequence[Binding]]:
        found: dict[str, list[Binding]] = {}
        for binding in self.ledger.bound.values():
            if binding.target_id in target_ids:
                found.setdefault(binding.target_id, []).append(binding)
        return found

    def targets(self, after: str, limit: int) -> Sequence[str]:
        bound = {binding.target_id for binding in self.ledger.bound.values()}
        return sorted(one for one in bound if one > after)[:limit]

    def deviate(self, deviation: Deviation) -> None:
        self.held[deviation.key] = deviation

    def agree(self, keys: Collection[Key]) -> None:
        for key in keys:
            self.held.pop(key, None)

    def deviations(self, entity: Entity) -> Mapping[Key, Deviation]:
        bound = self.ledger.bound
        return {
            key: one
            for key, one in self.held.items()
            if key.entity is entity
            and key in bound
            and (bound[key].target_id, bound[key].version) == (one.target_id, one.written)
        }
