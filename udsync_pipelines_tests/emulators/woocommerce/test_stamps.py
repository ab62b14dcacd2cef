"""What moves an order's, product's or customer's modification time, and what does not."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from udsync_pipelines_tests.store_fixtures import StartStore, client_of

LATER = "2026-12-01T10:00:00"
Event = Callable[[httpx.Client], Any]

EVENTS: dict[str, tuple[Event, bool, bool]] = {
    # event: (what is done, does the order move on HPOS, does it move on CPT)
    "a note": (lambda c: c.put("orders/78", json={"customer_note": "x"}), True, True),
    "no change": (lambda c: c.put("orders/78", json={"status": "completed"}), True, False),
    "an empty body": (lambda c: c.put("orders/78", json={}), True, False),
    "meta data only": (
        lambda c: c.put("orders/78", json={"meta_data": [{"key": "k", "value": "v"}]}),
        True,
        False,
    ),
    "a refund": (
        lambda c: c.post("orders/78/refunds", json={"amount": "1.00", "api_refund": False}),
        True,
        True,
    ),
    "a refund deleted": (lambda c: c.delete("orders/78/refunds/367"), False, False),
    "the customer deleted": (lambda c: c.delete("customers/4?force=true"), True, False),
    "the customer renamed": (
        lambda c: c.put("customers/4", json={"first_name": "x"}),
        False,
        False,
    ),
    "a product renamed": (lambda c: c.put("products/53", json={"name": "x"}), False, False),
    "the trash": (lambda c: c.delete("orders/78"), True, True),
}  # fmt: skip


@pytest.mark.parametrize("storage", ["hpos", "cpt"])
@pytest.mark.parametrize("event", EVENTS)
def test_an_event_moves_the_order_as_measured(
    event: str, storage: str, store_emulator: StartStore
) -> None:
    work, on_hpos, on_cpt = EVENTS[event]
    store = store_emulator(storage=storage)
    store.clock.set(LATER)

    with client_of(store) as client:
        before = client.get("orders/78").json()
        assert work(client).status_code in (200, 201)
        after = client.get("orders/78").json()

    moved = after["date_modified_gmt"] != before["date_modified_gmt"]
    assert moved == (on_hpos if storage == "hpos" else on_cpt)
    assert after["date_modified_gmt"] in (before["date_modified_gmt"], LATER)


def test_a_deleted_customer_turns_to_zero_on_old_orders(ask: httpx.Client) -> None:
    customer = ask.get("orders/78").json()["customer_id"]

    ask.delete(f"customers/{customer}", params={"force": "true"})

    assert ask.get("orders/78").json()["customer_id"] == 0
    assert "customer" not in ask.get("orders/78").json()["_links"]


def test_deleting_a_refund_is_seen_in_the_orders_list_of_refunds_only(ask: httpx.Client) -> None:
    before = ask.get("orders/111").json()

    ask.delete("orders/111/refunds/383")

    after = ask.get("orders/111").json()
    assert [entry["id"] for entry in before["refunds"]] == [383, 382]
    assert [entry["id"] for entry in after["refunds"]] == [382]
    assert {**after, "refunds": 0} == {**before, "refunds": 0}


def test_a_changed_sku_shows_on_old_lines_without_moving_the_order(ask: httpx.Client) -> None:
    before = ask.get("orders/106").json()
    product = before["line_items"][0]["product_id"]

    ask.put(f"products/{product}", json={"sku": "CHANGED", "name": "Renamed"})

    after = ask.get("orders/106").json()
    assert after["line_items"][0]["sku"] == "CHANGED"
    assert after["line_items"][0]["name"] == before["line_items"][0]["name"]
    assert after["date_modified_gmt"] == before["date_modified_gmt"]


def test_a_removed_product_leaves_zero_and_no_sku_on_old_lines(ask: httpx.Client) -> None:
    product = ask.get("orders/106").json()["line_items"][0]["product_id"]

    ask.delete(f"products/{product}", params={"force": "true"})

    line = ask.get("orders/106").json()["line_items"][0]
    assert (line["product_id"], line["sku"]) == (0, None)


def test_a_changed_variation_moves_its_parent_too(store_emulator: StartStore) -> None:
    store = store_emulator()
    store.clock.set(LATER)

    with client_of(store) as client:
        client.put("products/53/variations/54", json={"regular_price": "21.00"})
        parent = client.get("products/53").json()
        variation = client.get("products/54").json()

    assert parent["date_modified_gmt"] == variation["date_modified_gmt"] == LATER
    assert variation["price"] == "21.00"


def test_an_order_of_managed_stock_moves_the_product(store_emulator: StartStore) -> None:
    store = store_emulator()
    store.clock.set(LATER)

    with client_of(store) as client:
        body = {"status": "processing", "line_items": [{"product_id": 10, "quantity": 1}]}
        client.post("orders", json=body)
        product = client.get("products/10").json()

    assert (product["stock_quantity"], product["date_modified_gmt"]) == (0, LATER)
