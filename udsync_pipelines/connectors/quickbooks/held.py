"""Sales that a company holds already, whoever wrote them, as far as they can be told apart."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import islice

from pydantic import Field

from udsync_pipelines.connectors.quickbooks.client import QuickBooksClient
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.query import LARGEST_PAGE, Query, at_least, at_most
from udsync_pipelines.connectors.quickbooks.wire import (
    Amount,
    Day,
    Email,
    Identifier,
    Reference,
    Row,
    WireModel,
    read_row,
)
from udsync_pipelines.posting.documents import DraftKind
from udsync_pipelines.posting.held import HeldDocument

_SALES = {
    BookEntity.SALES_RECEIPT: DraftKind.SALES_RECEIPT,
    BookEntity.INVOICE: DraftKind.INVOICE,
}
_MONEY = (BookEntity.SALES_RECEIPT, BookEntity.PAYMENT)
_DEPOSIT = "Deposit"


class _Named(WireModel):
    name: str = ""


class _Memo(WireModel):
    value: str = ""


class _Link(WireModel):
    kind: str = Field(default="", alias="TxnType")


class _Account(WireModel):
    id: Identifier = Field(alias="Id")
    balance: Amount = Field(default=Decimal(0), alias="CurrentBalance")


class _Held(WireModel):
    id: Identifier = Field(alias="Id")
    number: str = Field(default="", alias="DocNumber")
    dated_on: Day = Field(alias="TxnDate")
    total: Amount = Field(alias="TotalAmt")
    currency: Reference = Field(default=None, alias="CurrencyRef")
    customer: _Named = Field(default=_Named(), alias="CustomerRef")
    email: Email = Field(default="", alias="BillEmail")
    note: str = Field(default="", alias="PrivateNote")
    memo: _Memo = Field(default=_Memo(), alias="CustomerMemo")
    account: Reference = Field(default=None, alias="DepositToAccountRef")
    links: tuple[_Link, ...] = Field(default=(), alias="LinkedTxn")


def sales_between(
    client: QuickBooksClient, first: date, last: date, home_currency: str
) -> Iterator[HeldDocument]:
    """Every sales receipt and invoice dated in this span; a metered read for each thousand.

    Raises:
        RecordRejectedError: a field is missing or unreadable.
    """
    for entity, kind in _SALES.items():
        span = (at_least("TxnDate", first), at_most("TxnDate", last))
        for row in client.select(Query(entity, span)):
            yield _document(entity, kind, row, home_currency)


def oldest_unbanked(client: QuickBooksClient, until: date) -> dict[str, date]:
    """Account id → the oldest day of money that waits there and is on no deposit.

    Looks at the first thousand receipts and the first thousand payments up to a day: two metered
    reads.
    """
    oldest: dict[str, date] = {}
    for entity in _MONEY:
        rows = client.select(Query(entity, (at_most("TxnDate", until),)))
        for row in islice(rows, LARGEST_PAGE):
            held = read_row(_Held, entity, row)
            is_banked = any(link.kind == _DEPOSIT for link in held.links)
            if held.account and held.total and not is_banked:
                known = oldest.get(held.account, held.dated_on)
                oldest[held.account] = min(known, held.dated_on)
    return oldest


def account_balances(client: QuickBooksClient) -> dict[str, Decimal]:
    """Account id → what it holds now, of active accounts that hold something; a metered read."""
    rows = (read_row(_Account, "Account", row) for row in client.select(Query(BookEntity.ACCOUNT)))
    return {row.id: row.balance for row in rows if row.balance}


def _document(entity: BookEntity, kind: DraftKind, row: Row, home_currency: str) -> HeldDocument:
    held = read_row(_Held, entity, row)
    return HeldDocument(
        target_id=f"{kind.value}/{held.id}",
        number=held.number,
        dated_on=held.dated_on,
        total=held.total,
        currency=held.currency or home_currency,
        customer=held.customer.name,
        email=held.email,
        notes=f"{held.note}\n{held.memo.value}".strip(),
    )
