"""Item: a product or service of the books; its name is unique, its SKU is not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pydantic import Field

from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.text_fields import item_texts
from udsync_pipelines.connectors.quickbooks.wire import (
    Amount,
    Identifier,
    Reference,
    Row,
    Stamps,
    WireModel,
    cut,
    read_row,
    reference,
    without_empty,
)
from udsync_pipelines.posting.items import ItemDraft
from udsync_pipelines.posting.matching import BooksProduct

_LONGEST_DESCRIPTION = 4000


@dataclass(frozen=True, slots=True)
class PostedItem:
    """An item as it stands in the books."""

    id: str
    sync_token: str
    name: str
    kind: str
    sku: str
    description: str
    unit_price: Decimal | None
    income_account_id: str | None
    expense_account_id: str | None
    is_active: bool
    modified_at: datetime | None = None


class _Item(WireModel):
    id: Identifier = Field(alias="Id")
    sync_token: Identifier = Field(alias="SyncToken")
    name: str = Field(alias="Name")
    kind: str = Field(default="", alias="Type")
    sku: str = Field(default="", alias="Sku")
    description: str = Field(default="", alias="Description")
    unit_price: Amount | None = Field(default=None, alias="UnitPrice")
    income_account_id: Reference = Field(default=None, alias="IncomeAccountRef")
    expense_account_id: Reference = Field(default=None, alias="ExpenseAccountRef")
    is_active: bool = Field(default=True, alias="Active")
    stamps: Stamps = Field(default=Stamps(), alias="MetaData")


def payload(
    draft: ItemDraft, name: str, *, income_account_id: str, expense_account_id: str | None
) -> Mapping[str, object]:
    """The draft as QuickBooks takes it, under this name (one of the draft's names).

    Give both accounts where there are both: some companies want the expense account for items
    that are only sold. A description that the profile fills takes the place of the shop's.
    """
    return without_empty(
        {
            "Name": name,
            "Type": draft.kind.value,
            "Sku": draft.sku,
            "Description": cut(draft.description, _LONGEST_DESCRIPTION),
            "UnitPrice": draft.price,
            "IncomeAccountRef": reference(income_account_id),
            "ExpenseAccountRef": reference(expense_account_id) if expense_account_id else None,
            **item_texts(draft.texts),
        }
    )


def read(row: Row) -> PostedItem:
    """An item as it stands in the books.

    Raises:
        RecordRejectedError: a field is missing or unreadable.
    """
    item = read_row(_Item, BookEntity.ITEM, row)
    return PostedItem(
        item.id,
        item.sync_token,
        item.name,
        item.kind,
        item.sku,
        item.description,
        item.unit_price,
        item.income_account_id,
        item.expense_account_id,
        item.is_active,
        item.stamps.modified_at,
    )


def books_product(row: Row) -> BooksProduct:
    """An item as matching sees it."""
    item = read(row)
    return BooksProduct(item.id, item.name, item.sku, item.is_active)
