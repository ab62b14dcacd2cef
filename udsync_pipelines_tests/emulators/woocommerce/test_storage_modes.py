"""Where orders kept as posts differ from orders in WooCommerce's own tables."""

from udsync_pipelines_tests.store_fixtures import StartStore, client_of

PROBE = {"_fields": "settings.HPOS_enabled,settings.order_datastore"}


def test_posts_keep_the_total_beyond_the_end_and_tables_forget_it(
    store_emulator: StartStore,
) -> None:
    beyond = {"per_page": "100", "page": "4"}

    with client_of(store_emulator()) as tables, client_of(store_emulator(storage="cpt")) as posts:
        forgotten, kept = tables.get("orders", params=beyond), posts.get("orders", params=beyond)

    assert (forgotten.headers["X-WP-Total"], kept.headers["X-WP-Total"]) == ("0", "288")
    assert "page=3" in kept.headers["Link"]


def test_system_status_tells_the_storage(store_emulator: StartStore) -> None:
    with client_of(store_emulator(storage="cpt")) as client:
        settings = client.get("system_status", params=PROBE).json()["settings"]

    assert settings == {"order_datastore": "WC_Order_Data_Store_CPT", "HPOS_enabled": False}


def test_orders_as_posts_are_filtered_by_the_stored_local_time(store_emulator: StartStore) -> None:
    with client_of(store_emulator(storage="cpt")) as client:
        naive = client.get("orders", params={"modified_after": "2026-11-01T01:29:59"})
        in_tables = client.get("orders", params={"modified_after": "2026-11-01T07:29:59Z"})

    assert naive.headers["X-WP-Total"] == in_tables.headers["X-WP-Total"]


def test_switching_the_storage_hides_all_orders_until_it_is_switched_back(
    store_emulator: StartStore,
) -> None:
    store = store_emulator()

    with client_of(store) as client:
        hidden = store.control.switch_storage("cpt")
        gone = client.get("orders")
        alone = client.get("orders/76").status_code
        datastore = client.get("system_status", params=PROBE).json()["settings"]["HPOS_enabled"]
        back = store.control.switch_storage("hpos")

    assert (hidden, gone.status_code, gone.json(), alone) == (0, 200, [], 404)
    assert datastore is False
    assert back == 288
