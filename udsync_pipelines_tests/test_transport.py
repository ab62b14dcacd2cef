"""Sending one request well."""

import logging
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from udsync_pipelines.errors import (
    ConfigurationError,
    PlatformUnavailableError,
    RateLimitedError,
    RetryableError,
)
from udsync_pipelines.transport import (
    NOTHING_AGAIN,
    READS,
    Answer,
    RetryPolicy,
    Transport,
    retry_after,
    trusted_certificates,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Peer:
    """Answers in turn, and remembers how long we waited in between."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def transport(self, policy: RetryPolicy | None = None) -> Transport:
        return Transport(
            httpx.Client(transport=httpx.MockTransport(self.handle)),
            peer="The store shop.example",
            platform="woocommerce",
            policy=policy,
            sleep=self.waits.append,
            clock=lambda: NOW,
            chance=lambda: 1.0,
        )


def request(url: str = "https://shop.example/x") -> Callable[[], httpx.Request]:
    return lambda: httpx.Request("GET", url)


def text(answer: Answer) -> str:
    return answer.body.decode()


def caused_by(cause: Exception) -> httpx.ConnectError:
    error = httpx.ConnectError("failed")
    error.__cause__ = cause
    return error


OK = httpx.Response(200, content=b"fine")


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
        *(httpx.Response(status) for status in (429, 500, 502, 503, 504)),
    ],
)
def test_a_read_is_sent_again_after_a_passing_failure(failure: httpx.Response | Exception) -> None:
    peer = Peer(failure, OK)

    result = peer.transport().send(request(), READS, text)

    assert result == "fine"
    assert len(peer.requests) == 2


def test_waits_double_until_the_attempts_are_spent() -> None:
    peer = Peer(httpx.Response(500))

    with pytest.raises(PlatformUnavailableError, match="HTTP status 500"):
        peer.transport(RetryPolicy(attempts=5, longest_wait=3)).send(request(), READS, text)

    assert peer.waits == [0.5, 1.0, 2.0, 3.0]


def test_jitter_shortens_a_wait_by_up_to_half() -> None:
    peer = Peer(httpx.Response(500), OK)
    transport = peer.transport()
    transport._chance = lambda: 0.0

    transport.send(request(), READS, text)

    assert peer.waits == [0.25]


def test_retry_after_in_seconds_is_waited_for() -> None:
    peer = Peer(httpx.Response(429, headers={"Retry-After": "7"}), OK)

    peer.transport().send(request(), READS, text)

    assert peer.waits == [pytest.approx(7.05)]


def test_retry_after_as_a_date_is_waited_for() -> None:
    later = {"Retry-After": "Sun, 22 Nov 2026 12:00:20 GMT"}
    peer = Peer(httpx.Response(503, headers=later), OK)

    peer.transport().send(request(), READS, text)

    assert peer.waits == [pytest.approx(20.05)]


def test_a_wait_beyond_the_budget_ends_the_run_at_once() -> None:
    peer = Peer(httpx.Response(503, headers={"Retry-After": "600"}))

    with pytest.raises(PlatformUnavailableError) as caught:
        peer.transport(RetryPolicy(budget=300)).send(request(), READS, text)

    assert caught.value.retry_after == 600
    assert peer.waits == []


def test_the_retry_budget_is_shared_by_all_requests_of_a_run() -> None:
    peer = Peer(httpx.Response(429, headers={"Retry-After": "40"}))
    transport = peer.transport(RetryPolicy(budget=100, attempts=10))

    for _ in range(2):
        with pytest.raises(RateLimitedError):
            transport.send(request(), READS, text)

    assert len(peer.waits) == 2
    assert transport.budget_left < 40


def test_requests_that_hang_use_up_the_retry_budget_too() -> None:
    peer = Peer(httpx.ReadTimeout("slow"))
    transport = peer.transport(RetryPolicy(budget=150, attempts=10))
    ticks = iter(range(0, 10_000, 60))
    transport._timer = lambda: float(next(ticks))

    with pytest.raises(PlatformUnavailableError):
        transport.send(request(), READS, text)

    assert len(peer.requests) < 4


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("5", 5.0), ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0), ("soon", None), ("", None)],
)
def test_retry_after_is_never_negative_and_nonsense_is_ignored(
    header: str, seconds: float | None
) -> None:
    assert retry_after({"retry-after": header}, NOW) == seconds


def test_what_the_caller_does_not_name_is_not_sent_again() -> None:
    peer = Peer(httpx.ReadTimeout("slow"))

    with pytest.raises(PlatformUnavailableError) as caught:
        peer.transport().send(request(), NOTHING_AGAIN, text)

    assert caught.value.code == "timeout"
    assert len(peer.requests) == 1


def test_an_answer_that_cannot_be_read_is_asked_for_again() -> None:
    peer = Peer(httpx.Response(200, content=b"half"), OK)

    def whole(answer: Answer) -> str:
        if answer.body == b"half":
            raise RetryableError("cut off")
        return text(answer)

    assert peer.transport().send(request(), READS, whole) == "fine"


def test_a_request_sent_ahead_stands_in_for_the_first_attempt() -> None:
    peer = Peer(OK)

    result = peer.transport().send(request(), READS, text, first=lambda: "ahead")

    assert result == "ahead"
    assert peer.requests == []


def test_a_request_that_failed_ahead_is_sent_again() -> None:
    peer = Peer(OK)
    transport = peer.transport()

    def failed() -> str:
        raise RetryableError("failed ahead", retry_after=3)

    assert transport.send(request(), READS, text, first=failed) == "fine"
    assert peer.waits == [pytest.approx(3.05)]


def test_sending_once_reports_what_the_platform_asked_for() -> None:
    peer = Peer(httpx.Response(429, headers={"Retry-After": "9"}))

    with pytest.raises(RateLimitedError) as caught:
        peer.transport().send_once(request(), READS, text)

    assert caught.value.retry_after == 9
    assert len(peer.requests) == 1


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (caused_by(socket.gaierror(-2, "Name or service not known")), "host_not_found"),
        (caused_by(ConnectionRefusedError(111, "refused")), "connection_refused"),
        (caused_by(ssl.SSLEOFError(8, "EOF")), "tls_failed"),
        (httpx.ConnectError("no route"), "unreachable"),
        (httpx.ConnectTimeout("slow"), "timeout"),
        (httpx.RemoteProtocolError("closed"), "answer_truncated"),
    ],
)
def test_each_failure_on_the_way_has_a_code_of_its_own(failure: Exception, code: str) -> None:
    with pytest.raises(PlatformUnavailableError) as caught:
        Peer(failure).transport(RetryPolicy(attempts=1)).send(request(), READS, text)

    assert caught.value.code == code
    assert "\n" not in str(caught.value)


def test_an_untrusted_certificate_stops_the_run_without_repetition() -> None:
    peer = Peer(caused_by(ssl.SSLCertVerificationError("self-signed certificate")))

    with pytest.raises(ConfigurationError, match="certificate") as caught:
        peer.transport().send(request(), READS, text)

    assert caught.value.code == "certificate_untrusted"
    assert len(peer.requests) == 1


def test_a_redirect_is_not_followed() -> None:
    peer = Peer(httpx.Response(302, headers={"Location": "https://elsewhere.example/"}))

    status = peer.transport().send(request(), READS, lambda answer: answer.status)

    assert status == 302
    assert len(peer.requests) == 1


def test_an_answer_that_drips_for_too_long_counts_as_a_timeout() -> None:
    with pytest.raises(PlatformUnavailableError) as caught:
        Peer(OK).transport(RetryPolicy(attempts=1, deadline=-1)).send(request(), READS, text)

    assert caught.value.code == "timeout"


def test_no_log_line_holds_a_key_or_a_query(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    url = "https://user:hidden@shop.example/x?consumer_secret=cs_hidden"
    peer = Peer(httpx.Response(500), OK)

    peer.transport().send(request(url), READS, text)

    logged = [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    assert any("request will be repeated" in line for line in logged)
    assert any("shop.example/x" in line for line in logged)
    assert not any("hidden" in line for line in logged)


def test_certificates_are_always_checked_and_read_once_for_all_clients() -> None:
    first, second = trusted_certificates(), trusted_certificates()

    assert first is second
    assert first.verify_mode is ssl.CERT_REQUIRED
    assert first.check_hostname
