"""The books' own tax rounding, by the figures that were seen."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udsync_pipelines.posting.company import RateComponent, Regime, TaxCode
from udsync_pipelines.posting.tax import arithmetic_of
from udsync_pipelines.posting.tax.arithmetic import (
    TaxedAmount,
    combined_rate,
    exact_base,
    line_taxes,
    to_cents,
)
from udsync_pipelines_tests.posting.books import (
    GST_ONLY,
    GST_PST_BC,
    GST_QST,
    HST_ON,
    OUT_OF_SCOPE,
    TEXAS,
    ZERO_RATED,
    code,
)

TWELVE = code("50", "Twelve", ("51", "12", "Twelve"))
CANADIAN = arithmetic_of(Regime.GLOBAL)
MANUAL = arithmetic_of(Regime.US_MANUAL)
AUTOMATED = arithmetic_of(Regime.US_AUTOMATED)
amounts = st.decimals(-500, 500, places=2)


def lines(tax_code: TaxCode, *values: str) -> list[TaxedAmount]:
    return [TaxedAmount(Decimal(value), tax_code) for value in values]


def total(found: object) -> Decimal:
    return found.total  # type: ignore[attr-defined, no-any-return]  # only predictions are passed


def test_thirty_one_lines_are_rounded_each_by_itself() -> None:
    many = lines(TWELVE, "17.49", "17.49", *["1.59"] * 29)

    assert total(CANADIAN.predict(many)) == Decimal("9.71")


def test_three_lines_of_ten_cents_bear_three_cents() -> None:
    assert total(CANADIAN.predict(lines(GST_ONLY, "0.10", "0.10", "0.10"))) == Decimal("0.03")


@pytest.mark.parametrize(("amount", "tax"), [("37.37", "4.48"), ("37.38", "4.49")])
def test_one_cent_of_amount_can_be_one_cent_of_tax(amount: str, tax: str) -> None:
    assert total(CANADIAN.predict(lines(TWELVE, amount))) == Decimal(tax)


def test_each_rate_of_a_code_is_rounded_by_itself() -> None:
    predicted = CANADIAN.predict(lines(GST_QST, "12.50", "0.10"))

    assert predicted is not None
    assert predicted.by_rate == {"1": Decimal("0.64"), "13": Decimal("1.26")}
    assert predicted.total == Decimal("1.90")


def test_a_compound_rate_is_charged_on_the_tax_before_it() -> None:
    parts = (RateComponent("1", Decimal(5)), RateComponent("2", Decimal(10), is_compound=True))
    compound = TaxCode("60", "Compound", parts)

    assert line_taxes(Decimal("100.00"), compound) == (Decimal("5.00"), Decimal("10.50"))
    assert combined_rate(compound) == Decimal("0.155")


def test_untaxed_codes_bear_nothing() -> None:
    assert total(CANADIAN.predict(lines(ZERO_RATED, "99.99"))) == 0
    assert ZERO_RATED.is_untaxed
    assert not HST_ON.is_untaxed


@given(amounts, st.sampled_from([GST_ONLY, GST_PST_BC, GST_QST, HST_ON]))
def test_a_return_bears_exactly_the_tax_of_its_sale(amount: Decimal, tax_code: TaxCode) -> None:
    sale, back = line_taxes(amount, tax_code), line_taxes(-amount, tax_code)

    assert [tax + other for tax, other in zip(sale, back, strict=True)] == [0] * len(sale)


@given(amounts, st.sampled_from([GST_ONLY, GST_PST_BC, GST_QST, HST_ON]))
def test_an_amount_with_the_same_tax_is_found_again(amount: Decimal, tax_code: TaxCode) -> None:
    tax = sum(line_taxes(amount, tax_code), Decimal(0))

    assert sum(line_taxes(exact_base(tax, tax_code), tax_code)) == tax


@pytest.mark.parametrize(
    ("exact", "cents"), [("0.005", "0.01"), ("-0.005", "-0.01"), ("1", "1.00")]
)
def test_a_half_cent_is_rounded_away_from_zero(exact: str, cents: str) -> None:
    assert str(to_cents(Decimal(exact))) == cents


def test_books_of_the_united_states_tax_the_sum_of_the_lines() -> None:
    three = lines(TEXAS, "0.10", "0.10", "0.10")

    assert total(MANUAL.predict(three)) == Decimal("0.02")
    assert not MANUAL.rounds_each_line
    assert MANUAL.problem(three) is None


def test_two_codes_cannot_stand_on_one_document_in_the_united_states() -> None:
    both = [*lines(TEXAS, "1.00"), *lines(HST_ON, "1.00")]

    assert "a document has one tax code" in (MANUAL.problem(both) or "")


def test_automated_sales_tax_is_known_only_when_nothing_is_taxed() -> None:
    assert AUTOMATED.predict(lines(TEXAS, "1.00")) is None
    assert total(AUTOMATED.predict(lines(OUT_OF_SCOPE, "1.00"))) == 0
    assert AUTOMATED.problem(lines(TEXAS, "1.00")) is None
    assert not AUTOMATED.rounds_each_line
