"""How a call is sent: again or not, at which pace, with which token."""

import logging

import httpx
import pytest

from udsync_pipelines.connectors.quickbooks.calls import new_http_client
from udsync_pipelines.connectors.quickbooks.faults import (
    RejectedByBooksError,
)
from udsync_pipelines.errors import (
    AuthorizationError,
    OutcomeUnknownError,
    PlatformUnavailableError,
    RateLimitedError,
)
from udsync_pipelines_tests.connectors.quickbooks.samples import (
    CUSTOMERS,
    SECRETS,
    Answers,
    MemoryTokenStore,
    access_tokens,
    answer,
    batch_answer,
    client,
    counted,
    create,
    fault,
    json_answer,
    listed,
    stored,
    token_answer,
)


def test_a_read_that_fails_is_tried_again() -> None:
    answers = Answers(httpx.Response(503), httpx.ReadTimeout("slow"), answer("query_ok.json"))

    assert len(list(client(answers).select(CUSTOMERS))) == 1
    assert len(answers.requests) == 3


@pytest.mark.parametrize(
    "lost",
    [
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.WriteError("reset"),
        httpx.RemoteProtocolError("closed without an answer"),
        httpx.Response(500),
        httpx.Response(502, text="<html>Bad gateway</html>"),
        httpx.Response(504),
        httpx.Response(200, content=b'{"SalesReceipt": {"Id": "9'),
        httpx.Response(200, content=b"{}"),
        fault("10000", "System Failure Error", 500),
        fault("610", "a proxy made this up", 503),
    ],
    ids=str,
)
def test_a_write_whose_answer_is_lost_is_not_sent_again(
    lost: httpx.Response | Exception,
) -> None:
    answers = Answers(lost)

    with pytest.raises(OutcomeUnknownError) as caught:
        create(client(answers))

    assert len(answers.requests) == 1
    assert caught.value.record == "order/10482"
    assert caught.value.platform == "quickbooks"


@pytest.mark.parametrize(
    "unsent",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        answer("fault_throttle_429_json.json", 429),
        answer("fault_throttle_429.xml", 429),
        fault("150", "maintenance", 401),
    ],
    ids=str,
)
def test_a_write_that_was_surely_not_done_is_sent_again(
    unsent: httpx.Response | Exception,
) -> None:
    answers = Answers(unsent, answer("create_sales_receipt.json"))

    create(client(answers))

    assert len(answers.requests) == 2
    assert len({request.url.params["requestid"] for request in answers.requests}) == 1


def test_a_refused_connection_is_unavailable_and_never_an_unknown_outcome() -> None:
    answers = Answers(*[httpx.ConnectError("refused") for _ in range(3)])

    with pytest.raises(PlatformUnavailableError):
        create(client(answers))


def test_after_a_429_everybody_waits_a_minute_where_no_wait_is_named() -> None:
    limits = RecordingLimits()
    waits: list[float] = []
    throttled = [answer("fault_throttle_429.xml", 429) for _ in range(2)]
    throttled[1].headers["retry-after"] = "90"
    answers = Answers(*throttled, answer("query_ok.json"))

    list(client(answers, limits=limits, sleep=waits.append).select(CUSTOMERS))

    assert limits.pauses == [60.0, 90.0]
    assert [wait >= pause for wait, pause in zip(waits, (60, 90), strict=True)] == [True, True]


def test_too_many_429s_end_with_a_sentence_and_the_wait() -> None:
    answers = Answers(*[answer("fault_throttle_429_json.json", 429) for _ in range(3)])

    with pytest.raises(RateLimitedError) as caught:
        list(client(answers).select(CUSTOMERS))

    assert caught.value.retry_after == 60
    assert caught.value.code == "rate_limited"


def test_each_attempt_takes_a_slot_and_each_query_or_write_is_counted_once() -> None:
    limits = RecordingLimits()
    answers = Answers(
        httpx.Response(503),
        answer("query_ok.json"),
        answer("create_sales_receipt.json"),
        batch_answer(listed(), counted(0)),
    )
    books = client(answers, limits=limits)

    list(books.select(CUSTOMERS))
    create(books)
    books.select_together([CUSTOMERS])

    assert limits.slots == [("requests",)] * 3 + [("requests", "batches")]
    assert limits.counted == [
        ("Customer query", True, False),
        ("SalesReceipt create", False, False),
        ("batch", True, False),  # Intuit may count each of its queries
        ("batch", True, False),
    ]
    assert limits.held == 0


def test_an_expired_token_is_renewed_once_and_the_write_sent_again() -> None:
    renewals = Answers(token_answer())
    answers = Answers(answer("fault_auth_401.json", 401), answer("create_sales_receipt.json"))

    create(client(answers, tokens=access_tokens(renewals)))

    used = [request.headers["authorization"] for request in answers.requests]
    assert used == ["Bearer access-1-value", "Bearer access-2-value"]
    assert len(renewals.requests) == 1


def test_a_new_token_that_is_refused_too_needs_consent_and_no_third_try() -> None:
    renewals = Answers(token_answer())
    answers = Answers(*[answer("fault_auth_401.json", 401) for _ in range(2)])

    with pytest.raises(AuthorizationError) as caught:
        create(client(answers, tokens=access_tokens(renewals)))

    assert caught.value.code == "needs_consent"
    assert caught.value.request_id == "1-65f31b2d-test"
    assert len(answers.requests) == 2


def test_a_token_taken_over_that_has_died_too_is_renewed_after_all() -> None:
    store = MemoryTokenStore()
    tokens = access_tokens(Answers(token_answer(access="access-3-value")), store)
    tokens.current()
    store.credentials.update(stored(access_token="access-2-value"))
    refusals = [answer("fault_auth_401.json", 401) for _ in range(2)]
    answers = Answers(*refusals, answer("create_sales_receipt.json"))

    create(client(answers, tokens=tokens))

    used = [request.headers["authorization"] for request in answers.requests]
    assert used == ["Bearer access-1-value", "Bearer access-2-value", "Bearer access-3-value"]


def test_another_company_is_refused_without_renewing_anything() -> None:
    answers = Answers(answer("fault_forbidden_403.json", 403))

    with pytest.raises(AuthorizationError) as caught:
        create(client(answers))

    assert caught.value.code == "needs_consent"


def test_no_token_shows_in_logs_errors_or_representations(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    store = MemoryTokenStore()
    expired = json_answer(
        {"fault": {"error": [{"code": "3200", "detail": "Token expired: access-1-value"}]}}, 401
    )
    answers = Answers(expired, fault("2020", "Required parameter Line is missing"))
    tokens = access_tokens(Answers(token_answer()), store)
    books = client(answers, tokens=tokens)

    with pytest.raises(RejectedByBooksError) as caught:
        create(books)

    told = [f"{record.__dict__}" for record in caplog.records]
    told += [repr(books), repr(tokens), repr(caught.value), str(caught.value), repr(store.read())]
    assert any("intuit_tid" in line for line in told)
    assert not [line for line in told for secret in (*SECRETS, "access-2-value") if secret in line]


class RecordingLimits:
    """Limits that limit nothing and remember everything."""

    def __init__(self) -> None:
        self.slots: list[tuple[str, ...]] = []
        self.pauses: list[float] = []
        self.counted: list[tuple[str, bool, bool]] = []
        self.held = 0

    def slot(self, rates: tuple[str, ...]) -> "RecordingLimits":
        self.slots.append(rates)
        return self

    def __enter__(self) -> None:
        self.held += 1

    def __exit__(self, *_: object) -> None:
        self.held -= 1

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def count(self, name: str, *, is_metered: bool, has_failed: bool) -> None:
        self.counted.append((name, is_metered, has_failed))

    def check_allowance(self) -> None:
        """There is no end to it."""


def test_the_client_that_we_make_keeps_to_ten_connections_and_follows_nothing() -> None:
    with new_http_client() as http:
        assert http.timeout.read == 130
        assert not http.follow_redirects
