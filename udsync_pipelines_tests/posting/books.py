"""Books to post to: a Canadian company, one of the United States, and policies for them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from udsync_pipelines.posting.company import (
    Account,
    BooksItem,
    Company,
    PaymentMethod,
    RateComponent,
    Regime,
    TaxCode,
)
from udsync_pipelines.posting.policy import (
    ON_ACCOUNT,
    GatewayPolicy,
    ItemPolicy,
    NewItemPolicy,
    PostingPolicy,
    TaxPolicy,
)


def code(code_id: str, name: str, *rates: tuple[str, str, str]) -> TaxCode:
    """A tax code of (rate id, per cent, name)."""
    parts = (RateComponent(rate, Decimal(percent), label) for rate, percent, label in rates)
    return TaxCode(code_id, name, tuple(parts))


GST = ("1", "5", "GST")
EXEMPT = code("2", "Exempt", ("2", "0", "GST EP"))
ZERO_RATED = code("3", "Zero-rated", ("3", "0", "GST/HST ZR"))
OUT_OF_SCOPE = code("4", "Out of Scope", ("4", "0", "NOTAXS"))
GST_ONLY = code("5", "GST", GST)
HST_ON = code("6", "HST ON", ("5", "13", "HST ON"))
GST_PST_BC = code("7", "GST/PST BC", GST, ("10", "7", "PST BC"))
GST_QST = code("10", "GST/QST QC - 9.975", GST, ("13", "9.975", "QST 9.975"))
HST_NS = code("11", "HST NS 2025", ("6", "14", "HST NS 2025"))
CANADIAN_CODES = (
    EXEMPT,
    ZERO_RATED,
    OUT_OF_SCOPE,
    GST_ONLY,
    HST_ON,
    GST_PST_BC,
    code("8", "GST/PST SK", GST, ("11", "6", "PST SK")),
    code("9", "GST/PST MB", GST, ("12", "7", "PST MB")),
    GST_QST,
    HST_NS,
    code("12", "HST NB 2016", ("7", "15", "HST NB 2016")),
    code("13", "HST NL 2016", ("8", "15", "HST NL 2016")),
    code("14", "HST PE 2016", ("9", "15", "HST PE 2016")),
    code("15", "PST BC", ("10", "7", "PST BC")),
)
CANADA = Company(
    home_currency="CAD",
    regime=Regime.GLOBAL,
    country="CA",
    tax_codes=CANADIAN_CODES,
    accounts=(
        Account("35", "Chequing", "Bank", "Checking"),
        Account("36", "Stripe Clearing", "Other Current Asset", "OtherCurrentAssets"),
        Account("37", "Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
        Account("79", "Sales of Product Income", "Income", "SalesOfProductIncome"),
        Account("80", "Shipping Income", "Income", "ServiceFeeIncome"),
        Account("81", "Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    ),
    items=(
        BooksItem("1", "Shipping", "Service"),
        BooksItem("2", "Fees", "Service"),
        BooksItem("3", "Other sales", "Service"),
        BooksItem("4", "Rounding", "Service"),
        BooksItem("5", "Refunds", "Service"),
    ),
    payment_methods=(PaymentMethod("1", "Cash"), PaymentMethod("2", "Credit Card")),
)
MANY_CURRENCIES = replace(CANADA, has_multicurrency=True)
TEXAS = code("20", "Texas", ("30", "8.25", "Texas"))
UNITED_STATES = Company(
    home_currency="USD",
    regime=Regime.US_MANUAL,
    country="US",
    tax_codes=(TEXAS, code("21", "Untaxed"), code("22", "Ohio", ("31", "7.25", "Ohio"))),
)
AUTOMATED = replace(UNITED_STATES, regime=Regime.US_AUTOMATED)

TAX_MAP = {
    frozenset({"1"}): "5",
    frozenset({"2"}): "5",
    frozenset({"2", "3"}): "7",
    frozenset({"4"}): "6",
    frozenset({"5", "6"}): "10",
    frozenset({"7"}): "11",
    frozenset({"8"}): "5",
    frozenset({"9"}): "3",
    frozenset({"10"}): "5",
}
POLICY = PostingPolicy(
    timezone="America/Edmonton",
    items=ItemPolicy("1", "2", "3", "4", "5"),
    new_items=NewItemPolicy("79", "81"),
    taxes=TaxPolicy(TAX_MAP, untaxed="3", out_of_scope="4"),
    gateways={
        "bacs": replace(ON_ACCOUNT, account_id="35"),
        "cheque": replace(ON_ACCOUNT, account_id="35"),
        "stripe": GatewayPolicy("36", "2"),
        "cod": GatewayPolicy("37", "1"),
        "*": GatewayPolicy("37"),
    },
)


def policy(**changes: Any) -> PostingPolicy:
    """The usual policy with named differences."""
    return replace(POLICY, **changes)
