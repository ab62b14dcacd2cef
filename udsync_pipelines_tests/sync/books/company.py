"""The books of a company in memory, which keep the promises of `sync.books.ports.Books`.

Nothing is written after the process has died. What an answer hides can be ordered: it is lost
before or after the books have written, or it comes as a refusal.
"""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from udsync_pipelines.errors import (
    ConfigurationError,
    ConflictError,
    OutcomeUnknownError,
    RecordRejectedError,
)
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.customers import CustomerDraft
from udsync_pipelines.posting.documents import ItemSource, PaymentDraft, SalesDraft
from udsync_pipelines.posting.draft_json import AnyDraft
from udsync_pipelines.posting.items import ItemDraft
from udsync_pipelines.posting.matching import BooksName, BooksProduct, NameList
from udsync_pipelines.posting.names import comparable
from udsync_pipelines.sync.books.ports import Change, Changes, Posted, Symbols
from udsync_pipelines_tests.posting.books import CANADA
from udsync_pipelines_tests.sync.memory import Process

KINDS = frozenset(
    {"customer", "item", "sales_receipt", "invoice", "payment", "refund_receipt", "credit_memo"}
)

Refusal = Callable[[AnyDraft], bool]


def key_of(draft: AnyDraft) -> str:
    """What a draft is about: its marker, or the key of a customer or item."""
    return draft.marker if isinstance(draft, SalesDraft | PaymentDraft) else draft.key


def kind_of(draft: AnyDraft) -> str:
    """The kind of object that a draft becomes."""
    if isinstance(draft, SalesDraft | PaymentDraft):
        return draft.kind.value
    return "customer" if isinstance(draft, CustomerDraft) else "item"


@dataclass
class Held:
    """An object of the books. A person may change it: `edits` counts that, as our updates."""

    target_id: str
    draft: AnyDraft
    name: str
    symbols: Symbols
    written_at: datetime
    total: Decimal | None = None
    tax: Decimal | None = None
    dated_on: date | None = None
    account_id: str | None = None
    edits: int = 0
    is_voided: bool = False

    @property
    def version(self) -> str:
        return f"v{self.edits}"


@dataclass
class MemoryBooks:
    """One company.

    `answers` says of the next writes, by kind: `lost` (not written), `hidden` (written, and the
    answer lost), `fine`. `refusals` are asked of every write. An object is found by `find` once
    it is `delay` old. `moved_tax` is what the books make of a document's tax beyond the draft,
    `values_at` the rate of foreign documents whatever they were sent with. `behind` is how far
    the company's own clock is behind ours.
    """

    process: Process
    clock: Callable[[], datetime]
    company_: Company = CANADA
    account: str = "4620"
    is_read_only: bool = False
    keeps_request_ids: bool = True
    refuses_same_number: bool = True
    shown_otherwise: dict[str, Any] = field(default_factory=dict)
    delay: timedelta = timedelta(0)
    moved_tax: Decimal = Decimal(0)
    values_at: Decimal | None = None
    answers: dict[str, list[str]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    locked: dict[str, str] = field(default_factory=dict)
    fails_with: Exception | None = None
    good_writes: int = 0
    held: dict[str, Held] = field(default_factory=dict)
    others: list[BooksName | BooksProduct] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    request_ids: list[str] = field(default_factory=list)
    touched: dict[str, datetime] = field(default_factory=dict)
    behind: timedelta = timedelta(0)
    untold: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    falsely_deleted: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = count(101)
        self._answered: dict[str, Held | RecordRejectedError] = {}
        self._deleted: dict[str, Held] = {}

    # --- what the engine asks -----------------------------------------------------------------

    def check_writable(self) -> None:
        if self.is_read_only:
            raise ConfigurationError("The company may only be read.", code="read_only")

    def company(self) -> Company:
        self._call("company", "")
        return self.company_

    def renew(self, oldest: timedelta) -> None:
        self._call("renew", str(oldest))

    def names(self) -> Sequence[BooksName]:
        self._call("names", "")
        return [one for one in self.others if isinstance(one, BooksName)] + [
            BooksName(
                _number(one), NameList.CUSTOMER, one.name, one.draft.email, one.draft.currency
            )
            for one in self.held.values()
            if isinstance(one.draft, CustomerDraft)
        ]

    def products(self) -> Sequence[BooksProduct]:
        self._call("products", "")
        return [one for one in self.others if isinstance(one, BooksProduct)] + [
            BooksProduct(_number(one), one.name, one.draft.sku)
            for one in self.held.values()
            if isinstance(one.draft, ItemDraft)
        ]

    def create(self, draft: AnyDraft, name: str, symbols: Symbols, request_id: str) -> Posted:
        self.process.must_live()
        with self._lock:
            answer = self._begin("create", draft, request_id)
            replayed = self._replayed(request_id)
            if replayed is not None:
                return self._end(answer, replayed)
            self._refuse(draft, request_id)
            self._check_references(draft, symbols)
            taken = self._owner_of_number(draft) or self._owner_of_name(name, draft)
            if taken is not None:
                return self._end(answer, self._only_ours(taken, draft, request_id))
            target_id = f"{kind_of(draft)}/{next(self._ids)}"
            made = Held(target_id, draft, name, symbols, self.clock())
            self._value(made)
            self._answered[request_id] = replace(made)
            self.held[target_id] = made
            self.touched[target_id] = self.clock()
            return self._end(answer, made)

    def update(
        self, draft: AnyDraft, symbols: Symbols, target_id: str, version: str, request_id: str
    ) -> Posted:
        self.process.must_live()
        with self._lock:
            answer = self._begin("update", draft, request_id)
            replayed = self._replayed(request_id)
            if replayed is not None:
                return self._end(answer, replayed)
            self._refuse(draft, request_id)
            held = self.held.get(target_id)
            if held is None:
                raise ConflictError("it was deleted.")
            if held.is_voided:
                raise ConflictError("it was voided.")
            if held.version != version:
                raise ConflictError("it was changed by hand.")
            self._check_paid(held, draft)
            held.draft, held.symbols = draft, symbols
            held.edits += 1
            self.touched[target_id] = self.clock()
            self._value(held)
            self._answered[request_id] = replace(held)
            return self._end(answer, held)

    def withdraw(self, target_id: str, version: str | None, request_id: str) -> Posted:
        self.process.must_live()
        with self._lock:
            held = self.held.get(target_id)
            if held is None:
                return Posted(target_id, "", is_voided=True, was_found=True)
            if held.is_voided:
                return replace(self._posted(held), was_found=True)
            answer = self._begin("withdraw", held.draft, request_id)
            self._refuse(held.draft, request_id)
            if held.version != version:
                raise ConflictError("it was changed by hand.")
            if held.target_id.startswith("credit_memo/"):
                del self.held[target_id]
                held.is_voided = True
            else:
                self._check_unpaid(held)
                self.void(held)
            return self._end(answer, held)

    def erase(self, posted: Posted, request_id: str) -> None:
        self.process.must_live()
        with self._lock:
            held = self.held.get(posted.target_id)
            if held is None:
                self.calls.append(("erase", posted.target_id))
                return
            answer = self._begin("erase", held.draft, request_id)
            self._refuse(held.draft, request_id)
            if held.edits:
                raise ConflictError("it was changed by hand.")
            self._deleted[posted.target_id] = self.held.pop(posted.target_id)
            self._end(answer, held)

    def _check_unpaid(self, held: Held) -> None:
        """Books void no invoice that is paid."""
        assert not self._payments_of(held), f"{held.target_id} is paid"

    def _check_paid(self, held: Held, draft: AnyDraft) -> None:
        """Books let no invoice become less than was paid, nor somebody else's."""
        for payment in self._payments_of(held):
            assert isinstance(draft, SalesDraft)
            assert isinstance(payment.draft, PaymentDraft)
            assert payment.draft.amount <= draft.total, f"{held.target_id} was paid more"
            assert payment.draft.customer == draft.customer, f"{held.target_id} was another's"

    def _payments_of(self, held: Held) -> list[Held]:
        return [
            one
            for one in self.of("payment")
            if f"invoice/{one.symbols.invoice_id}" == held.target_id and not one.is_voided
        ]

    def find(self, draft: AnyDraft, name: str, symbols: Symbols) -> Posted | None:
        self._call("find", _what(draft))
        found = [
            one
            for one in list(self.held.values())  # others may write meanwhile
            if kind_of(one.draft) == kind_of(draft)
            and self.clock() - one.written_at >= self.delay
            and (one.name == name if name else key_of(one.draft) == key_of(draft))
        ]
        if len(found) > 1:
            raise RecordRejectedError(f"There are {len(found)} of them.", code="number_taken")
        return self._posted(found[0]) if found else None

    def read(self, target_id: str) -> Posted | None:
        self._call("read", target_id)
        assert target_id.partition("/")[2], "books can only be asked about an object"
        if target_id in self.unreadable:
            raise RecordRejectedError("A field cannot be read.", code="answer_misshapen")
        held = self.held.get(target_id)
        return None if held is None else self._posted(held)

    def changes(self, since: datetime, now: datetime) -> Changes:
        self._call("changes", since.isoformat())
        if now - since > timedelta(days=29):
            return Changes((), KINDS)
        since, at = since + self.behind, self.clock() - self.behind
        told = [
            one
            for one, at in self.touched.items()
            if at >= since and one.partition("/")[0] not in self.untold
        ]
        standing = {one: self._posted(self.held[one]) for one in told if one in self.held}
        hidden = self.falsely_deleted
        objects = [Change(one, None if one in hidden else standing.get(one)) for one in told]
        return Changes(objects, frozenset(self.untold), at)

    def standing(self, target_ids: Collection[str]) -> Mapping[str, Posted]:
        self._call("standing", str(len(target_ids)))
        return {one: self._posted(self.held[one]) for one in target_ids if one in self.held}

    # --- what a test does or asks -------------------------------------------------------------

    def kinds(self) -> dict[str, int]:
        """How many objects there are of each kind."""
        kinds = [target_id.partition("/")[0] for target_id in self.held]
        return {kind: kinds.count(kind) for kind in sorted(set(kinds))}

    def of(self, kind: str) -> list[Held]:
        """The objects of a kind, in the order in which they were written."""
        return [one for one in self.held.values() if one.target_id.startswith(f"{kind}/")]

    def the(self, kind: str) -> Held:
        """The only object of a kind."""
        (only,) = self.of(kind)
        return only

    def edit(self, held: Held, total: Decimal | None = None, **changes: Any) -> None:
        """A person changes an object: its total, its `dated_on` or its `account_id`."""
        held.edits += 1
        self.touched[held.target_id] = self.clock()
        held.total = held.total if total is None else total
        for name, value in changes.items():
            setattr(held, name, value)

    def void(self, held: Held) -> None:
        """A person voids a document."""
        held.edits += 1
        self.touched[held.target_id] = self.clock()
        held.is_voided, held.total, held.tax = True, Decimal(0), Decimal(0)

    def delete(self, held: Held) -> None:
        """A person deletes an object."""
        self.touched[held.target_id] = self.clock()
        self._deleted[held.target_id] = self.held.pop(held.target_id)

    def refuse(self, kind: str, key: str = "") -> None:
        """Refuse the writes of a kind, or only those about one key."""
        self.refusals.append(lambda draft: kind_of(draft) == kind and key in key_of(draft))

    def lock(self, kind: str, code: str) -> None:
        """Refuse every write of a kind with this code, as of a document on a deposit."""
        self.locked[kind] = code
        self.refuse(kind)

    def called(self, *names: str) -> list[tuple[str, str]]:
        """What was asked of the books, with these names."""
        return [call for call in self.calls if call[0] in names]

    # --- inside -------------------------------------------------------------------------------

    def _call(self, name: str, what: str) -> None:
        self.process.must_live()
        self.calls.append((name, what))

    def _begin(self, name: str, draft: AnyDraft, request_id: str) -> str:
        """What is to become of this write's answer."""
        self.calls.append((name, _what(draft)))
        self.request_ids.append(request_id)
        if self.fails_with is not None:
            if not self.good_writes:
                raise self.fails_with
            self.good_writes -= 1
        waiting = self.answers.get(kind_of(draft))
        answer = waiting.pop(0) if waiting else "fine"
        if answer == "lost":
            raise OutcomeUnknownError("The connection broke.")
        return answer

    def _end(self, answer: str, made: Held) -> Posted:
        if answer == "hidden":
            raise OutcomeUnknownError("The connection broke.")
        return self._posted(made)

    def _replayed(self, request_id: str) -> Held | None:
        """The first answer to this request, whatever became of the object since; a refusal too."""
        known = self._answered.get(request_id) if self.keeps_request_ids else None
        if isinstance(known, RecordRejectedError):
            raise known
        return known

    def _refuse(self, draft: AnyDraft, request_id: str) -> None:
        if any(refuses(draft) for refuses in self.refusals):
            code = self.locked.get(kind_of(draft), "refused_by_books")
            raise self._refused(f"The books refuse {key_of(draft)}.", code, request_id)

    def _refused(self, message: str, code: str, request_id: str) -> RecordRejectedError:
        error = RecordRejectedError(message, code=code)
        self._answered[request_id] = error
        return error

    def _check_references(self, draft: AnyDraft, symbols: Symbols) -> None:
        """A document may name only what is there; a payment, only an invoice of its customer."""
        if isinstance(draft, SalesDraft | PaymentDraft):
            self._must_hold(f"customer/{symbols.customers[draft.customer]}")
        if isinstance(draft, SalesDraft):
            for line in draft.lines:
                if line.item.source is not ItemSource.BOOKS:
                    self._must_hold(f"item/{symbols.items[str(line.item)]}")
        if isinstance(draft, PaymentDraft):
            self._must_hold(f"invoice/{symbols.invoice_id}")

    def _must_hold(self, target_id: str) -> None:
        if target_id in self._deleted:  # by a person, which nobody can have known
            raise RecordRejectedError(f"{target_id} is gone.", code="not_found")
        if target_id not in self.held and target_id.partition("/")[2] not in {
            one.id for one in self.others
        }:
            raise AssertionError(f"a document names {target_id}, which the books do not have")

    def _owner_of_number(self, draft: AnyDraft) -> Held | None:
        if not isinstance(draft, SalesDraft) or not self.refuses_same_number:
            return None
        return next(
            (
                one
                for one in self.of(draft.kind.value)
                if isinstance(one.draft, SalesDraft) and one.draft.number == draft.number
            ),
            None,
        )

    def _owner_of_name(self, name: str, draft: AnyDraft) -> Held | None:
        if not name:
            return None
        return next(
            (one for one in self.of(kind_of(draft)) if comparable(one.name) == comparable(name)),
            None,
        )

    def _only_ours(self, held: Held, draft: AnyDraft, request_id: str) -> Held:
        """A taken number may be ours; a taken name is a question for the next sync."""
        if isinstance(draft, SalesDraft) and key_of(held.draft) == key_of(draft):
            return held
        raise self._refused(f"{held.name or 'The number'} is taken.", "taken", request_id)

    def _value(self, held: Held) -> None:
        draft = held.draft
        if isinstance(draft, SalesDraft):
            held.tax = draft.total_tax + self.moved_tax
            held.total = draft.net_total + held.tax
        elif isinstance(draft, PaymentDraft):
            held.total, held.tax = draft.amount, Decimal(0)
        if isinstance(draft, SalesDraft | PaymentDraft):
            held.dated_on, held.account_id = draft.dated_on, draft.account_id

    def _posted(self, held: Held) -> Posted:
        draft = held.draft
        receipt: Mapping[str, str | None] = {"id": _number(held)}
        if not isinstance(draft, SalesDraft | PaymentDraft):
            return Posted(held.target_id, held.version, receipt=receipt)
        number = draft.number if isinstance(draft, SalesDraft) else draft.reference
        posted = Posted(
            held.target_id,
            held.version,
            held.total,
            held.tax,
            draft.currency,
            number or "",
            held.is_voided,
            receipt,
            exchange_rate=draft.exchange_rate and (self.values_at or draft.exchange_rate),
            dated_on=held.dated_on,
            account_id=held.account_id,
        )
        return replace(posted, **self.shown_otherwise)


def _what(draft: AnyDraft) -> str:
    return f"{kind_of(draft)} {key_of(draft)}"


def _number(held: Held) -> str:
    return held.target_id.partition("/")[2]
