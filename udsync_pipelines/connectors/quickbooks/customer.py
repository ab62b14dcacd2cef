"""Customer: a name list whose names are shared with vendors and employees."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pydantic import Field

from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.text_fields import customer_texts, email_or_none
from udsync_pipelines.connectors.quickbooks.wire import (
    Amount,
    Email,
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
from udsync_pipelines.domain.party import Address
from udsync_pipelines.posting.customers import CustomerDraft
from udsync_pipelines.posting.matching import BooksName, NameList

_LONGEST_LINE = 500
_LONGEST_PLACE = 255
_LONGEST_POSTCODE = 30


@dataclass(frozen=True, slots=True)
class BooksCustomer:
    """A customer of the books. `balance` is in `currency`, which never changes."""

    id: str
    sync_token: str
    display_name: str
    email: str
    currency: str
    balance: Decimal
    is_active: bool
    given_name: str = ""
    family_name: str = ""
    company_name: str = ""
    modified_at: datetime | None = None


class _Customer(WireModel):
    id: Identifier = Field(alias="Id")
    sync_token: Identifier = Field(alias="SyncToken")
    display_name: str = Field(alias="DisplayName")
    email: Email = Field(default="", alias="PrimaryEmailAddr")
    currency: Reference = Field(default=None, alias="CurrencyRef")
    balance: Amount = Field(default=Decimal(0), alias="Balance")
    is_active: bool = Field(default=True, alias="Active")
    given_name: str = Field(default="", alias="GivenName")
    family_name: str = Field(default="", alias="FamilyName")
    company_name: str = Field(default="", alias="CompanyName")
    stamps: Stamps = Field(default=Stamps(), alias="MetaData")


def payload(
    draft: CustomerDraft, display_name: str, *, has_multicurrency: bool
) -> Mapping[str, object]:
    """The draft as QuickBooks takes it, under this name (one of the draft's names).

    A currency is sent only where the company has several; it can be given at creation only. An
    address that the profile fills takes the place of the shop's. An e-mail address that
    QuickBooks would refuse (2210) is left out.
    """
    currency = draft.currency if has_multicurrency else ""
    email = None if "," in draft.email else email_or_none(draft.email)
    return without_empty(
        {
            "DisplayName": display_name,
            "GivenName": draft.given_name,
            "FamilyName": draft.family_name,
            "CompanyName": draft.company_name,
            "PrimaryEmailAddr": {"Address": email} if email else None,
            "PrimaryPhone": {"FreeFormNumber": draft.phone} if draft.phone else None,
            "BillAddr": _address(draft.billing) or None,
            "ShipAddr": _address(draft.shipping) or None,
            "CurrencyRef": reference(currency) if currency else None,
            **customer_texts(draft.texts),
        }
    )


def read(row: Row, home_currency: str) -> BooksCustomer:
    """A customer as it stands in the books.

    Raises:
        RecordRejectedError: a field is missing or unreadable.
    """
    customer = read_row(_Customer, BookEntity.CUSTOMER, row)
    return BooksCustomer(
        customer.id,
        customer.sync_token,
        customer.display_name,
        customer.email,
        customer.currency or home_currency,
        customer.balance,
        customer.is_active,
        customer.given_name,
        customer.family_name,
        customer.company_name,
        customer.stamps.modified_at,
    )


_LISTS = {
    BookEntity.CUSTOMER: NameList.CUSTOMER,
    BookEntity.VENDOR: NameList.VENDOR,
    BookEntity.EMPLOYEE: NameList.EMPLOYEE,
}


def books_name(entity: BookEntity, row: Row, home_currency: str) -> BooksName:
    """A customer, vendor or employee as matching sees it.

    Raises:
        KeyError: the entity is none of the three.
        RecordRejectedError: a field is missing or unreadable.
    """
    read_name = read_row(_Customer, entity, {"SyncToken": "0", **row})
    return BooksName(
        read_name.id,
        _LISTS[entity],
        read_name.display_name,
        read_name.email,
        read_name.currency or home_currency,
        read_name.is_active,
    )


def _address(address: Address) -> Mapping[str, object]:
    """The address; never read back for comparison, for QuickBooks rewrites addresses."""
    return without_empty(
        {
            "Line1": cut(address.address_1, _LONGEST_LINE),
            "Line2": cut(address.address_2, _LONGEST_LINE),
            "City": cut(address.city, _LONGEST_PLACE),
            "CountrySubDivisionCode": cut(address.state, _LONGEST_PLACE),
            "PostalCode": cut(address.postcode, _LONGEST_POSTCODE),
            "Country": cut(address.country, _LONGEST_PLACE),
        }
    )
