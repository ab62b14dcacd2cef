"""Carry out the writes of a batch: look, send, compare, record. One answer for each write."""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID

from udsync_pipelines.errors import (
    ConflictError,
    OutcomeUnknownError,
    RecordRejectedError,
    UdsyncError,
)
from udsync_pipelines.sync.books import problems, questions, taking_back
from udsync_pipelines.sync.books.asking import question_of
from udsync_pipelines.sync.books.following import Watch, deleted
from udsync_pipelines.sync.books.known_keys import KnownKeys
from udsync_pipelines.sync.books.planning import NAMED
from udsync_pipelines.sync.books.ports import Books, Posted, Symbols, WriteLedger
from udsync_pipelines.sync.books.writes import Binding, Write, WriteAction, by_record, request_id
from udsync_pipelines.sync.plan import Intent, IntentState, Parked, PlannedRecord
from udsync_pipelines.sync.ports import Progress
from udsync_pipelines.sync.target import Reached

Why: TypeAlias = tuple[str, str, str]
"""Code, reason and cure of what does not go on."""

OPEN = (IntentState.APPROVED, IntentState.SENT, IntentState.UNKNOWN)


@dataclass
class Poster:
    """Carries out the batches of one plan, `workers` writes at a time."""

    books: Books
    ledger: WriteLedger
    watch: Watch
    reached: Reached
    horizon: timedelta
    workers: int
    rules_version: str
    _ended: dict[UUID, Write] = field(default_factory=dict)
    _questions: dict[UUID, Why] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)
    _under_way: set[UUID] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _stopped_by: BaseException | None = None

    def __post_init__(self) -> None:
        self._keys = KnownKeys(self.ledger)

    def load(self, batch: Intent) -> tuple[Counter[str], int]:
        """Carry out one approved batch; return counts by `kind.count`, and the newly parked.

        Customers and items come first, then the documents of each record one after another, many
        records side by side. A write waits for those that it needs and for nothing else. One that
        fails for its own sake is recorded and the others go on; what fails for all of them ends the
        load when those that are under way have ended.

        Raises:
            RetryableError, ConfigurationError: the books cannot be written to now, or a newer sync
                has taken over what this batch had left.
        """
        self._counts = Counter()
        writes = self.ledger.writes(batch.id)
        if any(one.state is IntentState.SUPERSEDED for one in writes):
            raise problems.taken_over(batch)
        held = self._hold(batch, writes)
        open_writes = [one for one in writes if one.state in OPEN and one.id not in held]
        named = [one for one in open_writes if one.key.role in NAMED]
        named.sort(key=lambda one: one.linked_to is not None)  # after what they are linked to
        documents = by_record(one for one in open_writes if one.key.role not in NAMED)
        self._all([*([one] for one in named), *documents])
        ended = [self._ended.get(one.id, one) for one in writes]
        newly_parked = self.ledger.finish_batch(
            batch,
            Progress(batch.last_seq, self.rules_version),
            self._parked(batch, ended),
            _arrived(batch, ended),
        )
        # So that memory does not grow with the number of batches.
        self._ended.clear()
        self._keys.forget()
        self.reached("books.settled")
        return self._counts, newly_parked

    def _hold(self, batch: Intent, writes: Sequence[Write]) -> set[UUID]:
        """Ask for what nobody has agreed to; nothing is written of these records meanwhile."""
        waiting = [one for one in writes if one.state is IntentState.PLANNED]
        asked = {one.key.source_id: one for one in waiting if one.question is not None}
        approved = [one for one in writes if one.state is IntentState.APPROVED]
        held = [
            one
            for one in (*waiting, *approved)
            if one.key.entity is batch.entity and one.key.source_id in asked
        ]
        for write in held:
            first = asked[write.key.source_id]
            self._reject(write, first.code or "", first.reason or "", first.cure or "")
        return {one.id for one in held}

    def settle_doubt(self, write: Write) -> Parked | None:
        """Look for a write whose answer was lost; why its record stays parked, or None.

        Absent for longer than the books may hide it, it has not arrived: it is planned anew.
        Where several could be it, a person has to look; until then it stays in doubt. What has
        arrived and must not stand is taken back, which its own load would have done.
        """
        self._learn([write])
        if self._look_up(write):
            why = _why_parked(self._ended[write.id])
            is_refused = self._ended[write.id].state is IntentState.REJECTED
            return self._parked_for(write, why) if why is not None and is_refused else None
        if not self._has_not_arrived(write):
            return self.in_doubt(write)
        self.ledger.supersede(write)
        return None

    def in_doubt(self, write: Write) -> Parked:
        """The record of a write that stays in doubt, parked until it is known what became of it."""
        return self._parked_for(write, self._why_in_doubt(write))

    def take_counts(self) -> Counter[str]:
        """What was counted since the last time, by `kind.count`."""
        counts, self._counts = self._counts, Counter()
        return counts

    def _all(self, groups: Sequence[Sequence[Write]]) -> None:
        """Carry out the writes of each group one after another, the groups side by side.

        Groups begin in their order: what a write needs has begun before it, or has ended.
        """
        if not groups:
            return
        writes = [write for group in groups for write in group]
        self._under_way = {write.id for write in writes}
        self._learn(writes)
        with ThreadPoolExecutor(self.workers) as pool:
            try:
                wait([pool.submit(self._each, group) for group in groups])
            except BaseException as error:
                self._stop(error)  # an interrupt: what has not begun does not begin
                raise
        if self._stopped_by is not None:
            raise self._stopped_by

    def _each(self, group: Sequence[Write]) -> None:
        for write in group:
            if not self._may_begin(write):
                return
            try:
                self._carry_out(write)
            except BaseException as error:  # noqa: BLE001 - passed on once the others have ended
                self._stop(error)

    def _may_begin(self, write: Write) -> bool:
        """Wait for what this write needs; False once the load has stopped."""
        needed = [one for one in write.depends_on if one in self._under_way]
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopped_by is not None or all(one in self._ended for one in needed)
            )
        return self._stopped_by is None

    def _stop(self, error: BaseException) -> None:
        with self._changed:
            self._stopped_by = self._stopped_by or error
            self._changed.notify_all()

    def _carry_out(self, write: Write) -> None:
        failed = self._failed_dependency(write)
        if failed is not None:
            self._reject(write, *problems.waits_for(failed))
        elif write.key.role in NAMED and write.key in self._keys.bound and write.target_id is None:
            bound = self._keys.bound[write.key]  # another lane was faster
            self._settle(write, Posted(bound.target_id, bound.version or "", was_found=True))
        elif write.action is WriteAction.LINK:
            self._settle(write, Posted(self._linked(write), ""))
        elif write.state is IntentState.APPROVED:
            self._send(write)
        elif not self._look_up(write):
            self._send_again(write)

    def _send_again(self, write: Write) -> None:
        """A process died with this write under way, and the books do not show it."""
        if self._has_not_arrived(write):
            self._send(write)
        else:
            self.ledger.doubt(write)
            self._count_doubt(write)

    def _has_not_arrived(self, write: Write) -> bool:
        """Whether a write that was looked for in vain may be sent again."""
        is_open = write.id in self._questions
        return not is_open and self.ledger.sent_longer_than(write, self.horizon)

    def _send(self, write: Write) -> None:
        answered = self._keys.answered.get(write.key, 0)
        write = replace(write, request_id=request_id(self.books.account, write, answered))
        symbols = self._keys.symbols(write)
        self.ledger.send(write)
        self.reached("books.sent")
        try:
            posted = self._posted(write, symbols)
        except OutcomeUnknownError:
            self._doubt(write)
        except ConflictError as error:
            self._conflict(write, error)
        except RecordRejectedError as error:
            self._reject(write, *_why(error), error.request_id)
        else:
            self.reached("books.answered")
            try:
                self._settle_answered(write, posted)
            except OutcomeUnknownError:
                self._doubt(write)

    def _doubt(self, write: Write) -> None:
        """The answer was lost: look whether it has arrived; else it stays in doubt."""
        self.ledger.doubt(write)
        if not self._look_up(write):
            self._count_doubt(write)

    def _settle_answered(self, write: Write, told: Posted) -> None:
        """Settle what the books say that they made; after a lost answer, look whether it stands.

        They answer an id that they know with their first answer, whatever has become of the object
        since. One that was deleted is bound all the same, so that a person is asked about it like
        about any other; that it is gone is noted before, for a crash in between must not hide it.
        """
        is_lasting = write.key.role in NAMED or write.action is WriteAction.DELETE
        # Had this been deleted again when its answer was lost, it would not stand to be read.
        must_go = taking_back.why_taken_back(write, told) is not None
        if write.key not in self._keys.unanswered or is_lasting or must_go:
            self._settle_or_take_back(write, told)
            return
        standing = self.books.read(told.target_id)
        if standing is None:
            self.watch.deviate(deleted(write.key, told))
            self._settle(write, told, problem=problems.deleted_since(told))
        else:
            self._settle_or_take_back(write, standing)

    def _posted(self, write: Write, symbols: Symbols) -> Posted:
        if write.action is WriteAction.DELETE and write.target_id:
            return self.books.withdraw(write.target_id, write.base_version, write.request_id)
        if write.action is WriteAction.UPDATE and write.target_id and write.base_version:
            return self.books.update(
                write.draft, symbols, write.target_id, write.base_version, write.request_id
            )
        return self.books.create(write.draft, write.name, symbols, write.request_id)

    def _conflict(self, write: Write, error: ConflictError) -> None:
        """Customers and items that a person has changed are left; documents are a question.

        What was to be made is not there to have been changed: it is refused like anything else.
        """
        if write.target_id is None or write.action is WriteAction.CREATE:
            self._reject(write, *_why(error), error.request_id)
            return
        if write.key.role in NAMED:
            self._settle(write, Posted(write.target_id, ""), count="kept")
            return
        posted = self.books.read(write.target_id)
        kind = questions.CHANGED
        if posted is None or posted.is_voided:
            kind = questions.DELETED if posted is None else questions.VOIDED
        self._reject(write, kind, problems.changed_in_books(error.message), questions.CURE)

    def _look_up(self, write: Write) -> bool:
        """Whether an earlier attempt has arrived; if so the write is settled, or taken back."""
        self._questions.pop(write.id, None)
        try:
            posted = self._found(write)
            if posted is None:
                return False
            self._settle_or_take_back(write, replace(posted, was_found=True))
        except (RecordRejectedError, OutcomeUnknownError) as error:
            self._questions[write.id] = _why(error)
            return False
        return True

    def _found(self, write: Write) -> Posted | None:
        if write.action is WriteAction.CREATE or not write.target_id:
            return self.books.find(write.draft, write.name, self._keys.symbols(write))
        posted = self.books.read(write.target_id)
        if write.action is WriteAction.DELETE:
            return _as_withdrawn(write.target_id, posted)
        if posted is None or posted.version == write.base_version:
            return None
        return posted if self._problem(write, posted) is None else None

    def _problem(self, write: Write, posted: Posted) -> Parked | None:
        customers = self._keys.symbols(write).customers
        customer = getattr(write.draft, "customer", "")
        return problems.unequal(write.draft, posted, None, customers.get(customer))

    def _settle_or_take_back(self, write: Write, posted: Posted) -> None:
        """Record what a write has made; a document that must not stand is deleted instead.

        Raises:
            OutcomeUnknownError: it is not known whether it was deleted.
        """
        why = taking_back.why_taken_back(write, posted)
        if why is not None and taking_back.taken_back(self.books, write, posted):
            self._reject(write, *why, posted.receipt.get("intuit_tid"))
        else:
            self._settle(write, posted)

    def _settle(
        self, write: Write, posted: Posted, count: str = "", problem: Parked | None = None
    ) -> None:
        if write.action is not WriteAction.DELETE:
            problem = problem or self._problem(write, posted)
        self.ledger.settle(write, posted, problem)
        with self._changed:
            self._changed.notify_all()
            self._ended[write.id] = replace(
                write,
                state=IntentState.SETTLED,
                code=problem.code if problem else None,
                reason=problem.reason if problem else None,
                cure=problem.cure if problem else None,
            )
            self._keys.bound[write.key] = Binding(
                write.key, posted.target_id, posted.version or None
            )
            self._counts[f"{write.kind}.{count or _counted(write, posted)}"] += 1
            if problem is not None:
                self._counts[f"{write.kind}.unequal"] += 1
            if write.action is WriteAction.CREATE and posted.total is not None:
                cents = int((posted.total * 100).to_integral_value())
                self._counts[f"{write.kind}.cents.{posted.currency}"] += cents

    def _reject(
        self, write: Write, code: str, reason: str, cure: str, answer_id: str | None = None
    ) -> None:
        self.ledger.reject(write, code, reason, cure, answer_id)
        with self._changed:
            self._changed.notify_all()
            self._ended[write.id] = replace(
                write, state=IntentState.REJECTED, code=code, reason=reason, cure=cure
            )
            self._counts[f"{write.kind}.rejected"] += 1

    def _count_doubt(self, write: Write) -> None:
        code, reason, cure = self._why_in_doubt(write)
        with self._changed:
            self._changed.notify_all()
            self._ended[write.id] = replace(
                write, state=IntentState.UNKNOWN, code=code, reason=reason, cure=cure
            )
            self._counts[f"{write.kind}.unknown"] += 1

    def _failed_dependency(self, write: Write) -> Write | None:
        return next(
            (one for one in self._needed(write) if one.state is not IntentState.SETTLED), None
        )

    def _needed(self, write: Write) -> list[Write]:
        """The writes that this one depends on, as they stand now."""
        return [self._ended[one] for one in write.depends_on]

    def _linked(self, write: Write) -> str:
        """The object that a link leads to: one that was there, or one made in this plan."""
        if write.target_id is not None:
            return write.target_id
        made = next(one for one in self._needed(write) if one.id == write.linked_to)
        return self.ledger.bound([made.key])[made.key].target_id

    def _learn(self, writes: Sequence[Write]) -> None:
        """Look up, at once, what is known of the keys of these writes, and what they wait for."""
        self._keys.learn(writes)
        # Carried out in a batch, or by a process, before this one.
        ours = {write.id for write in writes}
        earlier = {one for write in writes for one in write.depends_on} - ours - set(self._ended)
        if earlier:
            self._ended.update(self.ledger.states(earlier))

    def _parked(self, batch: Intent, writes: Sequence[Write]) -> list[Parked]:
        """The records of the batch of which a write did not come out as it should.

        One in doubt is parked too: so it stays due until it is known what became of it.
        """
        found: dict[str, Parked] = {}
        for record, write in _own_writes(batch, writes):
            is_open = write.state is IntentState.UNKNOWN
            why = self._why_in_doubt(write) if is_open else _why_parked(write)
            if why is not None and record.source_id not in found:
                parked = self._parked_for(write, why)
                found[record.source_id] = replace(parked, content_hash=record.row_hash)
        return list(found.values())

    def _parked_for(self, write: Write, why: Why) -> Parked:
        """The record of a write as it was when that was planned, parked for this reason."""
        question = question_of(write, why[0], self.books, self.ledger)
        return Parked(write.key.source_id, write.source_hash, *why, question=question)

    def _why_in_doubt(self, write: Write) -> Why:
        return self._questions.get(write.id) or problems.answer_lost()


def _counted(write: Write, posted: Posted) -> str:
    if posted.was_found and write.action is not WriteAction.DELETE:
        return "found"
    return {
        WriteAction.CREATE: "created",
        WriteAction.UPDATE: "updated",
        WriteAction.LINK: "linked",
        WriteAction.DELETE: "voided",
    }[write.action]


def _as_withdrawn(target_id: str, posted: Posted | None) -> Posted | None:
    """A document that was taken back, as its answer would have been; None while it stands."""
    if posted is None:
        return Posted(target_id, "", is_voided=True)
    return posted if posted.is_voided else None


def _why(error: UdsyncError) -> Why:
    cure = error.cure or "Correct it in the shop or the books; the next sync tries it again."
    return error.code, error.message, cure


def _why_parked(write: Write) -> Why | None:
    if write.code is None:
        return None
    return write.code, write.reason or "", write.cure or ""


def _arrived(batch: Intent, writes: Sequence[Write]) -> Mapping[str, bytes]:
    """The records of which every write is settled as it should be, or that need none."""
    left = {
        record.source_id
        for record, write in _own_writes(batch, writes)
        if write.state is not IntentState.SETTLED or write.code is not None
    }
    return {one.source_id: one.row_hash for one in batch.records if one.source_id not in left}


def _own_writes(batch: Intent, writes: Sequence[Write]) -> Iterable[tuple[PlannedRecord, Write]]:
    records = {record.source_id: record for record in batch.records}
    for write in writes:
        if write.key.entity is batch.entity and write.key.source_id in records:
            yield records[write.key.source_id], write
