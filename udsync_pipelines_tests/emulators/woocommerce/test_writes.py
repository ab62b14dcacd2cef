"""Writes, as a person or a connector makes them."""

import httpx
import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator

QUEBEC = {"country": "CA", "state": "QC", "email": "a@example.test"}


def test_the_same_post_twice_makes_two_orders(ask: httpx.Client) -> None:
    headers = {"Idempotency-Key": "once"}

    first, second = (ask.post("orders", json={}, headers=headers).json() for _ in range(2))

    assert second["id"] == first["id"] + 1


def test_an_order_is_taxed_at_the_place_it_is_shipped_to(ask: httpx.Client) -> None:
    body = {
        "shipping": QUEBEC,
        "line_items": [{"product_id": 10, "quantity": 2}],
        "fee_lines": [{"name": "Rush & care", "total": "10.00"}],
        "shipping_lines": [{"method_id": "flat_rate", "total": "12.50"}],
    }

    order = ask.post("orders", json=body).json()

    assert [line["rate_percent"] for line in order["tax_lines"]] == [5, 9.975]
    assert order["fee_lines"][0]["name"] == "Rush &amp; care"
    assert order["total_tax"] == "9.37"
    assert order["total"] == "71.85"


def test_a_coupon_lowers_the_lines_and_not_the_subtotal(ask: httpx.Client) -> None:
    body = {"line_items": [{"product_id": 10}], "coupon_lines": [{"code": "SAVE10"}]}

    order = ask.post("orders", json=body).json()

    line = order["line_items"][0]
    assert (line["subtotal"], line["total"]) == ("19.99", "17.99")
    assert (order["discount_total"], order["coupon_lines"][0]["discount"]) == ("2.00", "2")


def test_a_new_line_total_changes_tax_and_total(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    line = ask.get("orders/106").json()["line_items"][0]

    recorded_store.control.edit_line(106, line["id"], "100.00")

    order = ask.get("orders/106").json()
    assert order["line_items"][0]["total_tax"] == "5.00"
    parts = [*order["line_items"], *order["shipping_lines"], *order["fee_lines"]]
    cents = sum(round(float(part["total"]) * 100) for part in parts)
    assert round(float(order["total"]) * 100) == cents + round(float(order["total_tax"]) * 100)


def test_lines_can_be_added_to_and_taken_from_an_order(ask: httpx.Client) -> None:
    order = ask.post("orders", json={"line_items": [{"product_id": 10}]}).json()
    first = order["line_items"][0]["id"]

    added = ask.put(
        f"orders/{order['id']}", json={"line_items": [{"product_id": 54, "quantity": 3}]}
    ).json()
    removed = ask.put(
        f"orders/{order['id']}", json={"line_items": [{"id": first, "quantity": 0}]}
    ).json()

    assert [line["name"] for line in added["line_items"]] == ["Hammer", "T-Shirt - Red, S"]
    assert [line["name"] for line in removed["line_items"]] == ["T-Shirt - Red, S"]
    assert removed["total"] == "63.00"


def test_refunding_everything_by_lines_closes_the_order(ask: httpx.Client) -> None:
    order = ask.get("orders/106").json()
    lines = [
        {
            "id": line["id"],
            "quantity": line.get("quantity", 1),
            "refund_total": line["total"],
            "refund_tax": [{"id": t["id"], "refund_total": t["total"]} for t in line["taxes"]],
        }
        for name in ("line_items", "shipping_lines", "fee_lines")
        for line in order[name]
    ]

    refund = ask.post("orders/106/refunds", json={"api_refund": False, "line_items": lines}).json()

    after = ask.get("orders/106").json()
    assert refund["amount"] == order["total"]
    assert after["status"] == "refunded"
    assert after["total"] == order["total"]


def test_the_status_refunded_books_a_refund_without_lines(ask: httpx.Client) -> None:
    ask.put("orders/97", json={"status": "refunded"})

    order, refunds = ask.get("orders/97").json(), ask.get("orders/97/refunds").json()
    newest = next(refund for refund in refunds if refund["id"] != 376)
    assert (newest["amount"], newest["reason"]) == ("164.52", "Order fully refunded.")
    assert newest["line_items"] == []
    assert len(order["refunds"]) == 2


@pytest.mark.parametrize("path", ["orders", "products", "customers", "coupons", "taxes"])
def test_an_unknown_id_is_404_to_get_and_delete(path: str, ask: httpx.Client) -> None:
    assert ask.get(f"{path}/99999999").status_code == 404
    assert ask.delete(f"{path}/99999999?force=true").status_code == 404


@pytest.mark.parametrize("path", ["orders", "products", "customers"])
def test_an_unknown_id_is_400_to_put(path: str, ask: httpx.Client) -> None:
    assert ask.put(f"{path}/99999999", json={}).status_code == 400


def test_a_product_name_is_kept_encoded_and_without_tags(ask: httpx.Client) -> None:
    product = ask.post("products", json={"name": ' 5" Nail & Bolt <Pack> of 10 '}).json()

    assert product["name"] == '5" Nail &amp; Bolt  of 10'


def test_a_trashed_product_cannot_be_trashed_again(ask: httpx.Client) -> None:
    first = ask.delete("products/18")

    second = ask.delete("products/18")

    assert (first.status_code, second.status_code) == (200, 410)
    assert ask.get("products/18").json()["status"] == "trash"


def test_a_batch_reports_each_failure_in_its_place(ask: httpx.Client) -> None:
    body = {"update": [{"id": 76}, {"id": 99999999}], "delete": [78]}

    answer = ask.post("orders/batch", json=body)

    assert answer.status_code == 200
    assert answer.json()["update"][1]["error"]["data"]["status"] == 400
    assert ask.get("orders/78").status_code == 404


def test_put_may_be_sent_as_post_with_a_method_in_the_query(ask: httpx.Client) -> None:
    answer = ask.post("orders/78", params={"_method": "PUT"}, json={"customer_note": "x"})

    assert answer.json()["customer_note"] == "x"


def test_money_can_be_asked_for_with_more_decimals(ask: httpx.Client) -> None:
    order = ask.get("orders/76", params={"dp": 4}).json()

    assert (order["total"], order["line_items"][0]["total"]) == ("145.2800", "0.0000")
