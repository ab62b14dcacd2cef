"""Finding a shop's customer or product in the books: a match, none, or a question. No guesses."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from udsync_pipelines.posting.customers import CustomerDraft, free_name, normalised_email
from udsync_pipelines.posting.items import ItemDraft, free_item_name
from udsync_pipelines.posting.names import comparable


class NameList(StrEnum):
    """The lists of the books that share one space of names."""

    CUSTOMER = "customer"
    VENDOR = "vendor"
    EMPLOYEE = "employee"


class MatchedBy(StrEnum):
    """What a match rests on, strongest first."""

    BINDING = "binding"
    EMAIL = "email"
    SKU = "sku"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class BooksName:
    """A customer, vendor or employee of the books; inactive ones keep their name taken."""

    id: str
    list: NameList
    display_name: str
    email: str = ""
    currency: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class BooksProduct:
    """An item of the books."""

    id: str
    name: str
    sku: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Matched:
    """This record of the books it is."""

    id: str
    by: MatchedBy


@dataclass(frozen=True, slots=True)
class Absent:
    """The books do not have it; create it under this name, which is free."""

    name: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Someone must choose. `candidates` are ids of the books; `reason` says what was found."""

    candidates: tuple[str, ...]
    reason: str


Match: TypeAlias = Matched | Absent | Ambiguous


def match_customer(
    draft: CustomerDraft,
    names: Sequence[BooksName],
    *,
    bound_id: str | None = None,
    bound_keys: Mapping[str, Collection[str]] | None = None,
) -> Match:
    """The customer of the books that a draft is: by binding, then e-mail, then name.

    One e-mail is one person, be it a guest or an account; two accounts of the shop are never
    merged, even when they share an e-mail.

    Args:
        draft: the shop's side.
        names: every name of the books that might touch it: all with its e-mail and all whose
            display name begins with its name, of customers, vendors and employees, inactive too.
        bound_id: the customer of the books that is already bound to this key.
        bound_keys: by the id of a customer of the books, the shop's keys bound to it.
    """
    if bound_id is not None:
        return Matched(bound_id, MatchedBy.BINDING)
    keys = bound_keys or {}
    own_currency = [
        name
        for name in names
        if name.list is NameList.CUSTOMER and _same_currency(name, draft.currency)
    ]
    unbound = [name for name in own_currency if not set(keys.get(name.id, ())) - {draft.key}]
    found = _by_email(draft, own_currency, keys) or _by_name(draft, unbound)
    if found is not None:
        return found
    taken = {comparable(name.display_name) for name in names}
    name = free_name(draft, taken)
    if name is None:
        same = tuple(name.id for name in own_currency)
        return Ambiguous(same, f"Every name for {draft.display_name!r} is taken in the books.")
    return Absent(name)


def match_item(
    draft: ItemDraft,
    products: Sequence[BooksProduct],
    *,
    bound_id: str | None = None,
    bound_elsewhere: Collection[str] = (),
    shared_skus: Collection[str] = (),
) -> Match:
    """The item of the books that a product is: by binding, then SKU, then name.

    Args:
        draft: the shop's side.
        products: items of the books that have its SKU or one of its names, inactive too.
        bound_id: the item of the books that is already bound to this key.
        bound_elsewhere: items of the books that are bound to other products of this shop.
        shared_skus: SKUs that several products of the shop have, which identify none of them.
    """
    if bound_id is not None:
        return Matched(bound_id, MatchedBy.BINDING)
    free = [item for item in products if item.id not in bound_elsewhere]
    sku = draft.sku.casefold()
    if sku and draft.sku not in shared_skus:
        same = [item for item in free if item.sku.casefold() == sku]
        if same:
            question = f"{len(same)} items of the books have SKU {draft.sku}"
            return _only(
                [item.id for item in same if item.is_active], same, MatchedBy.SKU, question
            )
    named = [item for item in free if comparable(item.name) == comparable(draft.name)]
    own = [item for item in named if not (item.sku and sku and item.sku.casefold() != sku)]
    if own:
        question = f"{len(own)} items of the books are named {draft.name!r}"
        return _only([item.id for item in own if item.is_active], own, MatchedBy.NAME, question)
    name = free_item_name(draft, {comparable(item.name) for item in products})
    if name is None:
        return Ambiguous((), f"Every name for {draft.name!r} is taken in the books.")
    return Absent(name)


def _by_email(
    draft: CustomerDraft, names: Sequence[BooksName], keys: Mapping[str, Collection[str]]
) -> Match | None:
    email = normalised_email(draft.email)
    same = [name for name in names if email and normalised_email(name.email) == email]
    others = [name for name in same if _is_another_account(draft, keys.get(name.id, ()))]
    free = [name for name in same if name not in others]
    if not free:
        return _of_another_account(draft, others)
    active = [name for name in free if name.is_active]
    named = [name for name in active if _is_named(name, draft)]
    if len(named) == 1:
        return Matched(named[0].id, MatchedBy.EMAIL)
    question = f"{len(free)} customers of the books have the e-mail of {draft.display_name}"
    return _only([name.id for name in active], free, MatchedBy.EMAIL, question)


def _of_another_account(draft: CustomerDraft, others: Sequence[BooksName]) -> Match | None:
    named = tuple(name.id for name in others if _is_named(name, draft))
    if not named:
        return None
    return Ambiguous(
        named,
        f"Two accounts of the shop are named {draft.display_name} and share an e-mail: say whether "
        "they are one person.",
    )


def _is_another_account(draft: CustomerDraft, keys: Collection[str]) -> bool:
    accounts = {key for key in keys if key.startswith("customer/")}
    return draft.key.startswith("customer/") and bool(accounts - {draft.key})


def _by_name(draft: CustomerDraft, names: Sequence[BooksName]) -> Match | None:
    same = [name for name in names if _is_named(name, draft)]
    # Two different e-mails are two persons, whatever their names.
    possible = [name for name in same if not (draft.email and name.email)]
    if not possible:
        return None
    question = f"{len(possible)} customers of the books are named {draft.display_name}"
    if draft.email or len(possible) > 1 or not possible[0].email:
        active = [name.id for name in possible if name.is_active]
        return _only(active, possible, MatchedBy.NAME, question)
    only = possible[0]
    return Ambiguous(
        (only.id,),
        f"A customer of the books is named {draft.display_name} and has an e-mail, and the shop "
        "has none to compare: they may be two persons.",
    )


def _only(
    active: Sequence[str],
    found: Sequence[BooksName] | Sequence[BooksProduct],
    by: MatchedBy,
    question: str,
) -> Match:
    candidates = tuple(each.id for each in found)
    if not active:
        return Ambiguous(candidates, "What matches in the books is inactive: make it active first.")
    if len(active) == 1:
        return Matched(active[0], by)
    return Ambiguous(candidates, f"{question}: choose one.")


def _is_named(name: BooksName, draft: CustomerDraft) -> bool:
    return comparable(name.display_name) == comparable(draft.display_name)


def _same_currency(name: BooksName, currency: str) -> bool:
    return not name.currency or not currency or name.currency == currency
