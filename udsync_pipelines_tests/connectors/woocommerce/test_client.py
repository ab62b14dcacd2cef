"""The requests that a store gets, and the rows that its answers become."""

import base64
import logging
from datetime import UTC, datetime

import httpx
import pytest

from udsync_pipelines.connectors.woocommerce.client import (
    Credentials,
    ListRequest,
    WooCommerceClient,
    new_http_client,
    user_agent,
)
from udsync_pipelines.errors import (
    ConfigurationError,
    PlatformUnavailableError,
    RetryableError,
)
from udsync_pipelines.transport import RetryPolicy
from udsync_pipelines_tests.connectors.woocommerce.recordings import (
    CREDENTIALS,
    answering,
    client,
    response,
)

ORDERS = ListRequest("orders", {"per_page": 100})


def test_a_request_is_signed_by_header_and_names_us() -> None:
    store, requests = answering("orders/list_page1")

    store.page(ORDERS)

    signature = base64.b64encode(b"ck_test:cs_secret").decode()
    assert requests[0].headers["authorization"] == f"Basic {signature}"
    assert requests[0].headers["user-agent"] == user_agent()
    assert user_agent().startswith("udsync/")
    assert str(requests[0].url) == "https://shop.example/wp-json/wc/v3/orders?per_page=100"


def test_a_store_in_a_sub_directory_is_asked_there() -> None:
    paths: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return response("orders/list_page1")

    client(answer, "https://example.com/shop/wp-json/").page(ORDERS)

    assert paths == ["/shop/wp-json/wc/v3/orders"]


def test_credentials_go_into_the_address_only_when_asked_for() -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return response("auth/query_string_https")

    client(answer, credentials=Credentials("ck_test", "cs_x", in_query=True)).page(ORDERS)

    assert requests[0].url.params["consumer_secret"] == "cs_x"
    assert "authorization" not in requests[0].headers


def test_plain_http_to_another_machine_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ConfigurationError, match="https"):
        WooCommerceClient(new_http_client(), "http://shop.example", CREDENTIALS)


def test_a_secret_shows_neither_in_a_repr_nor_in_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    credentials = Credentials("ck_test", "cs_hidden", in_query=True)

    client(lambda _: response("orders/list_page1"), credentials=credentials).page(ORDERS)

    assert "cs_hidden" not in repr(credentials)
    assert caplog.records
    assert not any("cs_hidden" in f"{record.__dict__}" for record in caplog.records)


def test_a_listing_holds_rows_total_and_the_clock_of_the_store() -> None:
    store, _ = answering("orders/list_page2")

    listing = store.page(ORDERS)

    assert listing.ids == (359, 358, 357, 356, 355, 354, 353, 352, 351, 350)
    assert listing.total == 288
    assert listing.answered_at == datetime(2026, 11, 22, 14, 14, 53, tzinfo=UTC)


def test_beyond_the_end_orders_say_zero_and_products_the_true_total() -> None:
    store, _ = answering("orders/list_page_beyond_end", "products/list_page_beyond_end")

    orders, products = store.page(ORDERS), store.page(ListRequest("products"))

    assert (orders.rows, orders.total) == ((), 0)
    assert (products.rows, products.total) == ((), 44)


def test_with_php_warnings_the_rows_come_without_a_total() -> None:
    store, _ = answering("errors/php_warning_printed_before_json")

    listing = store.page(ORDERS)

    assert len(listing.rows) == 1
    assert listing.total is None


def test_maintenance_with_a_long_wait_ends_the_run_with_that_wait() -> None:
    store, requests = answering("errors/wordpress_maintenance_mode")

    with pytest.raises(PlatformUnavailableError) as caught:
        store.page(ORDERS)

    assert caught.value.retry_after == 600
    assert len(requests) == 1


@pytest.mark.parametrize(
    "fault", ["database_down", "php_fatal_in_a_plugin", "php_backend_down_nginx"]
)
def test_a_store_that_fails_once_is_asked_again(fault: str) -> None:
    store, requests = answering(f"errors/{fault}", "orders/list_page1")

    listing = store.page(ORDERS)

    assert len(listing.rows) == 10
    assert len(requests) == 2


def test_a_refused_key_is_not_tried_again() -> None:
    store, requests = answering("errors/auth_bad_key", "orders/list_page1")

    with pytest.raises(ConfigurationError):
        store.page(ORDERS)

    assert len(requests) == 1


@pytest.mark.parametrize(
    "body", ["{}", '{"orders": []}', "null", "7", '[{"status": "x"}]', '[{"id": "7"}]', "[7]"]
)
def test_a_list_that_is_no_list_of_records_is_an_error_naming_it(body: str) -> None:
    store = client(lambda _: httpx.Response(200, content=body), policy=RetryPolicy(attempts=1))

    with pytest.raises(RetryableError, match="orders") as caught:
        store.page(ORDERS)

    assert caught.value.code == "answer_misshapen"


@pytest.mark.parametrize("identifier", ["true", "0", "-3", "1.5", "null"])
def test_a_row_whose_id_is_no_positive_whole_number_is_an_error(identifier: str) -> None:
    body = f'[{{"id": {identifier}}}]'
    store = client(lambda _: httpx.Response(200, content=body), policy=RetryPolicy(attempts=1))

    with pytest.raises(RetryableError, match="whole number"):
        store.page(ORDERS)


def test_one_record_comes_whole_or_as_none() -> None:
    store, _ = answering("orders/single_guest", "errors/order_unknown_id")

    found, missing = store.find("orders/1"), store.find("orders/2")

    assert found is not None
    assert found["customer_id"] == 0
    assert missing is None


def test_a_single_record_that_is_no_object_is_an_error() -> None:
    store = client(lambda _: httpx.Response(200, json=[]), policy=RetryPolicy(attempts=1))

    with pytest.raises(RetryableError, match="something else than an object"):
        store.find("orders/1")


def test_a_record_in_the_trash_is_still_there_when_asked_for() -> None:
    store, _ = answering("mutations/order_get_trashed")

    found = store.find("orders/1")

    assert found is not None
    assert found["status"] == "trash"


def test_the_clock_is_ours_when_the_store_does_not_tell() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    store = client(lambda _: httpx.Response(200, json=[]), clock=lambda: now)

    assert store.page(ORDERS).answered_at == now


def test_our_own_http_client_is_polite_and_explicit() -> None:
    with new_http_client() as http:
        assert http.timeout.read == 60
        assert http.timeout.connect == 10
        assert not http.follow_redirects
