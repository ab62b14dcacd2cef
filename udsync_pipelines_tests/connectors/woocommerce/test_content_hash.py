"""Unchanged records keep their hash, whatever a store shuffles; changed ones do not."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from udsync_pipelines.connectors.woocommerce.record import HASH_RULES, source_record
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines_tests.connectors.woocommerce.recordings import dump

ORDER: Mapping[str, Any] = next(row for row in dump("orders") if row["id"] == 76)
PRODUCT: Mapping[str, Any] = dump("products")[0]
COUPON: Mapping[str, Any] = dump("coupons")[0]
LINES: list[Mapping[str, Any]] = ORDER["line_items"]


def hash_of(entity: Entity, row: Mapping[str, Any], **changed: object) -> bytes:
    return source_record(entity, {**row, **changed}).content_hash


@pytest.mark.parametrize(
    "changed",
    [
        {"meta_data": ORDER["meta_data"][::-1]},
        {"_links": {}},
        {"payment_url": "https://elsewhere.example/pay"},
        {"date_modified": "2026-07-02T20:51:16", "date_created": "2026-07-02T17:09:54"},
        {"total": "145.2800", "total_tax": "6.930"},
        {"line_items": [{**LINES[0], "price": 0.1, "image": {"id": 5, "src": "x"}}, *LINES[1:]]},
        {"needs_processing": not ORDER["needs_processing"]},
        {"currency_symbol": "CA$"},
    ],
)
def test_what_is_no_change_of_an_order_keeps_its_hash(changed: Mapping[str, object]) -> None:
    assert hash_of(Entity.ORDER, ORDER, **changed) == hash_of(Entity.ORDER, ORDER)


@pytest.mark.parametrize(
    "changed",
    [
        {"total": "145.29"},
        {"status": "refunded"},
        {"customer_note": "other"},
        {"customer_id": 0},
        {"refunds": []},
        {"meta_data": [*ORDER["meta_data"][:-1], {"id": 2, "key": "source_channel", "value": "x"}]},
        {"line_items": [{**LINES[0], "sku": "CHANGED"}, *LINES[1:]]},
        {"line_items": [{**LINES[0], "quantity": 4}, *LINES[1:]]},
        {"line_items": LINES[::-1]},
        {"billing": {**ORDER["billing"], "phone": "1"}},
        {"plugin_field": 1},
    ],
)
def test_what_is_a_change_of_an_order_changes_its_hash(changed: Mapping[str, object]) -> None:
    assert hash_of(Entity.ORDER, ORDER, **changed) != hash_of(Entity.ORDER, ORDER)


def test_a_reshuffled_order_of_keys_keeps_the_hash() -> None:
    shuffled = dict(reversed(list(ORDER.items())))

    assert hash_of(Entity.ORDER, shuffled) == hash_of(Entity.ORDER, ORDER)


@pytest.mark.parametrize(
    "changed",
    [{"related_ids": [9, 8]}, {"total_sales": 50}, {"average_rating": "5.00", "rating_count": 1}],
)
def test_sales_and_related_products_are_no_change_of_a_product(
    changed: Mapping[str, object],
) -> None:
    assert hash_of(Entity.PRODUCT, PRODUCT, **changed) == hash_of(Entity.PRODUCT, PRODUCT)


@pytest.mark.parametrize("changed", [{"stock_quantity": 0}, {"price": "19.98"}, {"price": ""}])
def test_stock_and_price_are_a_change_of_a_product(changed: Mapping[str, object]) -> None:
    assert hash_of(Entity.PRODUCT, PRODUCT, **changed) != hash_of(Entity.PRODUCT, PRODUCT)


def test_use_is_no_change_of_a_coupon_but_its_amount_is() -> None:
    same = hash_of(Entity.COUPON, COUPON, usage_count=9, used_by=["1"])
    other = hash_of(Entity.COUPON, COUPON, amount="1.00")

    assert same == hash_of(Entity.COUPON, COUPON) != other


def test_every_recorded_record_has_a_hash_of_its_own_of_16_bytes() -> None:
    hashes = {source_record(Entity.ORDER, row).content_hash for row in dump("orders")}

    assert len(hashes) == 288
    assert {len(each) for each in hashes} == {16}


def test_the_archived_json_keeps_every_field_and_the_order_of_keys() -> None:
    record = source_record(Entity.ORDER, ORDER)

    assert list(orjson.loads(record.raw)) == list(ORDER)
    assert orjson.loads(record.raw) == ORDER


def test_every_field_left_out_of_a_hash_has_its_reason() -> None:
    for rules in HASH_RULES.values():
        assert all(reason for reason in rules.volatile.values())


def test_minus_zero_and_trailing_zeros_are_the_same_amount() -> None:
    mention = {"id": 366, "reason": "", "total": "-0.00", "total_tax": "0"}
    other = {**mention, "total": "0.0", "total_tax": "0.00"}

    assert hash_of(Entity.ORDER, ORDER, refunds=[mention]) == hash_of(
        Entity.ORDER, ORDER, refunds=[other]
    )


def test_refunds_named_in_another_order_are_no_change() -> None:
    mentions = [{"id": 1, "total": "-1.00"}, {"id": 2, "total": "-2.00"}]

    one = hash_of(Entity.ORDER, ORDER, refunds=mentions)

    assert one == hash_of(Entity.ORDER, ORDER, refunds=mentions[::-1])
