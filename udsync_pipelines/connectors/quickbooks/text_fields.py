"""The text fields of QuickBooks that a mapping profile may fill, their lengths and their form.

A profile fills them by role, not by document, because the posting policy chooses the document:
`sale` is a SalesReceipt or an Invoice, `refund` a RefundReceipt or a CreditMemo. Everything that
decides money belongs to the policy; `OWNED_TARGETS` says so to whoever writes a rule for it.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from udsync_pipelines.connectors.quickbooks.wire import cut, without_empty

LONGEST_NOTE = 4000
LONGEST_EMAIL = 100
_LONGEST_ADDED_NOTE = 3800  # the rest of a note holds the marker and what the document is
_LONGEST_LINE = 500
_LONGEST_LINES = 2000  # Line1 to Line5 together
_LONGEST_CUSTOM = 31  # commonly reported; Intuit's pages do not say, nor for tracking numbers
_CUSTOM_FIELDS = ("1", "2", "3")
_LINES = tuple(f"Line{number}" for number in range(1, 6))
_PLACES = MappingProxyType(
    {"City": 255, "CountrySubDivisionCode": 255, "PostalCode": 30, "Country": 255}
)
_ADDRESSES = ("BillAddr", "ShipAddr")
_PHONES = ("Mobile", "AlternatePhone", "Fax")
_EMAIL = re.compile(r"[^@\s,;<>]+@(?:[^@\s,;<>.]+\.)+[^@\s,;<>.]+")
_MARK = re.compile("udsync:", re.IGNORECASE)

_ADDRESS_FIELDS: Mapping[str, int] = {
    f"{address}.{part}": longest
    for address in _ADDRESSES
    for part, longest in {**dict.fromkeys(_LINES, _LONGEST_LINE), **_PLACES}.items()
}
_SALES_FORM: Mapping[str, int] = {
    # A cut address would be somebody else's: one too many shows that it is too long to be sent.
    "BillEmail": LONGEST_EMAIL + 1,
    "CustomerMemo": 1000,
    "PrivateNote": _LONGEST_ADDED_NOTE,
    **{f"CustomField.{number}": _LONGEST_CUSTOM for number in _CUSTOM_FIELDS},
    **_ADDRESS_FIELDS,
}
KNOWN_TARGETS: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "sale": {**_SALES_FORM, "ShipMethodRef": 30, "TrackingNum": _LONGEST_CUSTOM},
        "refund": _SALES_FORM,
        "payment": {"PrivateNote": _LONGEST_ADDED_NOTE},
        "customer": {
            "Title": 16,
            "MiddleName": 100,
            "Suffix": 16,
            "PrintOnCheckName": 110,
            "Notes": 2000,
            "WebAddr": 1000,
            **dict.fromkeys(_PHONES, 30),
            **_ADDRESS_FIELDS,
        },
        "item": {"Description": 4000, "PurchaseDesc": 1000},
    }
)
"""What rules may fill by role, with the characters that each field takes."""

_BY_POLICY = "the posting policy decides it, so change the policy and remove the rule"
_BY_NAMES = "udsync finds a free name by itself, so remove the rule"
OWNED_TARGETS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "DocNumber", "TxnDate", "DueDate", "ShipDate", "CustomerRef", "CurrencyRef",
                "ExchangeRate", "Line", "Amount", "TotalAmt", "Deposit", "Balance",
                "GlobalTaxCalculation", "TxnTaxDetail", "TxnTaxCodeRef", "TaxCodeRef", "ItemRef",
                "DepositToAccountRef", "ARAccountRef", "PaymentMethodRef", "PaymentRefNum",
                "SalesTermRef", "ClassRef", "DepartmentRef", "ApplyTaxAfterDiscount", "LinkedTxn",
                "Type", "UnitPrice", "PurchaseCost", "QtyOnHand", "IncomeAccountRef",
                "ExpenseAccountRef", "AssetAccountRef", "SalesTaxCodeRef", "Taxable",
            ),
            _BY_POLICY,
        ),
        **dict.fromkeys(("DisplayName", "Name", "FullyQualifiedName"), _BY_NAMES),
        **dict.fromkeys(
            ("GivenName", "FamilyName", "CompanyName", "PrimaryEmailAddr", "PrimaryPhone", "Sku"),
            "udsync fills it from the shop to find the record again, so remove the rule",
        ),
        **dict.fromkeys(
            ("EmailStatus", "DeliveryInfo", "PrintStatus", "BillEmailCc", "BillEmailBcc"),
            "QuickBooks would mail or print by it, which udsync never asks for: remove the rule",
        ),
        **dict.fromkeys(
            ("Id", "SyncToken", "sparse", "Active", "MetaData"),
            "it belongs to QuickBooks, so remove the rule",
        ),
        "CustomField": (
            "QuickBooks has three custom fields, on sales and refund documents only:"
            " CustomField.1, CustomField.2 and CustomField.3"
        ),
    }
)  # fmt: skip
"""What no rule may fill, each with the reason; parts of it (`Line.Description`) neither."""


def sales_form_texts(texts: Mapping[str, str]) -> dict[str, object]:
    """The members that a sales form or refund gets of a draft's texts, but for its note.

    An e-mail address that QuickBooks would refuse (2210) is left out, or it would refuse the
    whole document. Where there is one, QuickBooks is told not to use it.
    """
    memo = cut(texts.get("CustomerMemo", ""), _SALES_FORM["CustomerMemo"])
    address = email_or_none(texts.get("BillEmail", ""))
    return without_empty(
        {
            "BillEmail": {"Address": address} if address else None,
            "CustomerMemo": {"value": memo} if memo else None,
            "CustomField": _custom_fields(texts),
            **address_texts(texts),
        }
    )


def shipping_texts(texts: Mapping[str, str]) -> dict[str, object]:
    """The members that only a sale has: how it is shipped and under which number."""
    sale = KNOWN_TARGETS["sale"]
    method = _one_line(texts.get("ShipMethodRef", ""), sale["ShipMethodRef"])
    return without_empty(
        {
            "ShipMethodRef": {"value": method, "name": method} if method else None,
            "TrackingNum": _one_line(texts.get("TrackingNum", ""), sale["TrackingNum"]),
        }
    )


def note_with(note: str, texts: Mapping[str, str]) -> str:
    """A draft's private note, marker first, then the profile's text; at most 4000 characters.

    A document is found by its marker, so a text that a buyer may have typed cannot hold one.
    """
    added = _MARK.sub("udsync :", texts.get("PrivateNote", ""))
    return cut(f"{note.strip()}\n{added.strip()}", LONGEST_NOTE)


def customer_texts(texts: Mapping[str, str]) -> dict[str, object]:
    """The members that a customer gets of a draft's texts."""
    limits = KNOWN_TARGETS["customer"]
    plain = ("Title", "MiddleName", "Suffix", "PrintOnCheckName")
    website = texts.get("WebAddr", "").strip()
    return without_empty(
        {
            **{name: _name(texts.get(name, ""), limits[name]) for name in plain},
            **{name: _phone(texts.get(name, "")) for name in _PHONES},
            "Notes": cut(texts.get("Notes", ""), limits["Notes"]),
            "WebAddr": {"URI": cut(website, limits["WebAddr"])} if website else None,
            **address_texts(texts),
        }
    )


def item_texts(texts: Mapping[str, str]) -> dict[str, object]:
    """The members that an item gets of a draft's texts."""
    limits = KNOWN_TARGETS["item"]
    return without_empty({name: cut(texts.get(name, ""), limits[name]) for name in limits})


def address_texts(texts: Mapping[str, str]) -> dict[str, object]:
    """The addresses, each only where the profile fills a part of it.

    Lines close up, so that a missing company leaves no gap, and come to 2000 characters at most.
    """
    addresses = {address: _address(address, texts) for address in _ADDRESSES}
    return {address: parts for address, parts in addresses.items() if parts}


def email_or_none(text: str) -> str | None:
    """The address, or several with commas, as QuickBooks takes it; None when it would refuse."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    joined = ", ".join(parts)
    is_good = parts and all(map(_EMAIL.fullmatch, parts)) and len(joined) <= LONGEST_EMAIL
    return joined if is_good else None


def _address(address: str, texts: Mapping[str, str]) -> Mapping[str, object]:
    lines = _fitting(
        _one_line(texts.get(f"{address}.{line}", ""), _LONGEST_LINE) for line in _LINES
    )
    places = {
        place: _one_line(texts.get(f"{address}.{place}", ""), longest)
        for place, longest in _PLACES.items()
    }
    return without_empty({**dict(zip(_LINES, lines, strict=False)), **places})


def _fitting(lines: Iterable[str]) -> list[str]:
    left = _LONGEST_LINES
    kept: list[str] = []
    for line in lines:
        if shortened := cut(line, left):
            kept.append(shortened)
            left -= len(shortened)
    return kept


def _custom_fields(texts: Mapping[str, str]) -> list[Mapping[str, str]]:
    written = {
        number: _one_line(texts.get(f"CustomField.{number}", ""), _LONGEST_CUSTOM)
        for number in _CUSTOM_FIELDS
    }
    return [
        {"DefinitionId": number, "Type": "StringType", "StringValue": text}
        for number, text in written.items()
        if text
    ]


def _phone(text: str) -> Mapping[str, str] | None:
    number = _one_line(text, KNOWN_TARGETS["customer"]["Mobile"])
    return {"FreeFormNumber": number} if number else None


def _name(text: str, longest: int) -> str:
    # A colon parts a customer from its sub-customers, so QuickBooks refuses it in names.
    return _one_line(text.replace(":", " "), longest)


def _one_line(text: str, longest: int) -> str:
    return cut(" ".join(text.split()), longest)
