"""Each row of the table of a store's refusals: as an error, and as so many requests."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from udsync_pipelines.connectors.fault_table import Kind
from udsync_pipelines.connectors.woocommerce.client import (
    Credentials,
    ListRequest,
    WooCommerceClient,
)
from udsync_pipelines.connectors.woocommerce.fault_rules import Body, Refused, rule_of, rules
from udsync_pipelines.emulators.woocommerce.emulator import StoreEmulator
from udsync_pipelines.errors import (
    AuthorizationError,
    ConfigurationError,
    PlatformUnavailableError,
    RateLimitedError,
    UdsyncError,
)
from udsync_pipelines.transport import RetryPolicy

ATTEMPTS = 4
KEY_ERROR = "woocommerce_rest_authentication_error"
PAGE = b"<html><body>Hello</body></html>"


@dataclass(frozen=True, slots=True)
class StoreCase:
    """What a store answers, and what must become of it. `seen`: a part of the row's own words."""

    code: str
    error: type[UdsyncError]
    status: int
    seen: str
    body: bytes | dict[str, Any] = PAGE
    requests: int = 1

    def answer(self) -> httpx.Response:
        headers = {"Location": "https://www.shop.example/"} if self.status // 100 == 3 else {}
        if isinstance(self.body, dict):
            return httpx.Response(self.status, json=self.body, headers=headers)
        return httpx.Response(self.status, content=self.body, headers=headers)

    def __str__(self) -> str:
        return f"{self.status}-{self.code}"


def refused(code: str, message: str = "Sorry.") -> dict[str, Any]:
    return {"code": code, "message": message, "data": None}


DOWN, DENIED, STOP = PlatformUnavailableError, AuthorizationError, ConfigurationError
CASES = (
    StoreCase("rate_limited", RateLimitedError, 429, "too many requests", requests=ATTEMPTS),
    StoreCase("store_error", DOWN, 500, "a fatal error", requests=ATTEMPTS),
    StoreCase("store_down", DOWN, 502, "PHP behind", requests=ATTEMPTS),
    StoreCase("maintenance", DOWN, 503, "WordPress updates", requests=ATTEMPTS),
    StoreCase("store_slow", DOWN, 504, "PHP does not answer", requests=ATTEMPTS),
    StoreCase("blocked", DENIED, 401, "a firewall"),
    StoreCase("blocked", DENIED, 403, "a firewall"),
    StoreCase("key_cannot_read", DENIED, 401, "may only write",
              refused(KEY_ERROR, "The key does not have read permissions.")),
    StoreCase("key_cannot_write", DENIED, 401, "may only read",
              refused(KEY_ERROR, "The key does not have write permissions.")),
    StoreCase("secret_wrong", DENIED, 401, "a wrong secret",
              refused(KEY_ERROR, "Consumer secret is invalid.")),
    StoreCase("key_refused", DENIED, 401, "another language", refused(KEY_ERROR, "Ungültig.")),
    StoreCase("key_unknown", DENIED, 401, "an unknown key",
              refused("woocommerce_rest_cannot_view")),
    StoreCase("user_lacks_rights", DENIED, 403, "too small a role",
              refused("woocommerce_rest_cannot_view")),
    StoreCase("route_missing", STOP, 404, "without this route", refused("rest_no_route")),
    StoreCase("not_found", STOP, 404, "no record", refused("woocommerce_rest_shop_order_invalid")),
    StoreCase("rest_api_missing", STOP, 404, "no WordPress there"),
    StoreCase("redirected", STOP, 301, "has moved"),
    StoreCase("store_down", DOWN, 522, "content network", requests=ATTEMPTS),
    StoreCase("answer_truncated", DOWN, 200, "broken off", b'[{"id": 1}, {"i', ATTEMPTS),
    StoreCase("not_json", DOWN, 200, "a web page", requests=ATTEMPTS),
    StoreCase("request_refused", STOP, 400, "any other", refused("rest_invalid_param")),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_refusal_becomes_its_error_after_so_many_requests(case: StoreCase) -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return case.answer()

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        client = WooCommerceClient(
            http, "https://shop.example", Credentials("ck_test", "cs_secret"),
            policy=RetryPolicy(attempts=ATTEMPTS), sleep=lambda _: None,
        )  # fmt: skip
        with pytest.raises(case.error) as caught:
            client.page(ListRequest("orders"))

    assert caught.value.code == case.code
    assert caught.value.cure in {rule.cure for rule in rules() if rule.code == case.code}
    assert not {"{", "}", "\n"} & set(str(caught.value))
    assert len(requests) == case.requests


def test_every_row_of_the_table_is_tried_here() -> None:
    tried = {
        rule.seen for rule in rules() for case in CASES
        if rule.code == case.code and case.seen in rule.seen
    }  # fmt: skip

    assert tried == {rule.seen for rule in rules()}


def test_a_status_that_http_does_not_have_stops_with_a_sentence() -> None:
    assert rule_of(Refused(10_000, Body.PAGE)).code == "request_refused"


def test_what_is_tried_again_is_what_passes_by_itself() -> None:
    passing = {rule.code for rule in rules() if rule.kind in {Kind.WAIT, Kind.THROTTLED}}

    assert passing == {case.code for case in CASES if case.requests > 1}


@pytest.fixture(scope="module")
def store() -> Iterator[StoreEmulator]:
    """The recorded store; its faults are lifted by the tests."""
    with StoreEmulator() as emulator:
        yield emulator


@pytest.mark.parametrize(
    ("kind", "settings", "code"),
    [
        *(("status", {"status": case.status}, case.code) for case in CASES if case.body is PAGE
          and case.status not in {200, 301}),
        ("html_200", {}, "not_json"),
        ("truncated", {"keep": 40}, "answer_truncated"),
    ],
)  # fmt: skip
def test_an_emulated_store_that_fails_so_is_told_by_the_same_row(
    store: StoreEmulator, kind: str, settings: dict[str, Any], code: str
) -> None:
    store.faults.clear()
    store.faults.add(kind, path="/orders", times=0, **settings)
    with httpx.Client(timeout=httpx.Timeout(2.0)) as http:
        client = WooCommerceClient(
            http, store.url, Credentials(store.consumer_key, store.consumer_secret),
            policy=RetryPolicy(attempts=2), sleep=lambda _: None,
        )  # fmt: skip
        with pytest.raises(UdsyncError) as caught:
            client.page(ListRequest("orders"))
    store.faults.clear()

    assert caught.value.code == code


@pytest.mark.parametrize(
    ("differences", "code"),
    [({"secret": "cs_wrong"}, "secret_wrong"), ({"key": "ck_wrong"}, "key_unknown")],
)
def test_wrong_credentials_are_told_apart_by_an_emulated_store(
    store: StoreEmulator, differences: dict[str, str], code: str
) -> None:
    key = differences.get("key", store.consumer_key)
    secret = differences.get("secret", store.consumer_secret)
    with httpx.Client(timeout=httpx.Timeout(2.0)) as http:
        client = WooCommerceClient(http, store.url, Credentials(key, secret))
        with pytest.raises(AuthorizationError) as caught:
            client.page(ListRequest("orders"))

    assert caught.value.code == code
