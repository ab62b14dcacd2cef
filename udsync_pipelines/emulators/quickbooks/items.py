"""Items: names, accounts, and what inventory needs beside."""

import re
from typing import Any

from udsync_pipelines.emulators.quickbooks.amounts import number
from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.references import linked, reference, resolved
from udsync_pipelines.emulators.quickbooks.refusals import business, missing, refuse

Json = dict[str, Any]

_FORBIDDEN = re.compile(r"[:\t\r\n]")
_MOST_PRICE = 99_999_999_999
_MOST_LEVELS = 4
_ACCOUNTS = {
    "IncomeAccountRef": ("Income", "Other Income"),
    "ExpenseAccountRef": ("Cost of Goods Sold", "Expense"),
    "AssetAccountRef": ("Other Current Asset",),
}
SUFFIX = " (deleted)"


def compose_item(company: Company, body: Json, old: Json | None = None) -> Json:
    """Return the item that a body makes.

    Raises:
        RefusedError: missing members (2020), a name in use (6240) or with a colon (2040),
            accounts (2500, 6430), a type that changes (6000), inventory that is off (5030).
    """
    document = {name: value for name, value in body.items() if value not in (None, "")}
    document["Name"] = (document.get("Name") or "").strip()
    if old is not None:
        document["Name"] = document["Name"].removesuffix(SUFFIX)
    if not document["Name"]:
        raise missing("Name")
    if not document.get("Type"):
        raise missing("Type")
    if _FORBIDDEN.search(document["Name"]):
        raise refuse("2040", "Invalid String : Name has a colon, tab or newline", "Name")
    _check_name(company, document["Name"], (old or {}).get("Id"))
    _check_type(document, old)
    document.setdefault("Active", True)
    _parent(company, document)
    if document["Type"] == "Category":
        return _category(document)
    _prices(document)
    for name, types in _ACCOUNTS.items():
        _account(company, document, name, types)
    for name in ("SalesTaxCodeRef", "PurchaseTaxCodeRef"):
        if reference(document, name) and not company.options.united_states:
            document[name] = linked(company, "TaxCode", document, name)
    document.setdefault("Taxable", False)
    document.setdefault("UnitPrice", number(0))
    document.setdefault("PurchaseCost", number(0))
    _inventory(company, document, old)
    return document


def shown_item(company: Company, item: Json) -> Json:
    """Return an item as answers have it: quantity on hand, and the mark of an inactive one."""
    shown = dict(item)
    if item["Type"] == "Inventory":
        shown["QtyOnHand"] = item["QtyOnHand"] + company.balances["Item", item["Id"]]
    if not item["Active"]:
        shown["Name"] = item["Name"] + SUFFIX
        shown["FullyQualifiedName"] = item["FullyQualifiedName"] + SUFFIX
    return shown


def _check_name(company: Company, name: str, own_id: str | None) -> None:
    for owner in company.matching("Item", "Name", name):
        if owner["Id"] != own_id:
            text = (
                "The name supplied already exists. : Another product or service is already "
                "using this name. Please use a different name."
            )
            raise refuse("6240", text)


def _check_type(document: Json, old: Json | None) -> None:
    if old is None or old["Type"] == document["Type"]:
        return
    if old["Type"] in ("Inventory", "Category") or document["Type"] == "Category":
        raise business(f"An item of type {old['Type']} can't become {document['Type']}.")


def _parent(company: Company, document: Json) -> None:
    parent_id = reference(document, "ParentRef")
    document["FullyQualifiedName"] = document["Name"]
    if not parent_id:
        document.pop("ParentRef", None)
        if document.get("SubItem"):
            raise refuse("6150", "A sub-item needs ParentRef.", "ParentRef")
        return
    parent = resolved(company, "Item", parent_id, "ParentRef")
    if parent["Type"] != "Category":
        raise refuse("700", "The parent of an item is a category.", "ParentRef")
    level = int(parent.get("Level", 0)) + 1
    if level > _MOST_LEVELS:
        raise refuse("6180", "Items can be nested four levels deep.", "ParentRef")
    document["SubItem"] = True
    document["Level"] = level
    document["FullyQualifiedName"] = f"{parent['FullyQualifiedName']}:{document['Name']}"


def _category(document: Json) -> Json:
    if not document["Active"]:
        raise business("A category can't be made inactive.")
    for name in ("UnitPrice", "PurchaseCost", *_ACCOUNTS):
        if document.pop(name, None):
            raise refuse("2010", f"Property Name:{name} specified is unsupported or invalid", name)
    return document


def _prices(document: Json) -> None:
    for name in ("UnitPrice", "PurchaseCost"):
        if abs(number(document.get(name))) > _MOST_PRICE:
            raise refuse("2090", f"Invalid number value : {document[name]}", name)


def _account(company: Company, document: Json, name: str, types: tuple[str, ...]) -> None:
    inventory = document["Type"] == "Inventory"
    if not reference(document, name):
        document.pop(name, None)
        if name != "AssetAccountRef" or inventory:
            raise missing(name)
        return
    document[name] = linked(company, "Account", document, name)
    account = company.table("Account")[document[name]["value"]]
    if account["AccountType"] not in types:
        text = f"Invalid account type: {account['AccountType']} for {name}"
        raise refuse("6430", text, name)
    if inventory and name == "ExpenseAccountRef" and account["AccountType"] != types[0]:
        raise refuse("6430", "Invalid account type: inventory needs Cost of Goods Sold", name)


def _inventory(company: Company, document: Json, old: Json | None) -> None:
    if document["Type"] != "Inventory":
        document["TrackQtyOnHand"] = False
        document.pop("QtyOnHand", None)
        return
    if not company.options.inventory:
        raise refuse("5030", "Inventory tracking is turned off for this company.", "Type")
    for name in ("TrackQtyOnHand", "QtyOnHand", "InvStartDate"):
        if document.get(name) is None:
            raise missing(name)
    if old is not None and old["Type"] == "Inventory":
        # Quantities follow from transactions; what an update says of them is not heard.
        document["QtyOnHand"] = old["QtyOnHand"]
