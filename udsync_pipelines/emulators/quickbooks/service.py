"""From an HTTP request to an answer, without a socket: gateway first, then the application."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson

from udsync_pipelines.emulators.quickbooks.answers import Answer, formed, json_bytes, page
from udsync_pipelines.emulators.quickbooks.batches import run_batch
from udsync_pipelines.emulators.quickbooks.changes import changes_since
from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.currencies import exchange_rate
from udsync_pipelines.emulators.quickbooks.refusals import (
    GatewayRefusedError,
    RefusedError,
    forbidden,
    missing,
    not_found,
    refuse,
    throttled,
    unauthorized,
    unsupported,
)
from udsync_pipelines.emulators.quickbooks.replays import Replays, check_request_id
from udsync_pipelines.emulators.quickbooks.schema import entity_named
from udsync_pipelines.emulators.quickbooks.selection import run_query
from udsync_pipelines.emulators.quickbooks.shown import shown
from udsync_pipelines.emulators.quickbooks.tokens import TokenRefusedError, Tokens
from udsync_pipelines.emulators.quickbooks.writing import write

Json = dict[str, Any]

_PREFIX = "/v3/company/"
_SINGLE = {"CompanyInfo": "1", "Preferences": "1"}
_TOKEN_PATH = "/oauth2/v1/tokens/bearer"  # noqa: S105 - an address
_REVOKE_PATH = "/v2/oauth2/tokens/revoke"
_CONSENT_PATH = "/connect/oauth2"
_HARD_LIMIT = "x-include-refresh-token-hard-expires-in"
_TEXT_TYPES = ("application/text", "text/plain")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """An HTTP request, headers in small letters."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def parameters(self) -> dict[str, str]:
        """The query's parameters; the last of a name counts."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def wants_json(self) -> bool:
        """Whether JSON was asked for by name; anything else is answered in XML."""
        return "application/json" in self.headers.get("accept", "").lower()

    @property
    def is_read(self) -> bool:
        """Whether this is a metered call: all but single writes and the token endpoint."""
        if not self.path.startswith(_PREFIX):
            return False
        last = self.path.rstrip("/").rpartition("/")[2].lower()
        return self.method == "GET" or last in ("query", "batch")

    @property
    def metered_calls(self) -> int:
        """As how many calls a read counts: a batch, by Intuit's tutorial, as each of its items."""
        if not self.path.rstrip("/").lower().endswith("/batch"):
            return 1
        return len(json.loads(self.body)["BatchItemRequest"])


class Service:
    """The service as one company sees it."""

    def __init__(self, company: Company, tokens: Tokens, replays: Replays) -> None:
        self._company = company
        self._tokens = tokens
        self._replays = replays

    def respond(self, request: HttpRequest) -> Answer:
        """Answer a request."""
        if request.path in (_TOKEN_PATH, _REVOKE_PATH, _CONSENT_PATH):
            return self._sign_on(request)
        if not request.path.startswith(_PREFIX):
            return page(404, "Not Found")
        with self._company.lock:
            try:
                return self._company_answer(request)
            except RefusedError as error:
                return self.refusal(error, as_json=request.wants_json)

    def throttled(self, *, as_json: bool) -> Answer:
        """Return the 429 of the gateway, in XML where the company's options say so."""
        return self.refusal(throttled(), as_json=as_json and not self._company.options.throttle_xml)

    def refusal(self, error: RefusedError, *, as_json: bool = True) -> Answer:
        """Return a refusal in the form of who refuses."""
        clock = self._company.clock
        if isinstance(error, GatewayRefusedError) and as_json:
            return Answer(json_bytes(error.gateway_fault(int(clock.now() * 1000))), error.status)
        body = {"Fault": error.fault(), "time": clock.answer_time()}
        return formed(body, error.status, as_json=as_json)

    def _sign_on(self, request: HttpRequest) -> Answer:
        if request.path == _CONSENT_PATH:
            return self._consent(request)
        authorization = request.headers.get("authorization", "")
        try:
            if request.path == _REVOKE_PATH:
                self._tokens.revoke(authorization, _token_of(request.body))
                return Answer(b"")
            hard_limit = request.headers.get(_HARD_LIMIT, "").lower() == "true"
            body = self._tokens.exchange(authorization, request.body, hard_limit=hard_limit)
        except TokenRefusedError as error:
            return Answer(orjson.dumps(error.body), error.status)
        return Answer(orjson.dumps(body))

    def _consent(self, request: HttpRequest) -> Answer:
        asked = request.parameters
        if asked.get("client_id") != self._company.options.client_id or "redirect_uri" not in asked:
            return page(400, "Bad Request")
        pairs = f"code={self._tokens.code()}&state={asked.get('state', '')}"
        target = f"{asked['redirect_uri']}?{pairs}&realmId={self._company.options.realm_id}"
        return Answer(b"", 302, {"Location": target}, "text/html")

    def _company_answer(self, request: HttpRequest) -> Answer:
        realm, _, rest = request.path[len(_PREFIX) :].partition("/")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self._tokens.accepts(token):
            raise unauthorized(token)
        if realm != self._company.options.realm_id:
            raise forbidden()
        if self._company.options.strict_minorversion and "minorversion" not in request.parameters:
            raise missing("minorversion")
        parts = [unquote(part) for part in rest.split("/") if part]
        if request.method == "GET":
            return self._read(request, parts)
        if request.method == "POST" and len(parts) == 1:
            return self._post(request, parts[0].lower())
        return page(404, "Not Found")

    def _read(self, request: HttpRequest, parts: list[str]) -> Answer:
        name = parts[0].lower() if parts else ""
        if name == "query" and len(parts) == 1:
            return self._query(request, request.parameters.get("query", ""))
        if name == "cdc" and len(parts) == 1:
            asked = request.parameters
            found = changes_since(
                self._company, asked.get("entities", ""), asked.get("changedSince", "")
            )
            return self._timed({"CDCResponse": found}, request)
        if name == "exchangerate" and len(parts) == 1:
            asked = request.parameters
            day = asked.get("asofdate") or self._company.clock.today()
            rate = exchange_rate(self._company, asked.get("sourcecurrencycode", ""), day)
            return self._timed({"ExchangeRate": rate}, request)
        entity = entity_named(name)
        if entity is None or len(parts) > 2:  # noqa: PLR2004 - entity and id
            return page(404, "Not Found")
        record_id = _SINGLE.get(entity) or (parts[1] if len(parts) > 1 else "")
        if not record_id:
            raise unsupported(f"read {entity} without an id")
        document = self._company.find(entity, record_id)
        if document is None:
            raise not_found()
        return self._timed({entity: shown(self._company, entity, document)}, request)

    def _post(self, request: HttpRequest, name: str) -> Answer:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if name == "query":
            if content_type not in _TEXT_TYPES:
                raise refuse("1050", f"Invalid content type : {content_type}")
            return self._query(request, _text_of(request.body))
        entity = entity_named(name)
        if name != "batch" and entity is None:
            return page(404, "Not Found")
        if content_type != "application/json":
            raise refuse("1050", f"Invalid content type : {content_type}")
        request_id = request.parameters.get("requestid", "")
        check_request_id(request_id)
        kept = self._replays.find(request_id) if request_id else None
        if kept is not None:
            return formed(kept.body, kept.status, as_json=request.wants_json)
        status, body = self._written(request, entity, request_id)
        self._replays.keep(request_id, status, body)
        return formed(body, status, as_json=request.wants_json)

    def _written(
        self, request: HttpRequest, entity: str | None, request_id: str
    ) -> tuple[int, Json]:
        clock = self._company.clock
        try:
            sent = _json_of(request.body)
            if entity is None:
                answer = run_batch(self._company, sent, request_id)
            else:
                written = write(self._company, entity, sent, request.parameters)
                answer = {name: shown(self._company, name, one) for name, one in written.items()}
        except RefusedError as error:
            return error.status, {"Fault": error.fault(), "time": clock.answer_time()}
        # What is replayed later is the first answer, not what the object has become since.
        return 200, orjson.loads(json_bytes({**answer, "time": clock.answer_time()}))

    def _query(self, request: HttpRequest, text: str) -> Answer:
        found = run_query(self._company, text)
        return self._timed({"QueryResponse": found}, request)

    def _timed(self, body: Json, request: HttpRequest) -> Answer:
        timed = {**body, "time": self._company.clock.answer_time()}
        return formed(timed, as_json=request.wants_json)


def _text_of(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise unsupported("of a body that is not UTF-8") from None


def _json_of(body: bytes) -> Any:
    text = _text_of(body)
    try:
        orjson.loads(text)  # refuses what Python's own parser is too lenient for
        return json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, RecursionError):
        raise unsupported("of a body that is not JSON") from None


def _token_of(body: bytes) -> str:
    try:
        return str(orjson.loads(body).get("token", ""))
    except (orjson.JSONDecodeError, AttributeError):
        return ""
