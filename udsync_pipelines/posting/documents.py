"""What is to be written to the books, before any platform's form: drafts of documents."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias


class DraftKind(StrEnum):
    """The kinds of document that posting makes."""

    SALES_RECEIPT = "sales_receipt"
    INVOICE = "invoice"
    PAYMENT = "payment"
    REFUND_RECEIPT = "refund_receipt"
    CREDIT_MEMO = "credit_memo"


class DraftLineKind(StrEnum):
    """What a line of a draft stands for."""

    PRODUCT = "product"
    SHIPPING = "shipping"
    FEE = "fee"
    REFUND = "refund"
    ROUNDING = "rounding"
    GIFT_CARD = "gift_card"
    TIP = "tip"


class ItemSource(StrEnum):
    """Where the item of a line is named: in the shop (symbolic) or in the books (an id)."""

    PRODUCT = "product"
    VARIATION = "variation"
    BOOKS = "books"


@dataclass(frozen=True, slots=True)
class ItemRef:
    """The item of a line: a shop's product or variation by its id, or an item of the books."""

    source: ItemSource
    id: str

    def __str__(self) -> str:
        return f"{self.source}/{self.id}"


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line to be written. `amount` is net of tax in whole cents and may be negative.

    `unit_price` is given only where quantity times price, rounded half up, is the amount to the
    cent; else the line is written by its amount alone. `tax_code` is the books' id (for a company
    in the United States `TAX` or `NON`). `origin_id` is the id of the order's line, or None.
    `quantity` is None on the second part of a split line: the first part holds all of it.
    """

    kind: DraftLineKind
    item: ItemRef
    description: str
    quantity: Decimal | None
    unit_price: Decimal | None
    amount: Decimal
    tax_code: str
    origin_id: str | None = None


@dataclass(frozen=True, slots=True)
class TaxOverride:
    """The tax amounts to be sent instead of the books' own, in total and per rate of the books."""

    total: Decimal
    by_rate: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SalesDraft:
    """A sales receipt, invoice, refund receipt or credit memo, with what it must come to.

    Amounts are positive also on a refund. `customer` and the items are symbolic; accounts, tax
    codes and payment method are ids of the books. `number` is None where the company numbers its
    documents itself; `marker` is in `private_note` in any case. `document_tax_code` is the one
    code of a document in the United States, else None. `account_id` is where the money goes to
    or, on a refund receipt, comes from. `exchange_rate` is units of the home currency for one of
    this currency, None for a document in the home currency. `texts` holds the text fields by the
    profile: field name of the destination → text.
    """

    kind: DraftKind
    source: str
    customer: str
    currency: str
    dated_on: date
    number: str | None
    marker: str
    private_note: str
    lines: tuple[DraftLine, ...]
    total: Decimal
    total_tax: Decimal
    due_on: date | None = None
    account_id: str | None = None
    payment_method_id: str | None = None
    payment_reference: str | None = None
    document_tax_code: str | None = None
    tax_override: TaxOverride | None = None
    exchange_rate: Decimal | None = None
    texts: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def net_total(self) -> Decimal:
        """The sum of the lines."""
        return sum((line.amount for line in self.lines), Decimal(0))


@dataclass(frozen=True, slots=True)
class PaymentDraft:
    """Money received for the invoice of the same order. `reference` is its marker.

    `exchange_rate` is that of its own day; what it gains or loses the books work out themselves.
    `texts` holds the text fields by the profile: field name of the destination → text.
    """

    kind: DraftKind
    source: str
    customer: str
    currency: str
    dated_on: date
    reference: str
    marker: str
    private_note: str
    amount: Decimal
    pays_number: str | None
    account_id: str | None = None
    payment_method_id: str | None = None
    exchange_rate: Decimal | None = None
    texts: Mapping[str, str] = field(default_factory=dict, hash=False)


Draft: TypeAlias = SalesDraft | PaymentDraft


class Remedy(StrEnum):
    """How the books' tax was made equal to the shop's, cheapest first."""

    AS_IS = "as_is"
    SPLIT = "split"
    MOVED_CENT = "moved_cent"
    UNTAXED_SHARE = "untaxed_share"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Composition:
    """The documents of one order or refund, in the order they are to be written.

    `splits` counts added parts, `moved_cents` cents moved between lines of one code and
    `rounding_lines` rounding lines. `notes` are sentences for whoever looks the document up.
    """

    documents: tuple[Draft, ...]
    remedy: Remedy
    splits: int = 0
    moved_cents: int = 0
    rounding_lines: int = 0
    notes: tuple[str, ...] = ()

    @property
    def sale(self) -> SalesDraft:
        """The document that holds the lines: receipt, invoice, refund receipt or credit memo."""
        for document in self.documents:
            if isinstance(document, SalesDraft):
                return document
        raise ValueError("a composition holds a document with lines")


@dataclass(frozen=True, slots=True)
class Skipped:
    """Nothing is to be written, and why. `code` is stable, `reason` a sentence."""

    code: str
    reason: str
