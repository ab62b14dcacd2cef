"""Create, update, delete and void: the rules that hold for all entities."""

from collections.abc import Mapping
from typing import Any

from udsync_pipelines.emulators.quickbooks import payments
from udsync_pipelines.emulators.quickbooks.amounts import ZERO, number
from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.customers import (
    check_email,
    check_reactivated,
    compose_customer,
)
from udsync_pipelines.emulators.quickbooks.items import compose_item
from udsync_pipelines.emulators.quickbooks.lists import compose_entry
from udsync_pipelines.emulators.quickbooks.payments import compose_payment
from udsync_pipelines.emulators.quickbooks.refusals import (
    business,
    missing,
    not_found,
    refuse,
    unsupported,
)
from udsync_pipelines.emulators.quickbooks.sales_forms import compose
from udsync_pipelines.emulators.quickbooks.schema import (
    ADDRESS_LINES,
    SALES_FORMS,
    TRANSACTIONS,
    checked,
    entities,
)

Json = dict[str, Any]

_OPEN = {"Invoice": "Balance", "CreditMemo": "RemainingCredit"}
_VOIDED = "Voided"
_COMPUTED_ON_WRITE = ("TotalAmt", "TxnTaxDetail", "HomeTotalAmt")


def write(company: Company, entity: str, body: Any, parameters: Mapping[str, str]) -> Json:
    """Do what a POST to an entity asks for; return the answer's members.

    Raises:
        RefusedError: whatever the company does not take.
    """
    if not isinstance(body, dict):
        raise unsupported("of a body that is no object")
    operation = parameters.get("operation", "").lower()
    options = [one.strip().lower() for one in parameters.get("include", "").split(",")]
    if company.read_only:
        text = (
            "Subscription period has ended or canceled or there was a billing problem : You can't "
            "add data to QuickBooks Online Plus because your trial or subscription period ended."
        )
        raise refuse("6190", text)
    if operation == "delete":
        return delete(company, entity, body)
    if operation == "void" or (operation == "update" and "void" in options):
        return void(company, entity, body, included="void" in options)
    if operation not in ("", "update", "create"):
        raise unsupported(operation)
    allow_duplicate = "allowduplicatedocnum" in options
    if body.get("Id") in (None, ""):
        if operation == "update":
            raise missing("Id")
        return create(company, entity, body, allow_duplicate=allow_duplicate)
    return update(company, entity, body, allow_duplicate=allow_duplicate)


def create(company: Company, entity: str, body: Json, *, allow_duplicate: bool = False) -> Json:
    """Make a new object; return it under its entity's name."""
    if "create" not in entities()[entity]["operations"]:
        raise unsupported(f"create {entity}")
    kept = _writable(checked(entity, body))
    document = _compose(company, entity, kept, None)
    if entity in SALES_FORMS:
        _number(company, document, None, allow_duplicate=allow_duplicate)
    _check_open_books(company, entity, document)
    _open_amounts(entity, document, ZERO)
    record = company.create(entity, document)
    if entity == "Payment":
        payments.apply(company, record)
    return {entity: record}


def update(company: Company, entity: str, body: Json, *, allow_duplicate: bool = False) -> Json:
    """Change an object, wholly or sparsely; return it under its entity's name."""
    if not {"full-update", "sparse-update"} & set(entities()[entity]["operations"]):
        raise unsupported(f"update {entity}")
    kept = checked(entity, body)
    old = _current(company, entity, body)
    check_reactivated(old, kept)
    _check_unlocked(company, entity, old)
    new = _merged(old, kept) if kept.get("sparse") is True else kept
    if entity in ("CompanyInfo", "Preferences"):
        return {entity: company.replace(entity, {**old, **_writable(kept), "Id": old["Id"]})}
    if "TxnTaxDetail" not in kept:
        new = {name: value for name, value in new.items() if name != "TxnTaxDetail"}
    if entity == "Payment":
        return {entity: _update_payment(company, old, new)}
    document = _compose(company, entity, _writable(new), old)
    if entity in SALES_FORMS:
        _flatten(document)
        _number(company, document, old, allow_duplicate=allow_duplicate)
    _check_open_books(company, entity, document)
    applied = number(old.get("TotalAmt")) - number(old.get(_OPEN.get(entity, "TotalAmt")))
    _open_amounts(entity, document, applied)
    return {entity: company.replace(entity, _carried(old, document))}


def delete(company: Company, entity: str, body: Json) -> Json:
    """Delete a transaction for good; lists know no deletion."""
    if "delete" not in entities()[entity]["operations"]:
        raise unsupported(f"delete {entity}")
    old = _current(company, entity, body)
    _check_unlocked(company, entity, old)
    _release(company, entity, old)
    company.remove(entity, old["Id"])
    return {entity: {"domain": "QBO", "status": "Deleted", "Id": old["Id"]}}


def void(company: Company, entity: str, body: Json, *, included: bool) -> Json:
    """Void a transaction: it stays with zeros, and its note says so.

    Invoices are voided by ``operation=void``, the others by ``include=void``.
    """
    wanted = {"Invoice": False, "SalesReceipt": True, "Payment": True, "RefundReceipt": True}
    if wanted.get(entity) is not included:
        raise unsupported(f"void {entity}")
    old = _current(company, entity, body)
    _check_unlocked(company, entity, old)
    _release(company, entity, old)
    old = company.table(entity)[old["Id"]]
    note = old.get("PrivateNote", "")
    voided = {**old, "PrivateNote": f"{_VOIDED} - {note}" if note else _VOIDED}
    for name in ("TotalAmt", "Balance", "UnappliedAmt", "HomeTotalAmt"):
        if name in voided:
            voided[name] = ZERO
    voided.pop("LinkedTxn", None)
    voided["Line"] = [] if entity == "Payment" else [_emptied(line) for line in old["Line"]]
    if "TxnTaxDetail" in old:
        voided["TxnTaxDetail"] = {"TotalTax": ZERO, "TaxLine": []}
    return {entity: company.replace(entity, voided, "voided")}


def _compose(company: Company, entity: str, body: Json, old: Json | None) -> Json:
    if entity in SALES_FORMS:
        check_email(body, "BillEmail")
        return compose(company, entity, body, old)
    if entity == "Payment":
        return compose_payment(company, body, old)
    if entity == "Customer":
        return compose_customer(company, body, old)
    if entity == "Item":
        return compose_item(company, body, old)
    return compose_entry(company, entity, body, old)


def _current(company: Company, entity: str, body: Json) -> Json:
    record_id, token = str(body.get("Id") or ""), body.get("SyncToken")
    if not record_id:
        raise missing("Id")
    if not record_id.isdigit():
        raise refuse("2030", f"Invalid ID : {record_id}", "Id")
    old = company.find(entity, record_id)
    if old is None:
        raise not_found()
    if token in (None, ""):
        raise missing("SyncToken")
    if str(token) != old["SyncToken"]:
        text = (
            "Stale Object Error : You and Company Admin were working on this at the same time. "
            "Company Admin finished before you did, so your work was not saved."
        )
        raise refuse("5010", text)
    return old


def _merged(old: Json, changes: Json) -> Json:
    merged = {name: value for name, value in old.items() if name not in _COMPUTED_ON_WRITE}
    if "TotalAmt" in old and "UnappliedAmt" in old:
        merged["TotalAmt"] = old["TotalAmt"]
    return {**merged, **changes}


def _writable(body: Json) -> Json:
    system = ("Id", "SyncToken", "MetaData", "domain", "sparse", "status")
    return {name: value for name, value in body.items() if name not in system}


def _carried(old: Json, document: Json) -> Json:
    kept = {name: old[name] for name in ("domain", "sparse", "Id")}
    links = {"LinkedTxn": old["LinkedTxn"]} if "LinkedTxn" in old else {}
    return {**kept, **document, **links, "Id": old["Id"]}


def _update_payment(company: Company, old: Json, new: Json) -> Json:
    document = compose_payment(company, _writable(new), old)
    _check_open_books(company, "Payment", document)
    payments.apply(company, old, -1)
    record = company.replace("Payment", _carried(old, document))
    payments.apply(company, record)
    return record


def _release(company: Company, entity: str, old: Json) -> None:
    if entity == "Payment":
        payments.apply(company, old, -1)
    elif entity in _OPEN:
        payments.release(company, entity, old["Id"])


def _open_amounts(entity: str, document: Json, applied: Any) -> None:
    if entity in ("SalesReceipt", "RefundReceipt"):
        document["Balance"] = ZERO
    if entity not in _OPEN:
        return
    left = document["TotalAmt"] - applied
    if left < 0:
        raise business("The total is less than the payments already applied.")
    document["Balance"] = left
    document[_OPEN[entity]] = left


def _number(company: Company, document: Json, old: Json | None, *, allow_duplicate: bool) -> None:
    custom = company.preferences["SalesFormsPrefs"]["CustomTxnNumbers"]
    if not document.get("DocNumber") and not custom:
        # The company's own numbers go on, whoever has used one of them meanwhile.
        document["DocNumber"] = (old or {}).get("DocNumber") or company.next_doc_number()
    number_ = document.get("DocNumber")
    if not number_ or allow_duplicate or not company.options.warn_duplicate_numbers:
        return
    for entity in SALES_FORMS:
        for owner in company.matching(entity, "DocNumber", number_):
            if owner["Id"] != (old or {}).get("Id"):
                text = (
                    "Duplicate Document Number Error : You must specify a different number. "
                    "This number has already been used."
                )
                raise refuse("6140", text, "DocNumber")


def _flatten(document: Json) -> None:
    """Put town and postal code into the address lines, as an update leaves them."""
    for name in ("BillAddr", "ShipAddr"):
        address = document.get(name)
        if not address:
            continue
        town = " ".join(str(address[one]) for one in ("City", "PostalCode") if address.get(one))
        free = next((line for line in ADDRESS_LINES if not address.get(line)), None)
        if town and free:
            kept = {key: one for key, one in address.items() if key not in ("City", "PostalCode")}
            document[name] = {**kept, free: town}


def _check_unlocked(company: Company, entity: str, old: Json) -> None:
    if entity in TRANSACTIONS and old["Id"] in company.deposited:
        text = (
            "This transaction has been deposited. If you want to change or delete it, you must "
            "edit the deposit it appears on and remove it first."
        )
        raise refuse("6540", text)
    _check_open_books(company, entity, old)


def _check_open_books(company: Company, entity: str, document: Json) -> None:
    closed = company.preferences["AccountingInfoPrefs"].get("BookCloseDate", "")
    if entity not in TRANSACTIONS or not closed or document["TxnDate"] > closed:
        return
    if not company.options.book_close_password:
        raise refuse("6200", "The account period has closed.", "TxnDate")
    text = (
        "The account period has closed and the account books cannot be updated through the QBO "
        "Services API. Please use the QBO website to make these changes."
    )
    raise refuse("6210", text, "TxnDate")


def _emptied(line: Json) -> Json:
    emptied = {**line, "Amount": ZERO}
    detail = line.get("SalesItemLineDetail")
    if detail:
        emptied["SalesItemLineDetail"] = {
            name: ZERO if name in ("Qty", "UnitPrice", "TaxInclusiveAmt") else value
            for name, value in detail.items()
        }
    return emptied
