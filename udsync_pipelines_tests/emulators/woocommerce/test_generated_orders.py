"""What holds for every generated order, whatever the seed."""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udsync_pipelines.emulators.woocommerce.generated.schedule import FIRST_ORDER, STEP
from udsync_pipelines.emulators.woocommerce.generated.store import GeneratedStore
from udsync_pipelines.emulators.woocommerce.options import StoreOptions
from udsync_pipelines.emulators.woocommerce.store import recording

Json = dict[str, Any]

UNTIL = 1_795_000_000
SIZE = 3_000
seeds = st.integers(min_value=0, max_value=40)
numbers = st.integers(min_value=0, max_value=SIZE - 1)


@lru_cache(maxsize=64)
def store_of(seed: int, orders: int = SIZE) -> GeneratedStore:
    return GeneratedStore(StoreOptions(orders=orders, seed=seed), dict(recording()), UNTIL)


def money(value: str) -> Decimal:
    return Decimal(value)


def total_of(lines: list[Json], key: str = "total") -> Decimal:
    return sum((money(line[key]) for line in lines), Decimal(0))


def fee_is_negative(order: Json) -> bool:
    return any(fee["total"].startswith("-") for fee in order["fee_lines"])


KINDS_OF_ORDERS: dict[str, Callable[[Json], bool]] = {
    "refunded": lambda order: bool(order["refunds"]),
    "with a negative fee": fee_is_negative,
    "of a guest": lambda order: order["customer_id"] == 0,
    "without any address": lambda order: not any(order["billing"].values()),
    "untaxed": lambda order: not order["tax_lines"],
    "with three rates": lambda order: len(order["tax_lines"]) == 3,
    "with tax in its prices": lambda order: bool(order["prices_include_tax"]),
    "free": lambda order: order["total"] == "0.00",
    "with two coupons": lambda order: len(order["coupon_lines"]) == 2,
    "of a deleted product": lambda order: any(line["sku"] is None for line in order["line_items"]),
    "in another currency": lambda order: order["currency"] != "CAD",
    "with an encoded name": lambda order: any(
        "&amp;" in line["name"] for line in order["line_items"]
    ),
}


@given(seeds, numbers)
@settings(max_examples=300, deadline=None)
def test_the_total_is_always_the_sum_of_its_parts_and_tax(seed: int, number: int) -> None:
    order = store_of(seed).order(number)

    parts = sum(total_of(order[name]) for name in ("line_items", "shipping_lines", "fee_lines"))

    assert money(order["total"]) == parts + money(order["total_tax"])
    assert money(order["total"]) >= 0


@given(seeds, numbers)
@settings(max_examples=300, deadline=None)
def test_discounts_agree_between_lines_coupons_and_order(seed: int, number: int) -> None:
    order = store_of(seed).order(number)

    off_lines = total_of(order["line_items"], "subtotal") - total_of(order["line_items"])

    assert money(order["discount_total"]) == off_lines
    assert money(order["discount_total"]) == total_of(order["coupon_lines"], "discount")


@given(seeds, numbers)
@settings(max_examples=300, deadline=None)
def test_a_line_shows_the_sum_of_its_taxes(seed: int, number: int) -> None:
    order = store_of(seed).order(number)

    for line in [*order["line_items"], *order["fee_lines"], *order["shipping_lines"]]:
        assert money(line["total_tax"]) == total_of(line["taxes"])


@given(seeds, numbers)
@settings(max_examples=300, deadline=None)
def test_net_prices_with_rounding_per_line_agree_everywhere(seed: int, number: int) -> None:
    composed = store_of(seed).composed(number)
    order = store_of(seed).order(number)
    if composed.mode.prices_include_tax or composed.mode.round_at_subtotal:
        return

    cart = total_of([*order["line_items"], *order["fee_lines"]], "total_tax")
    by_rate = total_of(order["tax_lines"], "tax_total")
    shipping = total_of(order["tax_lines"], "shipping_tax_total")

    assert money(order["cart_tax"]) == cart == by_rate
    assert money(order["shipping_tax"]) == shipping
    assert money(order["total_tax"]) == cart + shipping


@given(seeds, numbers)
@settings(max_examples=200, deadline=None)
def test_refunds_never_exceed_the_order_and_are_listed_on_it(seed: int, number: int) -> None:
    store = store_of(seed)
    order = store.order(number)
    order_id = order["id"]

    refunds = [orjson.loads(store.body("refund", entry["id"]) or b"") for entry in order["refunds"]]

    assert all(order_id < refund["id"] < order_id + STEP for refund in refunds)
    assert total_of(refunds, "amount") <= money(order["total"])
    assert [f"-{refund['amount']}" for refund in refunds] == [
        entry["total"] for entry in order["refunds"]
    ]
    if order["status"] == "refunded":
        assert total_of(refunds, "amount") == money(order["total"])


@given(seeds, numbers)
@settings(max_examples=100, deadline=None)
def test_the_same_seed_and_id_make_the_same_bytes(seed: int, number: int) -> None:
    again = GeneratedStore(StoreOptions(orders=SIZE, seed=seed), dict(recording()), UNTIL)
    order_id = FIRST_ORDER + STEP * number

    assert again.body("order", order_id) == store_of(seed).body("order", order_id)


@given(seeds, numbers)
@settings(max_examples=100, deadline=None)
def test_only_the_dates_depend_on_how_many_orders_there_are(seed: int, number: int) -> None:
    small, large = store_of(seed).order(number), store_of(seed, 2 * SIZE).order(number)

    different = {key for key in small if small[key] != large[key]}

    assert all(key.startswith("date_") for key in different - {"refunds"})


@given(seeds, st.integers(min_value=1, max_value=SIZE - 1))
@settings(max_examples=200, deadline=None)
def test_orders_are_made_one_after_another_until_now(seed: int, number: int) -> None:
    schedule = store_of(seed).schedule

    before, head = schedule.head(number - 1), schedule.head(number)

    assert before.created < head.created < UNTIL
    assert head.created <= head.modified <= UNTIL
    assert all(head.created <= moment <= head.modified for moment in head.refund_times)


def test_generated_orders_have_the_variety_of_the_recorded_ones() -> None:
    store = store_of(5)

    orders = [store.order(number) for number in range(SIZE)]

    share = {name: sum(map(is_so, orders)) for name, is_so in KINDS_OF_ORDERS.items()}

    assert SIZE / 10 < share["refunded"] < SIZE / 7
    assert {name for name, number in share.items() if not number} == set()
    assert {order["status"] for order in orders} == {
        "pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed",
    }  # fmt: skip


def test_many_generated_orders_share_one_modification_second() -> None:
    stamps: dict[int, int] = {}

    for head in store_of(5).schedule.heads():
        stamps[head.modified] = stamps.get(head.modified, 0) + 1

    assert max(stamps.values()) >= 4


def test_a_cent_breaks_inside_some_orders_as_in_the_recorded_store() -> None:
    orders = [store_of(5).order(number) for number in range(SIZE)]

    broken = [
        order
        for order in orders
        if money(order["cart_tax"])
        != total_of([*order["line_items"], *order["fee_lines"]], "total_tax")
    ]

    assert 5 < len(broken) < SIZE / 20


@pytest.mark.parametrize("kind", ["line_items", "shipping_lines", "fee_lines", "tax_lines"])
def test_generated_lines_have_the_fields_of_recorded_lines(kind: str) -> None:
    recorded = next(order[kind][0] for order in recording()["order"] if order[kind])

    made = next(order[kind][0] for order in map(store_of(5).order, range(SIZE)) if order[kind])

    assert list(made) == list(recorded)


def test_generated_records_have_the_fields_of_recorded_records() -> None:
    store = store_of(5)
    refund = next(
        order["refunds"][0]["id"] for order in map(store.order, range(99)) if order["refunds"]
    )

    made = {
        "order": store.order(0),
        "refund": orjson.loads(store.body("refund", refund) or b""),
        "customer": orjson.loads(store.body("customer", 101) or b""),
        "product": orjson.loads(store.body("product", 501) or b""),
    }

    for kind, document in made.items():
        recorded = [key for key in recording()[kind][0] if key != "_order_id"]
        assert list(document) == recorded, kind
