"""One call to a company of QuickBooks: its limits, its access token, its answer.

Every request names minor version 75, asks for JSON, counts against the company's limits and
leaves the request id of its answer (`intuit_tid`) in the log. A write goes again only when it
surely was not done.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
from pydantic import SecretStr

from udsync_pipelines.connectors.quickbooks.address import PRODUCTION, RealmId, api_url
from udsync_pipelines.connectors.quickbooks.faults import (
    PAUSE_AFTER_429,
    About,
    AccessTokenRefusedError,
    outcome_unknown,
    read_answer,
)
from udsync_pipelines.connectors.quickbooks.limited_transport import LimitedTransport
from udsync_pipelines.connectors.quickbooks.limits import BATCHES, REQUESTS, Limits, NoLimits
from udsync_pipelines.connectors.quickbooks.oauth import AccessTokens
from udsync_pipelines.connectors.quickbooks.tokens import needs_consent
from udsync_pipelines.connectors.quickbooks.wire import Row, write_json
from udsync_pipelines.errors import (
    RetryableError,
    UdsyncError,
)
from udsync_pipelines.transport import (
    READS,
    Answer,
    Retryable,
    RetryPolicy,
    trusted_certificates,
)

logger = logging.getLogger(__name__)

MINOR_VERSION = "75"

# QuickBooks ends a request after 120 s: who waits less long turns slow writes into lost ones.
TIMEOUT = httpx.Timeout(connect=10.0, read=130.0, write=30.0, pool=60.0)

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# A write is sent again only when it surely was not done: no connection, or a 429.
WRITES = Retryable(failures=_NEVER_SENT, statuses=frozenset({429}))


def new_http_client(connections: int = 10) -> httpx.Client:
    """A client as QuickBooks wants it: at most ten connections, explicit timeouts, no redirects."""
    return httpx.Client(
        timeout=TIMEOUT,
        follow_redirects=False,
        verify=trusted_certificates(),
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
    )


@dataclass(frozen=True, slots=True)
class Written:
    """What a write made: the object as it is now, and Intuit's id of the request."""

    row: Row
    intuit_tid: str | None


@dataclass(frozen=True, slots=True)
class Call:
    """One request, before it is signed. `name` is what it counts as, such as `Invoice create`."""

    name: str
    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: object = field(default=None, repr=False)
    record: str | None = None
    is_write: bool = False
    is_batch: bool = False
    counts_as: int = 1
    part: str = ""

    @property
    def asked(self) -> str:
        """What is asked for, as a person calls it: `Customer query from 1001`."""
        about = f" for {self.record}" if self.record else ""
        return f"{self.name}{about}{self.part}"


class CompanyCalls:
    """Sends calls to one company. Safe to use from several threads.

    Raises:
        ConfigurationError: the address is neither Intuit's nor on this machine.
    """

    def __init__(  # noqa: PLR0913 - clock and sleep are arguments, so that tests own them
        self,
        http: httpx.Client,
        realm_id: RealmId,
        tokens: AccessTokens,
        *,
        limits: Limits | None = None,
        base_url: str = PRODUCTION,
        policy: RetryPolicy | None = None,
        pause_after_429: float = PAUSE_AFTER_429,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.url = api_url(base_url)
        self.realm_id = realm_id
        self.tokens = tokens
        self._http = http
        self._limits = limits or NoLimits()
        self._single, self._batch = (
            LimitedTransport(
                http,
                self._limits,
                rates,
                pause=pause_after_429,
                policy=policy,
                sleep=sleep,
                clock=clock,
            )
            for rates in ((REQUESTS,), (REQUESTS, BATCHES))
        )

    def _send(self, call: Call) -> Written:
        """Send until there is an answer; with another access token, if the old is refused.

        A refused access token means that nothing was done, so also a write may go again. One that
        was taken over from another process may have died meanwhile; one that Intuit gave to this
        process just now must be taken, or the consent is gone.
        """
        token = self.tokens.current()
        is_renewed = False
        while True:
            try:
                return self._sent(call, token)
            except AccessTokenRefusedError as again:
                if is_renewed and self.tokens.is_own(token):
                    refused = needs_consent()
                    refused.request_id = again.request_id
                    raise refused from again
            token = self.tokens.renew(token)
            is_renewed = True

    def _sent(self, call: Call, token: SecretStr) -> Written:
        if not call.is_write:
            self._limits.check_allowance()
        transport = self._batch if call.is_batch else self._single
        retry = WRITES if call.is_write else READS
        has_failed = True
        try:
            answer = transport.send(
                lambda: self._signed(call, token),
                retry,
                lambda answer: _read(answer, call),
                asked=call.asked,
            )
            has_failed = False
        except RetryableError as failure:
            cause = failure.__cause__
            is_lost = isinstance(cause, httpx.RequestError) and not isinstance(cause, _NEVER_SENT)
            if call.is_write and is_lost:
                raise outcome_unknown(About(call.record)) from failure
            raise
        finally:
            for _ in range(call.counts_as):
                self._limits.count(call.name, is_metered=not call.is_write, has_failed=has_failed)
        return answer

    def _signed(self, call: Call, token: SecretStr) -> httpx.Request:
        headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {token.get_secret_value()}",
        }
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        return self._http.build_request(
            call.method,
            f"{self.url}/v3/company/{self.realm_id}/{call.path}",
            params={**call.params, "minorversion": MINOR_VERSION},
            headers=headers,
            content=None if call.body is None else write_json(call.body),
        )


def _read(answer: Answer, call: Call) -> Written:
    tid = answer.headers.get("intuit_tid")
    fields = {"call": call.name, "record": call.record, "intuit_tid": tid}
    try:
        body = read_answer(answer, is_write=call.is_write, record=call.record)
    except UdsyncError as error:
        logger.info("quickbooks refused a request", extra={**fields, "code": error.code})
        raise
    logger.debug("quickbooks answered", extra=fields)
    return Written(body, tid)
