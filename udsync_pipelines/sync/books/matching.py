"""Which customers and items of a plan the books have: matched, to be created, or a question.

The name lists are read at most once a sync, and only when a plan needs someone new.
"""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar
from uuid import UUID

from udsync_pipelines.posting.customers import CustomerDraft, display_names, normalised_email
from udsync_pipelines.posting.items import ItemDraft, item_names
from udsync_pipelines.posting.matching import (
    Absent,
    Ambiguous,
    BooksName,
    BooksProduct,
    Match,
    NameList,
    match_customer,
    match_item,
)
from udsync_pipelines.posting.names import comparable
from udsync_pipelines.posting.policy import PostingPolicy
from udsync_pipelines.sync.books.ports import Books, WriteLedger
from udsync_pipelines.sync.books.writes import Write, WriteAction, customer_symbol

NameT = TypeVar("NameT", BooksName, BooksProduct)

_NEW = "new:"
_CHOOSE = (
    "Make one of them the only match in the books (merge them, or correct name and e-mail), or "
    "correct the shop; then sync again."
)


@dataclass(frozen=True, slots=True)
class Dropped:
    """Why a write of a plan is not carried out."""

    code: str
    reason: str
    cure: str


@dataclass
class Matcher:
    """Decides on the new customers and items of one plan, one after the other."""

    books: Books
    ledger: WriteLedger
    policy: PostingPolicy
    _customers: "_Customers | None" = None
    _items: "_Items | None" = None
    _shared_skus: set[str] = field(default_factory=set)

    def prepare(self, writes: Iterable[Write]) -> None:
        """Note which SKUs several new items share: they identify none of them."""
        drafts = [write.draft for write in writes if isinstance(write.draft, ItemDraft)]
        used = Counter(draft.sku for draft in drafts if draft.sku)
        self._shared_skus.update(sku for sku, times in used.items() if times > 1)

    def decide(self, write: Write) -> Write | Dropped:
        """What becomes of a planned creation: created under a free name, linked, or dropped."""
        if isinstance(write.draft, CustomerDraft):
            if self._customers is None:
                self._customers = _Customers.read(self.books, self.ledger)
            return self._customers.decide(write, write.draft)
        if isinstance(write.draft, ItemDraft):
            if self._items is None:
                self._items = _Items.read(self.books, self.ledger)
            return self._item(write, self._items.decide(write, write.draft, self._shared_skus))
        return write

    def _item(self, write: Write, decided: Write | Dropped) -> Write | Dropped:
        is_new = isinstance(decided, Write) and decided.action is WriteAction.CREATE
        if is_new and not self.policy.new_items.income_account_id:
            return Dropped(
                "item_account_missing",
                "The posting policy names no income account for items that are new in the books.",
                "Choose one: udsync policy set new_items.income_account_id=…; then sync again.",
            )
        return decided


@dataclass
class _Customers:
    by_email: dict[str, list[BooksName]] = field(default_factory=dict)
    by_name: dict[str, list[BooksName]] = field(default_factory=dict)
    bound: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, books: Books, ledger: WriteLedger) -> "_Customers":
        made = cls()
        for name in books.names():
            made.add(name)
        for target_id, keys in ledger.customer_keys().items():
            made.bound[_id_of(target_id)] = {customer_symbol(key) for key in keys}
        return made

    def add(self, name: BooksName) -> None:
        self.by_name.setdefault(comparable(name.display_name), []).append(name)
        if name.email:
            self.by_email.setdefault(normalised_email(name.email), []).append(name)

    def decide(self, write: Write, draft: CustomerDraft) -> Write | Dropped:
        candidates = self._candidates(draft)
        keys = {name.id: self.bound.get(name.id, set()) for name in candidates}
        match = match_customer(draft, candidates, bound_keys=keys)
        described = {name.id: _described(name) for name in candidates}
        decided = _decided(write, match, "customer", described.__getitem__)
        if isinstance(decided, Write):
            name_id = self._name_of(decided, draft)
            self.bound.setdefault(name_id, set()).add(draft.key)
        return decided

    def _name_of(self, write: Write, draft: CustomerDraft) -> str:
        """The name that the customer has now; a new one is known to those who follow."""
        if write.action is WriteAction.LINK:
            return _linked_id(write)
        new = BooksName(
            f"{_NEW}{write.id}", NameList.CUSTOMER, write.name, draft.email, draft.currency
        )
        self.add(new)
        return new.id

    def _candidates(self, draft: CustomerDraft) -> list[BooksName]:
        found = list(self.by_email.get(normalised_email(draft.email), ())) if draft.email else []
        for name in display_names(draft):
            found += self.by_name.get(comparable(name), ())
        return _distinct(found, lambda name: (name.list, name.id))


@dataclass
class _Items:
    by_sku: dict[str, list[BooksProduct]] = field(default_factory=dict)
    by_name: dict[str, list[BooksProduct]] = field(default_factory=dict)
    bound: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, books: Books, ledger: WriteLedger) -> "_Items":
        made = cls()
        for item in books.products():
            made.add(item)
        made.bound = {_id_of(target_id) for target_id in ledger.item_targets()}
        return made

    def add(self, item: BooksProduct) -> None:
        self.by_name.setdefault(comparable(item.name), []).append(item)
        if item.sku:
            self.by_sku.setdefault(item.sku.casefold(), []).append(item)

    def decide(
        self, write: Write, draft: ItemDraft, shared_skus: Collection[str]
    ) -> Write | Dropped:
        candidates = list(self.by_sku.get(draft.sku.casefold(), ())) if draft.sku else []
        for name in item_names(draft):
            candidates += self.by_name.get(comparable(name), ())
        candidates = _distinct(candidates, lambda item: item.id)
        elsewhere = [item.id for item in candidates if item.id in self.bound]
        match = match_item(draft, candidates, bound_elsewhere=elsewhere, shared_skus=shared_skus)
        described = {item.id: f"{item.name} (item {item.id})" for item in candidates}
        decided = _decided(write, match, "item", described.__getitem__)
        if isinstance(decided, Write):
            if decided.action is WriteAction.LINK:
                self.bound.add(_linked_id(decided))
            else:
                new = BooksProduct(f"{_NEW}{write.id}", decided.name, draft.sku)
                self.add(new)
                self.bound.add(new.id)
        return decided


def _decided(
    write: Write, match: Match, what: str, described: Callable[[str], str]
) -> Write | Dropped:
    if isinstance(match, Absent):
        return replace(write, name=match.name)
    if isinstance(match, Ambiguous):
        named = ", ".join(map(described, match.candidates))
        candidates = f" Candidates: {named}." if named else ""
        return Dropped(f"{what}_ambiguous", f"{match.reason}{candidates}", _CHOOSE)
    linked = replace(write, action=WriteAction.LINK)
    if match.id.startswith(_NEW):
        created = UUID(match.id.removeprefix(_NEW))
        return replace(linked, linked_to=created, depends_on=(*write.depends_on, created))
    return replace(linked, target_id=f"{what}/{match.id}")


def _linked_id(write: Write) -> str:
    return f"{_NEW}{write.linked_to}" if write.linked_to else _id_of(write.target_id or "")


def _id_of(target_id: str) -> str:
    return target_id.partition("/")[2]


def _described(name: BooksName) -> str:
    inactive = "" if name.is_active else ", inactive"
    email = f", {name.email}" if name.email else ""
    return f"{name.display_name} ({name.list} {name.id}{email}{inactive})"


def _distinct(found: Iterable[NameT], key: Callable[[NameT], Hashable]) -> list[NameT]:
    return list({key(each): each for each in found}.values())
