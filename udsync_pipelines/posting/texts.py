"""Text fields of drafts: what the mapping profiles make of a record, put on its drafts.

A profile says what a field reads, never what a document is worth: of a draft only `texts` changes.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeAlias, TypeVar

from udsync_pipelines.mapping.profile import Profile
from udsync_pipelines.posting.customers import CustomerDraft
from udsync_pipelines.posting.documents import Composition, DraftKind
from udsync_pipelines.posting.draft_json import AnyDraft
from udsync_pipelines.posting.items import ItemDraft

DraftT = TypeVar("DraftT", bound=AnyDraft)
Texts: TypeAlias = Mapping[str, Mapping[str, str]]
"""Texts by role (sale, payment, refund, customer, item), then by field of the destination."""

NO_TEXTS: Texts = MappingProxyType({})

_ROLES: Mapping[DraftKind, str] = MappingProxyType(
    {
        DraftKind.SALES_RECEIPT: "sale",
        DraftKind.INVOICE: "sale",
        DraftKind.PAYMENT: "payment",
        DraftKind.REFUND_RECEIPT: "refund",
        DraftKind.CREDIT_MEMO: "refund",
    }
)


def texts_of(profile: Profile | None, record: object, raw: Mapping[str, object]) -> Texts:
    """What a profile makes of an order, refund, customer, product or variation.

    Args:
        profile: the entity's profile towards the books; None gives no texts.
        record: the canonical record.
        raw: its raw JSON; may be empty unless `profile.reads_raw`.

    Raises:
        RecordRejectedError: a rule cannot be applied; the message names it.
        TypeError: the record is of another entity.
    """
    if profile is None:
        return NO_TEXTS
    tables = profile.apply(record, raw)
    return {
        role: {name: str(value) for row in rows for name, value in row.items() if value is not None}
        for role, rows in tables.items()
    }


def merged(*texts: Texts) -> Texts:
    """Several records' texts as one; what a later one fills, it fills for good.

    A refund's texts follow its order's, a variation's its product's.
    """
    together: dict[str, dict[str, str]] = {}
    for each in texts:
        for role, fields in each.items():
            together.setdefault(role, {}).update(fields)
    return together


def with_texts(draft: DraftT, texts: Texts) -> DraftT:
    """The draft with the texts of its role in the place of those it has."""
    return replace(draft, texts=texts.get(role_of(draft), {}))


def composed_with(composition: Composition, texts: Texts) -> Composition:
    """The composition with the texts on each of its documents; nothing else changes."""
    documents = tuple(with_texts(document, texts) for document in composition.documents)
    return replace(composition, documents=documents)


def role_of(draft: AnyDraft) -> str:
    """The role of a draft, which is the table of a profile: sale, payment, refund and so on."""
    if isinstance(draft, CustomerDraft):
        return "customer"
    return "item" if isinstance(draft, ItemDraft) else _ROLES[draft.kind]
