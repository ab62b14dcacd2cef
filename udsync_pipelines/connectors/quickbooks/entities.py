"""What the connector reads and writes, by QuickBooks' own names, and how each is voided."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class BookEntity(StrEnum):
    """An object of the API; the value is its name in JSON and in queries."""

    CUSTOMER = "Customer"
    ITEM = "Item"
    INVOICE = "Invoice"
    SALES_RECEIPT = "SalesReceipt"
    PAYMENT = "Payment"
    REFUND_RECEIPT = "RefundReceipt"
    CREDIT_MEMO = "CreditMemo"
    TAX_CODE = "TaxCode"
    TAX_RATE = "TaxRate"
    ACCOUNT = "Account"
    PAYMENT_METHOD = "PaymentMethod"
    PREFERENCES = "Preferences"
    COMPANY_INFO = "CompanyInfo"
    VENDOR = "Vendor"
    EMPLOYEE = "Employee"

    @property
    def path(self) -> str:
        """Its part of the address."""
        return self.value.lower()


# Name lists answer queries with active objects only, unless both are asked for.
NAME_LISTS = frozenset(
    {
        BookEntity.CUSTOMER,
        BookEntity.ITEM,
        BookEntity.TAX_CODE,
        BookEntity.ACCOUNT,
        BookEntity.PAYMENT_METHOD,
        BookEntity.VENDOR,
        BookEntity.EMPLOYEE,
    }
)
DELETABLE = frozenset(
    {
        BookEntity.INVOICE,
        BookEntity.SALES_RECEIPT,
        BookEntity.PAYMENT,
        BookEntity.REFUND_RECEIPT,
        BookEntity.CREDIT_MEMO,
    }
)

_AS_UPDATE: Mapping[str, str] = MappingProxyType({"operation": "update", "include": "void"})
# How RefundReceipt is voided is likely, not certain; CreditMemo has no documented form at all.
VOID_PARAMETERS: Mapping[BookEntity, Mapping[str, str]] = MappingProxyType(
    {
        BookEntity.INVOICE: MappingProxyType({"operation": "void"}),
        BookEntity.SALES_RECEIPT: _AS_UPDATE,
        BookEntity.PAYMENT: _AS_UPDATE,
        BookEntity.REFUND_RECEIPT: _AS_UPDATE,
    }
)
