"""The requests that we send to one store's REST API, with its key, and the answers as rows."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal, TypeAlias

import httpx

from udsync_pipelines.connectors.woocommerce.address import PLATFORM, store_url
from udsync_pipelines.connectors.woocommerce.responses import NotFoundError, read_body
from udsync_pipelines.errors import (
    AuthorizationError,
    PlatformUnavailableError,
    UdsyncError,
)
from udsync_pipelines.transport import (
    NOTHING_AGAIN,
    READS,
    Answer,
    RetryPolicy,
    Transport,
    trusted_certificates,
)

logger = logging.getLogger(__name__)

Row: TypeAlias = Mapping[str, Any]
READ_TIMEOUT = 60.0  # seconds; busy shops were seen to take two for a page
_SINCE = ("modified_after", "after")
PER_PAGE = 100  # the most that WooCommerce gives; 101 is refused


def user_agent() -> str:
    """How we name ourselves; a host's firewall may need to allow it."""
    try:
        return f"udsync/{version('udsync')}"
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "udsync/0"


def new_http_client(read_timeout: float = READ_TIMEOUT) -> httpx.Client:
    """A client as a store wants it: at most two connections, explicit timeouts, no redirects.

    Args:
        read_timeout: how long the store may be silent within one request, in seconds.
    """
    return httpx.Client(
        timeout=httpx.Timeout(connect=10.0, read=read_timeout, write=30.0, pool=60.0),
        follow_redirects=False,
        verify=trusted_certificates(),
        limits=httpx.Limits(max_connections=2, max_keepalive_connections=2),
    )


@dataclass(frozen=True, slots=True)
class Credentials:
    """A store's REST key. `in_query` is for hosts that strip the Authorization header.

    Query credentials end up in the logs of web servers: only where nothing else works.
    """

    consumer_key: str
    consumer_secret: str = field(repr=False)
    in_query: bool = False


@dataclass(frozen=True, slots=True)
class ListRequest:
    """A list of a store: its path below `wc/v3` and its parameters."""

    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)

    def __str__(self) -> str:
        """The list and the place in it, as a person calls it: `orders from row 100`."""
        if "offset" in self.params:
            return f"{self.path} from row {int(self.params['offset']) + 1}"
        after = next((self.params[name] for name in _SINCE if name in self.params), None)
        return f"{self.path} changed after {after}" if after else self.path

    def but(self, **params: str | int) -> "ListRequest":
        """The same list with other parameters."""
        return ListRequest(self.path, {**self.params, **params})


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list.

    `total` is how many rows the whole list had, None when the store did not say (PHP warnings
    swallow the header). `answered_at` is the store's clock.
    """

    rows: tuple[Row, ...]
    total: int | None
    answered_at: datetime

    @property
    def ids(self) -> tuple[int, ...]:
        """The rows' ids in their order."""
        return tuple(row["id"] for row in self.rows)


class WooCommerceClient:
    """Reads one store, and sets up its webhooks.

    Safe to use from two threads; at most that many requests at a time.
    Every method raises a RetryableError once the retry budget is spent, and a ConfigurationError
    when the store refuses us.

    Raises:
        ConfigurationError: the address is none, or is plain http to another machine.
    """

    def __init__(
        self,
        http: httpx.Client,
        url: str,
        credentials: Credentials,
        *,
        policy: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.url = store_url(url)
        self.host = httpx.URL(self.url).host
        self.credentials = credentials
        self._http = http
        self._clock = clock
        self._transport = Transport(
            http,
            peer=f"The store {self.host}",
            platform=PLATFORM,
            policy=policy,
            sleep=sleep,
            clock=clock,
        )

    def page(self, request: ListRequest, first: Callable[[], Listing] | None = None) -> Listing:
        """One page of a list, tried again as long as the budget lasts.

        `first` stands in for the first attempt: the result of `page_once`, sent ahead.
        """
        return self._transport.send(
            lambda: self._listing(request), READS, self._read_list, first, asked=str(request)
        )

    def page_once(self, request: ListRequest) -> Listing:
        """One page of a list, tried once."""
        return self._transport.send_once(lambda: self._listing(request), READS, self._read_list)

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Row:
        """One object.

        Raises:
            NotFoundError: there is none with this id.
        """
        return self._transport.send(
            lambda: self._signed(f"/wp-json/wc/v3/{path}", params or {}),
            READS,
            _read_object,
            asked=path,
        )

    def find(self, path: str, params: Mapping[str, str | int] | None = None) -> Row | None:
        """One object, or None when the store says that there is none with this id."""
        try:
            return self.get(path, params)
        except NotFoundError:
            return None

    def write(
        self,
        method: Literal["POST", "PUT", "DELETE"],
        path: str,
        body: Row | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> Row:
        """Change one object of the store's own set-up; sent once, and its answer is the object.

        After a RetryableError it may have taken effect all the same: look before sending again.
        """
        return self._transport.send_once(
            lambda: self._signed(f"/wp-json/wc/v3/{path}", params or {}, method=method, body=body),
            NOTHING_AGAIN,
            _read_object,
        )

    def open_page(self, path: str, params: Mapping[str, str | int]) -> Answer:
        """Any address of the store, without credentials, whatever it answers; tried once."""
        return self._transport.send_once(
            lambda: self._build(path, params), NOTHING_AGAIN, lambda answer: answer
        )

    def knows_key(self) -> bool:
        """True when the store knows the consumer key. Sends the key alone, with a false secret.

        Tells a lost Authorization header from an unknown key: WooCommerce blames the secret only
        of a key that it knows, and takes credentials from the address too.
        """
        params = {"consumer_key": self.credentials.consumer_key, "consumer_secret": "unknown"}
        try:
            self._transport.send_once(
                lambda: self._build("/wp-json/wc/v3/orders", {**params, "_fields": "id"}),
                NOTHING_AGAIN,
                read_body,
            )
        except AuthorizationError as error:
            return error.code in {"secret_wrong", "key_refused"}
        except UdsyncError:
            return False
        return False

    def _listing(self, request: ListRequest) -> httpx.Request:
        return self._signed(f"/wp-json/wc/v3/{request.path}", request.params)

    def _signed(
        self,
        path: str,
        params: Mapping[str, str | int],
        *,
        method: str = "GET",
        body: Row | None = None,
    ) -> httpx.Request:
        key, secret = self.credentials.consumer_key, self.credentials.consumer_secret
        if self.credentials.in_query:
            params = {**params, "consumer_key": key, "consumer_secret": secret}
            return self._build(path, params, method=method, body=body)
        request = self._build(path, params, method=method, body=body)
        return next(httpx.BasicAuth(key, secret).sync_auth_flow(request))

    def _build(
        self,
        path: str,
        params: Mapping[str, str | int],
        *,
        method: str = "GET",
        body: Row | None = None,
    ) -> httpx.Request:
        return self._http.build_request(
            method,
            f"{self.url}{path}",
            params=dict(params) or None,
            json=body,
            headers={"User-Agent": user_agent(), "Accept": "application/json"},
        )

    def _read_list(self, answer: Answer) -> Listing:
        rows = read_body(answer)
        if not isinstance(rows, list):
            raise _misshapen(answer, "something else than a list")
        for row in rows:
            identifier = row.get("id") if isinstance(row, dict) else None
            if type(identifier) is not int or identifier < 1:
                raise _misshapen(answer, "a row that has no whole number as its id")
        return Listing(tuple(rows), _total(answer), _answered_at(answer) or self._clock())


def _read_object(answer: Answer) -> Row:
    found = read_body(answer)
    if not isinstance(found, dict):
        raise _misshapen(answer, "something else than an object")
    return found


def _misshapen(answer: Answer, what: str) -> PlatformUnavailableError:
    return PlatformUnavailableError(
        f"The store answered {answer.path.split('/wc/v3/')[-1]} with {what}.",
        code="answer_misshapen",
        platform=PLATFORM,
        cure="Try later; if it stays so, look for a plugin that changes WooCommerce's REST API.",
    )


def _total(answer: Answer) -> int | None:
    text = answer.headers.get("x-wp-total", "")
    return int(text) if text.isdecimal() else None


def _answered_at(answer: Answer) -> datetime | None:
    try:
        told = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return None
    return told if told.tzinfo is not None else told.replace(tzinfo=UTC)
