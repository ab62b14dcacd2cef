"""Currencies of customers and documents."""

from decimal import Decimal
from typing import Any

from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.references import reference
from udsync_pipelines.emulators.quickbooks.refusals import business, missing, not_found, refuse

Json = dict[str, Any]

NAMES = {
    "CAD": "Canadian Dollar",
    "USD": "United States Dollar",
    "GBP": "British Pound Sterling",
    "EUR": "Euro",
    "AUD": "Australian Dollar",
    "JPY": "Japanese Yen",
    "CHF": "Swiss Franc",
    "MXN": "Mexican Peso",
    "NZD": "New Zealand Dollar",
    "SEK": "Swedish Krona",
    "INR": "Indian Rupee",
    "BRL": "Brazilian Real",
    "PLN": "Polish Zloty",
}


def currency_reference(code: str) -> Json:
    """Return a currency as documents have it.

    Raises:
        RefusedError: the currency is unknown (2220).
    """
    if code not in NAMES:
        raise refuse("2220", f"Invalid currency : {code}", "CurrencyRef")
    return {"value": code, "name": NAMES[code]}


def customer_currency(company: Company, body: Json, old: Json | None) -> Json:
    """Return the currency of a customer; it is fixed when the customer is made.

    Raises:
        RefusedError: a change (6000), or a foreign currency while they are off (6000).
    """
    wanted = reference(body, "CurrencyRef")
    if old is not None:
        kept: Json = old["CurrencyRef"]
        if wanted and wanted != kept["value"]:
            raise business("The currency of a customer can't be changed.")
        return kept
    return _allowed(company, wanted or company.options.home_currency)


def document_currency(company: Company, document: Json, old: Json | None = None) -> None:
    """Set a document's currency and rate.

    Raises:
        RefusedError: no currency while several are in use (2020), a foreign one while they are
            off (6000), or another than the customer's (6000).
    """
    wanted = reference(document, "CurrencyRef") or reference(old or {}, "CurrencyRef")
    if not company.multicurrency:
        document["CurrencyRef"] = _allowed(company, wanted or company.options.home_currency)
        document.pop("ExchangeRate", None)
        return
    if not wanted:
        raise missing("CurrencyRef")
    document["CurrencyRef"] = _allowed(company, wanted)
    customer = company.table("Customer")[document["CustomerRef"]["value"]]
    if customer["CurrencyRef"]["value"] != wanted:
        raise business("The currency of the transaction is not the currency of the customer.")
    # Nobody looks a rate up for the caller: a foreign amount without a rate is taken 1 to 1.
    document["ExchangeRate"] = document.get("ExchangeRate") or Decimal(1)
    if wanted == company.options.home_currency:
        document["ExchangeRate"] = Decimal(1)


def exchange_rate(company: Company, code: str, day: str) -> Json:
    """Return what the company's list has for a currency on a day: the newest rate up to it.

    Raises:
        RefusedError: several currencies are off (5030), the currency is unknown (2220), or the
            list has no rate (610).
    """
    if not company.multicurrency:
        raise refuse("5030", "Multicurrency is turned off for this company.", "ExchangeRate")
    currency_reference(code)
    known = {one: rate for one, rate in company.exchange_rates.get(code, {}).items() if one <= day}
    if not known:
        raise not_found()
    newest = max(known)
    return {
        "domain": "QBO",
        "sparse": False,
        "SyncToken": "0",
        "AsOfDate": newest,
        "SourceCurrencyCode": code,
        "TargetCurrencyCode": company.options.home_currency,
        "Rate": known[newest],
    }


def check_money_account(company: Company, document: Json) -> None:
    """Refuse money in one currency on an account that is kept in another foreign one.

    Raises:
        RefusedError: 6000.
    """
    account = company.table("Account")[document["DepositToAccountRef"]["value"]]
    home = company.options.home_currency
    kept = account.get("CurrencyRef", {}).get("value") or home
    if kept not in (home, document["CurrencyRef"]["value"]):
        raise business("The account has another currency than the transaction.")


def _allowed(company: Company, code: str) -> Json:
    if code != company.options.home_currency and not company.multicurrency:
        raise business("Multicurrency is turned off; only the home currency can be used.")
    return currency_reference(code)
