"""References of a body: they must exist, be active and be of the right kind."""

from typing import Any

from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.refusals import (
    INACTIVE,
    RefusedError,
    not_found,
    refuse,
)

Json = dict[str, Any]

DEPOSIT_ACCOUNTS = ("Bank", "Other Current Asset")
_DISPLAYED = {"Customer": "DisplayName", "Item": "FullyQualifiedName"}


def reference(document: Json, name: str) -> str:
    """Return the id that a reference holds, or an empty text."""
    value = document.get(name)
    return str(value.get("value") or "") if isinstance(value, dict) else ""


def resolved(company: Company, entity: str, record_id: str, element: str) -> Json:
    """Return the active document that a reference points to.

    Raises:
        RefusedError: there is none (2500), or it is inactive (610 for customers and items,
            2500 for the other lists).
    """
    document = company.find(entity, record_id)
    if document is None:
        detail = f"Invalid Reference Id : {entity}s element id {record_id} not found"
        raise refuse("2500", detail, element)
    if document.get("Active") is False:
        raise _inactive(entity, element)
    return document


def linked(company: Company, entity: str, document: Json, name: str, prefix: str = "") -> Json:
    """Return a reference as it is stored: with the name of what it points to.

    Raises:
        RefusedError: see ``resolved``.
    """
    target = resolved(company, entity, reference(document, name), prefix + name)
    shown = target.get(_DISPLAYED.get(entity, "Name"), target.get("Name", ""))
    return {"value": target["Id"], "name": shown}


def deposit_account(company: Company, document: Json, name: str = "DepositToAccountRef") -> Json:
    """Return the account that money goes to or comes from.

    Raises:
        RefusedError: see ``resolved``; an account of another type (6430).
    """
    stored = linked(company, "Account", document, name)
    account = company.table("Account")[stored["value"]]
    if account["AccountType"] not in DEPOSIT_ACCOUNTS:
        detail = f"Invalid account type: {account['AccountType']} cannot hold deposits"
        raise refuse("6430", detail, name)
    return stored


def undeposited_funds(company: Company) -> Json:
    """Return the account that takes money nobody has placed elsewhere."""
    account = next(
        one
        for one in company.table("Account").values()
        if one["AccountSubType"] == "UndepositedFunds"
    )
    return {"value": account["Id"], "name": account["Name"]}


def _inactive(entity: str, element: str) -> RefusedError:
    if entity in ("Customer", "Item"):
        return not_found()
    detail = (
        INACTIVE if entity != "Account" else INACTIVE.partition(" with ")[0] + " with accounts."
    )
    return refuse("2500", f"Invalid Reference Id : {detail}", element)
