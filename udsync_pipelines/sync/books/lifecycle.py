"""What becomes of a record's documents: written, brought up to date, taken back, or a question.

What stands in the books is taken back only after a person has agreed; what a person has changed
there is written over only when a person has said so.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from udsync_pipelines.posting.documents import Draft, PaymentDraft, SalesDraft
from udsync_pipelines.posting.draft_json import digest_of, draft_to_json
from udsync_pipelines.posting.reissuing import issue_of, reissued
from udsync_pipelines.sync.books import problems, questions
from udsync_pipelines.sync.books.documents import Documents
from udsync_pipelines.sync.books.questions import AskedError
from udsync_pipelines.sync.books.writes import Role, WriteAction
from udsync_pipelines.sync.decisions import Question

_GRAVITY = (questions.DELETED, questions.VOIDED, questions.CHANGED, questions.DIFFER)


@dataclass(frozen=True, slots=True)
class Step:
    """One write that a record needs; `former` is what the document was made of before.

    With a `question`, it may be carried out only once a person has agreed; `why` says what for.
    """

    role: Role
    action: WriteAction
    draft: Draft
    target_id: str | None = None
    base_version: str | None = None
    former: Draft | None = None
    question: Question | None = None
    why: str = ""


def steps_of(wanted: Mapping[Role, Draft], documents: Documents, why_gone: str) -> list[Step]:
    """The writes that bring a record's documents to the drafts, in the order of their sending.

    `why_gone` says why a record without drafts is not to be posted.

    Raises:
        AskedError: a person has changed a document, or it did not come out as it should.
    """
    if documents.are_kept():
        return []
    moved = _moved(wanted, documents)
    taken_back = _TakenBack(wanted, documents, moved, why_gone)
    troubles = _troubles(wanted, documents, moved if taken_back.standing else frozenset())
    if taken_back.standing and troubles and taken_back.answer is None:
        raise AskedError(documents.question(taken_back.kind), taken_back.why)
    if troubles and not taken_back.standing:
        kind, message = min(troubles.values(), key=lambda trouble: _GRAVITY.index(trouble[0]))
        # What was posted again and taken back again leaves the first document's question open.
        is_to_be_new = documents.answer(questions.TAX_DIFFERS) == questions.POST_AGAIN
        is_answered = kind in questions.MISSING and is_to_be_new
        if documents.answer(kind) is None and not is_answered:
            raise AskedError(documents.question(kind), message)
    kinds = {role: kind for role, (kind, _) in troubles.items()}
    return [*taken_back.steps(), *_Written(wanted, documents, kinds, moved).steps()]


def _troubles(
    wanted: Mapping[Role, Draft], documents: Documents, moved: Collection[Role]
) -> Mapping[Role, tuple[str, str]]:
    """What is wrong with documents that are wanted: the kind of question, and a sentence.

    The books are asked only about what was in question before, or did not come out as it should.
    """
    found: dict[Role, tuple[str, str]] = {}
    for role in documents.live:
        if role in wanted and role not in moved and documents.is_doubtful(role):
            trouble = _trouble(role, wanted[role], documents)
            if trouble is not None:
                found[role] = trouble
    return found


def _trouble(role: Role, draft: Draft, documents: Documents) -> tuple[str, str] | None:
    binding, posted = documents.live[role], documents.posted(role)
    if posted is None:
        return questions.DELETED, problems.deleted_in_books(binding.target_id)
    if posted.is_voided:
        return questions.VOIDED, problems.voided_in_books(posted)
    issued = _as_issued(draft, documents.former(role))
    if binding.digest is None:
        unequal = problems.unequal(issued, posted, None, documents.customer_id(issued))
        return None if unequal is None else (questions.DIFFER, unequal.reason)
    if posted.version == binding.version:
        return None
    # What a person changed and moves no money is theirs, until it would be written over.
    is_unwritten = _digest(issued) == binding.digest
    if is_unwritten and not problems.is_edited(issued, posted):
        return None
    written = documents.former(role) or issued
    return questions.CHANGED, problems.edited_in_books(posted, written)


def _as_issued(draft: Draft, former: Draft | None) -> Draft:
    """The draft under the number that its document has."""
    return reissued(draft, issue_of(former)) if former else draft


def _moved(wanted: Mapping[Role, Draft], documents: Documents) -> frozenset[Role]:
    """The roles whose document cannot become what is wanted: it must be taken back first.

    Books let no document change its form or its currency, nor a payment its customer.
    """
    live = documents.live
    moved = {role for role in live if role in wanted and _must_move(role, wanted[role], documents)}
    if Role.SALE in moved and Role.PAYMENT in live:
        moved.add(Role.PAYMENT)
    return frozenset(moved)


def _must_move(role: Role, draft: Draft, documents: Documents) -> bool:
    binding = documents.bound[role]
    if draft.kind != binding.target_id.partition("/")[0]:
        return True
    if binding.digest == _digest(draft):
        return False
    former = documents.former(role)
    if former is None:
        return False
    is_payment = isinstance(draft, PaymentDraft)
    return former.currency != draft.currency or (is_payment and former.customer != draft.customer)


@dataclass(frozen=True)
class _TakenBack:
    """The documents that are to leave the books. `standing` are those that nobody took out yet."""

    wanted: Mapping[Role, Draft]
    documents: Documents
    moved: frozenset[Role]
    why_gone: str

    @cached_property
    def roles(self) -> Sequence[Role]:
        """Payments before their invoices, which books demand."""
        live = self.documents.live
        roles = [
            role
            for role in live
            if (role not in self.wanted or role in self.moved) and not self._is_done(role)
        ]
        return sorted(roles, key=lambda role: role is not Role.PAYMENT)

    def _is_done(self, role: Role) -> bool:
        """Whether others had taken it out when it was last looked at, and it does not stand."""
        return self.documents.bound[role].is_taken_out and self.documents.is_gone(role)

    @cached_property
    def standing(self) -> Sequence[Role]:
        return [role for role in self.roles if not self.documents.is_gone(role)]

    @cached_property
    def kind(self) -> str:
        if self._reposted:
            return questions.FORM_CHANGED
        return questions.NOT_DUE if self.wanted else questions.GONE

    @cached_property
    def why(self) -> str:
        found = [one for role in self.standing if (one := self.documents.posted(role)) is not None]
        if self._reposted:
            role = self._reposted[0]
            former = self.documents.former(role)
            return problems.form_changed(found, former, self.wanted[role])
        if self.wanted:
            return problems.not_due_any_more(found)
        return problems.posted_but_gone(found, self.why_gone)

    @cached_property
    def answer(self) -> str | None:
        return self.documents.answer(self.kind)

    @property
    def _reposted(self) -> Sequence[Role]:
        return [role for role in self.wanted if role in self.moved and role in self.standing]

    def steps(self) -> Iterator[Step]:
        """Each with the question that a person has to answer first, if nobody has."""
        is_asked = bool(self.standing) and self.answer is None
        for role in self.roles:
            former = self.documents.former(role)
            is_there = role in self.standing
            if former is None and is_there:
                raise problems.unknown_document(self.documents.bound[role].target_id)
            if former is not None:
                yield Step(
                    role,
                    WriteAction.DELETE,
                    former,
                    target_id=self.documents.bound[role].target_id,
                    base_version=self.documents.version(role) if is_there else None,
                    question=self.documents.question(self.kind) if is_asked else None,
                    why=self.why if is_asked else "",
                )


@dataclass(frozen=True, slots=True)
class _Written:
    """The writes of the documents that are wanted."""

    wanted: Mapping[Role, Draft]
    documents: Documents
    troubled: Mapping[Role, str]
    moved: frozenset[Role]

    def steps(self) -> Iterator[Step]:
        """The sale before its payment, which names the sale's number as it is issued."""
        number: str | None = None
        is_new = False
        for role, draft in self.wanted.items():
            paid = replace(draft, pays_number=number) if isinstance(draft, PaymentDraft) else draft
            step, issued = self._step(role, paid, is_linked_anew=is_new)
            if isinstance(issued, SalesDraft):
                number = issued.number
                is_new = step is not None and step.action is WriteAction.CREATE
            if step is not None:
                yield step

    def _step(self, role: Role, draft: Draft, *, is_linked_anew: bool) -> tuple[Step | None, Draft]:
        """What a document needs, and its draft with the number of its issue."""
        binding = self.documents.bound.get(role)
        if binding is None:
            return Step(role, WriteAction.CREATE, draft), draft
        if self._is_to_be_new(role):
            former = self.documents.former(role)
            issue = issue_of(former) + 1 if former else 2
            draft = reissued(draft, issue)
            return Step(role, WriteAction.CREATE, draft), draft
        if binding.digest is None and role not in self.troubled:
            return None, draft  # a person has corrected it
        must_be_written = is_linked_anew or role in self.troubled
        if binding.digest == _digest(draft) and not must_be_written:
            return None, draft
        former = self.documents.former(role)
        draft = _as_issued(draft, former)
        if binding.digest == _digest(draft) and not must_be_written:
            return None, draft
        return self._update(role, draft, former), draft

    def _update(self, role: Role, draft: Draft, former: Draft | None) -> Step:
        return Step(
            role,
            WriteAction.UPDATE,
            draft,
            target_id=self.documents.bound[role].target_id,
            base_version=self.documents.version(role),
            former=former,
        )

    def _is_to_be_new(self, role: Role) -> bool:
        if role in self.moved or self.troubled.get(role) in questions.MISSING:
            return True
        return self.documents.bound[role].is_withdrawn and role not in self.troubled


def _digest(draft: Draft) -> bytes:
    return digest_of(draft_to_json(draft))
