"""What documents in foreign currencies are valued with: a rate of their day, never one to one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Protocol

from udsync_pipelines.domain.order import Order
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.dating import booked_day
from udsync_pipelines.posting.documents import (
    Composition,
    Draft,
    DraftKind,
    PaymentDraft,
    SalesDraft,
)
from udsync_pipelines.posting.numbering import note_of
from udsync_pipelines.posting.policy import PostingPolicy, RateDirection, RateSource
from udsync_pipelines.posting.tax.arithmetic import to_cents

ONE = Decimal(1)
_FINEST = Decimal("0.000000001")
_LATER = (DraftKind.PAYMENT, DraftKind.REFUND_RECEIPT, DraftKind.CREDIT_MEMO)


class Rates(Protocol):
    """Exchange rates by day."""

    def rate(self, currency: str, day: date) -> Decimal | None:
        """Units of the home currency for one of this on a day, or None where none is known."""


class NoRates:
    """No rate is known of any day."""

    def rate(self, currency: str, day: date) -> Decimal | None:
        """None."""
        del currency, day
        return None


NO_RATES = NoRates()


def with_rates(
    made: Composition, order: Order, policy: PostingPolicy, company: Company, rates: Rates
) -> Composition:
    """The composition with a rate on each document in a foreign currency.

    A payment or refund at another rate than its sale tells what that gains or loses, in its note
    and among the notes of the composition.

    Raises:
        RecordRejectedError: code `exchange_rate_missing`; without a rate the books would take
            one to one, which is wrong and looks right.
    """
    if order.currency == company.home_currency:
        return made
    valued = [
        replace(document, exchange_rate=_rate(document, order, policy, company, rates))
        for document in made.documents
    ]
    sale_rate = _of_sale(order, policy, company, rates)
    told = [_told(document, sale_rate, company.home_currency) for document in valued]
    return replace(
        made,
        documents=tuple(document for document, _ in told),
        notes=(*made.notes, *(note for _, note in told if note)),
    )


def same_rate(one: Decimal, other: Decimal) -> bool:
    """True when two rates are one but for digits that a platform may not keep: a millionth."""
    return abs(one - other) * 1_000_000 <= one


def _rate(
    document: Draft, order: Order, policy: PostingPolicy, company: Company, rates: Rates
) -> Decimal:
    found = _known(order, document.dated_on, policy, rates)
    if found is not None:
        return found
    currency, home = order.currency, company.home_currency
    raise RecordRejectedError(
        f"It is in {currency}, no exchange rate is known for {document.dated_on}, and without one "
        f"the books would count one {currency} as one {home}.",
        code="exchange_rate_missing",
        record=document.source,
        cure=_CURES[policy.exchange_rates.source].format(
            currency=currency, day=document.dated_on, field=policy.exchange_rates.order_field
        ),
    )


_CURES = {
    RateSource.BOOKS: "Enter a rate for {currency} on {day} in the books' list of currencies, or "
    "choose another source in the posting policy (exchange_rates.source); then sync again.",
    RateSource.TABLE: "Store one: udsync rates set {currency} {day} RATE; then sync again.",
    RateSource.ORDER: "The order's field {field!r} holds no rate: correct the order, or choose "
    "another source in the posting policy (exchange_rates.source); then sync again.",
}


def _known(order: Order, day: date, policy: PostingPolicy, rates: Rates) -> Decimal | None:
    chosen = policy.exchange_rates
    if chosen.source is not RateSource.ORDER:
        return rates.rate(order.currency, day)
    told = _number(order.meta.get(chosen.order_field))
    if told is None or told == ONE:
        return None
    if chosen.order_field_is is RateDirection.FOREIGN_PER_HOME:
        told = ONE / told
    return told.quantize(_FINEST, rounding=ROUND_HALF_UP) or None


def _number(value: object) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number > 0 else None


def _of_sale(order: Order, policy: PostingPolicy, company: Company, rates: Rates) -> Decimal | None:
    try:
        day = booked_day(order, policy, company)
    except RecordRejectedError:
        return None  # its period was closed after it was posted: what it was worth is in the books
    return _known(order, day, policy, rates)


def _told(document: Draft, sale_rate: Decimal | None, home: str) -> tuple[Draft, str]:
    rate = document.exchange_rate
    if document.kind not in _LATER or sale_rate is None or rate is None or rate == sale_rate:
        return document, ""
    sentence = " ".join(_sentences(document, rate, sale_rate, home))
    former = document.private_note.removeprefix(f"{document.marker}\n")
    note = note_of(document.marker, f"{former}\n{sentence}")
    return replace(document, private_note=note), sentence


def _sentences(document: Draft, rate: Decimal, sale_rate: Decimal, home: str) -> Iterator[str]:
    amount = document.total if isinstance(document, SalesDraft) else document.amount
    now, then = to_cents(amount * rate), to_cents(amount * sale_rate)
    currency, more = document.currency, now > then
    yield (
        f"1 {currency} is {_plain(rate)} {home} on {document.dated_on}, and was "
        f"{_plain(sale_rate)} {home} when the sale was booked: {amount} {currency} are {now} "
        f"{home} now and were {then} {home}."
    )
    is_payment = isinstance(document, PaymentDraft)
    word = "gain" if more is is_payment else "loss"
    yield f"That is an exchange {word} of {abs(now - then)} {home}" + (
        ", which the books book by themselves."
        if is_payment
        else "; it stays in the income of the day, for the books book none of their own here."
    )


def _plain(rate: Decimal) -> str:
    return f"{rate.normalize():f}"
