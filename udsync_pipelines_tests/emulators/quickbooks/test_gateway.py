"""Tokens, realms, headers, forms of answers and faults, limits."""

import base64
import threading
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import httpx
import pytest

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines_tests.emulators.quickbooks.books import Books, Json

OpenBooks = Callable[..., Books]

NAMESPACE = "{http://schema.intuit.com/finance/v3}"


def _token(emulator: CompanyEmulator, form: Json, **headers: str) -> httpx.Response:
    pair = (emulator.options.client_id, emulator.options.client_secret)
    return httpx.post(emulator.oauth_url, data=form, auth=pair, headers=headers)


def _refresh(emulator: CompanyEmulator, token: str, **headers: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return _token(emulator, form, **headers)


def test_a_refresh_within_a_day_keeps_the_refresh_token(books: Books) -> None:
    emulator = books.emulator

    answer = _refresh(emulator, emulator.refresh_token).json()

    assert answer["refresh_token"] == emulator.refresh_token
    assert answer["access_token"] != emulator.access_token
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 3600)
    assert answer["x_refresh_token_expires_in"] == 8_640_000


def test_a_refresh_after_a_day_rotates_and_ends_the_old_token(books: Books) -> None:
    emulator = books.emulator
    emulator.clock.advance(86_400)

    new = _refresh(emulator, emulator.refresh_token).json()["refresh_token"]
    old = _refresh(emulator, emulator.refresh_token)

    assert new != emulator.refresh_token
    assert old.status_code == 400
    assert old.json()["error"] == "invalid_grant"
    assert _refresh(emulator, new).status_code == 200


def test_rotation_can_happen_at_every_refresh(open_books: OpenBooks) -> None:
    emulator = open_books(rotate_seconds=0).emulator

    new = _refresh(emulator, emulator.refresh_token).json()["refresh_token"]

    assert new != emulator.refresh_token


def test_double_use_of_a_refresh_token_can_end_the_grant(open_books: OpenBooks) -> None:
    emulator = open_books(rotate_seconds=0, double_use_revokes=True).emulator
    new = _refresh(emulator, emulator.refresh_token).json()["refresh_token"]

    _refresh(emulator, emulator.refresh_token)

    assert _refresh(emulator, new).json()["error"] == "invalid_grant"


def test_a_refresh_token_unused_for_100_days_is_dead(books: Books) -> None:
    books.emulator.clock.advance(8_640_000)

    assert _refresh(books.emulator, books.emulator.refresh_token).status_code == 400


def test_the_hard_limit_is_told_to_those_who_ask(books: Books) -> None:
    emulator = books.emulator

    silent = _refresh(emulator, emulator.refresh_token).json()
    told = _refresh(
        emulator, emulator.refresh_token, **{"x-include-refresh-token-hard-expires-in": "true"}
    ).json()

    assert "x_refresh_token_hard_expires_in" not in silent
    assert 157_600_000 < told["x_refresh_token_hard_expires_in"] <= 157_680_000


def test_a_wrong_client_secret_is_an_invalid_client(books: Books) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": books.emulator.refresh_token}

    answer = httpx.post(books.emulator.oauth_url, data=form, auth=("me", "guess"))

    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


def test_consent_leads_back_with_a_code_that_is_good_once(books: Books) -> None:
    emulator = books.emulator
    asked = {
        "client_id": emulator.options.client_id,
        "redirect_uri": "http://localhost/back",
        "state": "abc",
    }
    back = httpx.get(f"{emulator.url}/connect/oauth2", params=asked).headers["Location"]
    found = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    form = {"grant_type": "authorization_code", "code": found["code"]}

    first, second = _token(emulator, form), _token(emulator, form)

    assert (found["state"], found["realmId"]) == ("abc", emulator.realm_id)
    assert first.json()["access_token"]
    assert second.json()["error"] == "invalid_grant"


def test_a_revoked_grant_refreshes_no_more(books: Books) -> None:
    emulator = books.emulator
    pair = (emulator.options.client_id, emulator.options.client_secret)

    httpx.post(
        f"{emulator.url}/v2/oauth2/tokens/revoke",
        json={"token": emulator.refresh_token},
        auth=pair,
    )

    assert _refresh(emulator, emulator.refresh_token).status_code == 400
    assert books.ask("select * from Customer").status_code == 401


def test_an_access_token_expires_after_an_hour_in_the_gateways_form(books: Books) -> None:
    books.emulator.clock.advance(3600)

    answer = books.ask("select * from Customer")

    body = answer.json()
    assert answer.status_code == 401
    assert body["fault"]["type"] == "AUTHENTICATION"
    assert body["fault"]["error"][0] == {
        "message": "message=AuthenticationFailed; errorCode=003200; statusCode=401",
        "detail": f"Token expired: {books.emulator.access_token}",
        "code": "3200",
        "element": None,
    }
    assert isinstance(body["time"], int)


def test_a_foreign_realm_is_forbidden_in_the_gateways_form(books: Books) -> None:
    headers = dict(books.client.headers)

    answer = httpx.get(f"{books.emulator.url}/v3/company/77/customer/1", headers=headers)

    assert answer.status_code == 403
    assert answer.json() == {
        "fault": {
            "error": [
                {
                    "message": "message=ApplicationAuthorizationFailed; errorCode=003100; "
                    "statusCode=403",
                    "detail": None,
                    "code": "3100",
                    "element": None,
                }
            ],
            "type": "SERVICE",
        }
    }


def test_a_wrong_path_is_404(books: Books) -> None:
    assert books.client.get("/nonsense/1").status_code == 404
    assert books.client.post("/nonsense", json={}).status_code == 404


def test_every_answer_has_a_trace_id_and_a_date(books: Books) -> None:
    answers = [books.ask("select * from Customer"), books.ask("nonsense")]

    traces = {answer.headers["intuit_tid"] for answer in answers}
    assert len(traces) == 2
    assert all(answer.headers["Date"] and answer.headers["QBO-Version"] for answer in answers)


def test_the_path_of_an_entity_is_not_case_sensitive(books: Books) -> None:
    books.customer("Ann")

    assert books.client.get("/CUSTOMER/1").json()["Customer"]["DisplayName"] == "Ann"


def test_without_asking_for_json_the_answer_is_xml(books: Books) -> None:
    books.customer("Ann & Bob")

    good = books.client.get("/customer/1", headers={"Accept": "*/*"})
    bad = books.client.get("/customer/2", headers={"Accept": "*/*"})

    customer = ElementTree.fromstring(good.text).find(f"{NAMESPACE}Customer")  # noqa: S314 - our own
    error = ElementTree.fromstring(bad.text).find(f"{NAMESPACE}Fault/{NAMESPACE}Error")  # noqa: S314
    assert good.headers["Content-Type"].startswith("application/xml")
    assert customer is not None
    assert customer.findtext(f"{NAMESPACE}DisplayName") == "Ann & Bob"
    assert error is not None
    assert error.get("code") == "610"


def test_a_body_that_is_not_utf8_or_not_json_is_unsupported(books: Books) -> None:
    headers = {"Content-Type": "application/json"}

    for body in (b'{"DisplayName": "Zo\xeb"}', b"{", b"[1]"):
        answer = books.client.post("/customer", content=body, headers=headers)
        assert answer.json()["Fault"]["Error"][0]["code"] == "500"


def test_a_write_must_say_that_it_is_json(books: Books) -> None:
    answer = books.client.post("/customer", content=b"{}", headers={"Content-Type": "text/xml"})

    assert answer.json()["Fault"]["Error"][0]["code"] == "1050"


def test_any_minor_version_is_taken_unless_the_company_is_strict(open_books: OpenBooks) -> None:
    lenient, strict = open_books(), open_books(strict_minorversion=True)

    assert lenient.post("Customer", {"DisplayName": "A"}, minorversion="3").status_code == 200
    assert strict.refused("Customer", {"DisplayName": "A"})["element"] == "minorversion"
    assert strict.make("Customer", {"DisplayName": "A"}, minorversion="75")


def test_more_than_ten_requests_a_second_are_throttled(open_books: OpenBooks) -> None:
    books = open_books(limits_factor=1)

    answers = [books.ask("select * from Customer") for _ in range(11)]

    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert answers[-1].json()["Fault"] == {
        "Error": [
            {
                "Message": "message=ThrottleExceeded; errorCode=003001; statusCode=429",
                "Detail": "The request limit was reached.  Try again later",
                "code": "3001",
                "element": "",
            }
        ],
        "type": "SERVICE",
    }


def test_the_factor_multiplies_the_rates(open_books: OpenBooks) -> None:
    books = open_books(limits_factor=3)

    statuses = [books.ask("select * from Customer").status_code for _ in range(31)]

    assert statuses == [200] * 30 + [429]


def test_a_429_can_come_as_xml_although_json_was_asked_for(open_books: OpenBooks) -> None:
    books = open_books(limits_factor=0.1, throttle_xml=True)
    books.ask("select * from Customer")

    answer = books.ask("select * from Customer")

    assert answer.status_code == 429
    assert answer.text.startswith("<?xml")
    assert 'type="SERVICE"><Error code="3001">' in answer.text


def test_more_than_ten_requests_in_flight_are_throttled_at_any_factor(
    open_books: OpenBooks,
) -> None:
    books = open_books(limits_factor=1000, latency=0.5)
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(books.ask("select * from Customer").status_code)

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200] * 10 + [429] * 2
    assert books.emulator.limits.most_in_flight == 10


def test_batches_have_a_limit_of_their_own(open_books: OpenBooks) -> None:
    books = open_books(limits_factor=0.1)
    books.emulator.limits._second._most = 1000
    body = {"BatchItemRequest": [{"bId": "1", "Query": "select * from Customer"}]}

    statuses = [books.client.post("/batch", json=body).status_code for _ in range(5)]

    assert statuses == [200] * 4 + [429]


def test_metered_calls_end_with_the_months_allowance_and_writes_go_on(
    open_books: OpenBooks,
) -> None:
    books = open_books(monthly_reads=1)
    books.customer("Ann")

    statuses = [books.ask("select * from Customer").status_code for _ in range(2)]

    assert statuses == [200, 429]
    assert books.customer("Bob")


def test_basic_authentication_is_no_bearer_token(books: Books) -> None:
    pair = base64.b64encode(b"client:secret").decode()

    answer = books.client.get("/customer/1", headers={"Authorization": f"Basic {pair}"})

    assert answer.status_code == 401


@pytest.mark.parametrize("country", ["CA", "US", "GB", "AU"])
def test_each_country_has_a_company_of_its_own_currency(
    open_books: OpenBooks, country: str
) -> None:
    books = open_books(country=country)

    customer = books.make("Customer", {"DisplayName": "Ann"})

    currencies = {"CA": "CAD", "US": "USD", "GB": "GBP", "AU": "AUD"}
    assert customer["CurrencyRef"]["value"] == currencies[country]


def test_a_batch_counts_in_the_month_as_each_of_its_queries(books: Books) -> None:
    before = books.emulator.limits.reads
    items = [{"bId": str(number), "Query": "select * from Customer"} for number in range(6)]

    books.client.post("/batch", json={"BatchItemRequest": items}).raise_for_status()

    assert books.emulator.limits.reads == before + 6
