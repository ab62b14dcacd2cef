"""The lists that documents refer to: tax codes and rates, accounts, payment methods, settings.

They change seldom and every read counts against the month's allowance, so they are kept with
their age, for all processes together. Tax codes and rates send no events: only reading them again
shows a change.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Protocol, TypeAlias

from pydantic import Field

from udsync_pipelines.connectors.quickbooks import item
from udsync_pipelines.connectors.quickbooks.client import QuickBooksClient
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.query import Query
from udsync_pipelines.connectors.quickbooks.wire import (
    Amount,
    DayOrNone,
    Identifier,
    Reference,
    Row,
    WireModel,
    read_row,
)
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.company import (
    Account,
    BooksItem,
    Company,
    PaymentMethod,
    RateComponent,
    RatePeriod,
    Regime,
    TaxCode,
    regime_of,
)
from udsync_pipelines.posting.tax.united_states import NOT_TAXABLE

OLDEST = timedelta(days=1)
_ON_AMOUNT_PLUS_TAX = "TaxOnAmountPlusTax"

Lists: TypeAlias = Mapping[str, Sequence[Row]]
"""The rows of each list by its name in QuickBooks; settings are a list of one."""


class Shelf(Protocol):
    """Where the lists are kept between processes. They hold nothing personal."""

    def kept(self) -> tuple[Lists, datetime] | None:
        """The lists as they were last read, and when; None when there are none."""

    def keep(self, lists: Lists, read_at: datetime) -> None:
        """Keep these lists instead of those before."""

    def drop(self) -> None:
        """Keep none: something in them is not true any more."""


class Memory:
    """A shelf that lasts as long as this process."""

    def __init__(self) -> None:
        self._kept: tuple[Lists, datetime] | None = None

    def kept(self) -> tuple[Lists, datetime] | None:
        """The lists as they were last read, and when."""
        return self._kept

    def keep(self, lists: Lists, read_at: datetime) -> None:
        """Keep these lists instead of those before."""
        self._kept = lists, read_at

    def drop(self) -> None:
        """Keep none."""
        self._kept = None


@dataclass(frozen=True, slots=True)
class CompanyName:
    """Who the company is, for a person to recognise. `subscription` is as QuickBooks names it."""

    name: str
    legal_name: str
    country: str
    subscription: str = ""


class ReferenceLists:
    """The reference lists of one company, read when first asked for, and again when too old.

    Safe to use from several threads; one of them reads, the others wait. What another process has
    read is taken from the shelf.
    """

    def __init__(
        self,
        client: QuickBooksClient,
        *,
        shelf: Shelf | None = None,
        oldest: timedelta = OLDEST,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._shelf = shelf or Memory()
        self._oldest = oldest
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at: datetime | None = None
        self._has_read = False
        self._company: Company | None = None
        self._rates: Mapping[str, _TaxRate] = {}
        self._codes: tuple[_TaxCode, ...] = ()

    def company(self, on: date | None = None) -> Company:
        """The company's books as posting sees them, with the tax rates in force on this day.

        Without a day, those of today. Items are not in it; `with_items` reads them.
        """
        with self._lock:
            found = self._company
            if found is None or self.age() > self._oldest:
                found = self._company = self._understood(self._lists())
            day = on or self._clock().date()
            codes = _tax_codes(self._codes, self._rates, day)
            return replace(found, tax_codes=_with_marker(codes, found.regime))

    def with_items(self, on: date | None = None) -> Company:
        """The same with every item of the books, inactive ones too; all of it read anew."""
        self.forget()
        query = Query(BookEntity.ITEM, with_inactive=True)
        items = tuple(map(_books_item, self._client.select(query)))
        return replace(self.company(on), items=items)

    def age(self) -> timedelta:
        """How old what is held is; as old as can be before the first read."""
        return timedelta.max if self._read_at is None else self._clock() - self._read_at

    def forget(self) -> None:
        """Read again at the next use, in every process.

        QuickBooks has refused a reference (610, 2500), or an account has changed.
        """
        with self._lock:
            self._company = None
            self._shelf.drop()

    def renew(self, oldest: timedelta) -> None:
        """Read again at the next use what is older than this, unless it was read through this."""
        kept = None if self._has_read else self._shelf.kept()
        if kept is not None and self._clock() - kept[1] > oldest:
            self.forget()

    def notice(self, changed: Lists) -> None:
        """Rows of accounts and payment methods that changed: if in what we know, read again.

        An account changes with each posting, in its balance.
        """
        kept = self._shelf.kept()
        if kept is not None and not all(
            _is_known(entity, row, kept[0]) for entity, rows in changed.items() for row in rows
        ):
            self.forget()

    def _lists(self) -> Lists:
        """The lists from the shelf while they are young enough, else from QuickBooks."""
        kept = self._shelf.kept()
        if kept is not None and self._clock() - kept[1] <= self._oldest:
            lists, self._read_at = kept
            return lists
        lists, self._read_at = self._read(), self._clock()
        self._has_read = True
        self._shelf.keep(lists, self._read_at)
        return lists

    def _read(self) -> Lists:
        return {
            BookEntity.PREFERENCES: [_known_part(_Preferences, self._client.preferences())],
            BookEntity.COMPANY_INFO: [_known_part(_CompanyInfo, self._client.company_info())],
            BookEntity.TAX_RATE: list(self._client.select(Query(BookEntity.TAX_RATE))),
            **{entity: self._all(entity) for entity in _LISTED},
        }

    def _understood(self, lists: Lists) -> Company:
        preferences = read_row(_Preferences, "Preferences", lists[BookEntity.PREFERENCES][0])
        name = company_name(lists[BookEntity.COMPANY_INFO][0])
        rates = (read_row(_TaxRate, "TaxRate", row) for row in lists[BookEntity.TAX_RATE])
        self._rates = {rate.id: rate for rate in rates}
        self._codes = tuple(
            read_row(_TaxCode, "TaxCode", row) for row in lists[BookEntity.TAX_CODE]
        )
        return Company(
            home_currency=preferences.currency.home or "",
            regime=regime_of(name.country, is_automated=preferences.tax.is_automated),
            tax_codes=(),
            accounts=tuple(map(_account, lists[BookEntity.ACCOUNT])),
            payment_methods=tuple(map(_method, lists[BookEntity.PAYMENT_METHOD])),
            has_multicurrency=preferences.currency.has_many,
            has_custom_numbers=preferences.sales_forms.has_custom_numbers,
            has_sales_tax=preferences.tax.is_used,
            book_close_date=preferences.accounting.closed_on,
            country=name.country,
        )

    def _all(self, entity: BookEntity) -> list[Row]:
        return list(self._client.select(Query(entity, with_inactive=True)))


def company_name(row: Row) -> CompanyName:
    """Who the company is.

    Raises:
        RecordRejectedError: a field is missing or unreadable.
    """
    read = read_row(_CompanyInfo, "CompanyInfo", row)
    subscription = next(
        (pair.value for pair in read.pairs if pair.name == "SubscriptionStatus"), ""
    )
    return CompanyName(read.name, read.legal_name, read.country, subscription)


class _Pair(WireModel):
    name: str = Field(default="", alias="Name")
    value: str = Field(default="", alias="Value")


class _CompanyInfo(WireModel):
    name: str = Field(default="", alias="CompanyName")
    legal_name: str = Field(default="", alias="LegalName")
    country: str = Field(default="", alias="Country")
    pairs: tuple[_Pair, ...] = Field(default=(), alias="NameValue")


class _SalesForms(WireModel):
    has_custom_numbers: bool = Field(default=False, alias="CustomTxnNumbers")


class _Tax(WireModel):
    is_used: bool = Field(default=False, alias="UsingSalesTax")
    is_automated: bool = Field(default=False, alias="PartnerTaxEnabled")


class _Currency(WireModel):
    home: Reference = Field(default=None, alias="HomeCurrency")
    has_many: bool = Field(default=False, alias="MultiCurrencyEnabled")


class _Accounting(WireModel):
    closed_on: DayOrNone = Field(default=None, alias="BookCloseDate")


class _Preferences(WireModel):
    sales_forms: _SalesForms = Field(default=_SalesForms(), alias="SalesFormsPrefs")
    tax: _Tax = Field(default=_Tax(), alias="TaxPrefs")
    currency: _Currency = Field(default=_Currency(), alias="CurrencyPrefs")
    accounting: _Accounting = Field(default=_Accounting(), alias="AccountingInfoPrefs")


class _Effective(WireModel):
    rate: Amount = Field(default=Decimal(0), alias="RateValue")
    from_day: DayOrNone = Field(default=None, alias="EffectiveDate")
    to_day: DayOrNone = Field(default=None, alias="EndDate")

    def holds_on(self, day: date) -> bool:
        return (self.from_day or day) <= day <= (self.to_day or day)


class _TaxRate(WireModel):
    id: Identifier = Field(alias="Id")
    name: str = Field(default="", alias="Name")
    rate: Amount = Field(default=Decimal(0), alias="RateValue")
    history: tuple[_Effective, ...] = Field(default=(), alias="EffectiveTaxRate")

    def percent_on(self, day: date) -> Decimal:
        """The percentage in force on a day: the latest span that holds it."""
        spans = [span for span in self.history if span.holds_on(day)]
        newest = max(spans, key=lambda span: span.from_day or date.min, default=None)
        return self.rate if newest is None else newest.rate

    @property
    def periods(self) -> tuple[RatePeriod, ...]:
        """What it was from when to when, oldest first: a document bears the rate of its date."""
        spans = sorted(self.history, key=lambda span: span.from_day or date.min)
        return tuple(RatePeriod(span.rate, span.from_day, span.to_day) for span in spans)


class _RateDetail(WireModel):
    rate_id: Reference = Field(alias="TaxRateRef")
    applies_to: str = Field(default="", alias="TaxTypeApplicable")
    order: int = Field(default=0, alias="TaxOrder")


class _RateList(WireModel):
    details: tuple[_RateDetail, ...] = Field(default=(), alias="TaxRateDetail")


class _TaxCode(WireModel):
    id: Identifier = Field(alias="Id")
    name: str = Field(default="", alias="Name")
    is_active: bool = Field(default=True, alias="Active")
    sales: _RateList = Field(default=_RateList(), alias="SalesTaxRateList")


class _ListEntry(WireModel):
    id: Identifier = Field(alias="Id")
    name: str = Field(default="", alias="Name")
    is_active: bool = Field(default=True, alias="Active")


class _Account(_ListEntry):
    kind: str = Field(default="", alias="AccountType")
    subkind: str = Field(default="", alias="AccountSubType")
    currency: Reference = Field(default=None, alias="CurrencyRef")


_LISTED = (BookEntity.TAX_CODE, BookEntity.ACCOUNT, BookEntity.PAYMENT_METHOD)


def _is_known(entity: str, row: Row, lists: Lists) -> bool:
    """Whether a row says nothing else than the lists do."""
    try:
        read = _READERS[entity]
        return read(row) in [read(one) for one in lists[entity]]
    except RecordRejectedError:
        return False  # deleted, or of a form that a new reading has to judge


def _known_part(model: type[WireModel], row: Row) -> Row:
    """Of settings, what we read: the company's address and e-mail are nobody's business here."""
    wanted = {field.alias for field in model.model_fields.values()}
    return {name: value for name, value in row.items() if name in wanted}


def _tax_codes(
    codes: tuple[_TaxCode, ...], rates: Mapping[str, _TaxRate], day: date
) -> tuple[TaxCode, ...]:
    return tuple(
        TaxCode(code.id, code.name, _components(code, rates, day), code.is_active) for code in codes
    )


def _with_marker(codes: tuple[TaxCode, ...], regime: Regime) -> tuple[TaxCode, ...]:
    """The codes with the mark of untaxed lines, which in the United States no list need hold."""
    if regime is Regime.GLOBAL or any(code.id == NOT_TAXABLE for code in codes):
        return codes
    return (*codes, TaxCode(NOT_TAXABLE, NOT_TAXABLE))


def _components(
    code: _TaxCode, rates: Mapping[str, _TaxRate], day: date
) -> tuple[RateComponent, ...]:
    details = sorted(code.sales.details, key=lambda detail: detail.order)
    return tuple(
        RateComponent(
            rate.id,
            rate.percent_on(day),
            rate.name,
            is_compound=detail.applies_to == _ON_AMOUNT_PLUS_TAX,
            periods=rate.periods,
        )
        for detail in details
        if (rate := rates.get(detail.rate_id or "")) is not None
    )


def _account(row: Row) -> Account:
    read = read_row(_Account, "Account", row)
    return Account(read.id, read.name, read.kind, read.subkind, read.currency, read.is_active)


def _method(row: Row) -> PaymentMethod:
    read = read_row(_ListEntry, "PaymentMethod", row)
    return PaymentMethod(read.id, read.name, read.is_active)


_READERS: Mapping[str, Callable[[Row], object]] = {
    BookEntity.ACCOUNT: _account,
    BookEntity.PAYMENT_METHOD: _method,
}


def _books_item(row: Row) -> BooksItem:
    read = item.read(row)
    return BooksItem(read.id, read.name, read.kind, read.sku, read.is_active)
