"""Sales tax in the United States: TAX or NON on a line, one rate set for the whole document."""

from decimal import Decimal
from typing import Any

from udsync_pipelines.emulators.quickbooks.amounts import ZERO, cents, number
from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.references import reference, resolved
from udsync_pipelines.emulators.quickbooks.refusals import refuse
from udsync_pipelines.emulators.quickbooks.taxation import TaxSheet, rates_of

Json = dict[str, Any]

LINE_CODES = ("TAX", "NON")
HOME_STATE = "CA"


def line_is_taxable(detail: Json, element: str) -> bool:
    """Return whether a line is taxed.

    Raises:
        RefusedError: the line has another code than TAX or NON (6100).
    """
    code = reference(detail, "TaxCodeRef")
    if code and code not in LINE_CODES:
        text = f"Valid line TaxCodes for US should be TAX or NON. Supplied value: {code}"
        raise refuse("6100", text, f"{element}.TaxCodeRef")
    return code == "TAX"


def document_tax(company: Company, document: Json, taxable: Decimal) -> Json | None:
    """Return ``TxnTaxDetail``; None where no tax applies.

    With automated sales tax the engine chooses the code by the address, whatever was sent.

    Raises:
        RefusedError: the document's tax code does not exist (2500).
    """
    wanted = document.get("TxnTaxDetail") or {}
    if company.options.automated_sales_tax:
        code = _engine_code(company, document)
    else:
        code_id = reference(wanted, "TxnTaxCodeRef")
        if not code_id:
            return None
        code = resolved(company, "TaxCode", code_id, "TxnTaxDetail.TxnTaxCodeRef")
    sheet = TaxSheet()
    for rate_id, percent in rates_of(company, code) if code else ():
        sheet.add(rate_id, percent, taxable, cents(taxable * percent / 100))
    if company.options.tax_override and "TotalTax" in wanted:
        _prorate(sheet, cents(number(wanted["TotalTax"])))
    detail = sheet.document()
    if code:
        detail = {"TxnTaxCodeRef": {"value": code["Id"]}, **detail}
    return detail


def _engine_code(company: Company, document: Json) -> Json | None:
    address = document.get("ShipAddr") or document.get("BillAddr") or {}
    state = address.get("CountrySubDivisionCode") or HOME_STATE
    # The company is registered in its own state only, so that is where it owes tax.
    if state.strip().upper() != HOME_STATE:
        return None
    return next(code for code in company.table("TaxCode").values() if code["Name"] == "California")


def _prorate(sheet: TaxSheet, total: Decimal) -> None:
    computed = sheet.total
    left = total
    ids = list(sheet.amounts)
    for index, rate_id in enumerate(ids):
        last = index == len(ids) - 1
        share = ZERO if computed == 0 else cents(total * sheet.amounts[rate_id] / computed)
        sheet.amounts[rate_id] = left if last else share
        left -= sheet.amounts[rate_id]
