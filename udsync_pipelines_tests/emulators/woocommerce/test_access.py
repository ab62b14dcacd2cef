"""Keys, and the stores that refuse good ones."""

import httpx
import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.store_fixtures import StartStore, client_of


def test_a_store_behind_a_careless_proxy_refuses_a_good_key(store_emulator: StartStore) -> None:
    store = store_emulator(plain_http=True)

    with client_of(store) as client:
        answer = client.get("orders")

    assert answer.status_code == 401
    assert answer.json()["code"] == "woocommerce_rest_cannot_view"
    assert "WWW-Authenticate" not in answer.headers


def test_a_store_without_permalinks_has_no_wp_json(store_emulator: StartStore) -> None:
    store = store_emulator(permalinks=False)

    with client_of(store) as client:
        pretty = client.get("orders")
        plain = client.get(f"{store.url}/?rest_route=/wc/v3/orders")

    assert (pretty.status_code, pretty.headers["Content-Type"]) == (404, "text/html; charset=UTF-8")
    assert (plain.status_code, plain.json()["code"]) == (401, "woocommerce_rest_cannot_view")


def test_the_route_in_the_query_is_refused_even_with_permalinks(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    assert ask.get(f"{recorded_store.url}/?rest_route=/wc/v3/orders").status_code == 401


def test_keys_in_the_query_come_back_in_the_link_header(recorded_store: StoreEmulator) -> None:
    keys = {
        "consumer_key": recorded_store.consumer_key,
        "consumer_secret": recorded_store.consumer_secret,
    }

    answer = httpx.get(f"{recorded_store.url}/wp-json/wc/v3/orders", params=keys)

    assert answer.status_code == 200
    assert recorded_store.consumer_secret in answer.headers["Link"]


def test_the_read_key_reads_and_does_not_write(recorded_store: StoreEmulator) -> None:
    key = (recorded_store.options.read_key, recorded_store.options.read_secret)
    orders = f"{recorded_store.url}/wp-json/wc/v3/orders"

    assert httpx.get(orders, auth=key).status_code == 200
    assert httpx.delete(f"{orders}/76", auth=key).json()["message"] == (
        "The API key provided does not have write permissions."
    )


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("GET", "woocommerce_rest_cannot_view"),
        ("PUT", "woocommerce_rest_cannot_edit"),
        ("DELETE", "woocommerce_rest_cannot_delete"),
    ],
)
def test_without_a_key_a_single_order_is_refused_by_what_was_wanted(
    method: str, code: str, recorded_store: StoreEmulator
) -> None:
    answer = httpx.request(method, f"{recorded_store.url}/wp-json/wc/v3/orders/76")

    assert (answer.status_code, answer.json()["code"]) == (401, code)


def test_the_root_tells_zone_and_namespaces_to_anybody(store_emulator: StartStore) -> None:
    store = store_emulator(zone="Europe/Berlin")
    store.clock.set("2026-07-01T12:00:00")

    root = httpx.get(f"{store.url}/wp-json/").json()

    assert (root["timezone_string"], root["gmt_offset"]) == ("Europe/Berlin", 2)
    assert "wc/v3" in root["namespaces"]


def test_an_older_store_has_no_list_of_all_refunds(store_emulator: StartStore) -> None:
    store = store_emulator(global_refunds=False)

    with client_of(store) as client:
        answer = client.get("refunds")
        by_order = client.get("orders/111/refunds")

    assert (answer.status_code, answer.json()["code"]) == (404, "rest_no_route")
    assert len(by_order.json()) == 2
