"""Finding what is there: before a lost write is sent again, and before a name is made twice.

Only some fields can be asked for. So our marker stands in DocNumber, in a payment's
PaymentRefNum, or, where the company numbers its documents itself, in the note of a document that
is found by its day and customer. A query that finds nothing minutes after a write proves nothing:
QuickBooks may show a new object late.
"""

from collections.abc import Iterator
from datetime import date

from udsync_pipelines.connectors.quickbooks.client import QuickBooksClient
from udsync_pipelines.connectors.quickbooks.customer import books_name
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.item import books_product
from udsync_pipelines.connectors.quickbooks.query import Condition, Query, equals
from udsync_pipelines.connectors.quickbooks.wire import Row
from udsync_pipelines.posting.documents import DraftKind, PaymentDraft, SalesDraft
from udsync_pipelines.posting.matching import BooksName, BooksProduct

ENTITY_OF_KIND = {
    DraftKind.SALES_RECEIPT: BookEntity.SALES_RECEIPT,
    DraftKind.INVOICE: BookEntity.INVOICE,
    DraftKind.PAYMENT: BookEntity.PAYMENT,
    DraftKind.REFUND_RECEIPT: BookEntity.REFUND_RECEIPT,
    DraftKind.CREDIT_MEMO: BookEntity.CREDIT_MEMO,
}
_NAMED = (BookEntity.CUSTOMER, BookEntity.VENDOR, BookEntity.EMPLOYEE)


def written_before(
    client: QuickBooksClient, draft: SalesDraft | PaymentDraft, customer_id: str
) -> tuple[Row, ...]:
    """The documents of the books with the draft's number; where there is none, with its marker.

    Two different questions are asked before it is said that nothing was found, for one answer may
    come from a cache, and QuickBooks drops the number where the company numbers its documents
    itself. None says nothing for certain. One that has the number and does not carry the marker
    (see `carries`) may be someone else's; more than one is for a person to look at.
    """
    entity = ENTITY_OF_KIND[draft.kind]
    if isinstance(draft, PaymentDraft):
        return tuple(payments_by_reference(client, draft.reference))
    numbered = documents_by_number(client, entity, draft.number) if draft.number else ()
    found = tuple(numbered)
    if found:
        return found
    candidates = documents_of_day(client, entity, draft.dated_on, customer_id)
    return tuple(row for row in candidates if carries(row, draft.marker))


def documents_by_number(client: QuickBooksClient, entity: BookEntity, number: str) -> Iterator[Row]:
    """The documents with this very DocNumber; QuickBooks itself compares without case."""
    found = client.select(_where(entity, equals("DocNumber", number)))
    return (row for row in found if row.get("DocNumber") == number)


def payments_by_reference(client: QuickBooksClient, marker: str) -> Iterator[Row]:
    """The payments with this very PaymentRefNum."""
    found = client.select(_where(BookEntity.PAYMENT, equals("PaymentRefNum", marker)))
    return (row for row in found if row.get("PaymentRefNum") == marker)


def documents_of_day(
    client: QuickBooksClient, entity: BookEntity, day: date, customer_id: str
) -> Iterator[Row]:
    """A customer's documents of one day."""
    conditions = (equals("TxnDate", day), equals("CustomerRef", customer_id))
    return client.select(_where(entity, *conditions))


def carries(row: Row, marker: str) -> bool:
    """Whether a document carries the marker, as a word of its note."""
    return marker in str(row.get("PrivateNote", "")).split()


def customers_by_email(client: QuickBooksClient, email: str) -> tuple[Row, ...]:
    """Customers with this e-mail address, inactive ones too; several may share one."""
    return tuple(client.select(_listed(BookEntity.CUSTOMER, equals("PrimaryEmailAddr", email))))


def customers_by_name(client: QuickBooksClient, name: str) -> tuple[Row, ...]:
    """The customer with this display name, active or not."""
    return tuple(client.select(_listed(BookEntity.CUSTOMER, equals("DisplayName", name))))


def owner_of_name(client: QuickBooksClient, name: str) -> tuple[BookEntity, Row] | None:
    """Who has this display name: a customer, a vendor or an employee, active or not."""
    for entity in _NAMED:
        for row in client.select(_listed(entity, equals("DisplayName", name))):
            return entity, row
    return None


def all_names(client: QuickBooksClient, home_currency: str) -> tuple[BooksName, ...]:
    """Every customer, vendor and employee, inactive ones too: they share one space of names."""
    lists = client.select_together([Query(entity, with_inactive=True) for entity in _NAMED])
    return tuple(
        books_name(entity, row, home_currency)
        for entity, rows in zip(_NAMED, lists, strict=True)
        for row in rows
    )


def all_products(client: QuickBooksClient) -> tuple[BooksProduct, ...]:
    """Every item, inactive ones too."""
    query = Query(BookEntity.ITEM, with_inactive=True)
    return tuple(map(books_product, client.select_counted(query)))


def items_by_sku(client: QuickBooksClient, sku: str) -> tuple[Row, ...]:
    """Items with this SKU, inactive ones too; several may share one."""
    return tuple(client.select(_listed(BookEntity.ITEM, equals("Sku", sku))))


def items_by_name(client: QuickBooksClient, name: str) -> tuple[Row, ...]:
    """The item with this name, active or not."""
    return tuple(client.select(_listed(BookEntity.ITEM, equals("Name", name))))


def _where(entity: BookEntity, *conditions: Condition) -> Query:
    return Query(entity, conditions)


def _listed(entity: BookEntity, condition: Condition) -> Query:
    return Query(entity, (condition,), with_inactive=True)
