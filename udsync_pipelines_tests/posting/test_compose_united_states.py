"""Orders of companies in the United States, with and without automated sales tax."""

from dataclasses import replace
from decimal import Decimal

import pytest

from udsync_pipelines.domain.order import Order
from udsync_pipelines.posting.documents import (
    Remedy,
    TaxOverride,
)
from udsync_pipelines.posting.policy import (
    AutomatedTaxRule,
    TaxPolicy,
)
from udsync_pipelines_tests.posting.books import (
    AUTOMATED,
    UNITED_STATES,
    policy,
)
from udsync_pipelines_tests.posting.composing import composed, rejected
from udsync_pipelines_tests.posting.shop import line, money, order

AMERICAN = policy(taxes=TaxPolicy({frozenset({"1"}): "20", frozenset({"4"}): "22"}, "21", "21"))


COMPARING = replace(AMERICAN, automated_tax=AutomatedTaxRule.COMPARE)


def american(*taxed: str, tax: str, **changes: object) -> Order:
    lines = [line(each, {"1": "0"}, currency="USD") for each in taxed]
    net = sum((Decimal(each) for each in taxed), Decimal(0))
    total = str(net + Decimal(tax))
    return order(
        *lines,
        currency="USD",
        total=money(total, "USD"),
        total_tax=money(tax, "USD"),
        **changes,
    )


def test_books_of_the_united_states_get_one_code_and_flags() -> None:
    sold = american("10.00", "10.00", tax="1.65")

    receipt = composed(sold, AMERICAN, UNITED_STATES).sale

    assert receipt.document_tax_code == "20"
    assert [each.tax_code for each in receipt.lines] == ["TAX", "TAX"]


def test_untaxed_orders_of_the_united_states_have_no_code() -> None:
    sold = order(line("10.00", currency="USD"), currency="USD")

    receipt = composed(sold, AMERICAN, AUTOMATED).sale

    assert (receipt.document_tax_code, receipt.lines[0].tax_code) == (None, "NON")


@pytest.mark.parametrize(
    ("tax", "lines", "told"),
    [
        ("1.66", ["10.07 TAX", "-0.07 NON", "10.00 TAX"], "0.07 more than sold is taxed"),
        ("1.64", ["9.93 TAX", "0.07 NON", "10.00 TAX"], "0.07 of a taxed line is marked"),
    ],
    ids=["a cent more", "a cent less"],
)
def test_a_cent_of_tax_in_the_united_states_changes_what_of_a_line_is_taxed(
    tax: str, lines: list[str], told: str
) -> None:
    made = composed(american("10.00", "10.00", tax=tax), AMERICAN, UNITED_STATES)

    assert (made.remedy, made.splits) == (Remedy.UNTAXED_SHARE, 1)
    assert [f"{each.amount} {each.tax_code}" for each in made.sale.lines] == lines
    assert made.sale.total_tax == Decimal(tax)
    assert told in made.notes[0]


def test_a_cent_of_tax_without_any_share_allowed_needs_an_override() -> None:
    sold = american("10.00", "10.00", tax="1.66")
    keeping = replace(UNITED_STATES, honours_tax_override=True)
    strict = replace(AMERICAN, untaxed_share_limit=Decimal(0))

    made = composed(sold, strict, keeping)

    assert made.remedy is Remedy.OVERRIDE
    assert made.sale.tax_override is not None
    assert made.sale.tax_override.total == Decimal("1.66")
    assert rejected(sold, strict, UNITED_STATES).code == "tax_unequal"
    assert rejected(sold, replace(strict, allow_override=False), keeping).code == "tax_unequal"


def test_a_share_larger_than_the_line_or_without_a_code_is_not_taken() -> None:
    small = american("0.01", tax="0.01")
    no_code = replace(AMERICAN, taxes=replace(AMERICAN.taxes, untaxed="99"))

    assert rejected(small, AMERICAN, UNITED_STATES).code == "tax_unequal"
    sold = american("10.00", "10.00", tax="1.66")
    assert rejected(sold, no_code, UNITED_STATES).code == "tax_unequal"


def test_automated_sales_tax_parks_what_nobody_can_predict() -> None:
    sold = american("10.00", tax="0.83")

    error = rejected(sold, AMERICAN, AUTOMATED)

    assert (error.code, "0.83" in error.message) == ("tax_unpredictable", True)


def test_automated_sales_tax_that_is_compared_is_sent_the_shops_tax_and_no_code() -> None:
    sold = american("10.00", "10.00", tax="1.66")

    receipt = composed(sold, COMPARING, AUTOMATED).sale

    assert receipt.tax_override == TaxOverride(Decimal("1.66"))
    assert receipt.document_tax_code is None
    assert [each.tax_code for each in receipt.lines] == ["TAX", "TAX"]
    assert (receipt.total, receipt.total_tax) == (Decimal("21.66"), Decimal("1.66"))


def test_comparing_sends_no_tax_where_it_can_be_known_beforehand() -> None:
    untaxed = order(line("10.00", currency="USD"), currency="USD")
    unequal = american("10.00", "10.00", tax="1.66")
    strict = replace(COMPARING, untaxed_share_limit=Decimal(0))

    assert composed(untaxed, COMPARING, AUTOMATED).sale.tax_override is None
    assert rejected(unequal, strict, UNITED_STATES).code == "tax_unequal"


def test_two_codes_on_an_american_document_are_parked() -> None:
    sold = order(
        line("10.00", {"1": "0.83"}, currency="USD"),
        line("10.00", {"4": "0.73"}, currency="USD"),
        currency="USD",
    )

    assert rejected(sold, AMERICAN, UNITED_STATES).code == "two_tax_codes"
