"""The recorded store composes exactly, order by order and refund by refund."""

from collections import Counter, defaultdict
from decimal import Decimal

import pytest

from udsync_pipelines.domain.order import Order
from udsync_pipelines.domain.refund import Refund
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.compose import compose_order
from udsync_pipelines.posting.documents import Composition, SalesDraft, Skipped
from udsync_pipelines.posting.refunds import compose_refund
from udsync_pipelines.posting.tax import arithmetic_of
from udsync_pipelines.posting.tax.arithmetic import TaxedAmount
from udsync_pipelines_tests.posting.books import CANADA, MANY_CURRENCIES, POLICY
from udsync_pipelines_tests.posting.shop import recorded

POSTED = [pair for pair in recorded() if pair[0].status in POLICY.posting_statuses]
HOME = [pair for pair in POSTED if pair[0].currency == "CAD"]


def books_tax(document: SalesDraft) -> Decimal:
    """The tax that the books would work out on the lines as they are written."""
    codes = {code.id: code for code in CANADA.tax_codes}
    amounts = [TaxedAmount(line.amount, codes[line.tax_code]) for line in document.lines]
    predicted = arithmetic_of(CANADA.regime).predict(amounts)
    assert predicted is not None
    return predicted.total


def composed(order: Order) -> Composition:
    result = compose_order(order, POLICY, MANY_CURRENCIES)
    assert isinstance(result, Composition)
    return result


@pytest.mark.parametrize("order", [pair[0] for pair in POSTED], ids=lambda order: order.id)
def test_every_posted_order_has_equal_total_and_tax(order: Order) -> None:
    sale = composed(order).sale

    assert sale.total_tax == books_tax(sale) == order.total_tax.amount
    assert sale.net_total + books_tax(sale) == order.total.amount


def test_no_more_lines_are_split_than_the_store_needs() -> None:
    splits = Counter(composed(order).splits for order, _ in HOME)

    assert splits == {0: 203, 1: 13, 2: 2}


def test_nothing_but_splitting_is_needed_for_the_store() -> None:
    compositions = [composed(order) for order, _ in POSTED]

    assert {made.remedy for made in compositions} == {"as_is", "split"}
    assert sum(made.rounding_lines + made.moved_cents for made in compositions) == 0


def test_revenue_per_item_is_what_the_order_says() -> None:
    for order, _ in POSTED:
        booked: defaultdict[str, Decimal] = defaultdict(Decimal)
        sold: defaultdict[str, Decimal] = defaultdict(Decimal)
        for line in composed(order).sale.lines:
            booked[line.origin_id or ""] += line.amount
        for shop_line in order.lines:
            sold[shop_line.id] += shop_line.total.amount

        assert booked == sold


def test_orders_in_other_statuses_have_no_document() -> None:
    others = [pair[0] for pair in recorded() if pair[0].status not in POLICY.posting_statuses]

    results = [compose_order(order, POLICY, MANY_CURRENCIES) for order in others]

    assert len(others) == 62
    assert all(isinstance(result, Skipped) for result in results)


def test_foreign_orders_are_parked_with_what_to_do() -> None:
    foreign = [order for order, _ in POSTED if order.currency != "CAD"]

    assert len(foreign) == 8
    for order in foreign:
        with pytest.raises(RecordRejectedError, match=r"keep CAD only.*multicurrency") as caught:
            compose_order(order, POLICY, CANADA)
        assert caught.value.code == "currency_not_supported"


def test_each_refund_of_the_store_has_its_document_or_gives_nothing() -> None:
    results: Counter[str] = Counter()
    for order, refunds in POSTED:
        for refund in refunds:
            made = compose_refund(refund, order, refunds, POLICY, MANY_CURRENCIES)
            results[made.code if isinstance(made, Skipped) else made.sale.kind] += 1
            if isinstance(made, Composition):
                check_refund(made.sale, refund)

    assert results == {"refund_receipt": 35, "nothing_refunded": 1}


def check_refund(document: SalesDraft, refund: Refund) -> None:
    assert document.total_tax == books_tax(document)
    assert document.net_total + document.total_tax == document.total == refund.amount.amount


def test_orders_refunded_in_full_net_to_zero_on_every_tax_code() -> None:
    full = [
        (order, refunds)
        for order, refunds in POSTED
        if refunds and sum(each.amount.amount for each in refunds) == order.total.amount
    ]

    assert len(full) == 12
    for order, refunds in full:
        net: defaultdict[str, Decimal] = defaultdict(Decimal)
        for line in composed(order).sale.lines:
            net[line.tax_code] += line.amount
        for refund in refunds:
            made = compose_refund(refund, order, refunds, POLICY, MANY_CURRENCIES)
            for line in made.sale.lines if isinstance(made, Composition) else ():
                net[line.tax_code] -= line.amount
        assert not any(net.values())
