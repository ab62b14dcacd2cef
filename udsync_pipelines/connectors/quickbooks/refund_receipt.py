"""RefundReceipt: money that goes back to the customer at once."""

from collections.abc import Mapping

from udsync_pipelines.connectors.quickbooks.address import PLATFORM
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.posted import PostedDocument, read_document
from udsync_pipelines.connectors.quickbooks.sales_form import (
    BooksIds,
    money_members,
    sales_form,
)
from udsync_pipelines.connectors.quickbooks.wire import Row
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.documents import SalesDraft


def payload(draft: SalesDraft, ids: BooksIds) -> Mapping[str, object]:
    """The draft as QuickBooks takes it.

    Raises:
        RecordRejectedError: its customer or an item is not in the books yet, or its number is
            too long, or no account is named.
    """
    if not draft.account_id:
        raise RecordRejectedError(
            "A refund needs the account that its money leaves.",
            code="account_missing",
            platform=PLATFORM,
            record=draft.source,
            cure="Name the account of its payment method in the posting policy, then retry.",
        )
    return {**sales_form(draft, ids), **money_members(draft)}


def read(row: Row, home_currency: str) -> PostedDocument:
    """One of them as it stands in the books.

    Raises:
        RecordRejectedError: a field is missing or unreadable.
    """
    return read_document(BookEntity.REFUND_RECEIPT, row, home_currency)
