"""What a store's answers mean: reading JSON that may be damaged, and refusals as our errors.

Stores answer with more than JSON: web pages of WordPress, of the web server or of a security
plugin, and PHP warnings printed before the JSON (then with HTTP status 200 and without the
`X-WP-` headers, because those were sent too late).
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from udsync_pipelines.connectors.woocommerce.address import PLATFORM
from udsync_pipelines.errors import (
    AuthorizationError,
    ConfigurationError,
    PlatformUnavailableError,
    RateLimitedError,
    UdsyncError,
)
from udsync_pipelines.transport import Answer

_JSON_AFTER_TEXT = re.compile(rb"(?:^|[\n>])[ \t\r]*([\[{])")
_FAR_ENOUGH = 200  # candidates for where JSON begins; a page of warnings has a few dozen lines


class RouteMissingError(ConfigurationError):
    """This store's version of WooCommerce does not have the route that was asked for."""

    code = "route_missing"


class NotFoundError(ConfigurationError):
    """The store has no record with this id."""

    code = "not_found"


def read_body(answer: Answer) -> Any:
    """The JSON of a successful answer.

    Raises:
        UdsyncError: the answer is a refusal, is cut off, or holds no JSON; see `refusal`.
    """
    body = parse_json(answer.body)
    if body is _NO_JSON:
        raise _not_json(answer)
    if answer.status < 300 and not _is_error(body):  # noqa: PLR2004
        return body
    raise refusal(answer, body)


def parse_json(body: bytes) -> Any:
    """The JSON of a body, also after a text that PHP printed before it.

    Returns a value for which `is_json` is False when there is none.
    """
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return _json_after_text(text)


def is_json(body: object) -> bool:
    """False for the value by which `parse_json` says that there is no JSON."""
    return body is not _NO_JSON


def _json_after_text(text: bytes) -> Any:
    if text[:1] in b"[{":
        return _NO_JSON  # cut off: what could be found further in is a part of it only
    for count, match in enumerate(_JSON_AFTER_TEXT.finditer(text)):
        if count > _FAR_ENOUGH:
            break
        try:
            return orjson.loads(text[match.start(1) :])
        except orjson.JSONDecodeError:
            continue
    return _NO_JSON


def refusal(answer: Answer, body: object) -> UdsyncError:  # noqa: PLR0911 - a table in code
    """The error that an answer with a WordPress error body, or a bad status, means."""
    error = body if isinstance(body, Mapping) else {}
    code = str(error.get("code", ""))
    # With PHP warnings printed, HTTP says 200 and only the body says what was meant.
    status = _meant_status(error) or answer.status
    if status in _BY_STATUS:
        kind, our_code, message, cure = _BY_STATUS[status]
        return kind(message, code=our_code, platform=PLATFORM, cure=cure)
    if status in {401, 403} and not is_json(body):
        return _blocked()
    if status == 401:  # noqa: PLR2004
        return _unauthorized(code, str(error.get("message", "")))
    if status == 403:  # noqa: PLR2004
        return _forbidden()
    if status == 404:  # noqa: PLR2004
        return _not_found(answer, code, body)
    if 300 <= status < 400:  # noqa: PLR2004
        return _redirected(answer)
    if status >= 500:  # noqa: PLR2004 - content networks have many more of their own
        return PlatformUnavailableError(
            f"The store answers with HTTP status {status}.",
            code="store_down",
            platform=PLATFORM,
            cure=_UNAVAILABLE,
        )
    what = f" ({code}: {error.get('message', '')})" if code else ""
    return ConfigurationError(
        f"The store refuses to answer {_last_part(answer)} with HTTP status {status}{what}.",
        code="request_refused",
        platform=PLATFORM,
        cure="Check that WooCommerce is up to date and that no plugin changes its REST API.",
    )


def _unauthorized(code: str, message: str) -> AuthorizationError:
    # The code is one for two faults, the text tells them apart in English stores.
    if "read permission" in message:
        which = "key_cannot_read"
    elif "write permission" in message:
        which = "key_cannot_write"
    elif "secret is invalid" in message:
        which = "secret_wrong"
    elif code == "woocommerce_rest_authentication_error":
        which = "key_refused"
    else:
        which = "key_unknown"
    sentence, cure = _UNAUTHORIZED[which]
    return AuthorizationError(sentence, code=which, platform=PLATFORM, cure=cure)


_UNAUTHORIZED = {
    "key_cannot_read": (
        "The store says that this key has no read permission.",
        "In WooCommerce, Settings, Advanced, REST API, give the key the permission Read/Write.",
    ),
    "key_cannot_write": (
        "The store says that this key has no write permission.",
        "In WooCommerce, Settings, Advanced, REST API, give the key the permission Read/Write.",
    ),
    "secret_wrong": (
        "The store knows this consumer key and refuses the consumer secret.",
        "Connect the store again with the secret that belongs to the key, or make a new key.",
    ),
    "key_refused": (
        "The store knows this consumer key and refuses it.",
        "Connect the store again with the secret that belongs to the key, or make a new key with "
        "the permission Read/Write.",
    ),
    "key_unknown": (
        "The store does not know this consumer key, or never sees it.",
        "Check the key; if it is right, have the host pass on the Authorization header and tell "
        "WordPress that the request came over https.",
    ),
}


def _forbidden() -> AuthorizationError:
    return AuthorizationError(
        "The store knows the key, but its user may not see this.",
        code="user_lacks_rights",
        platform=PLATFORM,
        cure="Make the key for a user with the role Shop manager or Administrator.",
    )


def _blocked() -> AuthorizationError:
    return AuthorizationError(
        "The store's web server or a security plugin blocks us before WooCommerce answers.",
        code="blocked",
        platform=PLATFORM,
        cure="Allow this server's address and the user agent udsync in the firewall of the store.",
    )


def _not_found(answer: Answer, code: str, body: object) -> ConfigurationError:
    if code == "rest_no_route":
        return RouteMissingError(
            f"This store has no route {_last_part(answer)}.",
            platform=PLATFORM,
            cure="Check that WooCommerce is active, and update it.",
        )
    if is_json(body) and code:
        return NotFoundError(f"The store has no record {_last_part(answer)}.", platform=PLATFORM)
    return ConfigurationError(
        "The store's address leads to no WordPress REST API.",
        code="rest_api_missing",
        platform=PLATFORM,
        cure="Check the address; in WordPress, Settings, Permalinks, choose any structure but "
        "Plain.",
    )


def _redirected(answer: Answer) -> ConfigurationError:
    target = answer.headers.get("location", "").split("?")[0] or "an unnamed address"
    return ConfigurationError(
        f"The store redirects us from {answer.host} to {target}.",
        code="redirected",
        platform=PLATFORM,
        cure="Connect the store by the address that it redirects to.",
    )


def _not_json(answer: Answer) -> UdsyncError:
    if answer.status >= 300:  # noqa: PLR2004
        return refusal(answer, _NO_JSON)
    if answer.body.lstrip()[:1] in (b"[", b"{"):
        return PlatformUnavailableError(
            f"The store broke off its answer to {_last_part(answer)}.",
            code="answer_truncated",
            platform=PLATFORM,
            cure="Try later; if it stays so, look into the PHP error log of the store.",
        )
    return PlatformUnavailableError(
        f"The store answered {_last_part(answer)} with a web page instead of JSON.",
        code="not_json",
        platform=PLATFORM,
        cure="Check for a coming-soon page, a login wall or a security plugin in front of it.",
    )


def _is_error(body: object) -> bool:
    return (
        isinstance(body, Mapping)
        and {"code", "message", "data"} <= set(body)
        and ("id" not in body)
    )


def _meant_status(error: Mapping[str, Any]) -> int | None:
    details = error.get("data")
    # Seen: {"status": 404}, and for refused refunds the bare number 500.
    status = details.get("status") if isinstance(details, Mapping) else details
    return status if isinstance(status, int) and not isinstance(status, bool) else None


def _last_part(answer: Answer) -> str:
    return answer.path.split("/wc/v3/")[-1]


_UNAVAILABLE = "Try later; if it stays so, look into the PHP error log of the store."
_BY_STATUS: dict[int, tuple[type[UdsyncError], str, str, str]] = {
    429: (
        RateLimitedError,
        "rate_limited",
        "The store's host asks us to slow down.",
        "Try later; ask the host to allow more requests from this server.",
    ),
    500: (
        PlatformUnavailableError,
        "store_error",
        "The store fails with an internal error.",
        _UNAVAILABLE,
    ),
    502: (
        PlatformUnavailableError,
        "store_down",
        "The store's web server runs, but PHP behind it does not.",
        _UNAVAILABLE,
    ),
    503: (
        PlatformUnavailableError,
        "maintenance",
        "The store is in maintenance or overloaded.",
        "Wait until its update is finished, then try again.",
    ),
    504: (
        PlatformUnavailableError,
        "store_slow",
        "The store takes too long to answer.",
        _UNAVAILABLE,
    ),
}


class _NoJson:
    """The type of the value that says: no JSON here."""


_NO_JSON = _NoJson()
