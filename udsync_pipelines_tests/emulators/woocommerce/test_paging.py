"""Paging over a set that moves, and over many equal stamps."""

import httpx

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.store_fixtures import StartStore, client_of

BY_STAMP = {"orderby": "modified", "order": "asc", "_fields": "id,date_modified_gmt"}


def pages_of(client: httpx.Client, parameters: dict[str, str], most: int = 1000) -> list[int]:
    found: list[int] = []
    for page in range(1, most):
        rows = client.get("orders", params={**parameters, "page": str(page)}).json()
        if not rows:
            break
        found += [row["id"] for row in rows]
    return found


def test_orders_touched_between_two_pages_push_others_out_of_sight(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    touched = [{"action": "touch_order", "order_id": number} for number in (76, 78)]
    recorded_store.faults.add("act", path="page=1(&|$)", actions=touched)

    seen = pages_of(ask, {**BY_STAMP, "per_page": "100"})

    assert len(set(seen)) == 288 - 2
    assert seen.count(76) == 2


def test_a_window_after_the_last_row_seen_misses_nothing(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    touched = [{"action": "touch_order", "order_id": number} for number in (76, 78)]
    recorded_store.faults.add("act", path="/orders", nth=1, actions=touched)
    seen: set[int] = set()
    cursor = "2000-01-01T00:00:00"

    while True:
        window = {**BY_STAMP, "per_page": "100", "modified_after": cursor, "dates_are_gmt": "true"}
        rows = ask.get("orders", params=window).json()
        if not rows:
            break
        seen |= {row["id"] for row in rows}
        cursor = rows[-1]["date_modified_gmt"]

    assert len(seen) == 288


def test_ten_thousand_equal_stamps_page_without_gaps_or_copies(store_emulator: StartStore) -> None:
    store = store_emulator(orders=10_000, one_second=True, until="2026-06-01T12:00:00")

    with client_of(store) as client:
        seen = pages_of(client, {**BY_STAMP, "per_page": "100"})

    assert len(seen) == 10_000
    assert seen == sorted(set(seen))


def test_hundreds_of_equal_stamps_page_without_gaps_or_copies(store_emulator: StartStore) -> None:
    store = store_emulator(orders=300)
    moment = "2026-06-01T12:00:00"
    store.control.insert_orders(count=700, at=moment, body={"line_items": []})
    window = {
        "modified_after": "2026-06-01T11:59:59",
        "modified_before": "2026-06-01T12:00:01",
        "dates_are_gmt": "true",
        **BY_STAMP,
        "per_page": "100",
    }

    with client_of(store) as client:
        seen = pages_of(client, window)

    assert len(seen) == 700
    assert seen == sorted(set(seen))


def test_a_generated_store_pages_to_its_end_in_order_of_id(store_emulator: StartStore) -> None:
    store = store_emulator(orders=730, seed=4)

    with client_of(store) as client:
        whole = {"orderby": "id", "order": "asc", "per_page": "100", "_fields": "id"}
        seen = pages_of(client, whole)

    assert seen == [10_001 + 3 * number for number in range(730)]


def test_a_list_item_equals_the_record_asked_for_alone(store_emulator: StartStore) -> None:
    store = store_emulator(orders=40, seed=9)

    with client_of(store) as client:
        listed = client.get("orders", params={"per_page": "40"}).json()
        alone = [client.get(f"orders/{order['id']}").json() for order in listed]

    assert listed == alone


def test_the_recorded_orders_are_served_value_for_value(ask: httpx.Client) -> None:
    listed = [
        order
        for page in (1, 2, 3)
        for order in ask.get(
            "orders", params={"per_page": "100", "page": page, "orderby": "id", "order": "asc"}
        ).json()
    ]

    assert len(listed) == 288
    assert listed[0]["refunds"] == [
        {"id": 366, "reason": "Damaged item — returned 1", "total": "-0.00", "total_tax": "0.00"}
    ]
    assert listed[0]["line_items"][2]["price"] == 15.299999999999999
