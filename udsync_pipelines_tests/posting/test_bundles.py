"""Bundles are posted on the items the policy says, and come to what the order says."""

from decimal import Decimal
from typing import Any

import pytest

from udsync_pipelines.domain.order import Order, OrderLine
from udsync_pipelines.posting.compose import compose_order
from udsync_pipelines.posting.documents import Composition
from udsync_pipelines.posting.policy import BundleRule, PostingPolicy
from udsync_pipelines.posting.refunds import compose_refund
from udsync_pipelines_tests.posting.books import CANADA, policy
from udsync_pipelines_tests.posting.shop import line, order, refund
from udsync_pipelines_tests.posting.test_gift_cards import product

LINES, PARENT, CHILDREN = (policy(bundles=rule) for rule in BundleRule)


def bundle(total: str = "30.00", **more: Any) -> OrderLine:
    """A hamper's own line."""
    taxes = {"1": f"{Decimal(total) * 5 / 100:.2f}"} if Decimal(total) else {"1": "0.00"}
    return line(
        total, taxes, product_id="100", name="Hamper", meta={"_bundle_cart_key": "k1"}, **more
    )


def part(product_id: str, total: str = "0.00", quantity: int = 1, **more: Any) -> OrderLine:
    """A part of the hamper."""
    tax = f"{Decimal(total) * 5 / 100:.2f}"
    values = {"meta": {"_bundled_by": "k1"}, "name": f"Part {product_id}", **more}
    return line(total, {"1": tax}, product_id=product_id, quantity=Decimal(quantity), **values)


def posted(sold: Order, rules: PostingPolicy) -> list[tuple[str, str, int | None]]:
    """Item, amount and quantity of each line; total and tax are the order's."""
    made = compose_order(sold, rules, CANADA)
    assert isinstance(made, Composition)
    assert made.sale.total == sold.total.amount
    assert made.sale.total_tax == sold.total_tax.amount
    return [
        (one.item.id, str(one.amount), None if one.quantity is None else int(one.quantity))
        for one in made.sale.lines
    ]


def test_without_a_rule_each_line_stays_on_its_own_item() -> None:
    sold = order(bundle(), part("1"), part("2", "4.00", 2))

    assert posted(sold, LINES) == [
        ("100", "30.00", 1),
        ("1", "0.00", 1),
        ("2", "4.00", 2),
    ]


def test_a_bundle_takes_what_is_in_it_on_its_own_item() -> None:
    sold = order(bundle(), part("1"), part("2", "4.00", 2), line("9.00"))

    assert posted(sold, PARENT) == [
        ("100", "30.00", 1),
        ("100", "4.00", None),
        ("10", "9.00", 1),
    ]


def test_a_bundle_is_spread_over_its_parts_by_quantity() -> None:
    sold = order(bundle(), part("1"), part("2", quantity=2), line("9.00"))

    assert posted(sold, CHILDREN) == [
        ("1", "10.00", 1),
        ("2", "20.00", 2),
        ("10", "9.00", 1),
    ]


def test_prices_of_the_catalogue_weigh_the_parts_where_all_have_one() -> None:
    priced = [
        part("1", product=product(id="1", price=Decimal("5.00"))),
        part("2", product=product(id="2", price=Decimal("2.50")), quantity=2),
        part("3", product=product(id="3", price=Decimal("20.00"))),
    ]

    assert posted(order(bundle(), *priced), CHILDREN) == [
        ("1", "5.00", 1),
        ("2", "5.00", 2),
        ("3", "20.00", 1),
    ]


def test_parts_with_prices_of_their_own_keep_their_lines() -> None:
    sold = order(bundle("0.00"), part("1", "10.00"), part("2", "20.00"))

    assert posted(sold, CHILDREN) == [("1", "10.00", 1), ("2", "20.00", 1)]
    assert posted(sold, PARENT) == [
        ("100", "0.00", 1),
        ("100", "10.00", None),
        ("100", "20.00", None),
    ]


def test_a_bundle_with_a_price_beside_priced_parts_gives_each_both() -> None:
    sold = order(bundle("10.00"), part("1", "6.00"), part("2"))

    assert posted(sold, CHILDREN) == [("1", "5.00", None), ("2", "5.00", 1), ("1", "6.00", 1)]


def test_a_free_bundle_still_has_lines() -> None:
    sold = order(bundle("0.00"), part("1"), part("2"))

    assert posted(sold, CHILDREN) == [("1", "0.00", 1), ("2", "0.00", 1)]
    assert posted(sold, PARENT) == [("100", "0.00", 1)]


@pytest.mark.parametrize(
    ("of_part", "of_bundle"),
    [("_composite_parent", "_composite_cart_key"), ("_mnm_container", "_mnm_cart_key")],
)
def test_every_known_plugin_tells_what_belongs_together(of_part: str, of_bundle: str) -> None:
    whole = line("9.00", product_id="100", meta={of_bundle: "k"})
    parts = [line("0.00", product_id=each, meta={of_part: "k"}) for each in ("1", "2")]

    assert posted(order(whole, *parts), CHILDREN) == [("1", "4.50", 1), ("2", "4.50", 1)]


def test_a_bundle_in_a_bundle_goes_to_the_outermost_or_to_the_leaves() -> None:
    inner = line("0.00", product_id="200", meta={"_bundled_by": "k1", "_bundle_cart_key": "k2"})
    leaf = line("0.00", product_id="2", meta={"_bundled_by": "k2"})
    sold = order(bundle(), part("1"), inner, leaf)

    assert posted(sold, CHILDREN) == [("1", "15.00", 1), ("2", "15.00", 1)]
    assert posted(sold, PARENT) == [("100", "30.00", 1)]


def test_keys_that_lead_in_a_circle_leave_the_lines_alone() -> None:
    first = line("5.00", product_id="1", meta={"_bundled_by": "b", "_bundle_cart_key": "a"})
    second = line("6.00", product_id="2", meta={"_bundled_by": "a", "_bundle_cart_key": "b"})
    own = line("7.00", product_id="3", meta={"_bundled_by": "c", "_bundle_cart_key": "c"})

    assert sorted(amount for _, amount, _ in posted(order(first, second, own), CHILDREN)) == [
        "5.00",
        "6.00",
        "7.00",
    ]


def test_parts_without_quantity_weigh_the_same() -> None:
    sold = order(bundle("10.00"), part("1", quantity=0), part("2", quantity=0))

    assert [amount for _, amount, _ in posted(sold, CHILDREN)] == ["5.00", "5.00"]


def test_giving_back_part_of_a_bundle_takes_from_the_items_it_was_spread_over() -> None:
    sold = order(bundle(), part("1"), part("2", quantity=2))
    given = refund("31.50", *sold.lines)

    made = compose_refund(given, sold, [given], CHILDREN, CANADA)
    partly = compose_refund(
        refund("6.30", line("6.00", {"1": "0.30"}, id="1", product_id="100")),
        sold,
        [],
        CHILDREN,
        CANADA,
    )

    assert isinstance(made, Composition)
    assert isinstance(partly, Composition)
    assert {one.item.id: one.amount for one in made.sale.lines} == {
        "1": Decimal("10.00"),
        "2": Decimal("20.00"),
    }
    assert [(one.item.id, str(one.amount)) for one in partly.sale.lines] == [
        ("1", "2.00"),
        ("2", "4.00"),
    ]


def test_two_partial_refunds_bring_every_item_of_a_bundle_to_zero() -> None:
    sold = order(bundle(), part("1"), part("2", quantity=2))
    first = refund("6.30", line("6.00", {"1": "0.30"}, id="1", product_id="100"))
    rest = refund("25.20", id="902")

    made = [compose_refund(each, sold, [first, rest], CHILDREN, CANADA) for each in (first, rest)]

    sums: dict[str, Decimal] = {}
    for each in made:
        assert isinstance(each, Composition)
        for one in each.sale.lines:
            sums[one.item.id] = sums.get(one.item.id, Decimal(0)) + one.amount
    assert sums == {"1": Decimal("10.00"), "2": Decimal("20.00")}
