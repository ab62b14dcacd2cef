"""What tests may do to a store behind the API's back, from Python and over HTTP."""

from decimal import Decimal

import httpx
import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.emulators.woocommerce.store import recording
from udsync_pipelines_tests.store_fixtures import StartStore, client_of


@pytest.fixture
def door(recorded_store: StoreEmulator) -> httpx.Client:
    """Return a client of the store's door for tests."""
    return httpx.Client(base_url=f"{recorded_store.url}/__emulator__")


def test_a_silent_edit_changes_content_and_not_the_stamp(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    before = ask.get("orders/76").json()

    recorded_store.control.edit_silently("order", 76, {"total": "1.00"})

    after = ask.get("orders/76").json()
    assert after == {**before, "total": "1.00"}


def test_shuffled_noise_changes_nothing_that_matters(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    order, product = ask.get("orders/76").json(), ask.get("products/10").json()

    recorded_store.control.shuffle_noise(order_ids=[76], product_ids=[10])

    shuffled, sold = ask.get("orders/76").json(), ask.get("products/10").json()
    assert shuffled["meta_data"] == order["meta_data"][::-1]
    assert sold["total_sales"] == product["total_sales"] + 1
    assert shuffled["date_modified_gmt"] == order["date_modified_gmt"]
    assert sold["date_modified_gmt"] == product["date_modified_gmt"]


def test_orders_can_be_inserted_with_one_stamp(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    made = recorded_store.control.insert_orders(count=3, at="2026-10-01T12:00:00")

    orders = [ask.get(f"orders/{number}").json() for number in made]
    assert {order["date_modified_gmt"] for order in orders} == {"2026-10-01T12:00:00"}
    assert {order["date_created"] for order in orders} == {"2026-10-01T06:00:00"}


def test_a_forced_deletion_leaves_a_404_and_no_refunds(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    recorded_store.control.delete_order(111)

    assert ask.get("orders/111").status_code == 404
    assert ask.get("refunds").headers["X-WP-Total"] == "34"


def test_ids_are_never_given_out_twice(recorded_store: StoreEmulator) -> None:
    first = recorded_store.control.create_order()["id"]
    recorded_store.control.delete_order(first)

    assert recorded_store.control.create_order()["id"] == first + 1


def test_sums_of_the_recorded_store_are_those_of_its_orders(
    recorded_store: StoreEmulator, door: httpx.Client
) -> None:
    unlisted = ("trash", "checkout-draft")
    listed = [order for order in recording()["order"] if order["status"] not in unlisted]
    canadian = [Decimal(order["total"]) for order in listed if order["currency"] == "CAD"]

    sums = recorded_store.sums()

    assert sum(entry["count"] for entry in sums["orders"].values()) == 288
    assert Decimal(sums["orders"]["CAD"]["total"]) == sum(canadian)
    assert sums["refunds"]["CAD"]["count"] == 36
    assert door.get("/sums").json()["orders"] == sums["orders"]


def test_sums_can_be_limited_to_a_span_of_days(recorded_store: StoreEmulator) -> None:
    whole = recorded_store.sums(created_from="2026-07-01", created_to="2026-08-01")
    halves = [
        recorded_store.sums(created_from="2026-07-01", created_to="2026-07-15"),
        recorded_store.sums(created_from="2026-07-15", created_to="2026-08-01"),
    ]

    totals = [Decimal(half["orders"]["CAD"]["total"]) for half in halves]
    assert Decimal(whole["orders"]["CAD"]["total"]) == sum(totals)


def test_the_sums_of_a_generated_store_equal_what_its_pages_say(store_emulator: StartStore) -> None:
    store = store_emulator(orders=250, seed=8)

    with client_of(store) as client:
        orders = [
            order
            for page in (1, 2, 3)
            for order in client.get("orders", params={"per_page": 100, "page": page}).json()
        ]

    totals: dict[str, Decimal] = {}
    for order in orders:
        currency = order["currency"]
        totals[currency] = totals.get(currency, Decimal(0)) + Decimal(order["total"])
    found = store.sums()["orders"]
    assert {currency: Decimal(found[currency]["total"]) for currency in found} == totals


def test_a_generated_order_keeps_what_was_changed_on_it(store_emulator: StartStore) -> None:
    store = store_emulator(orders=30, seed=2)
    changed = store.control.edit_order(10_001, {"customer_note": "kept"})

    with client_of(store) as client:
        order = client.get("orders/10001").json()
        newest = client.get("orders", params={"orderby": "modified", "per_page": 1}).json()

    assert order == changed == newest[0]
    assert order["customer_note"] == "kept"


def test_deleting_a_generated_customer_turns_the_orders_to_guests(
    store_emulator: StartStore,
) -> None:
    store = store_emulator(orders=60, seed=2, customers=3)

    with client_of(store) as client:
        before = client.get("orders", params={"customer": 101, "per_page": 100}).json()
        store.control.delete_customer(101)
        after = [client.get(f"orders/{order['id']}").json() for order in before]
        left = client.get("orders", params={"customer": 101}).json()

    assert len(before) > 3
    assert {order["customer_id"] for order in after} == {0}
    assert left == []


def test_faults_can_be_set_shown_and_lifted_over_http(
    door: httpx.Client, ask: httpx.Client
) -> None:
    rule = {"kind": "status", "match": {"path": "/orders", "nth": 2}, "times": 1, "status": 502}

    made = door.post("/faults", json=rule)
    found = [ask.get("orders").status_code for _ in range(3)]

    assert made.status_code == 201
    assert found == [200, 502, 200]
    assert door.get("/faults").json()["faults"][0]["struck"] == 1
    assert door.delete("/faults").json() == {"faults": []}


def test_the_request_log_counts_by_address_and_hides_keys(
    recorded_store: StoreEmulator, door: httpx.Client, ask: httpx.Client
) -> None:
    ask.get(
        "orders/76", params={"consumer_key": recorded_store.consumer_key, "consumer_secret": "x"}
    )
    ask.get("orders", params={"page": 2})

    log = door.get("/requests").json()

    assert log["counts"] == {"GET /orders/#": 1, "GET /orders": 1}
    assert "consumer_key=...&consumer_secret=..." in log["requests"][0]["query"]
    assert [entry["status"] for entry in log["requests"]] == [401, 200]
    assert len(door.get("/requests", params={"path": "page=2"}).json()["requests"]) == 1
    assert door.delete("/requests").json() == {}
    assert door.get("/requests").json()["counts"] == {}


def test_the_clock_can_be_stopped_moved_and_released(door: httpx.Client, ask: httpx.Client) -> None:
    door.post("/clock", json={"now": "2030-01-01T00:00:00"})
    door.post("/clock", json={"advance": 90})

    order = ask.post("orders", json={}).json()

    assert order["date_created_gmt"] == "2030-01-01T00:01:30"
    assert ask.get("orders").headers["Date"] == "Tue, 01 Jan 2030 00:01:30 GMT"
    assert door.post("/clock", json={"run": True}).json()["now"] < "2030"


def test_changes_can_be_made_over_http_one_or_several(
    door: httpx.Client, ask: httpx.Client
) -> None:
    one = door.post("/mutate", json={"action": "trash_order", "order_id": 76})
    several = door.post(
        "/mutate",
        json={
            "actions": [
                {"action": "touch_order", "order_id": 78, "at": "2026-11-30T00:00:00"},
                {"action": "delete_refund", "order_id": 111, "refund_id": 383},
            ]
        },
    )

    assert (one.status_code, several.status_code) == (200, 200)
    assert ask.get("orders/76").json()["status"] == "trash"
    assert ask.get("orders/78").json()["date_modified_gmt"] == "2026-11-30T00:00:00"
    assert ask.get("orders/111/refunds").headers["X-WP-Total"] == "1"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/mutate", {"action": "explode"}),
        ("/mutate", {"action": "touch_order"}),
        ("/mutate", {"action": "touch_order", "order_id": 99999999}),
        ("/faults", {"kind": "explode"}),
        ("/clock", {"now": "yesterday"}),
    ],
)
def test_a_mistake_at_the_door_is_answered_in_words(
    path: str, body: dict[str, object], door: httpx.Client
) -> None:
    answer = door.post(path, json=body)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_reset_lifts_faults_and_forgets_requests(
    recorded_store: StoreEmulator, door: httpx.Client, ask: httpx.Client
) -> None:
    recorded_store.faults.add("status", times=0)
    ask.get("orders")

    door.post("/reset")

    assert ask.get("orders").status_code == 200
    assert len(recorded_store.requests) == 1


def test_health_tells_how_many_orders_are_listed(door: httpx.Client) -> None:
    assert door.get("/health").json()["orders"] == 288
