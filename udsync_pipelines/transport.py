"""Send one HTTP request well: timeouts, retries with a budget, nothing secret in a log.

What may be sent again is the caller's knowledge: a read may, a write mostly may not. What is
shared by all platforms is how: wait longer each time, with jitter, as long as the platform asks
for, and never longer in one run than its budget allows.
"""

import logging
import random
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TypeVar

import httpx
from tenacity import RetryCallState, Retrying

from udsync_pipelines.errors import (
    AuthorizationError,
    ConfigurationError,
    PlatformUnavailableError,
    RateLimitedError,
    RetryableError,
    UdsyncError,
)

logger = logging.getLogger(__name__)

T = TypeVar("T")

HTTP_TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole: the body has arrived up to its last byte."""

    status: int
    headers: httpx.Headers
    body: bytes
    host: str
    path: str


@dataclass(frozen=True, slots=True)
class Retryable:
    """What the caller knows may be sent again: failures on the way, and answers by status."""

    failures: tuple[type[httpx.RequestError], ...]
    statuses: frozenset[int]


READS = Retryable(
    failures=(
        httpx.ConnectError,
        httpx.TimeoutException,
        httpx.RemoteProtocolError,  # a truncated body, or a connection closed without an answer
        httpx.ReadError,
        httpx.WriteError,
        httpx.DecodingError,
    ),
    statuses=frozenset({429, 500, 502, 503, 504}),
)


NOTHING_AGAIN = Retryable(failures=(), statuses=frozenset())


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long to try. All times are seconds.

    Attributes:
        attempts: how often one request is sent at most.
        first_wait: the wait before the second attempt; it doubles from there.
        longest_wait: where doubling ends. A platform that asks for longer is given longer.
        budget: what waits, and attempts that failed, may add up to in one run.
        deadline: how long one answer may take, drop by drop, to arrive whole.
    """

    attempts: int = 6
    first_wait: float = 0.5
    longest_wait: float = 30.0
    budget: float = 300.0
    deadline: float = 180.0


class Transport:
    """Sends requests to one peer over the caller's `httpx.Client`, for the length of one run.

    Safe to use from two threads, as `httpx.Client` is. The retry budget is the run's: a
    transport that has spent it raises on the first failure.
    """

    def __init__(  # noqa: PLR0913 - clock, sleep and chance are arguments, so that tests own them
        self,
        http: httpx.Client,
        *,
        peer: str,
        platform: str,
        policy: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        timer: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._http = http
        self._peer = peer
        self._platform = platform
        self._policy = policy or RetryPolicy()
        self._sleep = sleep
        self._clock = clock
        self._timer = timer
        self._chance = chance
        self.budget_left = self._policy.budget
        keep_credentials_out_of_logs()

    def send(
        self,
        request: Callable[[], httpx.Request],
        retry: Retryable,
        read: Callable[[Answer], T],
        first: Callable[[], T] | None = None,
        asked: str = "",
    ) -> T:
        """Send until an answer can be read, and return what `read` makes of it.

        `request` builds the request anew for each attempt. `read` sees every answer, also a
        refused one, and raises what it means; a RetryableError that it raises for a status in
        `retry.statuses`, or for a body that cannot be read, is tried again. `first` stands in for
        the first attempt: the result of a request that was sent ahead. `asked` says in the error
        what was asked for, so that a person can look at it.

        Raises:
            RetryableError: tried as often, or waited as long, as the policy allows.
            ConfigurationError: the peer's certificate is not trusted, or what `read` raises.
        """
        attempts: Iterator[Callable[[], T]] = _first_then(
            first, lambda: self._timed(lambda: self.send_once(request, retry, read))
        )
        trying = Retrying(
            retry=lambda state: _may_be_sent_again(state, retry),
            stop=self._is_enough,
            wait=self._seconds_to_wait,
            sleep=self._spend,
            before_sleep=self._log_repetition,
            reraise=True,
        )
        try:
            return trying(lambda: next(attempts)())
        except AuthorizationError:
            raise  # it is about the credentials, whatever was asked for
        except (RetryableError, ConfigurationError) as error:
            error.name(asked)
            raise

    def send_once(
        self,
        request: Callable[[], httpx.Request],
        retry: Retryable,
        read: Callable[[Answer], T],
    ) -> T:
        """Send one time only; for requests that are sent ahead, whose failure `send` repeats.

        Raises:
            RetryableError: the peer could not be reached, or the answer says to come again.
            ConfigurationError: the peer's certificate is not trusted, or what `read` raises.
        """
        answer = self._exchange(request())
        try:
            result = read(answer)
        except RetryableError as error:
            if error.retry_after is None:
                error.retry_after = retry_after(answer.headers, self._clock())
            raise
        if answer.status in retry.statuses:
            raise self._refused(answer)
        return result

    def _timed(self, attempt: Callable[[], T]) -> T:
        """Charge a failed attempt to the budget, so that hung requests do not add up for hours."""
        began_at = self._timer()
        try:
            return attempt()
        except RetryableError:
            self.budget_left -= self._timer() - began_at
            raise

    def _exchange(self, request: httpx.Request) -> Answer:
        ends_at = self._timer() + self._policy.deadline
        try:
            response = self._http.send(request, stream=True, follow_redirects=False)
            try:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if self._timer() > ends_at:
                        raise httpx.ReadTimeout("the answer drips", request=request)
            finally:
                response.close()
        except httpx.RequestError as failure:
            raise self._lost(failure) from failure
        return Answer(
            response.status_code, response.headers, bytes(body), request.url.host, request.url.path
        )

    def _refused(self, answer: Answer) -> RetryableError:
        kind = (
            RateLimitedError
            if answer.status == HTTP_TOO_MANY_REQUESTS
            else PlatformUnavailableError
        )
        return kind(
            f"{self._peer} answered with HTTP status {answer.status}.",
            retry_after=retry_after(answer.headers, self._clock()),
            platform=self._platform,
        )

    def _lost(self, failure: httpx.RequestError) -> UdsyncError:
        code, sentence, cure = _diagnosis(failure)
        kind = ConfigurationError if code == "certificate_untrusted" else PlatformUnavailableError
        return kind(f"{self._peer} {sentence}.", code=code, platform=self._platform, cure=cure)

    def _seconds_to_wait(self, state: RetryCallState) -> float:
        doubled = self._policy.first_wait * 2.0 ** (state.attempt_number - 1)
        jittered = min(doubled, self._policy.longest_wait) * (0.5 + 0.5 * self._chance())
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, RetryableError) else None
        return jittered if asked is None else max(asked + 0.1 * jittered, jittered)

    def _is_enough(self, state: RetryCallState) -> bool:
        return (
            state.attempt_number >= self._policy.attempts or state.upcoming_sleep > self.budget_left
        )

    def _spend(self, seconds: float) -> None:
        self.budget_left -= seconds
        self._sleep(seconds)

    def _log_repetition(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        logger.info(
            "request will be repeated",
            extra={
                "platform": self._platform,
                "attempt": state.attempt_number,
                "wait_seconds": round(state.upcoming_sleep, 3),
                "code": getattr(error, "code", None),
            },
        )


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """The wait in seconds that a `Retry-After` header asks for, written as seconds or as a date.

    None when there is no such header or it cannot be read; never negative.
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isdecimal():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())


@cache
def trusted_certificates() -> ssl.SSLContext:
    """What every client of this process checks certificates with.

    Reading them takes longer than many a request, so that it is done once.
    """
    return httpx.create_ssl_context()


def keep_credentials_out_of_logs() -> None:
    """Make httpx log addresses without their query, and httpcore no headers; may be repeated."""
    logging.getLogger("httpx").addFilter(_without_query)
    for part in ("connection", "http11", "http2", "proxy"):
        logging.getLogger(f"httpcore.{part}").addFilter(_only_warnings)


def _without_query(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple):
        record.args = tuple(
            argument.copy_with(query=None, userinfo=b"")
            if isinstance(argument, httpx.URL)
            else argument
            for argument in record.args
        )
    return True


def _only_warnings(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def _first_then(first: Callable[[], T] | None, rest: Callable[[], T]) -> Iterator[Callable[[], T]]:
    if first is not None:
        yield first
    while True:
        yield rest


def _may_be_sent_again(state: RetryCallState, retry: Retryable) -> bool:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, RetryableError):
        return False
    return not isinstance(error.__cause__, httpx.RequestError) or isinstance(
        error.__cause__, retry.failures
    )


def _diagnosis(failure: httpx.RequestError) -> tuple[str, str, str]:
    """The code, what happened, and the cure, of a request without an answer."""
    causes = tuple(_chain(failure))
    for kind, code, sentence, cure in _DIAGNOSES:
        if any(isinstance(cause, kind) for cause in causes):
            return code, sentence, cure
    return "answer_truncated", "broke off its answer", "Try later, or ask its host."


# The first row that fits tells it: what lies deeper in the chain of causes stands higher here.
_DIAGNOSES: tuple[tuple[type[BaseException], str, str, str], ...] = (
    (
        ssl.SSLCertVerificationError,
        "certificate_untrusted",
        "shows a certificate that is not trusted",
        "Have its host renew or complete the certificate.",
    ),
    (
        ssl.SSLError,
        "tls_failed",
        "does not speak https properly",
        "Check that https works in a browser, or ask its host.",
    ),
    (
        socket.gaierror,
        "host_not_found",
        "has a name that cannot be found",
        "Check the address.",
    ),
    (
        httpx.TimeoutException,
        "timeout",
        "did not answer in time",
        "Try later, or ask its host.",
    ),
    (
        ConnectionRefusedError,
        "connection_refused",
        "refuses the connection",
        "Check the address and its port, and that the server is running.",
    ),
    (
        httpx.ConnectError,
        "unreachable",
        "cannot be reached",
        "Check the address and the network.",
    ),
)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
