"""The documents that one record owns in the books, read from there when something hangs on it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from udsync_pipelines.posting.documents import Draft, PaymentDraft, SalesDraft
from udsync_pipelines.sync.books import questions
from udsync_pipelines.sync.books.following import Deed, Deviation
from udsync_pipelines.sync.books.ports import Books, Posted, WriteLedger
from udsync_pipelines.sync.books.writes import Binding, Key, Role, customer_key
from udsync_pipelines.sync.decisions import KEEP_BOOKS, Question, Standing, fingerprint

_DELETED, _VOIDED = "deleted", "voided"


@dataclass
class Documents:
    """One record's documents; `state` changes with the record, `bound` are its bindings.

    `standing` is what a person was asked about the record and may have decided; `deviating` are
    the documents that others were seen to have changed.
    """

    state: bytes
    bound: Mapping[Role, Binding]
    books: Books
    ledger: WriteLedger
    standing: Standing | None = None
    deviating: Collection[Role] = ()
    _read: dict[Role, Posted | None] = field(default_factory=dict)
    _former: dict[Role, Draft | None] = field(default_factory=dict)

    @property
    def live(self) -> Mapping[Role, Binding]:
        """The bindings of documents that we did not take back."""
        return _live(self.bound)

    def posted(self, role: Role) -> Posted | None:
        """The document as it stands now; None when the books do not have it any more."""
        if role not in self._read:
            self._read[role] = self.books.read(self.bound[role].target_id)
        return self._read[role]

    def is_gone(self, role: Role) -> bool:
        """Whether a person has voided or deleted the document."""
        posted = self.posted(role)
        return posted is None or posted.is_voided

    def is_doubtful(self, role: Role) -> bool:
        """Whether the document may not be what was written, so that the books are asked."""
        binding = self.bound[role]
        is_asked_about = self.standing is not None or role in self.deviating
        is_odd = binding.digest is None or binding.is_taken_out
        return is_asked_about or role in self._read or is_odd

    def version(self, role: Role) -> str | None:
        """What the document looks like: now if it was read, else after our last write."""
        posted = self._read.get(role)
        return posted.version if posted else self.bound[role].version

    def former(self, role: Role) -> Draft | None:
        """The draft of the last write of this role; None where none is known."""
        if role not in self._former:
            found = self.ledger.last_draft(self.bound[role].key)
            self._former[role] = found if isinstance(found, SalesDraft | PaymentDraft) else None
        return self._former[role]

    def customer_id(self, draft: Draft) -> str | None:
        """The id of a draft's customer in the books; None while there is none."""
        key = customer_key(draft.customer)
        bound = self.ledger.bound([key]).get(key)
        return bound.target_id.partition("/")[2] if bound else None

    def question(self, kind: str) -> Question:
        """A question of this kind about the record and its documents as they are now."""
        return questions.question(kind, self._about())

    def answer(self, kind: str) -> str | None:
        """What a person decided about a question of this kind, if nothing has changed since."""
        if self.standing is None or self.standing.kind != kind:
            return None
        return self.standing.answer_to(self.question(kind))

    def are_kept(self) -> bool:
        """Whether a person decided to leave them as they are, and nothing has changed since."""
        standing = self.standing
        return (
            standing is not None
            and standing.choice == KEEP_BOOKS
            and standing.about == self._about()
        )

    def _about(self) -> str:
        return _about(self.state, self.live, self._state)

    def _state(self, role: Role) -> str:
        posted = self.posted(role)
        if posted is None:
            return _DELETED
        return _VOIDED if posted.is_voided else posted.version


def about_as_known(
    state: bytes, bound: Mapping[Role, Binding], deviations: Mapping[Key, Deviation]
) -> str:
    """What a question about a record is about, as far as it is known without asking the books.

    The documents are as we wrote them, or as others were seen to have left them.
    """
    live = _live(bound)

    def known(role: Role) -> str:
        if live[role].is_taken_out:
            return _VOIDED if live[role].version else _DELETED
        deviation = deviations.get(live[role].key)
        if deviation is None:
            return live[role].version or ""
        gone = {Deed.DELETED: _DELETED, Deed.VOIDED: _VOIDED}
        return gone.get(deviation.deed) or deviation.seen or ""

    return _about(state, live, known)


def _live(bound: Mapping[Role, Binding]) -> Mapping[Role, Binding]:
    """Those that we did not take back; what others took out may have come to stand again."""
    return {role: one for role, one in bound.items() if one.is_taken_out or not one.is_withdrawn}


def _about(state: bytes, live: Mapping[Role, Binding], now: Callable[[Role], str]) -> str:
    documents = (
        f"{role} {binding.target_id} {now(role)}" for role, binding in sorted(live.items())
    )
    return fingerprint([state.hex(), *documents])
