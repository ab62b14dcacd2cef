"""Why a record does not reach the books, as sentences for whoever has to act on them."""

from collections.abc import Sequence

from udsync_pipelines.domain.order import Order
from udsync_pipelines.errors import ConfigurationError, RecordRejectedError
from udsync_pipelines.posting.documents import Draft, PaymentDraft, SalesDraft
from udsync_pipelines.posting.draft_json import AnyDraft
from udsync_pipelines.posting.exchange import same_rate
from udsync_pipelines.sync.books.ports import Posted
from udsync_pipelines.sync.books.writes import Key, Role, Write
from udsync_pipelines.sync.plan import Intent, Parked
from udsync_pipelines.sync.records import ArchivedRecord

_NEXT_SYNC = "Nothing: the next sync looks again and goes on by itself."


def posted_but_gone(posted: Sequence[Posted], why: str) -> str:
    """The books have documents for something that the shop does not sell any more."""
    return f"{_named(posted)} in the books. {why}"


def not_due_any_more(posted: Sequence[Posted]) -> str:
    """The books have documents that the order, as it is now, would not get."""
    return f"{_named(posted)} in the books, and the order as it is now would not get it."


def form_changed(posted: Sequence[Posted], former: Draft | None, draft: Draft) -> str:
    """What stands in the books cannot become what the order would be posted as now."""
    what = f"the order would now be posted as {draft.kind.replace('_', ' ')}"
    if former is not None and former.kind is draft.kind:
        what = "its payment is of another customer now"
    if former is not None and former.currency != draft.currency:
        what = f"the order is in {draft.currency} now"
    return f"{_named(posted)} in the books, and {what}: it cannot be changed into that."


def edited_in_books(posted: Posted, written: Draft) -> str:
    """A person has changed a document after it was posted as `written`."""
    amounts = f"{posted.total} {posted.currency} with {posted.tax} tax"
    placed = "".join(f", {one}" for one in _other_places(written, posted))
    return f"{shown(posted)} was changed in the books and is now {amounts}{placed}."


def voided_in_books(posted: Posted) -> str:
    """A person has voided a document of something that the shop sells."""
    return f"{shown(posted)} was voided in the books, and the shop still has what it stands for."


def deleted_in_books(target_id: str) -> str:
    """A person has deleted a document of something that the shop sells."""
    kind, _, identifier = target_id.partition("/")
    what = kind.replace("_", " ").capitalize()
    return f"{what} {identifier} was deleted in the books, and the shop still has what it was for."


def unknown_document(target_id: str) -> RecordRejectedError:
    """A document that has to be taken back, and of which nobody knows what was written."""
    return RecordRejectedError(
        f"{target_id.replace('_', ' ').replace('/', ' ')} has to be taken out of the books, and "
        "what was written there is not known any more.",
        code="document_unknown",
        cure="Void that document in the books by hand; then sync again.",
    )


def waits_for_sale(order: Order) -> RecordRejectedError:
    """A refund whose sale is not in the books."""
    return RecordRejectedError(
        f"The refund waits for order {order.number}, which is not in the books.",
        code="waits_for_order",
        cure="Settle the order first; this follows by itself.",
    )


def waits_for_doubt(key: Key) -> RecordRejectedError:
    """What it needs was sent to the books and the answer was lost."""
    return RecordRejectedError(
        f"It waits for its {key.role}, which was sent to the books and not answered.",
        code=f"waits_for_{key.role}",
        cure=_NEXT_SYNC,
    )


def answer_lost() -> tuple[str, str, str]:
    """Code, reason and cure of a write that was sent and that the books do not show (yet)."""
    return "answer_lost", "It was sent to the books and the answer was lost.", _NEXT_SYNC


def taken_over(batch: Intent) -> ConfigurationError:
    """A load that is taken up again after a newer sync has begun."""
    return ConfigurationError(
        f"A newer sync has taken over what plan {batch.plan_id} had left.",
        cure="Sync again; the next sync plans what is left.",
        code="plan_superseded",
    )


def waits_for(write: Write) -> tuple[str, str, str]:
    """Code, reason and cure of what depends on a write that did not settle."""
    what = {Role.SALE: "order"}.get(write.key.role, write.key.role.value)
    _, lost, later = answer_lost()
    reason, cure = write.reason or lost, write.cure or later
    return f"waits_for_{what}", f"It waits for its {what}. {reason}", cure


def changed_in_books(why: str) -> str:
    """A person changed the document after it was posted, and the shop changed the order."""
    return f"The order changed in the shop after it was posted, and so did its document: {why}"


def deleted_since(posted: Posted) -> Parked:
    """The books say that they have written it, and it is not there any more."""
    return Parked(
        source_id="",
        content_hash=b"",
        code="deleted_in_books",
        reason=f"{shown(posted)} was written, its answer was lost, and it was deleted in the books "
        "before udsync knew of it.",
        cure="Nothing yet: the next sync asks whether it is posted again or stays away.",
    )


def unequal(
    draft: AnyDraft,
    posted: Posted,
    record: ArchivedRecord | None,
    customer_id: str | None = None,
) -> Parked | None:
    """The difference between a draft and what the books made of it, or None.

    `customer_id` is the books' id of the draft's customer, where it is known. A document is known
    by its number and the marker in its note: one that lost them would not be found again.
    """
    worth = other_worth(draft, posted, record)
    if worth is not None or not isinstance(draft, SalesDraft | PaymentDraft):
        return worth
    reason = _other_marks(draft, posted) or _other_customer(posted, customer_id)
    return _differ(reason, record) if reason else None


def other_worth(
    draft: AnyDraft, posted: Posted, record: ArchivedRecord | None = None
) -> Parked | None:
    """The difference in what a document is worth (total, tax, currency, rate), or None."""
    if not isinstance(draft, SalesDraft | PaymentDraft):
        return None
    reason = _other_amounts(draft, posted)
    return _differ(reason, record) if reason else _rate_differs(draft, posted, record)


def is_edited(draft: AnyDraft, posted: Posted) -> bool:
    """Whether a document is worth something else than its draft, or moves money elsewhere.

    Its day says in which period it is taxed and its account where the money is. Its customer is
    left to the books, where customers are merged.
    """
    if other_worth(draft, posted) is not None:
        return True
    return isinstance(draft, SalesDraft | PaymentDraft) and bool(_other_places(draft, posted))


def _other_places(draft: Draft, posted: Posted) -> list[str]:
    """Where a document stands instead of where it was put: its posting day, its account."""
    found = []
    if posted.dated_on not in (None, draft.dated_on):
        found.append(f"dated {posted.dated_on} instead of {draft.dated_on}")
    if draft.account_id is not None and posted.account_id not in (None, draft.account_id):
        found.append(f"on account {posted.account_id} instead of {draft.account_id}")
    return found


def _differ(reason: str, record: ArchivedRecord | None) -> Parked:
    return Parked(
        source_id=record.source_id if record else "",
        content_hash=record.content_hash if record else b"",
        code="books_differ",
        reason=reason,
        cure="Correct that document in the books, or delete it and enter the sale by hand.",
    )


def _rate_differs(
    draft: SalesDraft | PaymentDraft, posted: Posted, record: ArchivedRecord | None
) -> Parked | None:
    """The difference in the exchange rate alone, which changes what a document is worth at home."""
    wanted = draft.exchange_rate
    if wanted is None or (posted.exchange_rate and same_rate(wanted, posted.exchange_rate)):
        return None
    return Parked(
        source_id=record.source_id if record else "",
        content_hash=record.content_hash if record else b"",
        code="books_differ",
        reason=f"{shown(posted)} is valued at an exchange rate of {posted.exchange_rate}; it was "
        f"sent with {wanted}.",
        cure="Correct the rate of that document in the books.",
    )


def shown(posted: Posted) -> str:
    """A document as a bookkeeper calls it: `Sales receipt WC-77`."""
    kind, _, identifier = posted.target_id.partition("/")
    return f"{kind.replace('_', ' ').capitalize()} {posted.number or identifier}"


def _named(posted: Sequence[Posted]) -> str:
    """`Invoice WC-77 and Payment WC-77 stand`."""
    return f"{' and '.join(map(shown, posted))} {'stands' if len(posted) == 1 else 'stand'}"


def _other_amounts(draft: SalesDraft | PaymentDraft, posted: Posted) -> str:
    total, tax = (
        (draft.total, draft.total_tax) if isinstance(draft, SalesDraft) else (draft.amount, None)
    )
    if (total, draft.currency) == (posted.total, posted.currency) and tax in (None, posted.tax):
        return ""
    taxed = "" if tax is None else f" with {tax} tax"
    made = "" if tax is None else f" with {posted.tax} tax"
    return (
        f"{shown(posted)} came out at {posted.total} {posted.currency}{made}; the shop says "
        f"{total} {draft.currency}{taxed}."
    )


def _other_marks(draft: SalesDraft | PaymentDraft, posted: Posted) -> str:
    number = draft.number if isinstance(draft, SalesDraft) else draft.reference
    if number is not None and posted.number != number:
        return f"{shown(posted)} does not bear its number {number}."
    if posted.note is not None and draft.marker not in posted.note.split():
        return f"{shown(posted)} lacks {draft.marker} in its note."
    return ""


def _other_customer(posted: Posted, customer_id: str | None) -> str:
    if None in (posted.customer_id, customer_id) or posted.customer_id == customer_id:
        return ""
    return f"{shown(posted)} stands on customer {posted.customer_id} instead of {customer_id}."
