"""Sales tax outside the United States: rounded per line and per rate, then summed."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from udsync_pipelines.emulators.quickbooks.amounts import ZERO, cents, number
from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.references import reference, resolved
from udsync_pipelines.emulators.quickbooks.refusals import business, missing, refuse

Json = dict[str, Any]

_HUNDRED = Decimal(100)


@dataclass(slots=True)
class TaxSheet:
    """The tax of one document, rate by rate.

    Attributes:
        amounts: rate id -> tax.
        nets: rate id -> taxable net.
        rates: rate id -> percent.
    """

    amounts: dict[str, Decimal] = field(default_factory=dict)
    nets: dict[str, Decimal] = field(default_factory=dict)
    rates: dict[str, Decimal] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        """The tax of the whole document."""
        return sum(self.amounts.values(), ZERO)

    def add(self, rate_id: str, percent: Decimal, net: Decimal, tax: Decimal) -> None:
        """Add the tax of one line at one rate."""
        self.amounts[rate_id] = self.amounts.get(rate_id, ZERO) + tax
        self.nets[rate_id] = self.nets.get(rate_id, ZERO) + net
        self.rates[rate_id] = percent

    def document(self) -> Json:
        """Return ``TxnTaxDetail``."""
        lines = [
            {
                "Amount": self.amounts[rate_id],
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": {"value": rate_id},
                    "PercentBased": True,
                    "TaxPercent": self.rates[rate_id],
                    "NetAmountTaxable": self.nets[rate_id],
                },
            }
            for rate_id in self.amounts
        ]
        return {"TotalTax": self.total, "TaxLine": lines}


def rates_of(company: Company, code: Json) -> list[tuple[str, Decimal]]:
    """Return the sales rates of a tax code: id and percent, in the code's order."""
    details = code.get("SalesTaxRateList", {}).get("TaxRateDetail", [])
    ids = [detail["TaxRateRef"]["value"] for detail in details]
    table = company.table("TaxRate")
    return [(one, number(table[one]["RateValue"])) for one in ids]


def tax_excluded(sheet: TaxSheet, net: Decimal, rates: list[tuple[str, Decimal]]) -> None:
    """Add a line whose amount is net: each rate is rounded by itself."""
    for rate_id, percent in rates:
        sheet.add(rate_id, percent, net, cents(net * percent / _HUNDRED))


def tax_included(sheet: TaxSheet, gross: Decimal, rates: list[tuple[str, Decimal]]) -> Decimal:
    """Add a line whose amount is gross; return its net, taken out of this line alone."""
    together = sum((percent for _, percent in rates), ZERO)
    net = cents(gross * _HUNDRED / (_HUNDRED + together))
    left = gross - net
    for index, (rate_id, percent) in enumerate(rates):
        last = index == len(rates) - 1
        tax = left if last else cents(net * percent / _HUNDRED)
        left -= tax
        sheet.add(rate_id, percent, net, tax)
    return net


def line_code(company: Company, detail: Json, element: str) -> Json:
    """Return the tax code of a line.

    Raises:
        RefusedError: none is given (6000), or it does not exist or is inactive (2500).
    """
    code_id = reference(detail, "TaxCodeRef")
    if not code_id:
        name = {"GB": "VAT", "AU": "GST"}.get(company.options.country, "GST/HST")
        raise business(f"Make sure all your transactions have a {name} rate before you save.")
    return resolved(company, "TaxCode", code_id, f"{element}.TaxCodeRef")


def check_tax_detail(detail: Json, calculation: str) -> None:
    """Refuse a ``TxnTaxDetail`` that no company takes, whether it is honoured or not."""
    if calculation == "NotApplicable":
        raise refuse("6170", "TxnTaxDetail can't be used with NotApplicable", "TxnTaxDetail")
    for line in detail.get("TaxLine") or ():
        if line.get("DetailType") != "TaxLineDetail":
            raise refuse("6000", "TxnTaxDetail.TaxLine.DetailTypeEnum is missing in the request")


def override(company: Company, sheet: TaxSheet, wanted: Json) -> Json:
    """Return the tax detail with the caller's own tax, for a company that honours it.

    Raises:
        RefusedError: a rate in use is not listed, a listed rate may not be changed (6000), or
            the lines do not sum to the total (6000).
    """
    lines = {
        reference(line.get("TaxLineDetail") or {}, "TaxRateRef"): line
        for line in wanted.get("TaxLine") or ()
    }
    if not sheet.amounts.keys() <= lines.keys():
        raise missing("TxnTaxDetail.TaxLine")
    total = ZERO
    document = sheet.document()
    for line in document["TaxLine"]:
        rate_id = line["TaxLineDetail"]["TaxRateRef"]["value"]
        amount = cents(number(lines[rate_id].get("Amount")))
        rate = company.table("TaxRate")[rate_id]
        if amount != line["Amount"] and rate["DisplayType"] == "ReadOnly":
            raise business(f"The tax rate {rate['Name']} cannot be overridden.")
        line["TaxLineDetail"]["OverrideDeltaAmount"] = amount - line["Amount"]
        line["Amount"] = amount
        total += amount
    if total != cents(number(wanted.get("TotalTax"))):
        raise business("The tax lines do not add up to the total tax.")
    document["TotalTax"] = total
    return document
