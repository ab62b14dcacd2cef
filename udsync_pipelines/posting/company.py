"""What the books side offers, as values: codes, accounts, items, methods, preferences."""

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Regime(StrEnum):
    """Which tax arithmetic the company's books use.

    `GLOBAL` is every company outside the United States (Canada, United Kingdom, Australia):
    a tax code on every line. `US_MANUAL` is one code a document and lines taxed or not. With
    `US_AUTOMATED` the books work the tax out from the address, whatever code was sent.
    """

    GLOBAL = "global"
    US_MANUAL = "us_manual"
    US_AUTOMATED = "us_automated"


@dataclass(frozen=True, slots=True)
class RatePeriod:
    """What a rate is or was from one day to another, both included; None is without end."""

    percent: Decimal
    from_on: date | None = None
    until_on: date | None = None

    def covers(self, day: date) -> bool:
        """True when the rate has this height on the day."""
        is_begun = self.from_on is None or self.from_on <= day
        return is_begun and (self.until_on is None or day <= self.until_on)


@dataclass(frozen=True, slots=True)
class RateComponent:
    """One rate of a tax code. `percent` is exact (9.975) and the one of today.

    A compound rate is charged on the amount plus the taxes of the rates before it. `periods`
    are needed only for a rate that has changed: the books use the one of a document's date.
    """

    rate_id: str
    percent: Decimal
    name: str = ""
    is_compound: bool = False
    periods: tuple[RatePeriod, ...] = ()

    def on(self, day: date) -> "RateComponent":
        """The rate with the height of a day; without a period for it, as it is."""
        found = [period.percent for period in self.periods if period.covers(day)]
        return replace(self, percent=found[-1]) if found else self


@dataclass(frozen=True, slots=True)
class TaxCode:
    """A tax code as sales use it; `components` are in the order of their calculation."""

    id: str
    name: str
    components: tuple[RateComponent, ...] = ()
    is_active: bool = True

    @property
    def is_untaxed(self) -> bool:
        """True when it adds no tax (exempt, zero-rated, out of scope)."""
        return not any(component.percent for component in self.components)

    def on(self, day: date) -> "TaxCode":
        """The code with the rates of a day."""
        if not any(component.periods for component in self.components):
            return self
        return replace(self, components=tuple(part.on(day) for part in self.components))


@dataclass(frozen=True, slots=True)
class Account:
    """An account; `kind` and `subkind` are the platform's AccountType and AccountSubType."""

    id: str
    name: str
    kind: str
    subkind: str = ""
    currency: str | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class BooksItem:
    """A product or service of the books."""

    id: str
    name: str
    kind: str
    sku: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A way to pay that the books know."""

    id: str
    name: str
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Company:
    """A company's books as posting sees them.

    `book_close_date` is the last closed day, or None. `honours_tax_override` is True only where
    this connection was seen to keep a tax amount that was sent. `has_custom_numbers` is the
    preference that documents keep the number they are sent with.
    """

    home_currency: str
    regime: Regime
    tax_codes: tuple[TaxCode, ...]
    accounts: tuple[Account, ...] = ()
    items: tuple[BooksItem, ...] = ()
    payment_methods: tuple[PaymentMethod, ...] = ()
    has_multicurrency: bool = False
    has_custom_numbers: bool = True
    has_sales_tax: bool = True
    book_close_date: date | None = None
    honours_tax_override: bool = False
    country: str = ""
    _codes: dict[str, TaxCode] = field(
        default_factory=dict, init=False, repr=False, compare=False, hash=False
    )

    def __post_init__(self) -> None:
        self._codes.update((code.id, code) for code in self.tax_codes)

    def tax_code(self, code_id: str) -> TaxCode | None:
        """The tax code of this id, or None."""
        return self._codes.get(code_id)

    def on(self, day: date) -> "Company":
        """The books with the tax rates of a day."""
        if not any(part.periods for code in self.tax_codes for part in code.components):
            return self
        return replace(self, tax_codes=tuple(code.on(day) for code in self.tax_codes))


def regime_of(country: str, *, is_automated: bool) -> Regime:
    """The regime of a company: `country` is a two- or three-letter code as the books give it.

    `is_automated` is the preference PartnerTaxEnabled, which counts in the United States only.
    """
    if country.strip().upper() not in ("US", "USA"):
        return Regime.GLOBAL
    return Regime.US_AUTOMATED if is_automated else Regime.US_MANUAL
