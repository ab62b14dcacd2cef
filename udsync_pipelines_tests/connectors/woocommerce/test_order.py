"""Recorded orders become canonical orders, to the cent."""

import html
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from udsync_pipelines.connectors.woocommerce import order as woo
from udsync_pipelines.domain.money import Money, sum_money
from udsync_pipelines.domain.order import LineKind, Order
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines_tests.connectors.woocommerce.recordings import body, dump, raw

LOWERED_BY_HAND = "334"  # its lines cost less without any coupon
RECORDED = tuple(woo.canonical(orjson.dumps(row)) for row in dump("orders"))


def single(case: str) -> Order:
    return woo.canonical(raw(f"orders/single_{case}"))


def changed(**fields: object) -> bytes:
    return orjson.dumps({**body("orders/single_guest"), **fields})


def test_all_recorded_orders_are_read_and_add_up() -> None:
    assert len(RECORDED) == 288
    assert [order.id for order in RECORDED if order.imbalance] == []


def test_discounts_equal_what_the_coupons_took_and_lower_the_lines_already() -> None:
    for order in RECORDED:
        lowered = sum_money((line.subtotal - line.total for line in order.lines), order.currency)
        coupons = sum_money((discount.amount for discount in order.discounts), order.currency)

        assert order.discount_total == lowered
        if order.id != LOWERED_BY_HAND:
            assert order.discount_total == coupons


def test_the_tax_of_a_line_is_the_sum_over_its_rates() -> None:
    for order in RECORDED:
        for line in order.lines:
            assert line.total_tax == sum_money((tax.total for tax in line.taxes), order.currency)


def test_shipping_lines_sum_to_the_shipping_total() -> None:
    for order in RECORDED:
        shipping = [line.total for line in order.lines if line.kind is LineKind.SHIPPING]

        assert order.shipping_total == sum_money(shipping, order.currency)


@pytest.mark.parametrize("order_id", [355, 356, 357, 360, 351, 353])
def test_cents_off_inside_an_order_stay_as_the_shop_wrote_them(order_id: int) -> None:
    (sent,) = (row for row in dump("orders") if row["id"] == order_id)

    order = woo.canonical(orjson.dumps(sent))

    assert str(order.total_tax.amount) == sent["total_tax"]
    assert str(order.total.amount) == sent["total"]
    assert not order.imbalance


def test_the_float_price_is_never_read() -> None:
    sent = body("orders/single_tiny_price_lines_rounding")
    spoilt = [{**line, "price": 99999.9} for line in sent["line_items"]]

    order = woo.canonical(orjson.dumps({**sent, "line_items": spoilt}))

    assert any(isinstance(line["price"], float) for line in sent["line_items"])
    assert order == single("tiny_price_lines_rounding")


def test_no_amount_anywhere_in_an_order_is_a_float() -> None:
    def floats(value: object) -> list[str]:
        if isinstance(value, float):
            return ["float"]
        if isinstance(value, tuple):
            return [found for item in value for found in floats(item)]
        slots = getattr(value, "__slots__", ())
        return [name for name in slots if name != "meta" and floats(getattr(value, name))]

    assert [order.id for order in RECORDED if floats(order)] == []


def test_amounts_are_net_of_tax_also_when_prices_include_it() -> None:
    order = single("prices_include_tax")

    net = sum_money((line.total for line in order.lines), order.currency)

    assert order.prices_include_tax
    assert order.net_total == net == order.total - order.total_tax


def test_a_negative_fee_may_carry_tax_though_its_status_says_none() -> None:
    order = single("fee_negative_tax_status_none_yet_taxed")

    (fee,) = (line for line in order.lines if line.total.amount < 0)

    assert fee.kind is LineKind.FEE
    assert fee.total_tax.amount < 0
    assert fee.quantity == 1


def test_an_empty_tax_subtotal_of_shipping_and_fees_is_no_fault() -> None:
    sent = body("orders/single_fee_positive_taxable")
    taxes = [tax["subtotal"] for line in sent["fee_lines"] for tax in line["taxes"]]

    order = single("fee_positive_taxable")

    assert "" in taxes
    assert any(line.kind is LineKind.FEE and line.taxes for line in order.lines)


def test_a_guest_has_no_customer_and_neither_has_a_deleted_one() -> None:
    assert single("guest").customer_id is None
    assert single("deleted_customer").customer_id is None
    assert single("guest_with_registered_email").customer_id is None
    assert single("simple_alberta_gst").customer_id is not None


def test_an_order_without_any_billing_details_is_read() -> None:
    order = single("no_billing_data")

    assert order.billing.full_name == ""
    assert order.billing.email == ""


def test_a_line_whose_product_is_gone_has_neither_product_nor_sku() -> None:
    gone = [line for line in single("deleted_product_line").lines if line.product_id is None]
    custom = [line for line in single("product_id_0_line").lines if line.kind is LineKind.PRODUCT]

    assert [line.sku for line in gone if line.kind is LineKind.PRODUCT] == [None]
    assert any(line.product_id is None for line in custom)


def test_a_trashed_product_keeps_its_id_on_the_line() -> None:
    lines = single("trashed_product_line").lines

    assert "51" in {line.product_id for line in lines}


def test_the_same_product_on_two_lines_stays_two_lines() -> None:
    lines = [line for line in single("same_product_twice").lines if line.product_id]

    assert len({line.id for line in lines}) == len(lines)
    assert len({line.product_id for line in lines}) < len(lines)


def test_a_variation_line_names_product_and_variation() -> None:
    (line,) = (line for line in single("variation_line").lines if line.variation_id)

    assert line.product_id is not None
    assert line.variation_id != line.product_id


def test_html_in_names_of_lines_is_made_plain_text() -> None:
    encoded = {line["name"] for row in dump("orders") for line in row["line_items"]}
    assert any("&amp;" in name for name in encoded)

    plain = {line.name for order in RECORDED for line in order.lines}

    assert {html.unescape(name) for name in encoded} <= plain
    assert not any("&amp;" in name or "&quot;" in name for name in plain)


def test_names_of_people_are_not_html_and_stay_as_typed() -> None:
    billing = {**body("orders/single_guest")["billing"], "company": "Boîte &amp; Co."}

    order = woo.canonical(changed(billing=billing))

    assert order.billing.company == "Boîte &amp; Co."


def test_times_are_utc_and_the_site_zone_is_ignored() -> None:
    fold = {row["id"]: row for row in dump("orders")}
    first, second = (woo.canonical(orjson.dumps(fold[number])) for number in (303, 304))

    assert fold[303]["date_created"][:16] == fold[304]["date_created"][:16] == "2026-11-01T01:30"
    assert second.created_at - first.created_at == timedelta(hours=1)
    assert first.created_at.replace(second=0) == datetime(2026, 11, 1, 7, 30, tzinfo=UTC)


def test_an_unpaid_order_has_no_payment_time_and_no_transaction() -> None:
    order = single("pending")

    assert order.paid_at is None
    assert order.transaction_id == ""


def test_an_order_never_modified_counts_as_modified_when_it_was_made() -> None:
    order = woo.canonical(changed(date_modified_gmt=None))

    assert order.modified_at == order.created_at


@pytest.mark.parametrize(("case", "currency"), [("currency_jpy", "JPY"), ("currency_usd", "USD")])
def test_an_order_keeps_its_own_currency_and_the_decimals_of_the_shop(
    case: str, currency: str
) -> None:
    order = single(case)

    assert order.currency == order.total.currency == currency
    assert str(order.total.amount) == body(f"orders/single_{case}")["total"]


def test_tax_lines_are_kept_after_their_rate_was_deleted() -> None:
    # Recorded with a few fields only.
    partial = body("mutations/order_after_its_tax_rate_was_deleted")
    order = woo.canonical(changed(tax_lines=partial["tax_lines"]))

    assert order.taxes
    assert all(tax.rate_percent > 0 for tax in order.taxes)


def test_a_rate_with_four_decimals_is_exact_though_json_has_a_float() -> None:
    rates = {tax.rate_percent for tax in single("quebec_gst_qst_9975").taxes}

    assert rates == {Decimal(5), Decimal("9.975")}


def test_refunds_in_an_order_are_positive_and_leave_its_total_alone() -> None:
    sent = body("refunds/order_with_refund_two")

    order = woo.canonical(raw("refunds/order_with_refund_two"))

    assert len(order.refunds) == 2
    assert [refund.total.amount for refund in order.refunds] == [
        -Decimal(refund["total"]) for refund in sent["refunds"]
    ]
    assert str(order.total.amount) == sent["total"]


def test_line_meta_keeps_any_json_value_by_its_key() -> None:
    metas = [line.meta for line in single("line_meta").lines if line.meta]

    assert {"wrap": True, "notes": ["a", "b"]} in [meta.get("Gift options") for meta in metas]


def test_of_a_meta_key_that_comes_twice_the_higher_id_counts_in_any_order() -> None:
    entries = [{"id": 9, "key": "po", "value": "new"}, {"id": 2, "key": "po", "value": "old"}]

    for sent in (entries, entries[::-1]):
        assert woo.canonical(changed(meta_data=sent)).meta["po"] == "new"


def test_a_zero_order_and_a_trashed_order_are_read_like_any_other() -> None:
    assert single("zero_total").total == Money(Decimal("0.00"), "CAD")
    assert single("trashed").status == "trash"


def test_a_status_and_fields_of_a_plugin_are_read_too() -> None:
    order = woo.canonical(changed(status="awaiting-pickup", plugin_field={"a": [1]}))

    assert order.status == "awaiting-pickup"


LINE: Mapping[str, Any] = body("orders/single_guest")["line_items"][0]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"total": 12.34}, "field total is not an amount written as text"),
        ({"total": "12,34"}, "field total is not an amount"),
        ({"total": "NaN"}, "field total is not an amount"),
        ({"total": ""}, "field total is not an amount"),
        ({"total": "1e400"}, "field total is too large, or has too many decimals"),
        ({"total": "1e-400"}, "field total is too large, or has too many decimals"),
        ({"date_created_gmt": None}, "field date_created_gmt is missing"),
        ({"date_created_gmt": "yesterday"}, "field date_created_gmt is not a time"),
        ({"line_items": None}, "field line_items is not a list"),
        ({"line_items": [{**LINE, "total": "x"}]}, r"line_items\[0\].total is not an amount"),
        ({"line_items": [{**LINE, "name": 5}]}, r"line_items\[0\].name is not a text"),
        ({"billing": "nobody"}, "field billing is not an object"),
        ({"customer_id": "abc"}, "field customer_id is not a whole number"),
        ({"currency": "dollars"}, "'dollars' is not a currency code"),
        ({"meta_data": "x"}, "field meta_data is not a list"),
    ],
)
def test_a_bad_order_is_parked_with_the_field_and_the_reason(
    fields: Mapping[str, object], reason: str
) -> None:
    with pytest.raises(RecordRejectedError, match=reason) as caught:
        woo.canonical(changed(**fields))

    assert caught.value.record == f"order/{body('orders/single_guest')['id']}"
    assert caught.value.code == "record_unreadable"


def test_a_rejection_never_repeats_what_stands_in_the_record() -> None:
    billing = {"email": ["hidden@example.test"], "first_name": "Hidden"}

    with pytest.raises(RecordRejectedError) as caught:
        woo.canonical(changed(billing=billing, customer_note="Hidden"))

    assert "idden" not in f"{caught.value} {caught.value.__dict__} {caught.value.__cause__}"
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("damaged", [b"{", b"[]", b"null", b'"text"'])
def test_a_record_that_is_no_object_is_parked_too(damaged: bytes) -> None:
    with pytest.raises(RecordRejectedError):
        woo.canonical(damaged)


def test_a_missing_field_is_named() -> None:
    without = {
        name: value for name, value in body("orders/single_guest").items() if name != "total"
    }

    with pytest.raises(RecordRejectedError, match="field total is missing"):
        woo.canonical(orjson.dumps(without))


def test_gift_cards_that_a_plugin_adds_to_an_order_are_kept_among_its_fields() -> None:
    spent = [{"id": 3, "code": "ABCD", "amount": 15}]

    order = woo.canonical(changed(gift_cards=spent))

    assert order.meta["gift_cards"] == spent
    assert "gift_cards" not in single("guest").meta
