"""What a store's answers mean, by the recorded ones."""

import httpx
import orjson
import pytest

from udsync_pipelines.connectors.woocommerce.responses import (
    NotFoundError,
    RouteMissingError,
    is_json,
    parse_json,
    read_body,
)
from udsync_pipelines.errors import (
    AuthorizationError,
    ConfigurationError,
    PlatformUnavailableError,
    RateLimitedError,
    UdsyncError,
)
from udsync_pipelines.transport import Answer
from udsync_pipelines_tests.connectors.woocommerce.recordings import body, response


def answer(found: httpx.Response, path: str = "/wp-json/wc/v3/orders") -> Answer:
    return Answer(found.status_code, found.headers, found.content, "shop.example", path)


def html(status: int, text: bytes = b"<html><body>Hello</body></html>", **headers: str) -> Answer:
    return answer(httpx.Response(status, content=text, headers=headers))


def test_json_is_found_after_php_warnings_that_came_with_status_200() -> None:
    rows = read_body(answer(response("errors/php_warning_printed_before_json")))

    assert [sorted(row) for row in rows] == [["id"]]


def test_brackets_in_a_warning_are_not_taken_for_json() -> None:
    text = b'<br />\n[22-Nov-2026] PHP Notice: array [0] and\n{x} in <b>a.php</b><br />\n[{"id":7}]'

    assert parse_json(text) == [{"id": 7}]


def test_a_byte_order_mark_before_the_json_is_ignored() -> None:
    assert parse_json(b'\xef\xbb\xbf[{"id":7}]\n') == [{"id": 7}]


@pytest.mark.parametrize("cut", [1, 50, 2000])
def test_json_that_was_cut_off_is_never_taken_for_whole(cut: int) -> None:
    whole = orjson.dumps(body("orders/list_page1"))

    assert not is_json(parse_json(whole[:-cut]))


def test_a_body_cut_off_after_a_whole_row_is_retryable() -> None:
    with pytest.raises(PlatformUnavailableError) as caught:
        read_body(html(200, b'[{"id":1},{"id":2}'))

    assert caught.value.code == "answer_truncated"


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("errors/auth_bad_secret", AuthorizationError, "secret_wrong"),
        ("errors/auth_bad_key", AuthorizationError, "key_unknown"),
        ("errors/auth_none", AuthorizationError, "key_unknown"),
        ("errors/auth_basic_over_plain_http", AuthorizationError, "key_unknown"),
        ("errors/auth_read_key_write", AuthorizationError, "key_cannot_write"),
        ("errors/route_unknown", RouteMissingError, "route_missing"),
        ("errors/order_unknown_id", NotFoundError, "not_found"),
        ("errors/customer_unknown_id", NotFoundError, "not_found"),
        ("errors/product_unknown_id", NotFoundError, "not_found"),
        ("refunds/refund_id_as_order", NotFoundError, "not_found"),
        ("errors/orders_per_page_101", ConfigurationError, "request_refused"),
        ("errors/orders_bad_status", ConfigurationError, "request_refused"),
        ("errors/wordpress_maintenance_mode", PlatformUnavailableError, "maintenance"),
        ("errors/database_down", PlatformUnavailableError, "store_error"),
        ("errors/php_fatal_in_a_plugin", PlatformUnavailableError, "store_error"),
        ("errors/php_backend_down_nginx", PlatformUnavailableError, "store_down"),
        ("errors/refund_more_than_total", PlatformUnavailableError, "store_error"),
    ],
)
def test_each_recorded_refusal_is_the_error_that_says_what_to_do(
    name: str, kind: type[UdsyncError], code: str
) -> None:
    with pytest.raises(kind) as caught:
        read_body(answer(response(name)))

    assert caught.value.code == code
    assert caught.value.platform == "woocommerce"
    assert "\n" not in str(caught.value)
    assert "<" not in str(caught.value)


def test_a_write_only_key_is_told_from_a_wrong_secret() -> None:
    error = {
        "code": "woocommerce_rest_authentication_error",
        "message": "The API key provided does not have read permissions.",
        "data": {"status": 401},
    }

    with pytest.raises(AuthorizationError, match="read permission") as caught:
        read_body(answer(httpx.Response(401, json=error)))

    assert caught.value.code == "key_cannot_read"


def test_a_refused_key_of_a_store_in_another_language_leaves_both_causes_open() -> None:
    error = {
        "code": "woocommerce_rest_authentication_error",
        "message": "Das Konsumenten-Geheimnis ist ungültig.",
        "data": {"status": 401},
    }

    with pytest.raises(AuthorizationError) as caught:
        read_body(answer(httpx.Response(401, json=error)))

    assert caught.value.code == "key_refused"


def test_a_user_without_rights_is_told_from_an_unknown_key() -> None:
    error = {"code": "woocommerce_rest_cannot_view", "message": "Sorry.", "data": {"status": 403}}

    with pytest.raises(AuthorizationError, match="Shop manager") as caught:
        read_body(answer(httpx.Response(403, json=error)))

    assert caught.value.code == "user_lacks_rights"


@pytest.mark.parametrize("status", [401, 403])
def test_a_firewall_page_is_told_from_an_answer_of_woocommerce(status: int) -> None:
    with pytest.raises(AuthorizationError, match="firewall") as caught:
        read_body(html(status))

    assert caught.value.code == "blocked"


def test_an_error_body_with_status_200_is_an_error_all_the_same() -> None:
    error = {"code": "woocommerce_rest_cannot_view", "message": "Sorry.", "data": {"status": 401}}

    with pytest.raises(AuthorizationError):
        read_body(answer(httpx.Response(200, json=error)))


def test_a_web_page_with_status_200_is_never_taken_for_an_empty_answer() -> None:
    with pytest.raises(PlatformUnavailableError) as caught:
        read_body(html(200))

    assert caught.value.code == "not_json"


def test_an_empty_body_with_status_200_is_an_error() -> None:
    with pytest.raises(PlatformUnavailableError):
        read_body(html(200, b""))


def test_a_redirect_is_reported_with_its_target_but_without_a_query() -> None:
    target = "https://www.shop.example/wp-json/wc/v3/orders?consumer_secret=cs_x"

    with pytest.raises(ConfigurationError, match=r"https://www\.shop\.example") as caught:
        read_body(html(301, Location=target))

    assert caught.value.code == "redirected"
    assert "cs_x" not in str(caught.value)


def test_too_many_requests_is_a_rate_limit_also_as_a_web_page() -> None:
    with pytest.raises(RateLimitedError):
        read_body(html(429))


def test_statuses_of_content_networks_are_retryable() -> None:
    with pytest.raises(PlatformUnavailableError):
        read_body(html(522))


def test_a_missing_page_that_is_not_json_points_to_address_and_permalinks() -> None:
    with pytest.raises(ConfigurationError, match="Permalinks") as caught:
        read_body(html(404))

    assert caught.value.code == "rest_api_missing"
