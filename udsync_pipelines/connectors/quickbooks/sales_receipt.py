"""SalesReceipt: a sale and its money in one document."""

from collections.abc import Mapping

from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.posted import PostedDocument, read_document
from udsync_pipelines.connectors.quickbooks.sales_form import (
    BooksIds,
    money_members,
    sales_form,
    unmailed,
)
from udsync_pipelines.connectors.quickbooks.text_fields import shipping_texts
from udsync_pipelines.connectors.quickbooks.wire import Row
from udsync_pipelines.posting.documents import SalesDraft


def payload(draft: SalesDraft, ids: BooksIds) -> Mapping[str, object]:
    """The draft as QuickBooks takes it.

    Raises:
        RecordRejectedError: its customer or an item is not in the books yet, or its number is
            too long.
    """
    form = unmailed(sales_form(draft, ids))
    return {**form, **shipping_texts(draft.texts), **money_members(draft)}


def read(row: Row, home_currency: str) -> PostedDocument:
    """One of them as it stands in the books.

    Raises:
        RecordRejectedError: a field is missing or unreadable.
    """
    return read_document(BookEntity.SALES_RECEIPT, row, home_currency)
