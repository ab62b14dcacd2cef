"""What others did to our documents in the books: seen, judged, and remembered for the next plan.

A tenant's books are followed at most once in a while for all lanes together, for each question
costs a metered read; at once when a webhook tells of a change that is none of ours. An object that
looks as our last write left it is the echo of that write. What a person changed beyond that and
that moves no money (a name, a note, a payment applied) is theirs. A document that was voided or
deleted, comes to other amounts, or was put on another day or account, is a deviation: its record is
planned again and becomes a question.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.draft_json import AnyDraft
from udsync_pipelines.sync.books import problems
from udsync_pipelines.sync.books.ports import Books, Change, Changes, Posted
from udsync_pipelines.sync.books.writes import Binding, Key, Role

OVERLAP = timedelta(minutes=5)
"""What changed shortly before the last look is told again: it may have become visible late."""

CLOCKS_DIFFER = timedelta(hours=1)
"""How far our clock may be ahead of the books', where these do not tell their time."""

DOCUMENTS = (Role.SALE, Role.PAYMENT, Role.REFUND)

_PAGE = 1000


class Deed(StrEnum):
    """What was done to a document."""

    EDITED = "edited"
    VOIDED = "voided"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Deviation:
    """A document that is not any more as we wrote it.

    `written` is the version that we wrote, `seen` the one that stands there now (None when it is
    deleted), `shown` the document as a bookkeeper calls it. It is over as soon as the document is
    written or bound anew.
    """

    key: Key
    target_id: str
    deed: Deed
    written: str | None
    seen: str | None = None
    shown: str = ""
    amounts: str = ""


class Watch(Protocol):
    """What is remembered of following one company for one store."""

    def followed_until(self) -> datetime | None:
        """Up to when changes in the books are known; None when nobody has looked yet."""

    def note(self, until: datetime) -> None:
        """From now on changes up to this time are known."""

    def is_told(self, since: datetime) -> bool:
        """Whether the books have told us of a change after this that is none of ours."""

    def bindings_of(self, target_ids: Collection[str]) -> Mapping[str, Sequence[Binding]]:
        """Those of these objects that are bound, with their bindings."""

    def targets(self, after: str, limit: int) -> Sequence[str]:
        """Bound objects behind this one, ascending."""

    def deviate(self, deviation: Deviation) -> None:
        """Remember a deviation instead of what was remembered of its key."""

    def agree(self, keys: Collection[Key]) -> None:
        """The documents of these keys are as we wrote them, or as we have agreed to."""

    def deviations(self, entity: Entity) -> Mapping[Key, Deviation]:
        """The deviations of the records of an entity that are not over."""


@dataclass
class Follower:
    """Follows one company's books.

    `last_draft` tells what we wrote for a key, `now` is the time, and `every` how long a look
    lasts. `counts` are those of the last look: `seen` objects that changed, `echoes` of our own
    writes, `foreign` ones, `harmless` changes, `deviations` by deed, and `compared` objects.
    """

    books: Books
    watch: Watch
    last_draft: "LastDraft"
    now: datetime
    every: timedelta
    counts: Counter[str] = field(default_factory=Counter)

    def follow(self) -> Counter[str]:
        """Look at what changed since the last look, unless that was only just and all is quiet."""
        until = self.watch.followed_until()
        if until is not None and self.now - until < self.every and not self.watch.is_told(until):
            return self.counts
        known = self.now
        if until is not None:
            changes = self.books.changes(until - OVERLAP, self.now)
            self._learn(changes)
            known = min(self.now, changes.at or self.now - CLOCKS_DIFFER)
        elif self.watch.targets("", 1):
            self._compare(None)
            known = self.now - CLOCKS_DIFFER
        self.watch.note(known)
        return self.counts

    def _learn(self, changes: Changes) -> None:
        self.counts["seen"] += len(changes.objects)
        self._judge(changes.objects)
        if changes.untold:
            self._compare(changes.untold)

    def _compare(self, kinds: Collection[str] | None) -> None:
        """Look at every bound object of these kinds (None: of all); what is absent was deleted."""
        for target_ids in self._pages():
            wanted = [one for one in target_ids if kinds is None or _kind(one) in kinds]
            standing = self.books.standing(wanted) if wanted else {}
            self.counts["compared"] += len(wanted)
            self._judge([Change(one, standing.get(one)) for one in wanted])

    def _pages(self) -> Iterator[Sequence[str]]:
        after = ""
        while page := self.watch.targets(after, _PAGE):
            yield page
            after = page[-1]

    def _judge(self, changes: Sequence[Change]) -> None:
        bound = self.watch.bindings_of({change.target_id for change in changes})
        agreeing: list[Key] = []
        for change in changes:
            bindings = bound.get(change.target_id)
            if not bindings:
                self.counts["foreign"] += 1
                continue
            try:
                agreeing += self._judge_one(change, bindings)
            except RecordRejectedError:
                self.counts["unreadable"] += 1
        self.watch.agree(agreeing)

    def _judge_one(self, change: Change, bindings: Sequence[Binding]) -> Iterator[Key]:
        """Remember what deviates; yield the keys whose documents do not."""
        # A feed has told of a deletion that was none: only the object itself is believed.
        posted = change.posted or self.books.read(change.target_id)
        for binding in bindings:
            if binding.key.role not in DOCUMENTS:
                self.counts["harmless"] += 1
                continue
            deviation = self._deviation(binding, posted)
            if deviation is not None:
                self.watch.deviate(deviation)
                self.counts[deviation.deed] += 1
                continue
            is_echo = posted is not None and posted.version == binding.version
            self.counts["echoes" if is_echo else "harmless"] += 1
            yield binding.key

    def _deviation(self, binding: Binding, posted: Posted | None) -> Deviation | None:
        if binding.is_withdrawn:
            return None
        if posted is None:
            return _deviation(binding, Deed.DELETED)
        if posted.version == binding.version:
            return None
        if posted.is_voided:
            return _deviation(binding, Deed.VOIDED, posted)
        draft = self.last_draft(binding.key)
        if draft is None or not problems.is_edited(draft, posted):
            return None
        return _deviation(binding, Deed.EDITED, posted)


class LastDraft(Protocol):
    """How to learn what we wrote last for a key."""

    def __call__(self, key: Key) -> AnyDraft | None:
        """The draft of the last settled write of a key."""


def deleted(key: Key, written: Posted) -> Deviation:
    """The deviation of a document that was deleted after it was written."""
    return Deviation(
        key,
        written.target_id,
        Deed.DELETED,
        written.version or None,
        shown=problems.shown(written),
    )


def _deviation(binding: Binding, deed: Deed, posted: Posted | None = None) -> Deviation:
    return Deviation(
        binding.key,
        binding.target_id,
        deed,
        binding.version,
        None if posted is None else posted.version,
        problems.shown(posted or Posted(binding.target_id, "")),
        "" if posted is None else f"{posted.total} {posted.currency} with {posted.tax} tax",
    )


def _kind(target_id: str) -> str:
    return target_id.partition("/")[0]
