"""Settle what a planned batch would do: who is new in the books, and what cannot go on."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from udsync_pipelines.posting.customers import CustomerDraft
from udsync_pipelines.sync.books.matching import Dropped, Matcher
from udsync_pipelines.sync.books.planning import NAMED
from udsync_pipelines.sync.books.writes import Role, Write, WriteAction
from udsync_pipelines.sync.plan import Intent, IntentState, Parked


@dataclass
class Resolver:
    """Resolves the batches of one plan in their order."""

    matcher: Matcher
    _dropped: dict[UUID, Dropped] = field(default_factory=dict)

    def resolve(
        self, batch: Intent, writes: Sequence[Write]
    ) -> tuple[Intent, list[Write], list[Parked]]:
        """The batch and its writes as they will be carried out, and the newly parked records.

        A write that is dropped takes with it what depends on it, and every write of its record.
        """
        new = [one for one in writes if one.action is WriteAction.CREATE and _is_named(one)]
        self.matcher.prepare(new)
        decided: list[Write] = []
        for write in writes:
            outcome = self._outcome(write)
            if isinstance(outcome, Dropped):
                self._dropped[write.id] = outcome
                decided.append(_rejected(write, outcome))
            else:
                decided.append(outcome)
        parked = self._parked(batch, decided)
        stopped = {one.source_id for one in parked}
        kept = tuple(one for one in batch.records if one.source_id not in stopped)
        resolved = replace(batch, records=kept, parked=(*batch.parked, *parked))
        return resolved, [self._stopped(one, batch, stopped) for one in decided], parked

    def _outcome(self, write: Write) -> Write | Dropped:
        for needed in write.depends_on:
            if needed in self._dropped:
                return self._dropped[needed]
        if write.action is WriteAction.CREATE and _is_named(write):
            outcome = self.matcher.decide(write)
            return _named(write, outcome) if isinstance(outcome, Dropped) else outcome
        return write

    def _parked(self, batch: Intent, decided: Sequence[Write]) -> list[Parked]:
        hashes = {record.source_id: record.row_hash for record in batch.records}
        parked: dict[str, Parked] = {}
        for write in decided:
            source_id = write.key.source_id
            is_own = write.key.entity is batch.entity and source_id in hashes
            if is_own and write.state is IntentState.REJECTED and source_id not in parked:
                parked[source_id] = Parked(
                    source_id,
                    hashes[source_id],
                    write.code or "",
                    write.reason or "",
                    write.cure or "",
                )
        return list(parked.values())

    def _stopped(self, write: Write, batch: Intent, stopped: set[str]) -> Write:
        """A document whose record is parked is not written, though nothing stops it itself."""
        is_own = write.key.entity is batch.entity and write.key.source_id in stopped
        if not is_own or write.state is IntentState.REJECTED:
            return write
        outcome = Dropped("parked", "Another document of the same record is parked.", "See there.")
        self._dropped[write.id] = outcome
        return _rejected(write, outcome)


def _is_named(write: Write) -> bool:
    return write.key.role in NAMED


def _named(write: Write, dropped: Dropped) -> Dropped:
    """The sentence with the name of whom or what it is about."""
    draft = write.draft
    name = draft.display_name if isinstance(draft, CustomerDraft) else getattr(draft, "name", "")
    what = "customer" if write.key.role is Role.CUSTOMER else "item"
    return replace(dropped, reason=f"The {what} {name!r}: {dropped.reason}")


def _rejected(write: Write, why: Dropped) -> Write:
    return replace(
        write, state=IntentState.REJECTED, code=why.code, reason=why.reason, cure=why.cure
    )
