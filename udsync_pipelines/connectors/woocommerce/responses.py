"""What a store's answers mean: reading JSON that may be damaged, and refusals as our errors.

Stores answer with more than JSON: web pages of WordPress, of the web server or of a security
plugin, and PHP warnings printed before the JSON (then with HTTP status 200 and without the
`X-WP-` headers, because those were sent too late).
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from udsync_pipelines.connectors.fault_table import ERRORS
from udsync_pipelines.connectors.woocommerce.address import PLATFORM
from udsync_pipelines.connectors.woocommerce.fault_rules import Body, Refused, rule_of
from udsync_pipelines.errors import ConfigurationError, UdsyncError
from udsync_pipelines.transport import Answer

_JSON_AFTER_TEXT = re.compile(rb"(?:^|[\n>])[ \t\r]*([\[{])")
_LONGEST = 300  # characters of a store's own words
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
        raise refusal(answer, body)
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


def refusal(answer: Answer, body: object) -> UdsyncError:
    """The error that an answer with a WordPress error body, or a bad status, means."""
    error = body if isinstance(body, Mapping) else {}
    # With PHP warnings printed, HTTP says 200 and only the body says what was meant.
    status = _meant_status(error) or answer.status
    code, message = str(error.get("code", "")), str(error.get("message", ""))
    rule = rule_of(Refused(status, _kind_of(answer, body, code), code, message))
    places = {
        "status": status,
        "route": _last_part(answer),
        "host": answer.host,
        "target": answer.headers.get("location", "").split("?")[0] or "an unnamed address",
        "said": f" ({code}: {' '.join(message.split())[:_LONGEST]})" if code else "",
    }
    return _OF_CODE.get(rule.code, ERRORS[rule.kind])(
        rule.message.format(**places), code=rule.code, platform=PLATFORM, cure=rule.cure
    )


_OF_CODE: Mapping[str, type[UdsyncError]] = {
    RouteMissingError.code: RouteMissingError,
    NotFoundError.code: NotFoundError,
}


def _kind_of(answer: Answer, body: object, code: str) -> Body:
    if is_json(body):
        return Body.ERROR if code else Body.JSON
    return Body.CUT if answer.body.lstrip()[:1] in (b"[", b"{") else Body.PAGE


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


class _NoJson:
    """The type of the value that says: no JSON here."""


_NO_JSON = _NoJson()
