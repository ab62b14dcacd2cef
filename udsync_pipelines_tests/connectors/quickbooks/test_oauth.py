"""Renewing access tokens: by one at a time, the newest stored first, never a storm."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs

import httpx
import orjson
import pytest
from pydantic import SecretStr

from udsync_pipelines.connectors.quickbooks.oauth import Stored, consent_url
from udsync_pipelines.errors import (
    AuthorizationError,
    ConfigurationError,
    PlatformUnavailableError,
)
from udsync_pipelines_tests.connectors.quickbooks.samples import (
    NOW,
    Answers,
    Clock,
    MemoryTokenStore,
    access_tokens,
    json_answer,
    sample,
    stored,
    token_answer,
)

EXPIRED = SecretStr("access-1-value")


def old_token() -> MemoryTokenStore:
    return MemoryTokenStore(stored(access_token="", access_token_renews_at=NOW.isoformat()))


def test_a_stored_token_is_used_without_asking_anybody() -> None:
    answers = Answers()

    token = access_tokens(answers).current()

    assert token.get_secret_value() == "access-1-value"
    assert answers.requests == []


def test_a_token_is_renewed_ten_minutes_before_its_end() -> None:
    clock = Clock()
    answers = Answers(token_answer())
    tokens = access_tokens(answers, clock=clock)

    clock.now = NOW + timedelta(minutes=49, seconds=59)
    before = tokens.current()
    clock.now = NOW + timedelta(minutes=50)
    after = tokens.current()

    assert before.get_secret_value() == "access-1-value"
    assert after.get_secret_value() == "access-2-value"


def test_a_renewal_names_the_app_and_asks_for_the_hard_limit() -> None:
    answers = Answers(token_answer())

    access_tokens(answers, old_token()).current()

    request = answers.requests[0]
    assert str(request.url) == "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"
    assert request.headers["authorization"].startswith("Basic ")
    assert request.headers["x-include-refresh-token-hard-expires-in"] == "true"
    assert parse_qs(request.content.decode()) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["refresh-1-value"],
    }


def test_the_newest_refresh_token_is_stored_before_the_access_token_is_used() -> None:
    store = old_token()
    tokens = access_tokens(Answers(token_answer()), store)

    token = tokens.current()

    assert store.text("refresh_token") == "refresh-2-value"
    assert store.text("access_token") == token.get_secret_value()


def test_when_storing_fails_the_new_access_token_is_not_used() -> None:
    class BrokenStore(MemoryTokenStore):
        def renew(self, change: Callable[[Stored], Stored]) -> Stored:
            change(self.read())
            raise PlatformUnavailableError("The database went away.")

    tokens = access_tokens(Answers(token_answer()), BrokenStore(old_token().credentials))

    with pytest.raises(PlatformUnavailableError):
        tokens.current()


def test_a_renewal_that_could_not_be_stored_is_stored_later_without_asking_again() -> None:
    class ForgetfulStore(MemoryTokenStore):
        def renew(self, change: Callable[[Stored], Stored]) -> Stored:
            if self.events:
                return super().renew(change)
            self.events.append("lost")
            change(self.read())
            raise PlatformUnavailableError("The database went away.")

    store = ForgetfulStore(old_token().credentials)
    answers = Answers(token_answer())
    tokens = access_tokens(answers, store)
    with pytest.raises(PlatformUnavailableError):
        tokens.current()

    token = tokens.current()

    assert token.get_secret_value() == "access-2-value"
    assert store.text("refresh_token") == "refresh-2-value"
    assert len(answers.requests) == 1


def test_a_dead_refresh_token_needs_consent_at_once_and_is_never_sent_again() -> None:
    for body in orjson.loads(sample("token_errors.json"))[:3]:
        answers = Answers(json_answer(body, 400))
        store = old_token()

        for _ in range(3):
            with pytest.raises(AuthorizationError) as caught:
                access_tokens(answers, store).current()
            assert caught.value.code == "needs_consent"

        assert len(answers.requests) == 1


def test_connecting_again_ends_the_need_for_consent() -> None:
    store = old_token()
    with pytest.raises(AuthorizationError):
        access_tokens(Answers(json_answer({"error": "invalid_grant"}, 400)), store).current()

    store.credentials["refresh_token"] = SecretStr("refresh-of-new-consent")
    token = access_tokens(Answers(token_answer()), store).current()

    assert token.get_secret_value() == "access-2-value"


def test_a_wrong_app_secret_is_told_apart_from_a_dead_token() -> None:
    answers = Answers(json_answer({"error": "invalid_client"}, 401), token_answer())
    tokens = access_tokens(answers, old_token())

    with pytest.raises(AuthorizationError) as caught:
        tokens.current()

    assert caught.value.code == "client_refused"
    assert tokens.current().get_secret_value() == "access-2-value"


def test_an_answer_lost_on_the_way_is_asked_for_once_more_with_the_same_token() -> None:
    answers = Answers(httpx.ReadTimeout("slow"), token_answer())

    access_tokens(answers, old_token()).current()

    assert answers.requests[0].content == answers.requests[1].content


def test_a_value_that_rotated_in_a_lost_answer_needs_consent_at_once() -> None:
    answers = Answers(httpx.ReadTimeout("slow"), json_answer({"error": "invalid_grant"}, 400))

    with pytest.raises(AuthorizationError) as caught:
        access_tokens(answers, old_token()).current()

    assert caught.value.code == "needs_consent"


@pytest.mark.parametrize("status", [200, 500, 503])
def test_an_answer_without_a_token_is_never_stored(status: int) -> None:
    store = old_token()
    before = dict(store.credentials)
    answers = Answers(*[httpx.Response(status, text="<html>") for _ in range(2)])

    with pytest.raises(PlatformUnavailableError):
        access_tokens(answers, store).current()

    assert store.credentials == before


def test_a_token_is_used_to_its_end_while_the_token_service_is_down() -> None:
    clock = Clock()
    answers = Answers(*[httpx.ConnectError("refused") for _ in range(4)])
    tokens = access_tokens(answers, clock=clock)
    tokens.current()

    clock.now = NOW + timedelta(minutes=55)
    late = tokens.current()
    clock.now = NOW + timedelta(minutes=60)

    assert late.get_secret_value() == "access-1-value"
    with pytest.raises(PlatformUnavailableError):
        tokens.current()


def test_a_token_that_another_process_has_renewed_is_taken_over() -> None:
    store = MemoryTokenStore()
    answers = Answers()
    tokens = access_tokens(answers, store)
    tokens.current()

    store.credentials.update(stored(access_token="of another process"))
    token = tokens.renew(EXPIRED)

    assert token.get_secret_value() == "of another process"
    assert answers.requests == []


def test_eight_threads_with_one_expired_token_renew_it_once() -> None:
    asked: list[httpx.Request] = []

    def endpoint(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        time.sleep(0.02)
        return token_answer()

    tokens = access_tokens(endpoint)
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(tokens.renew(EXPIRED).get_secret_value()))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == ["access-2-value"] * 8
    assert len(asked) == 1


def test_expiry_tells_the_days_until_someone_has_to_connect_again() -> None:
    tokens = access_tokens(Answers(token_answer()), old_token())
    tokens.current()

    expiry = tokens.expiry()

    assert expiry.refresh_ends_at == NOW + timedelta(days=100)
    assert expiry.grant_ends_at == NOW + timedelta(seconds=157_680_000)
    assert expiry.days_left(NOW) == 100
    assert not expiry.needs_consent


def test_a_connection_that_needs_consent_has_no_days_left() -> None:
    store = old_token()
    tokens = access_tokens(Answers(json_answer({"error": "invalid_grant"}, 400)), store)
    with pytest.raises(AuthorizationError):
        tokens.current()

    expiry = tokens.expiry()

    assert expiry.needs_consent
    assert expiry.days_left(NOW) == 0


@pytest.mark.parametrize("name", ["client_id", "client_secret", "refresh_token"])
def test_a_missing_credential_says_how_to_connect(name: str) -> None:
    store = MemoryTokenStore(stored(**{name: ""}))

    with pytest.raises(ConfigurationError, match="udsync connect quickbooks"):
        access_tokens(Answers(), store).current()


def test_the_address_of_consent_names_the_app_the_scope_and_the_state() -> None:
    url = httpx.URL(consent_url("AB-client", "https://books.example/callback", "s&1"))

    assert (url.host, url.path) == ("appcenter.intuit.com", "/connect/oauth2")
    assert dict(url.params) == {
        "client_id": "AB-client",
        "response_type": "code",
        "scope": "com.intuit.quickbooks.accounting",
        "redirect_uri": "https://books.example/callback",
        "state": "s&1",
    }


@pytest.mark.parametrize("status", [400, 404])
def test_another_refusal_of_the_token_service_is_a_matter_of_settings(status: int) -> None:
    answers = Answers(json_answer({"error": "invalid_request"}, status))

    with pytest.raises(ConfigurationError) as caught:
        access_tokens(answers, old_token()).current()

    assert caught.value.code == "token_request_refused"


def test_an_answer_without_any_times_is_used_and_renewed_at_the_next_use() -> None:
    bare = {"access_token": "access-2-value"}
    store = old_token()
    tokens = access_tokens(Answers(json_answer(bare), json_answer(bare)), store)

    tokens.current()
    tokens.current()

    assert store.text("refresh_token") == "refresh-1-value"
