"""Recorded refunds become canonical refunds."""

from decimal import Decimal

import orjson
import pytest

from udsync_pipelines.connectors.woocommerce import refund as woo
from udsync_pipelines.connectors.woocommerce.record import source_record
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.domain.refund import Refund
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines_tests.connectors.woocommerce.recordings import body, dump, raw

ORDERS = {row["id"]: orjson.dumps(row) for row in dump("orders")}
SENT = dump("refunds_by_order")
RECORDED = tuple(woo.canonical(orjson.dumps(row), ORDERS[row["_order_id"]]) for row in SENT)


def listed(case: str) -> list[Refund]:
    parent = raw(f"refunds/order_with_refund_{case}")
    rows = body(f"refunds/list_for_order_{case}")
    return [woo.canonical(orjson.dumps(row), parent) for row in rows]


def test_all_recorded_refunds_are_read_in_the_currency_of_their_order() -> None:
    assert len(RECORDED) == 36
    for sent, refund in zip(SENT, RECORDED, strict=True):
        order = orjson.loads(ORDERS[sent["_order_id"]])

        assert refund.order_id == str(sent["_order_id"])
        assert refund.amount.currency == order["currency"]


def test_the_amount_is_positive_and_equals_what_the_order_says() -> None:
    for sent, refund in zip(SENT, RECORDED, strict=True):
        mentions = orjson.loads(ORDERS[sent["_order_id"]])["refunds"]
        (mention,) = (mention for mention in mentions if str(mention["id"]) == refund.id)

        assert refund.amount.amount == -Decimal(mention["total"]) >= 0


def test_lines_are_negative_and_name_the_line_that_they_give_back() -> None:
    lines = [line for refund in RECORDED for line in refund.lines]

    assert lines
    assert all(line.total.amount <= 0 and line.total_tax.amount <= 0 for line in lines)
    assert all(isinstance(line.meta["_refunded_item_id"], str) for line in lines)


def test_the_tax_given_back_is_positive_and_agrees_with_the_tax_lines() -> None:
    for sent, refund in zip(SENT, RECORDED, strict=True):
        by_rate = sum(
            (
                Decimal(line["tax_total"]) + Decimal(line["shipping_tax_total"])
                for line in sent["tax_lines"]
            ),
            Decimal(0),
        )

        assert refund.total_tax.amount == -by_rate >= 0


def test_goodwill_and_full_refunds_by_status_have_no_lines_and_no_tax() -> None:
    without_lines = [refund for refund in RECORDED if not refund.lines]

    assert len(without_lines) == 12
    assert all(refund.total_tax.amount == 0 for refund in without_lines)
    assert all(refund.lines == () for refund in (*listed("amount_only"), *listed("full_status")))


def test_two_refunds_of_one_order_are_two_records() -> None:
    assert len({refund.id for refund in listed("two")}) == 2


def test_amount_and_lines_need_not_agree() -> None:
    parent = raw("mutations/order_after_those_refunds")

    refund = woo.canonical(raw("mutations/refund_create_amount_not_matching_lines"), parent)

    assert refund.amount.amount == Decimal("3.00")
    assert sum(line.total.amount for line in refund.lines) == Decimal("-1.00")


def test_a_refund_of_nothing_is_read() -> None:
    parent = raw("mutations/order_after_those_refunds")

    refund = woo.canonical(raw("mutations/refund_zero"), parent)

    assert refund.amount.amount == 0


def test_a_refund_whose_order_is_not_read_yet_waits_for_it() -> None:
    named = orjson.dumps(body("refunds/global_list")[0])
    unnamed = raw("refunds/single")

    with pytest.raises(RecordRejectedError, match="waits for order 158") as by_name:
        woo.canonical(named, None)
    with pytest.raises(RecordRejectedError, match="waits for its order") as without:
        woo.canonical(unnamed, None)

    assert by_name.value.code == without.value.code == "waits_for_order"
    assert by_name.value.record == "refund/401"


def test_the_global_list_names_the_order_and_a_list_by_order_does_not() -> None:
    from_all = source_record(Entity.REFUND, body("refunds/global_list")[0])
    by_order = source_record(Entity.REFUND, body("refunds/list_for_order_partial")[0], 76)

    assert from_all.parent_id == "158"
    assert by_order.parent_id == "76"
    assert from_all.modified_at is by_order.modified_at is None


def test_a_refund_has_one_hash_in_both_lists() -> None:
    sent = body("refunds/global_list")[0]
    by_order = {name: value for name, value in sent.items() if name != "parent_id"}

    one, other = source_record(Entity.REFUND, sent), source_record(Entity.REFUND, by_order, 158)

    assert one.content_hash == other.content_hash
