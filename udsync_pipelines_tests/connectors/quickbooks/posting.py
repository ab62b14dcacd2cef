"""An emulated company as the engine posts to it, with what a person changes there."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from udsync_pipelines.connectors.quickbooks.books import QuickBooksBooks
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.reference import ReferenceLists
from udsync_pipelines.posting.customers import CustomerDraft
from udsync_pipelines.posting.documents import (
    DraftKind,
    DraftLine,
    DraftLineKind,
    ItemRef,
    ItemSource,
    PaymentDraft,
    SalesDraft,
)
from udsync_pipelines.posting.draft_json import AnyDraft
from udsync_pipelines.posting.items import ItemDraft, ItemKind
from udsync_pipelines.posting.policy import NewItemPolicy
from udsync_pipelines.sync.books.ports import Posted, Symbols
from udsync_pipelines_tests.connectors.quickbooks.companies import Books

Opened = Callable[..., Books]
DAY = date(2026, 3, 14)
ADA = CustomerDraft("customer/12", "Ada Byron", "Ada", "Byron", email="ada@example.com")
BOARD = ItemDraft("product/7", "Alder board", "AB-1", "", ItemKind.NON_INVENTORY, Decimal("25.00"))
FORMS = [
    DraftKind.SALES_RECEIPT,
    DraftKind.INVOICE,
    DraftKind.REFUND_RECEIPT,
    DraftKind.CREDIT_MEMO,
]


@dataclass
class Company:
    """A company with a customer and an item, as the engine sees it, and what a person does."""

    emulated: Books
    books: QuickBooksBooks
    symbols: Symbols
    tax_code: str
    account: str
    requests: int = 0

    def request_id(self) -> str:
        """Another request id."""
        self.requests += 1
        return f"u-{self.requests}"

    def create(
        self, draft: AnyDraft, name: str = "", request_id: str = "", **symbols: Any
    ) -> Posted:
        """Write a new object."""
        known = replace(self.symbols, **symbols)
        return self.books.create(draft, name, known, request_id or self.request_id())

    def update(self, draft: AnyDraft, posted: Posted) -> Posted:
        """Bring an object that looks like this answer to a draft."""
        return self.books.update(
            draft, self.symbols, posted.target_id, posted.version, self.request_id()
        )

    def withdraw(self, posted: Posted, version: str | None = None) -> Posted:
        """Take back an object that looks like this answer, or like another version."""
        return self.books.withdraw(posted.target_id, version or posted.version, self.request_id())

    def erase(self, posted: Posted) -> None:
        """Delete an object that was just created with this answer."""
        self.books.erase(posted, self.request_id())

    def read(self, posted: Posted) -> Posted:
        """An object as it stands now."""
        now = self.books.read(posted.target_id)
        assert now is not None
        return now

    def edit(self, posted: Posted, **changes: Any) -> None:
        """A person changes some members."""
        self.emulated.company.control.edit(*entity_and_id(posted), changes)

    def sale(self, kind: DraftKind = DraftKind.SALES_RECEIPT, **differences: Any) -> SalesDraft:
        """A document of two lines: 62.50 net under 5 % tax."""
        board = ItemRef(ItemSource.PRODUCT, "7")
        line = DraftLine(
            DraftLineKind.PRODUCT,
            board,
            "Alder board",
            Decimal(2),
            Decimal("25.00"),
            Decimal("50.00"),
            self.tax_code,
        )
        more = replace(line, quantity=None, unit_price=None, amount=Decimal("12.50"))
        is_receipt = kind in (DraftKind.SALES_RECEIPT, DraftKind.REFUND_RECEIPT)
        values: dict[str, Any] = {
            "kind": kind,
            "source": "order/1",
            "customer": "customer/12",
            "currency": "CAD",
            "dated_on": DAY,
            "number": "WC-1",
            "marker": "udsync:WC:order/1",
            "private_note": "udsync:WC:order/1\nOrder 1 of the shop.",
            "lines": (line, more),
            "total": Decimal("65.63"),
            "total_tax": Decimal("3.13"),
            "account_id": self.account if is_receipt else None,
        }
        return SalesDraft(**values | differences)

    def payment(self, **differences: Any) -> PaymentDraft:
        """The payment of that document."""
        values: dict[str, Any] = {
            "kind": DraftKind.PAYMENT,
            "source": "order/1",
            "customer": "customer/12",
            "currency": "CAD",
            "dated_on": DAY,
            "reference": "WC-1",
            "marker": "udsync:WC:order/1",
            "private_note": "udsync:WC:order/1\nPayment of order 1 of the shop.",
            "amount": Decimal("65.63"),
            "pays_number": "WC-1",
            "account_id": self.account,
        }
        return PaymentDraft(**values | differences)


def entity_and_id(posted: Posted) -> tuple[str, str]:
    """How a person finds an object."""
    kind, _, identifier = posted.target_id.partition("/")
    return "".join(word.capitalize() for word in kind.split("_")), identifier


def company_of(emulated: Books) -> Company:
    """The company of an emulator, ready to be posted to."""
    accounts = NewItemPolicy(
        emulated.id_of(BookEntity.ACCOUNT, "Sales"),
        emulated.id_of(BookEntity.ACCOUNT, "Cost of Goods Sold"),
    )
    books = QuickBooksBooks(emulated.client, ReferenceLists(emulated.client), accounts)
    customer = books.create(ADA, "Ada Byron", Symbols(), "u-customer")
    item = books.create(BOARD, "Alder board", Symbols(), "u-item")
    symbols = Symbols(
        {"customer/12": customer.target_id.partition("/")[2]},
        {"product/7": item.target_id.partition("/")[2]},
    )
    return Company(
        emulated,
        books,
        symbols,
        emulated.id_of(BookEntity.TAX_CODE, "GST"),
        emulated.id_of(BookEntity.ACCOUNT, "Stripe Clearing"),
    )


def id_of(posted: Posted) -> str:
    return posted.target_id.partition("/")[2]
