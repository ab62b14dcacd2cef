"""An order adds up, or says by how much it does not."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udsync_pipelines.domain.money import Money, sum_money
from udsync_pipelines_tests.domain.records import euros, order_line, paid_order

CENTS = st.decimals(-(10**6), 10**6, places=2)


def test_an_order_that_adds_up_has_no_imbalance() -> None:
    order = paid_order()

    assert order.net_total == euros("15.00")
    assert order.imbalance == euros("0.00")


def test_an_order_whose_total_is_a_cent_over_says_so() -> None:
    order = paid_order(total=euros("18.01"))

    assert order.imbalance == euros("0.01")


def test_an_order_without_lines_is_out_by_all_but_its_tax() -> None:
    order = paid_order(lines=())

    assert order.net_total == euros("0")
    assert order.imbalance == euros("15.00")


@given(st.lists(CENTS, max_size=8), CENTS, CENTS)
def test_imbalance_is_exactly_what_was_added_to_the_total(
    nets: list[Decimal], tax: Decimal, extra: Decimal
) -> None:
    lines = tuple(order_line(total=Money(net, "EUR")) for net in nets)
    net_total = sum_money((line.total for line in lines), "EUR")
    total = net_total + Money(tax, "EUR") + Money(extra, "EUR")

    order = paid_order(lines=lines, total_tax=Money(tax, "EUR"), total=total)

    assert order.imbalance == Money(extra, "EUR")


@given(st.permutations([euros("0.01"), euros("-3.00"), euros("19.99"), euros("7")]))
def test_the_order_of_the_lines_does_not_matter(totals: list[Money]) -> None:
    order = paid_order(lines=tuple(order_line(total=total) for total in totals))

    assert order.net_total == euros("24.00")


def test_a_line_in_another_currency_is_never_added() -> None:
    order = paid_order(lines=(order_line(total=Money(Decimal(1), "USD")),))

    with pytest.raises(ValueError, match="do not mix"):
        _ = order.net_total
