"""Money keeps every cent: in sums, in splits, and whatever its size."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, Inexact, localcontext
from operator import add, le, lt, sub
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udsync_pipelines.domain.money import Money, split, sum_money, zero

AMOUNTS = st.decimals(-(10**12), 10**12, places=2)
FINE_AMOUNTS = st.one_of(
    AMOUNTS, st.decimals(-1000, 1000, places=6), st.integers(-(10**30), 10**30).map(Decimal)
)
MONEY = FINE_AMOUNTS.map(lambda amount: Money(amount, "EUR"))
WEIGHTS = st.lists(
    st.one_of(st.decimals(0, 10**9, places=4), st.sampled_from([Decimal(0), Decimal("1E+3")])),
    min_size=1,
    max_size=12,
).filter(any)


@given(MONEY, WEIGHTS)
def test_a_split_never_loses_or_invents_a_cent(money: Money, weights: list[Decimal]) -> None:
    parts = split(money, weights)

    assert sum_money(parts) == money
    assert len(parts) == len(weights)


@given(MONEY, WEIGHTS)
def test_no_part_of_a_split_is_a_unit_away_from_its_share(
    money: Money, weights: list[Decimal]
) -> None:
    parts = split(money, weights)

    with localcontext(prec=120):
        unit = min(Decimal("0.01"), Decimal(1).scaleb(int(money.amount.as_tuple().exponent)))
        shares = [money.amount * weight / sum(weights) for weight in weights]
        assert all(
            abs(part.amount - share) < unit for part, share in zip(parts, shares, strict=True)
        )


@given(MONEY, WEIGHTS)
def test_a_split_gives_nothing_to_a_weight_of_zero(money: Money, weights: list[Decimal]) -> None:
    parts = split(money, weights)

    assert all(not part for part, weight in zip(parts, weights, strict=True) if weight == 0)


@given(MONEY, WEIGHTS)
def test_the_split_of_a_negative_amount_mirrors_the_positive(
    money: Money, weights: list[Decimal]
) -> None:
    mirrored = split(-money, weights)

    assert mirrored == [-part for part in split(money, weights)]


def test_the_part_that_lost_most_gets_the_spare_cent() -> None:
    parts = split(Money(Decimal("1.00"), "EUR"), [Decimal(1), Decimal(1), Decimal(1)])

    assert [part.amount for part in parts] == [Decimal("0.34"), Decimal("0.33"), Decimal("0.33")]


def test_a_split_of_yen_keeps_to_whole_yen() -> None:
    parts = split(Money(Decimal(100), "JPY"), [Decimal(2), Decimal(1)], places=0)

    assert [part.amount for part in parts] == [Decimal(67), Decimal(33)]


def test_a_split_of_a_finer_amount_keeps_its_own_decimals() -> None:
    parts = split(Money(Decimal("0.005"), "EUR"), [Decimal(1), Decimal(1)])

    assert [part.amount for part in parts] == [Decimal("0.003"), Decimal("0.002")]


@pytest.mark.parametrize("weights", [[], ["-1", "2"], ["0", "0"], ["NaN"], ["Infinity", "1"]])
def test_a_split_by_weights_that_mean_nothing_is_refused(weights: list[str]) -> None:
    with pytest.raises(ValueError, match="a split needs"):
        split(Money(Decimal(1), "EUR"), [Decimal(weight) for weight in weights])


@given(MONEY, MONEY, MONEY)
def test_adding_is_associative_and_does_not_care_for_order(a: Money, b: Money, c: Money) -> None:
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a


@given(MONEY, MONEY)
def test_taking_away_undoes_adding_to_the_last_digit(a: Money, b: Money) -> None:
    assert a + b - b == a
    assert zero("EUR") - -a == a
    assert a + -a == zero("EUR")


@given(st.lists(MONEY, min_size=1))
def test_a_sum_is_the_same_forwards_and_backwards(amounts: list[Money]) -> None:
    assert sum_money(amounts) == sum_money(reversed(amounts))


@given(MONEY, MONEY)
def test_money_of_one_currency_is_totally_ordered(a: Money, b: Money) -> None:
    assert (a < b) == (a.amount < b.amount)
    assert (a <= b) == (a.amount <= b.amount)
    assert (a == b) == (a.amount == b.amount)


@pytest.mark.parametrize("how", [add, sub, lt, le, lambda a, b: sum_money([a, b])])
@given(euros=AMOUNTS, dollars=AMOUNTS)
def test_two_currencies_never_mix_in_any_operation(
    euros: Decimal, dollars: Decimal, how: Callable[[Money, Money], object]
) -> None:
    a, b = Money(euros, "EUR"), Money(dollars, "USD")

    with pytest.raises(ValueError, match="do not mix"):
        how(a, b)


@given(st.one_of(st.floats(), st.integers(), st.text()))
def test_an_amount_that_is_no_decimal_is_refused(amount: Any) -> None:
    with pytest.raises(TypeError, match="money needs a Decimal"):
        Money(amount, "EUR")


@given(st.one_of(st.floats(), st.integers(), st.decimals(allow_nan=False)))
def test_a_bare_number_is_not_added_to_money(number: Any) -> None:
    with pytest.raises(TypeError, match="money goes with money"):
        Money(Decimal(1), "EUR") + number


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_an_amount_that_is_not_finite_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="finite amount"):
        Money(Decimal(amount), "EUR")


@pytest.mark.parametrize("currency", ["", "EU", "EURO", "E1R", "ÄÖÜ", "eur", "Eur"])
def test_a_currency_that_is_no_code_is_refused(currency: str) -> None:
    with pytest.raises(ValueError, match=r"currency code|upper case"):
        Money(Decimal(1), currency)


def test_a_sum_too_wide_to_be_exact_is_an_error_not_a_rounding() -> None:
    huge, tiny = Money(Decimal("1E+90"), "EUR"), Money(Decimal("1E-20"), "EUR")

    with pytest.raises(Inexact):
        huge + tiny


def test_amounts_beyond_28_digits_add_up_to_the_cent() -> None:
    huge = Money(Decimal("1" + "0" * 30 + ".00"), "EUR")

    total = huge + Money(Decimal("0.01"), "EUR")

    assert str(total) == "1" + "0" * 30 + ".01 EUR"


@given(FINE_AMOUNTS, st.integers(0, 4))
def test_rounding_is_half_up_and_never_moves_more_than_half_a_unit(
    amount: Decimal, places: int
) -> None:
    rounded = Money(amount, "EUR").rounded(places).amount

    with localcontext(prec=120):
        unit = Decimal(1).scaleb(-places)
        assert abs(rounded - amount) <= unit / 2
        assert rounded == (amount / unit).to_integral_value(ROUND_HALF_UP) * unit
    assert rounded.as_tuple().exponent == -places


@given(MONEY, st.integers(0, 4))
def test_rounding_twice_changes_nothing_more(money: Money, places: int) -> None:
    once = money.rounded(places)

    assert once.rounded(places) == once


@pytest.mark.parametrize(
    ("amount", "rounded"), [("2.345", "2.35"), ("-2.345", "-2.35"), ("2.3449", "2.34")]
)
def test_half_a_cent_is_rounded_away_from_zero(amount: str, rounded: str) -> None:
    assert Money(Decimal(amount), "EUR").rounded() == Money(Decimal(rounded), "EUR")


def test_the_sum_of_nothing_needs_a_currency() -> None:
    with pytest.raises(ValueError, match="name one"):
        sum_money([])

    assert sum_money([], "CAD") == zero("CAD")


def test_a_sum_in_another_currency_than_asked_is_refused() -> None:
    with pytest.raises(ValueError, match="do not mix"):
        sum_money([Money(Decimal(1), "EUR")], "USD")


def test_only_an_amount_of_zero_counts_as_no_money() -> None:
    assert not zero("EUR")
    assert Money(Decimal("-0.01"), "EUR")


def test_equal_amounts_are_equal_however_many_zeros_are_written() -> None:
    short, long = Money(Decimal("1.5"), "EUR"), Money(Decimal("1.500"), "EUR")

    assert short == long
    assert len({short, long}) == 1
