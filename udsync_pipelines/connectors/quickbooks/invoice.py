"""Invoice: a sale on account, open until payments cover it."""

from collections.abc import Mapping

from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.posted import PostedDocument, read_document
from udsync_pipelines.connectors.quickbooks.sales_form import (
    BooksIds,
    sales_form,
)
from udsync_pipelines.connectors.quickbooks.text_fields import shipping_texts
from udsync_pipelines.connectors.quickbooks.wire import Row
from udsync_pipelines.posting.documents import SalesDraft

# Without these the company's own settings decide, and QuickBooks may mail the customer.
_NEVER_ASK_THE_CUSTOMER: Mapping[str, object] = {
    "EmailStatus": "NotSet",
    "AllowOnlineCreditCardPayment": False,
    "AllowOnlineACHPayment": False,
}


def payload(draft: SalesDraft, ids: BooksIds) -> Mapping[str, object]:
    """The draft as QuickBooks takes it.

    Raises:
        RecordRejectedError: its customer or an item is not in the books yet, or its number is
            too long.
    """
    return {
        **sales_form(draft, ids),
        **shipping_texts(draft.texts),
        **({"DueDate": draft.due_on} if draft.due_on else {}),
        **_NEVER_ASK_THE_CUSTOMER,
    }


def read(row: Row, home_currency: str) -> PostedDocument:
    """One of them as it stands in the books.

    Raises:
        RecordRejectedError: a field is missing or unreadable.
    """
    return read_document(BookEntity.INVOICE, row, home_currency)
