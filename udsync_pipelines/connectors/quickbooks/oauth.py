"""Access tokens for one company: renewed by one process at a time, the newest stored first.

Intuit changes the refresh token about daily, and takes a second use of the former one for theft.
So a renewal reads, asks and stores under a lock that all processes share; whoever waited for it
finds the new token there and asks nothing.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import httpx
from pydantic import SecretStr

from udsync_pipelines.connectors.quickbooks.address import (
    AUTHORIZE,
    PLATFORM,
    SCOPE,
    TOKEN_ENDPOINT,
    token_url,
)
from udsync_pipelines.connectors.quickbooks.fault_rules import Case
from udsync_pipelines.connectors.quickbooks.faults import About, error_of_case
from udsync_pipelines.connectors.quickbooks.tokens import (
    ACCESS_ENDS,
    ACCESS_RENEWS,
    ACCESS_TOKEN,
    GRANT_ENDS,
    REFRESH_ENDS,
    REFRESH_TOKEN,
    REFUSED,
    USED_FOR,
    Expiry,
    Tokens,
    expiry_of,
    fingerprint,
    moment_text,
    needs_consent,
    read_tokens,
)
from udsync_pipelines.connectors.quickbooks.wire import parse_json
from udsync_pipelines.errors import (
    AuthorizationError,
    PlatformUnavailableError,
    RetryableError,
    UdsyncError,
)
from udsync_pipelines.transport import NOTHING_AGAIN, Answer, RetryPolicy, Transport

logger = logging.getLogger(__name__)

Stored = Mapping[str, SecretStr]
_HARD_LIMIT_HEADER = "x-include-refresh-token-hard-expires-in"


def consent_url(client_id: str, redirect_uri: str, state: str) -> str:
    """Where an administrator of the company gives consent, the first time and after an end.

    `redirect_uri` is compared character by character with what is registered at Intuit; `state`
    comes back with the answer and must be known to the browser's session only.
    """
    params = {
        "client_id": client_id,
        "response_type": "code",
        "scope": SCOPE,
        "redirect_uri": redirect_uri,
        "state": state,
    }
    return str(httpx.URL(AUTHORIZE, params=params))


class TokenStore(Protocol):
    """Where one connection's credentials are kept, for all processes."""

    def read(self) -> Stored:
        """The credentials by name, without a lock."""

    def renew(self, change: Callable[[Stored], Stored]) -> Stored:
        """Under the connection's lock: read, let `change` tell what is new, store that, commit.

        Only one process at a time gets past the lock. Returns the credentials as they are then.
        What `change` raises is raised, and nothing is stored.
        """


class TokenEndpoint:
    """Intuit's token endpoint, or the one of an emulator on this machine.

    Raises:
        ConfigurationError: the address is neither.
    """

    def __init__(
        self,
        http: httpx.Client,
        *,
        url: str = TOKEN_ENDPOINT,
        policy: RetryPolicy | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._http = http
        self._url = token_url(url)
        self._clock = clock
        self._transport = Transport(
            http, peer="Intuit's token service", platform=PLATFORM, policy=policy, clock=clock
        )

    def refresh(self, tokens: Tokens) -> Stored:
        """Exchange the refresh token; return what is to be stored, the newest refresh token too.

        An answer that is lost on the way is asked for once more with the same token at once.

        Raises:
            AuthorizationError: code `needs_consent`: the token is dead; `client_refused`: the
                app's id or secret is wrong.
            RetryableError: the service does not answer.
        """
        try:
            return self._ask(tokens)
        except PlatformUnavailableError as lost:
            logger.info("token renewal will be repeated", extra={"code": lost.code})
            return self._ask(tokens)

    def _ask(self, tokens: Tokens) -> Stored:
        return self._transport.send_once(
            lambda: self._request(tokens),
            NOTHING_AGAIN,
            lambda answer: self._read(answer, tokens),
        )

    def _request(self, tokens: Tokens) -> httpx.Request:
        request = self._http.build_request(
            "POST",
            self._url,
            data={
                "grant_type": "refresh_token",
                "refresh_token": tokens.refresh_token.get_secret_value(),
            },
            headers={"Accept": "application/json", _HARD_LIMIT_HEADER: "true"},
        )
        secret = tokens.client_secret.get_secret_value()
        return next(httpx.BasicAuth(tokens.client_id, secret).sync_auth_flow(request))

    def _read(self, answer: Answer, tokens: Tokens) -> Stored:
        body = _body(answer)
        if answer.status != httpx.codes.OK or not body.get("access_token"):
            raise _refusal(answer, body)
        now = self._clock()
        renewed = {
            ACCESS_TOKEN: SecretStr(str(body["access_token"])),
            ACCESS_RENEWS: _end(now, body, "expires_in", USED_FOR) or moment_text(now),
            ACCESS_ENDS: _end(now, body, "expires_in") or moment_text(now),
            REFRESH_TOKEN: SecretStr(
                str(body.get("refresh_token") or tokens.refresh_token.get_secret_value())
            ),
        }
        ends = {
            REFRESH_ENDS: _end(now, body, "x_refresh_token_expires_in"),
            GRANT_ENDS: _end(now, body, "x_refresh_token_hard_expires_in"),
        }
        return {**renewed, **{name: end for name, end in ends.items() if end is not None}}


class AccessTokens:
    """The access token of one company, for the threads of this process.

    A token is used until ten minutes before its end, and to its end while Intuit's token service
    does not answer. One that another process has renewed is taken over from the store.
    """

    def __init__(
        self,
        store: TokenStore,
        endpoint: TokenEndpoint,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._endpoint = endpoint
        self._clock = clock
        self._lock = threading.Lock()
        self._held: Tokens | None = None
        # What Intuit gave for which refresh token, until it is stored: asking with that token
        # again, after the database was away for a moment, would end the connection.
        self._unstored: tuple[SecretStr, Stored] | None = None
        self._own: SecretStr | None = None

    def current(self) -> SecretStr:
        """A token that can be used now; renewed first when its end is near.

        Raises:
            AuthorizationError: code `needs_consent`; nothing is asked of Intuit a second time.
            RetryableError: Intuit's token service does not answer.
        """
        with self._lock:
            if self._held is None or not self._held.is_fresh(self._clock()):
                self._held = self._renewed_or_alive()
            return _token(self._held)

    def renew(self, refused: SecretStr) -> SecretStr:
        """Another token than this one, which QuickBooks has refused.

        Raises:
            AuthorizationError: code `needs_consent`.
            RetryableError: Intuit's token service does not answer.
        """
        with self._lock:
            if self._held is None or self._held.access_token == refused:
                self._held = self._renewed(refused=refused)
            return _token(self._held)

    def is_own(self, token: SecretStr) -> bool:
        """Whether Intuit gave this token to this process last; else another process renewed it."""
        return token == self._own

    def expiry(self) -> Expiry:
        """When the connection ends by itself, as stored now.

        Raises:
            ConfigurationError: the company was never connected.
        """
        return expiry_of(self._store.read())

    def _renewed_or_alive(self) -> Tokens:
        try:
            return self._renewed(refused=None)
        except RetryableError:
            if self._held is not None and self._held.is_alive(self._clock()):
                return self._held
            raise

    def _renewed(self, *, refused: SecretStr | None) -> Tokens:
        stored = read_tokens(self._store.read())
        if self._usable(stored, refused):
            return stored
        failure: list[UdsyncError] = []
        renewed = read_tokens(self._store.renew(lambda now: self._change(now, refused, failure)))
        if self._unstored is not None:
            self._own = renewed.access_token
        self._unstored = None
        if failure:
            raise failure[0]
        return renewed

    def _change(
        self, stored: Stored, refused: SecretStr | None, failure: list[UdsyncError]
    ) -> Stored:
        """What is new, under the lock; another process may have renewed while we waited."""
        tokens = read_tokens(stored)
        if self._usable(tokens, refused):
            return {}
        if self._unstored is not None and self._unstored[0] == tokens.refresh_token:
            return self._unstored[1]
        try:
            renewed = self._endpoint.refresh(tokens)
        except AuthorizationError as error:
            failure.append(error)
            # Kept, so that no process asks with this token again: that would look like theft.
            dead = error.code == "needs_consent"
            return {REFUSED: SecretStr(fingerprint(tokens.refresh_token))} if dead else {}
        logger.info(
            "access token renewed",
            extra={"is_rotated": renewed[REFRESH_TOKEN] != tokens.refresh_token},
        )
        self._unstored = (tokens.refresh_token, renewed)
        return renewed

    def _usable(self, tokens: Tokens, refused: SecretStr | None) -> bool:
        if tokens.needs_consent():
            raise needs_consent()
        return tokens.is_fresh(self._clock()) and tokens.access_token != refused


def _token(tokens: Tokens) -> SecretStr:
    if tokens.access_token is None:
        raise needs_consent()
    return tokens.access_token


def _body(answer: Answer) -> Mapping[str, Any]:
    try:
        body = parse_json(answer.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _refusal(answer: Answer, body: Mapping[str, Any]) -> UdsyncError:
    about = About(request_id=answer.headers.get("intuit_tid"))
    return error_of_case(
        _case(answer.status, str(body.get("error", ""))), about, status=answer.status
    )


def _case(status: int, error: str) -> Case:
    if error == "invalid_grant":
        return Case.CONSENT_ENDED
    if error in {"invalid_client", "unauthorized_client"} or status in {401, 403}:
        return Case.CLIENT_REFUSED
    if 400 <= status < 500 and status not in {408, 429}:  # noqa: PLR2004
        return Case.TOKEN_REQUEST_REFUSED
    return Case.TOKEN_SERVICE_DOWN


def _end(now: datetime, body: Mapping[str, Any], name: str, share: float = 1.0) -> SecretStr | None:
    seconds = body.get(name)
    if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds <= 0:
        return None
    return moment_text(now + timedelta(seconds=seconds) * share)
