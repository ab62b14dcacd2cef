"""Rules that a client lives by, shown on the recording and on the emulator alike."""

from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.contracts.woocommerce.exchanges import exchanges

Shop = Callable[[str], httpx.Response]


@pytest.fixture(params=["recorded", "emulated"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """Ask either the recording or the emulator for an address below ``/wp-json/wc/v3/``."""
    if request.param == "recorded":
        yield replayed
        return
    with StoreEmulator() as store:
        yield lambda path: httpx.get(
            f"{store.url}/wp-json/wc/v3/{path}", auth=(store.consumer_key, store.consumer_secret)
        )


def replayed(path: str) -> httpx.Response:
    wanted = address(f"/wp-json/wc/v3/{path}")
    for exchange in exchanges():
        asked = exchange.method == "GET" and "read_write" in str(exchange.request.get("auth"))
        if asked and address(exchange.path) == wanted:
            return exchange.answer()
    return pytest.fail(f"no recording answers {path}")


def address(path: str) -> tuple[str, list[tuple[str, str]]]:
    parts = urlsplit(path)
    return parts.path, sorted(parse_qsl(parts.query, keep_blank_values=True))


def test_a_page_beyond_the_end_of_orders_is_empty_and_forgets_the_total(shop: Shop) -> None:
    answer = shop("orders?per_page=100&page=4")

    assert answer.status_code == 200
    assert answer.json() == []
    assert answer.headers["X-WP-Total"] == "0"
    assert "page=0" in answer.headers["Link"]


def test_a_page_beyond_the_end_of_products_keeps_the_total(shop: Shop) -> None:
    answer = shop("products?per_page=100&page=5")

    assert answer.json() == []
    assert answer.headers["X-WP-Total"] == "44"


def test_modified_after_is_strictly_greater_than_the_cursor(shop: Shop) -> None:
    fields = "_fields=id,date_modified,date_modified_gmt"
    rest = f"dates_are_gmt=true&orderby=modified&order=asc&per_page=10&{fields}"

    at_the_stamp = shop(f"orders?modified_after=2026-09-15T18:00:00&{rest}")
    a_second_before = shop(f"orders?modified_after=2026-09-15T17:59:59&{rest}")

    assert at_the_stamp.headers["X-WP-Total"] == "137"
    assert a_second_before.headers["X-WP-Total"] == "144"


def test_z_together_with_the_gmt_flag_is_wrong_by_the_sites_offset(shop: Shop) -> None:
    fields = "_fields=id,date_modified,date_modified_gmt"
    rest = f"orderby=modified&order=asc&per_page=10&{fields}"

    with_flag = shop(f"orders?modified_after=2026-09-15T18:00:00Z&dates_are_gmt=true&{rest}")
    without_flag = shop(f"orders?modified_after=2026-09-15T18:00:00Z&{rest}")

    assert with_flag.headers["X-WP-Total"] == "144"
    assert without_flag.headers["X-WP-Total"] == "137"


def test_local_time_finds_only_the_first_of_two_equal_hours(shop: Shop) -> None:
    fields = "_fields=id,date_modified,date_modified_gmt"
    window = "modified_after=2026-11-01T01:29:59&modified_before=2026-11-01T01:30:01"

    answer = shop(f"orders?{window}&orderby=modified&order=asc&{fields}")

    assert [order["id"] for order in answer.json()] == [303]


def test_equal_stamps_are_ordered_by_id_in_the_same_direction(shop: Shop) -> None:
    fields = "_fields=id,date_modified,date_modified_gmt"
    window = "modified_after=2026-09-15T17:59:59&modified_before=2026-09-15T18:00:01"

    answer = shop(
        f"orders?{window}&dates_are_gmt=true&orderby=modified&order=asc&per_page=10&{fields}"
    )

    assert [order["id"] for order in answer.json()] == [231, 232, 234, 235, 236, 237, 238]


def test_date_filters_of_customers_are_ignored_without_a_word(shop: Shop) -> None:
    answer = shop(
        "customers?per_page=3&modified_after=2030-01-01T00:00:00&dates_are_gmt=true"
        "&_fields=id,date_modified_gmt"
    )

    assert answer.status_code == 200
    assert answer.headers["X-WP-Total"] == "59"


def test_a_date_without_a_time_is_refused(shop: Shop) -> None:
    fields = "_fields=id,date_modified,date_modified_gmt"

    answer = shop(
        f"orders?modified_after=2026-09-15&orderby=modified&order=asc&per_page=10&{fields}"
    )

    assert answer.status_code == 400
    assert answer.json()["data"]["params"] == {"modified_after": "Invalid date."}


def test_any_status_leaves_out_trash_and_checkout_drafts(shop: Shop) -> None:
    listed = shop("orders?status=any&per_page=1&_fields=id,status")
    trashed = shop("orders?status=trash&_fields=id,status,date_modified_gmt")

    assert listed.headers["X-WP-Total"] == "288"
    assert [order["id"] for order in trashed.json()] == [93, 90, 86, 77]


def test_a_field_inside_a_list_is_not_sent_at_all(shop: Shop) -> None:
    answer = shop(
        "orders?per_page=5&_fields=id,number,date_modified_gmt,total,refunds,line_items.name"
    )

    assert list(answer.json()[0]) == ["id", "total", "number", "refunds", "date_modified_gmt"]


def test_skus_find_variations_among_products(shop: Shop) -> None:
    answer = shop("products?sku=TS-1&_fields=id,name,sku,type,parent_id")

    assert answer.json() == [
        {"id": 54, "name": "T-Shirt - Red, S", "sku": "TS-1", "type": "variation", "parent_id": 53}
    ]


def test_a_refund_asked_for_as_an_order_is_not_found(shop: Shop) -> None:
    answer = shop("orders/366")

    assert answer.status_code == 404
    assert answer.json()["code"] == "woocommerce_rest_shop_order_invalid_id"


def test_refunds_have_positive_amounts_and_negative_lines(shop: Shop) -> None:
    refund = shop("orders/126/refunds").json()[0]

    assert refund["amount"] == "143.88"
    assert all(line["total"].startswith("-") for line in refund["line_items"])
