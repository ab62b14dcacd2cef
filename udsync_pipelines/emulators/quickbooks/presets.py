"""What a new company has: preferences, accounts, payment methods, terms, items and taxes."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from importlib import resources
from typing import Any

import orjson

from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.currencies import currency_reference
from udsync_pipelines.emulators.quickbooks.lists import CLASSIFICATIONS

Json = dict[str, Any]

_ACCOUNTS = (
    ("Chequing", "Bank", "Checking"),
    ("Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    ("Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    ("Inventory Asset", "Other Current Asset", "Inventory"),
    ("Stripe Clearing", "Bank", "CashOnHand"),
    ("PayPal Clearing", "Bank", "CashOnHand"),
    ("Square Clearing", "Other Current Asset", "OtherCurrentAssets"),
    ("Cash on hand", "Bank", "CashOnHand"),
    ("Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable"),
    ("Sales Tax Payable", "Other Current Liability", "GlobalTaxPayable"),
    ("Gift Cards", "Other Current Liability", "OtherCurrentLiabilities"),
    ("Opening Balance Equity", "Equity", "OpeningBalanceEquity"),
    ("Sales", "Income", "SalesOfProductIncome"),
    ("Services", "Income", "ServiceFeeIncome"),
    ("Shipping Income", "Income", "OtherPrimaryIncome"),
    ("Discounts given", "Income", "DiscountsRefundsGiven"),
    ("Rounding", "Income", "OtherPrimaryIncome"),
    ("Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    ("Bank charges", "Expense", "BankCharges"),
)
_METHODS = (
    ("Cash", "NON_CREDIT_CARD"),
    ("Cheque", "NON_CREDIT_CARD"),
    ("Visa", "CREDIT_CARD"),
    ("MasterCard", "CREDIT_CARD"),
    ("Bank transfer", "NON_CREDIT_CARD"),
    ("PayPal", "NON_CREDIT_CARD"),
)
_TERMS = (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60))
_ITEMS = (("Services", "Services"), ("Hours", "Services"))
_SALES_ITEMS = (
    ("Shipping", "Shipping Income"),
    ("Fees", "Services"),
    ("Other sales", "Sales"),
    ("Rounding", "Rounding"),
    ("Refunds", "Sales"),
)
_FRENCH = {
    "Exempt": "Exonéré",
    "Zero-rated": "Détaxé",
    "Out of Scope": "Hors champ",
    "GST": "TPS",
    "GST/QST QC - 9.975": "TPS/TVQ QC - 9,975",
}
_BRITISH = (
    ("20.0% S", "20", "Standard rate"),
    ("5.0% R", "5", "Reduced rate"),
    ("0.0% Z", "0", "Zero rate"),
    ("Exempt", "0", "Exempt from VAT"),
    ("No VAT", "0", "Outside the scope of VAT"),
)
_AUSTRALIAN = (
    ("GST", "10", "GST on income"),
    ("GST free", "0", "GST free income"),
    ("Out of Scope", "0", "BAS excluded"),
)
_REGIONS = {
    "CA": ("CAN", "AB", "Edmonton"),
    "US": ("USA", "CA", "San Diego"),
    "GB": ("GBR", "", "Leeds"),
    "AU": ("AUS", "NSW", "Sydney"),
}
_ZONES = {
    "CA": "America/Edmonton",
    "US": "America/Los_Angeles",
    "GB": "Europe/London",
    "AU": "Australia/Sydney",
}


def furnish(company: Company) -> None:
    """Put everything into a new company that its country's preset has."""
    _company(company)
    _preferences(company)
    for name, kind, subtype in _ACCOUNTS:
        company.seed("Account", _account(company, name, kind, subtype))
    for name, kind in _METHODS:
        company.seed("PaymentMethod", {"Name": name, "Active": True, "Type": kind})
    for name, days in _TERMS:
        company.seed("Term", {"Name": name, "Active": True, "Type": "STANDARD", "DueDays": days})
    _TAXES[company.options.country](company)
    _items(company)


def _company(company: Company) -> None:
    options = company.options
    country, state, city = _REGIONS[options.country]
    address = {"Id": "1", "Line1": "1 Main Street", "City": city, "Country": country}
    if state:
        address["CountrySubDivisionCode"] = state
    values = {
        "NeoEnabled": "true",
        "ItemCategoriesFeature": "true",
        "IsQbdtMigrated": "false",
        "OfferingSku": "QuickBooks Online Plus",
        "SubscriptionStatus": "SUBSCRIBED",
    }
    company.seed(
        "CompanyInfo",
        {
            "Id": "1",
            "CompanyName": options.name,
            "LegalName": options.name,
            "CompanyAddr": address,
            "LegalAddr": dict(address),
            "CustomerCommunicationAddr": dict(address),
            "Email": {"Address": "books@example.com"},
            "Country": options.country,
            "SupportedLanguages": "fr" if options.french else "en",
            "FiscalYearStartMonth": "January",
            "CompanyStartDate": "2020-01-01",
            "DefaultTimeZone": _ZONES[options.country],
            "NameValue": [{"Name": name, "Value": value} for name, value in values.items()],
        },
    )


def _preferences(company: Company) -> None:
    options = company.options
    accounting: Json = {
        "FirstMonthOfFiscalYear": "January",
        "UseAccountNumbers": False,
        "TaxYearMonth": "January",
        "ClassTrackingPerTxn": False,
        "ClassTrackingPerTxnLine": options.track_classes,
        "TrackDepartments": options.track_departments,
        "CustomerTerminology": "Customers",
    }
    if options.book_close_date:
        accounting["BookCloseDate"] = options.book_close_date
    fields = [
        {
            "CustomField": [
                {
                    "Name": f"SalesFormsPrefs.UseSalesCustom{number}",
                    "Type": "BooleanType",
                    "BooleanValue": True,
                }
                for number in (1, 2, 3)
            ]
        }
    ]
    company.seed(
        "Preferences",
        {
            "Id": "1",
            "AccountingInfoPrefs": accounting,
            "ProductAndServicesPrefs": {
                "ForSales": True,
                "ForPurchase": True,
                "QuantityOnHand": options.inventory,
                "QuantityWithPriceAndRate": True,
            },
            "SalesFormsPrefs": {
                "CustomField": fields,
                "CustomTxnNumbers": options.doc_number_custom,
                "AllowDeposit": False,
                "AllowDiscount": options.allow_discount,
                "AllowEstimates": True,
                "AllowShipping": options.allow_shipping,
                "AllowServiceDate": False,
                "AutoApplyCredit": False,
                "ETransactionEnabledStatus": "NotApplicable",
                "DefaultTerms": {"value": "3"},
            },
            "TaxPrefs": {
                "UsingSalesTax": options.using_sales_tax,
                "PartnerTaxEnabled": options.united_states and options.automated_sales_tax,
            },
            "CurrencyPrefs": {
                "HomeCurrency": {"value": options.home_currency},
                "MultiCurrencyEnabled": options.multicurrency,
            },
            "VendorAndPurchasesPrefs": {"TrackingByCustomer": True},
            "ReportPrefs": {"ReportBasis": "Accrual"},
            "TimeTrackingPrefs": {"UseServices": True},
            "OtherPrefs": {"NameValue": []},
        },
    )


def _account(company: Company, name: str, kind: str, subtype: str) -> Json:
    return {
        "Name": name,
        "FullyQualifiedName": name,
        "SubAccount": False,
        "Active": True,
        "Classification": CLASSIFICATIONS[kind],
        "AccountType": kind,
        "AccountSubType": subtype,
        "CurrentBalance": 0,
        "CurrencyRef": currency_reference(company.options.home_currency),
    }


def _items(company: Company) -> None:
    accounts = {one["Name"]: one for one in company.table("Account").values()}

    def reference(name: str) -> Json:
        return {"value": accounts[name]["Id"], "name": name}

    for name, income in _ITEMS + (_SALES_ITEMS if company.options.sales_items else ()):
        company.seed(
            "Item",
            {
                "Name": name,
                "FullyQualifiedName": name,
                "Active": True,
                "Type": "Service",
                "Taxable": False,
                "UnitPrice": Decimal(0),
                "PurchaseCost": Decimal(0),
                "TrackQtyOnHand": False,
                "IncomeAccountRef": reference(income),
                "ExpenseAccountRef": reference("Cost of Goods Sold"),
            },
        )


def _canada(company: Company) -> None:
    file = resources.files(__package__).joinpath("data", "canada_taxes.json")
    preset = orjson.loads(file.read_bytes())
    for agency in preset["taxAgencies"]:
        company.seed("TaxAgency", agency)
    for rate in preset["taxRates"]:
        value = Decimal(str(rate["RateValue"]))
        _rate(company, rate["Id"], rate["Name"], value, rate["Agency"])
    for code in preset["taxCodes"]:
        name = _FRENCH.get(code["Name"], code["Name"]) if company.options.french else code["Name"]
        _code(company, code["Id"], name, code["rates"])


def _kingdom(company: Company) -> None:
    _codes_of_one_rate(company, "HM Revenue & Customs (VAT)", _BRITISH)


def _australia(company: Company) -> None:
    _codes_of_one_rate(company, "Australian Taxation Office", _AUSTRALIAN)


def _codes_of_one_rate(
    company: Company, agency: str, codes: Sequence[tuple[str, str, str]]
) -> None:
    company.seed("TaxAgency", {"Id": "1", "DisplayName": agency})
    for number, (name, percent, description) in enumerate(codes, start=1):
        _rate(company, str(number), f"{name} (Sales)", Decimal(percent), "1", description)
        _code(company, str(number + 1), name, [str(number)], description)


def _states(company: Company) -> None:
    company.seed("TaxAgency", {"Id": "1", "DisplayName": "California Department of Tax"})
    _rate(company, "1", "California", Decimal("7.25"), "1")
    _rate(company, "2", "San Diego District", Decimal("0.5"), "1")
    _code(company, "2", "California", ["1", "2"])


_TAXES: Mapping[str, Callable[[Company], None]] = {
    "CA": _canada,
    "US": _states,
    "GB": _kingdom,
    "AU": _australia,
}


def _rate(
    company: Company,
    record_id: str,
    name: str,
    percent: Decimal,
    agency: str,
    description: str = "",
) -> None:
    read_only = name in company.options.read_only_rates
    company.seed(
        "TaxRate",
        {
            "Id": record_id,
            "Name": name,
            "Description": description or name,
            "Active": True,
            "RateValue": percent,
            "AgencyRef": {"value": agency},
            "SpecialTaxType": "NONE",
            "DisplayType": "ReadOnly" if read_only else "Default",
            "EffectiveTaxRate": [
                {"RateValue": percent, "EffectiveDate": "2016-07-01T00:00:00-07:00"}
            ],
        },
    )


def _code(
    company: Company, record_id: str, name: str, rates: list[str], description: str = ""
) -> None:
    table = company.table("TaxRate")
    details = [
        {
            "TaxRateRef": {"value": one, "name": table[one]["Name"]},
            "TaxTypeApplicable": "TaxOnAmount",
            "TaxOrder": 0,
        }
        for one in rates
    ]
    company.seed(
        "TaxCode",
        {
            "Id": record_id,
            "Name": name,
            "Description": description or name,
            "Active": True,
            "Hidden": False,
            "Taxable": True,
            "TaxGroup": True,
            "SalesTaxRateList": {"TaxRateDetail": details},
            "PurchaseTaxRateList": {"TaxRateDetail": []},
            "TaxCodeConfigType": "SYSTEM_GENERATED",
        },
    )


def add_tax_code(company: Company, name: str, percents: list[Decimal]) -> str:
    """Add a tax code with rates of its own; return its id."""
    rate_ids = []
    for percent in percents:
        rate_id = company.next_id("TaxRate")
        _rate(company, rate_id, f"{name} {percent}", percent, "1")
        rate_ids.append(rate_id)
    code_id = company.next_id("TaxCode")
    _code(company, code_id, name, rate_ids)
    return code_id
