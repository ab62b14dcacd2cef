"""What holds for every order: equal total and tax, refunds that net, no way to exceed."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from udsync_pipelines.domain.money import Money
from udsync_pipelines.domain.order import Order
from udsync_pipelines.domain.refund import Refund
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.compose import compose_order
from udsync_pipelines.posting.documents import Composition, SalesDraft, Skipped
from udsync_pipelines.posting.policy import PostingPolicy
from udsync_pipelines.posting.refunds import compose_refund
from udsync_pipelines.posting.tax import arithmetic_of
from udsync_pipelines.posting.tax.arithmetic import TaxedAmount
from udsync_pipelines_tests.posting.books import MANY_CURRENCIES, POLICY
from udsync_pipelines_tests.posting.made_orders import BOOKS, RULES, made_order, made_refunds
from udsync_pipelines_tests.posting.shop import generated

Sale: TypeAlias = tuple[Order, tuple[Refund, ...]]


def sale_of(random: Random) -> Sale:
    sold = made_order(random)
    return sold, made_refunds(random, sold)


randoms = st.randoms(use_true_random=False)
orders = randoms.map(made_order)
sales = randoms.map(sale_of)
quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)


def books_tax(document: SalesDraft, company: Company) -> Decimal:
    codes = {code.id: code for code in company.tax_codes}
    amounts = [TaxedAmount(line.amount, codes[line.tax_code]) for line in document.lines]
    predicted = arithmetic_of(company.regime).predict(amounts)
    assert predicted is not None
    return predicted.total


def check_exact(document: SalesDraft, company: Company) -> None:
    assert books_tax(document, company) == document.total_tax
    assert document.net_total + document.total_tax == document.total
    for line in document.lines:
        assert line.amount == line.amount.quantize(Decimal("0.01"))
        if line.unit_price is not None:
            assert line.quantity is not None
            product = line.unit_price * line.quantity
            assert product.quantize(Decimal("0.01"), rounding="ROUND_HALF_UP") == line.amount


def composed(sold: Order, policy: PostingPolicy = RULES, company: Company = BOOKS) -> Composition:
    result = compose_order(sold, policy, company)
    assert isinstance(result, Composition)
    return result


def refunded(refund: Refund, sold: Order, refunds: Sequence[Refund]) -> Composition | None:
    result = compose_refund(refund, sold, refunds, RULES, BOOKS)
    if isinstance(result, Skipped):
        assert not refund.amount
        return None
    return result


@given(orders)
@quick
def test_every_order_of_any_tax_setting_is_equal_in_total_and_tax(sold: Order) -> None:
    made = composed(sold)

    check_exact(made.sale, BOOKS)
    assert (made.sale.total, made.sale.total_tax) == (sold.total.amount, sold.total_tax.amount)
    assert bool(made.rounding_lines) == bool(sold.imbalance)


@given(orders)
@quick
def test_the_same_order_always_gives_the_same_documents(sold: Order) -> None:
    assert composed(sold) == composed(sold)


@given(orders)
@quick
def test_no_remedy_touches_an_order_that_fits_as_it_is(sold: Order) -> None:
    made = composed(sold)

    touched = made.splits + made.moved_cents

    assert (made.remedy == "as_is") == (touched == 0)
    if made.remedy == "split":
        by_line = {line.id: line.total.amount for line in sold.lines}
        booked: defaultdict[str, Decimal] = defaultdict(Decimal)
        for line in made.sale.lines:
            if line.origin_id:
                booked[line.origin_id] += line.amount
        assert booked == by_line


@given(sales)
@quick
def test_every_refund_is_equal_in_amount_under_the_books_arithmetic(sale: Sale) -> None:
    sold, refunds = sale

    for refund in refunds:
        made = refunded(refund, sold, refunds)
        if made is not None:
            check_exact(made.sale, BOOKS)
            assert made.sale.total == refund.amount.amount


@given(sales)
@quick
def test_refunds_of_the_whole_net_the_sale_to_zero_on_every_code(sale: Sale) -> None:
    sold, refunds = sale
    assume(refunds and sum(each.amount.amount for each in refunds) == sold.total.amount > 0)
    net: defaultdict[str, Decimal] = defaultdict(Decimal)
    tax = sold.total_tax.amount

    for line in composed(sold).sale.lines:
        net[line.tax_code] += line.amount
    for refund in refunds:
        made = refunded(refund, sold, refunds)
        if made is not None:
            tax -= made.sale.total_tax
            for line in made.sale.lines:
                net[line.tax_code] -= line.amount

    assert tax == 0
    assert not any(net.values())


@given(orders, st.integers(1, 500))
@quick
def test_a_refund_never_exceeds_what_remains(sold: Order, cents: int) -> None:
    beyond = Money(sold.total.amount + Decimal(cents) / 100, "CAD")
    refund = Refund("900", "77", beyond, Money(Decimal(0), "CAD"), "", (), sold.created_at)

    with pytest.raises(RecordRejectedError, match="remains") as caught:
        compose_refund(refund, sold, [refund], RULES, BOOKS)

    assert caught.value.code == "refund_exceeds"


def test_every_generated_order_is_exact_or_parked_for_its_rates() -> None:
    composed_count = 0
    for sold, refunds in generated(700, seed=3):
        if sold.status in POLICY.posting_statuses and any(
            tax.rate_id == "11" for tax in sold.taxes
        ):
            with pytest.raises(RecordRejectedError, match="VAT 20 %"):
                compose_order(sold, POLICY, MANY_CURRENCIES)
            continue
        made = compose_order(sold, POLICY, MANY_CURRENCIES)
        if isinstance(made, Composition):
            composed_count += 1
            check_exact(made.sale, MANY_CURRENCIES)
            assert made.sale.total == sold.total.amount
            assert made.sale.total_tax == sold.total_tax.amount
        for refund in refunds:
            back = compose_refund(refund, sold, refunds, POLICY, MANY_CURRENCIES)
            if isinstance(back, Composition):
                check_exact(back.sale, MANY_CURRENCIES)

    assert composed_count > 450
