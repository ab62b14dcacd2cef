"""The small lists: accounts, payment methods, terms, classes, departments."""

from typing import Any

from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.references import reference, resolved
from udsync_pipelines.emulators.quickbooks.refusals import missing, refuse

Json = dict[str, Any]

SIMPLE_LISTS = ("Account", "PaymentMethod", "Term", "Class", "Department")
CLASSIFICATIONS = {
    "Bank": "Asset",
    "Accounts Receivable": "Asset",
    "Other Current Asset": "Asset",
    "Fixed Asset": "Asset",
    "Other Asset": "Asset",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Long Term Liability": "Liability",
    "Equity": "Equity",
    "Income": "Revenue",
    "Other Income": "Revenue",
    "Cost of Goods Sold": "Expense",
    "Expense": "Expense",
    "Other Expense": "Expense",
}
_MOST_LEVELS = 5


def compose_entry(company: Company, entity: str, body: Json, old: Json | None = None) -> Json:
    """Return the list entry that a body makes.

    Raises:
        RefusedError: no name (2020), a name in use (6240), an unknown account type (2170), or a
            list that is turned off (5030).
    """
    document = {name: value for name, value in body.items() if value not in (None, "")}
    document["Name"] = (document.get("Name") or "").strip()
    if not document["Name"]:
        raise missing("Name")
    _check_tracked(company, entity)
    _check_name(company, entity, document["Name"], (old or {}).get("Id"))
    document.setdefault("Active", True)
    if entity == "Account":
        _account(company, document)
    elif entity == "PaymentMethod":
        document.setdefault("Type", "NON_CREDIT_CARD")
    elif entity == "Term":
        document["Type"] = "STANDARD" if "DayOfMonthDue" not in document else "DATE_DRIVEN"
    else:
        _nested(company, entity, document)
    return document


def _check_tracked(company: Company, entity: str) -> None:
    off = {
        "Class": not company.options.track_classes,
        "Department": not company.options.track_departments,
    }
    if off.get(entity):
        raise refuse("5030", f"{entity} tracking is turned off.")


def _check_name(company: Company, entity: str, name: str, own_id: str | None) -> None:
    for owner in company.table(entity).values():
        if owner["Id"] != own_id and owner["Name"].casefold() == name.casefold():
            text = (
                f"The name supplied already exists. : Another {entity.lower()} is already "
                "using this name. Please use a different name."
            )
            raise refuse("6240", text)


def _account(company: Company, document: Json) -> None:
    kind = document.get("AccountType")
    if not kind:
        raise missing("AccountType")
    if kind not in CLASSIFICATIONS:
        raise refuse("2170", f"Invalid Enumeration : {kind}", "AccountType")
    if ":" in document["Name"] or '"' in document["Name"]:
        raise refuse("2040", "Invalid String : Name has a colon or a quotation mark", "Name")
    document["Classification"] = CLASSIFICATIONS[kind]
    document.setdefault("AccountSubType", kind.replace(" ", ""))
    document["FullyQualifiedName"] = document["Name"]
    document["SubAccount"] = bool(reference(document, "ParentRef"))
    document.setdefault("CurrentBalance", 0)
    home = company.options.home_currency
    document.setdefault("CurrencyRef", {"value": home})


def _nested(company: Company, entity: str, document: Json) -> None:
    parent_id = reference(document, "ParentRef")
    document["FullyQualifiedName"] = document["Name"]
    if not parent_id:
        return
    parent = resolved(company, entity, parent_id, "ParentRef")
    if parent["FullyQualifiedName"].count(":") + 2 > _MOST_LEVELS:
        raise refuse("6180", f"{entity} entries can be nested five levels deep.", "ParentRef")
    document["FullyQualifiedName"] = f"{parent['FullyQualifiedName']}:{document['Name']}"
