"""Customers: names that nobody else bears, addresses, parents."""

import re
from typing import Any

from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.currencies import customer_currency
from udsync_pipelines.emulators.quickbooks.references import linked, reference, resolved
from udsync_pipelines.emulators.quickbooks.refusals import (
    Problem,
    RefusedError,
    business,
    refuse,
)

Json = dict[str, Any]

NAME_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
SUFFIX = " (deleted)"
_FORBIDDEN = re.compile(r"[:\t\r\n]")
_EMAIL = re.compile(r"[^@\s,]+@[^@\s,]+\.[^@\s,]+")
_MOST_EMAIL = 100
_MOST_LEVELS = 5
_TEXTS = {
    "Customer": "Another customer, vendor or employee is already using this name.",
    "Vendor": "Another customer, vendor or employee is already using this name.",
    "Employee": "Another employee is already using this name.",
}


def compose_customer(company: Company, body: Json, old: Json | None = None) -> Json:
    """Return the customer that a body makes.

    Raises:
        RefusedError: no name (6080), characters (2040), a name in use (6240), an e-mail (2210),
            references, a currency that changes (6000), or an open balance (6220).
    """
    document = {name: value for name, value in body.items() if value not in (None, "")}
    _names(document, old)
    check_name(company, document["DisplayName"], (old or {}).get("Id"))
    check_email(document, "PrimaryEmailAddr")
    document["CurrencyRef"] = customer_currency(company, document, old)
    for name, entity in (
        ("SalesTermRef", "Term"),
        ("PaymentMethodRef", "PaymentMethod"),
        ("DefaultTaxCodeRef", "TaxCode"),
        ("ARAccountRef", "Account"),
    ):
        if reference(document, name):
            document[name] = linked(company, entity, document, name)
    _parent(company, document, (old or {}).get("Id"))
    document.setdefault("Active", True)
    document.setdefault("Taxable", True)
    document.setdefault("BillWithParent", False)
    document.setdefault("PreferredDeliveryMethod", "None")
    document.setdefault("PrintOnCheckName", document["DisplayName"][:110])
    if not document["Active"] and old is not None:
        _check_idle(company, old["Id"])
    return document


def check_name(company: Company, name: str, own_id: str | None) -> None:
    """Refuse a display name that a customer, vendor or employee bears, active or not.

    Raises:
        RefusedError: 6240.
    """
    for entity, owner in company.name_owners(name):
        if entity == "Customer" and owner["Id"] == own_id:
            continue
        text = f"The name supplied already exists. : {_TEXTS[entity]} Please use a different name."
        raise refuse("6240", text)


def check_email(document: Json, name: str) -> None:
    """Refuse an e-mail address that is none; a list with commas is one where mail is sent.

    Raises:
        RefusedError: 2210 for its form, 2050 for its length.
    """
    address = (document.get(name) or {}).get("Address")
    if not address:
        document.pop(name, None)
        return
    parts = address.split(",") if name == "BillEmail" else [address]
    if not all(_EMAIL.fullmatch(part.strip()) for part in parts):
        raise refuse("2210", f"Invalid Email Address format in the request : {address}", name)
    if len(address) > _MOST_EMAIL:
        text = (
            "String length specified does not match the supported length. "
            f"Min:0 Max:{_MOST_EMAIL} supported. Supplied length:{len(address)}"
        )
        raise refuse("2050", text, name)


def shown_customer(company: Company, customer: Json) -> Json:
    """Return a customer as answers have it: balance, and the mark of an inactive one."""
    balance = company.balances["Customer", customer["Id"]]
    shown = {**customer, "Balance": balance, "BalanceWithJobs": balance}
    if customer["Id"] in company.parents:
        shown["BalanceWithJobs"] += sum(
            company.balances["Customer", one["Id"]]
            for one in company.table("Customer").values()
            if reference(one, "ParentRef") == customer["Id"]
        )
    if not customer["Active"]:
        shown["DisplayName"] = customer["DisplayName"] + SUFFIX
        shown["FullyQualifiedName"] = customer["FullyQualifiedName"] + SUFFIX
    identifier = customer.get("PrimaryTaxIdentifier")
    if identifier:
        shown["PrimaryTaxIdentifier"] = "X" * max(0, len(identifier) - 4) + identifier[-4:]
    return shown


def _names(document: Json, old: Json | None) -> None:
    for name in ("DisplayName", *NAME_PARTS):
        if name in document:
            document[name] = document[name].strip()
    problems = [
        Problem("2040", f"Invalid String : {name} has a colon, tab or newline", name)
        for name in ("DisplayName", *NAME_PARTS)
        if _FORBIDDEN.search(document.get(name, ""))
    ]
    if problems:
        raise RefusedError(*problems)
    if old is not None and not document.get("DisplayName"):
        document["DisplayName"] = old["DisplayName"]
    built = " ".join(document[name] for name in NAME_PARTS if document.get(name))
    name = document.get("DisplayName") or built
    if not name:
        raise refuse("6080", "One of DisplayName, GivenName or FamilyName is required.")
    document["DisplayName"] = name.removesuffix(SUFFIX) if old is not None else name


def _parent(company: Company, document: Json, own_id: str | None) -> None:
    parent_id = reference(document, "ParentRef")
    if not parent_id:
        document.pop("ParentRef", None)
        if document.get("Job"):
            raise refuse("6150", "A sub-customer needs ParentRef.", "ParentRef")
        document["Job"] = False
        document["FullyQualifiedName"] = document["DisplayName"]
        return
    parent = resolved(company, "Customer", parent_id, "ParentRef")
    if parent_id == own_id:
        raise refuse("700", "A customer can't be its own parent.", "ParentRef")
    level = int(parent.get("Level", 0)) + 1
    if level >= _MOST_LEVELS:
        raise refuse("6180", "Customers can be nested five levels deep.", "ParentRef")
    document["Job"] = True
    document["Level"] = level
    document["FullyQualifiedName"] = f"{parent['FullyQualifiedName']}:{document['DisplayName']}"
    company.parents.add(parent_id)


def _check_idle(company: Company, record_id: str) -> None:
    if company.balances["Customer", record_id]:
        text = (
            "The entity you are trying to delete has an open balance. : "
            "This customer cannot be deleted because it has a non-zero balance"
        )
        raise refuse("6220", text)


def check_reactivated(old: Json, body: Json) -> None:
    """Refuse a change to an inactive list object that does not make it active again.

    Raises:
        RefusedError: 6000.
    """
    if old.get("Active") is False and body.get("Active") is not True:
        raise business("You cannot modify a list element that has been deleted.")
