"""Invoices, sales receipts, refund receipts and credit memos: from a body to a document."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from udsync_pipelines.emulators.quickbooks import taxation, taxation_us
from udsync_pipelines.emulators.quickbooks.amounts import ZERO, cents, number, price
from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.currencies import check_money_account, document_currency
from udsync_pipelines.emulators.quickbooks.references import (
    deposit_account,
    linked,
    reference,
    resolved,
    undeposited_funds,
)
from udsync_pipelines.emulators.quickbooks.refusals import business, missing, refuse
from udsync_pipelines.emulators.quickbooks.sales_lines import Entry, read_lines

Json = dict[str, Any]

_MOST_TAXABLE_LINES = 750
_MOST_CUSTOM_FIELDS = 3
_DEFAULTS = {"PrintStatus": "NotSet", "EmailStatus": "NotSet"}


def compose(company: Company, entity: str, body: Json, old: Json | None = None) -> Json:
    """Return the document that a body makes; ``old`` is the stored one in an update.

    Lines, tax and totals are computed here; what was sent of them is checked or not heard.

    Raises:
        RefusedError: whatever the company does not take.
    """
    document: Json = {**_DEFAULTS, **{k: v for k, v in body.items() if v not in (None, "")}}
    document.setdefault("TxnDate", company.clock.today())
    _customer(company, document)
    document_currency(company, document, old)
    _references(company, entity, document)
    _check_custom_fields(company, document)
    lines, entries = read_lines(company, document.get("Line") or [], document["TxnDate"])
    tax = _tax(company, document, entries, old)
    net = sum((entry.amount for entry in entries), ZERO)
    document["Line"] = _numbered(lines, entries, old)
    document.pop("TxnTaxDetail", None)
    if tax is not None:
        document["TxnTaxDetail"] = tax
    document["TotalAmt"] = net + number((tax or {}).get("TotalTax"))
    if document["TotalAmt"] < 0:
        raise business("Transaction amount must be 0 or greater.")
    if company.multicurrency:
        document["HomeTotalAmt"] = cents(document["TotalAmt"] * document["ExchangeRate"])
    _dates(company, entity, document)
    if document["EmailStatus"] == "NeedToSend" and not document.get("BillEmail"):
        raise refuse("6420", "BillEmail is required when EmailStatus is NeedToSend.", "BillEmail")
    return document


def _customer(company: Company, document: Json) -> None:
    if not reference(document, "CustomerRef"):
        raise missing("CustomerRef")
    document["CustomerRef"] = linked(company, "Customer", document, "CustomerRef")
    customer = company.table("Customer")[document["CustomerRef"]["value"]]
    for name in ("BillAddr", "ShipAddr"):
        if not document.get(name) and customer.get(name):
            document[name] = dict(customer[name])


def _references(company: Company, entity: str, document: Json) -> None:
    for name, target in (
        ("PaymentMethodRef", "PaymentMethod"),
        ("SalesTermRef", "Term"),
    ):
        if reference(document, name):
            document[name] = linked(company, target, document, name)
    for name, target, tracked in (
        ("ClassRef", "Class", company.options.track_classes),
        ("DepartmentRef", "Department", company.options.track_departments),
    ):
        if not reference(document, name):
            continue
        if not tracked:
            raise refuse("5030", f"{target} tracking is turned off.", name)
        document[name] = linked(company, target, document, name)
    if entity == "RefundReceipt" and not reference(document, "DepositToAccountRef"):
        raise missing("DepositToAccountRef")
    if entity in ("SalesReceipt", "RefundReceipt"):
        if reference(document, "DepositToAccountRef"):
            document["DepositToAccountRef"] = deposit_account(company, document)
            check_money_account(company, document)
        else:
            document["DepositToAccountRef"] = undeposited_funds(company)


def _check_custom_fields(company: Company, document: Json) -> None:
    sent = document.get("CustomField") or []
    known = {str(number_) for number_ in range(1, _MOST_CUSTOM_FIELDS + 1)}
    for one in sent:
        if one.get("DefinitionId") not in known:
            text = f"Invalid custom field : {one.get('DefinitionId')}"
            raise refuse("3000", text, "CustomField")
        if one.get("Type") not in (None, "", "StringType"):
            raise refuse("3000", f"Invalid custom field type : {one['Type']}", "CustomField")
    document["CustomField"] = sent


def _tax(company: Company, document: Json, entries: list[Entry], old: Json | None) -> Json | None:
    sent = document.get("TxnTaxDetail") or {}
    if company.options.united_states:
        document.pop("GlobalTaxCalculation", None)
        return _tax_of_states(company, document, entries)
    calculation = document.setdefault("GlobalTaxCalculation", "TaxExcluded")
    if sent:
        taxation.check_tax_detail(sent, calculation)
    if calculation == "NotApplicable" or not company.using_sales_tax:
        return None
    sheet = _sheet(company, entries, included=calculation == "TaxInclusive")
    if company.options.tax_override and "TotalTax" in sent:
        return taxation.override(company, sheet, sent)
    if old is not None and "TotalTax" in sent and old.get("TxnTaxDetail"):
        # An update that carries tax details keeps the tax the document had, right or wrong.
        kept: Json = old["TxnTaxDetail"]
        return kept
    return sheet.document()


def _sheet(company: Company, entries: list[Entry], *, included: bool) -> taxation.TaxSheet:
    sheet = taxation.TaxSheet()
    taxed = 0
    for entry in entries:
        code = taxation.line_code(company, entry.detail, entry.element)
        rates = taxation.rates_of(company, code)
        taxed += bool(rates)
        if included:
            gross = cents(entry.detail.get("TaxInclusiveAmt", entry.amount))
            _turn_net(entry, gross, taxation.tax_included(sheet, gross, rates))
        else:
            entry.detail.pop("TaxInclusiveAmt", None)
            taxation.tax_excluded(sheet, entry.amount, rates)
    if taxed > _MOST_TAXABLE_LINES:
        raise business("A taxable transaction can have 750 lines at most.")
    return sheet


def _turn_net(entry: Entry, gross: Decimal, net: Decimal) -> None:
    entry.amount = net
    if entry.line["DetailType"] == "DiscountLineDetail":
        entry.line["Amount"] = -net
        return
    entry.line["Amount"] = net
    entry.detail["TaxInclusiveAmt"] = gross
    if entry.detail.get("Qty"):
        entry.detail["UnitPrice"] = price(net / entry.detail["Qty"])
    else:
        entry.detail.pop("UnitPrice", None)


def _tax_of_states(company: Company, document: Json, entries: list[Entry]) -> Json | None:
    taxable = ZERO
    for entry in entries:
        if taxation_us.line_is_taxable(entry.detail, entry.element):
            taxable += entry.amount
        entry.detail.setdefault("TaxCodeRef", {"value": "NON"})
    if not company.using_sales_tax:
        return None
    return taxation_us.document_tax(company, document, taxable)


def _numbered(lines: list[Json], entries: list[Entry], old: Json | None) -> list[Json]:
    known = {line["Id"] for line in (old or {}).get("Line", ()) if "Id" in line}
    highest = max((int(one) for one in known), default=0)
    stored: list[Json] = []
    for position, line in enumerate(lines, start=1):
        line_id = str(line.get("Id") or "")
        if line_id not in known:
            highest += 1
            line_id = str(highest)
        known.discard(line_id)
        stored.append({"Id": line_id, **{k: v for k, v in line.items() if k != "Id"}})
        stored[-1]["LineNum"] = position
    items = [one for one in entries if one.line["DetailType"] == "SalesItemLineDetail"]
    subtotal = {
        "Amount": sum((one.amount for one in items), ZERO),
        "DetailType": "SubTotalLineDetail",
        "SubTotalLineDetail": {},
    }
    after = max(
        (n for n, line in enumerate(stored, 1) if line["DetailType"] == "SalesItemLineDetail"),
        default=len(stored),
    )
    return [*stored[:after], subtotal, *stored[after:]]


def _dates(company: Company, entity: str, document: Json) -> None:
    if entity != "Invoice" or document.get("DueDate"):
        return
    days = 0
    if reference(document, "SalesTermRef"):
        term = resolved(company, "Term", reference(document, "SalesTermRef"), "SalesTermRef")
        days = int(term.get("DueDays") or 0)
    due = date.fromisoformat(document["TxnDate"]) + timedelta(days=days)
    document["DueDate"] = due.isoformat()
