"""QuickBooks' answers about documents, customers and items, as far as the engine compares them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType

from pydantic import Field

from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.wire import (
    Amount,
    DayOrNone,
    Identifier,
    Reference,
    Row,
    Stamps,
    WireModel,
    misshapen,
    read_row,
)
from udsync_pipelines.domain.money import Money

VOIDED = "Voided"


@dataclass(frozen=True, slots=True)
class PostedDocument:
    """A document as it stands in the books.

    `number` is the DocNumber, of a payment its PaymentRefNum, "" when it has none. `balance` is
    what is still open: of an invoice what is owed, of a credit memo what is left, of a payment
    what is not applied, else None. `tax_by_rate` holds the tax amounts by the books' rate id;
    `links` the ids of the documents that a payment is applied to. `exchange_rate` is units of the
    home currency for one of its currency, None where the company keeps one currency. `account_id`
    is the account that its money goes to or comes from, where it names one.
    """

    entity: BookEntity
    id: str
    sync_token: str
    number: str
    dated_on: date | None
    total: Money
    tax: Money
    customer_id: str | None
    private_note: str
    balance: Money | None = None
    modified_at: datetime | None = None
    tax_by_rate: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    links: tuple[str, ...] = ()
    exchange_rate: Decimal | None = None
    account_id: str | None = None

    @property
    def is_voided(self) -> bool:
        """Whether it was voided: QuickBooks then puts the word in front of its note."""
        return not self.total and self.private_note.startswith(VOIDED)


class _TaxLineDetail(WireModel):
    rate_id: Reference = Field(default=None, alias="TaxRateRef")


class _TaxLine(WireModel):
    amount: Amount = Field(default=Decimal(0), alias="Amount")
    detail: _TaxLineDetail = Field(default=_TaxLineDetail(), alias="TaxLineDetail")


class _TaxDetail(WireModel):
    total: Amount = Field(default=Decimal(0), alias="TotalTax")
    lines: tuple[_TaxLine, ...] = Field(default=(), alias="TaxLine")


class _Link(WireModel):
    id: Identifier = Field(alias="TxnId")


class _Line(WireModel):
    links: tuple[_Link, ...] = Field(default=(), alias="LinkedTxn")


class _Document(WireModel):
    id: Identifier = Field(alias="Id")
    sync_token: Identifier = Field(alias="SyncToken")
    number: str = Field(default="", alias="DocNumber")
    payment_number: str = Field(default="", alias="PaymentRefNum")
    dated_on: DayOrNone = Field(default=None, alias="TxnDate")
    total: Amount = Field(default=Decimal(0), alias="TotalAmt")
    balance: Amount = Field(default=Decimal(0), alias="Balance")
    remaining: Amount = Field(default=Decimal(0), alias="RemainingCredit")
    unapplied: Amount = Field(default=Decimal(0), alias="UnappliedAmt")
    currency: Reference = Field(default=None, alias="CurrencyRef")
    exchange_rate: Amount | None = Field(default=None, alias="ExchangeRate")
    customer_id: Reference = Field(default=None, alias="CustomerRef")
    account_id: Reference = Field(default=None, alias="DepositToAccountRef")
    private_note: str = Field(default="", alias="PrivateNote")
    tax: _TaxDetail = Field(default=_TaxDetail(), alias="TxnTaxDetail")
    stamps: Stamps = Field(default=Stamps(), alias="MetaData")
    lines: tuple[_Line, ...] = Field(default=(), alias="Line")

    def open_amount(self, entity: BookEntity) -> Decimal | None:
        """What is still open on it, or None for an entity on which nothing can be."""
        return {
            BookEntity.INVOICE: self.balance,
            BookEntity.CREDIT_MEMO: self.remaining,
            BookEntity.PAYMENT: self.unapplied,
        }.get(entity)


def read_document(entity: BookEntity, row: Row, home_currency: str) -> PostedDocument:
    """A document of the books; one that names no currency is in the company's own.

    Raises:
        RecordRejectedError: a field is missing or unreadable.
    """
    read = read_row(_Document, entity, row)
    try:
        return _posted(entity, read, read.currency or home_currency)
    except ValueError as error:
        raise misshapen(entity, row, "CurrencyRef", str(error)) from None


def _posted(entity: BookEntity, read: _Document, currency: str) -> PostedDocument:
    left = read.open_amount(entity)
    is_payment = entity is BookEntity.PAYMENT
    return PostedDocument(
        entity,
        read.id,
        read.sync_token,
        read.payment_number if is_payment else read.number,
        read.dated_on,
        Money(read.total, currency),
        Money(read.tax.total, currency),
        read.customer_id,
        read.private_note,
        balance=None if left is None else Money(left, currency),
        modified_at=read.stamps.modified_at,
        tax_by_rate=_tax_by_rate(read.tax.lines),
        links=tuple(link.id for line in read.lines for link in line.links),
        exchange_rate=read.exchange_rate,
        account_id=read.account_id,
    )


def _tax_by_rate(lines: tuple[_TaxLine, ...]) -> Mapping[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for line in lines:
        rate = line.detail.rate_id or ""
        sums[rate] = sums.get(rate, Decimal(0)) + line.amount
    return MappingProxyType(sums)
