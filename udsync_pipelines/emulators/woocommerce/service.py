"""The WordPress side of the store: from an HTTP request to an answer, without a socket."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from udsync_pipelines.emulators.woocommerce.answers import (
    JSON_TYPE,
    PRIVATE,
    Answer,
    ApiError,
    json_answer,
    no_route,
)
from udsync_pipelines.emulators.woocommerce.authentication import (
    NO_ACCESS,
    RefusedError,
    authenticate,
)
from udsync_pipelines.emulators.woocommerce.clock import wall_seconds
from udsync_pipelines.emulators.woocommerce.fields import pick_fields
from udsync_pipelines.emulators.woocommerce.parameters import Query
from udsync_pipelines.emulators.woocommerce.routes import Call, find_route
from udsync_pipelines.emulators.woocommerce.store import Store, recorded_documents

Json = dict[str, Any]

_API = "/wp-json/wc/v3"
_ROOT = "/wp-json"
_NOT_FOUND = (
    b"<!DOCTYPE html>\n<html><head><title>Page not found</title></head><body></body></html>"
)
_DATASTORES = {
    "hpos": r"Automattic\WooCommerce\Internal\DataStores\Orders\OrdersTableDataStore",
    "cpt": "WC_Order_Data_Store_CPT",
}


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """An HTTP request, headers in small letters."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


def respond(store: Store, request: HttpRequest) -> Answer:
    """Answer a request as the store would."""
    with store.lock:
        answer = _dispatch(store, request)
    root = f'<{store.options.site_url}/wp-json/>; rel="https://api.w.org/"'
    if answer.content_type == JSON_TYPE:
        answer.headers.setdefault("Link", root)
    answer.headers = {name: value for name, value in answer.headers.items() if value}
    if request.method == "HEAD":
        answer.body = b""
    return answer


def _dispatch(store: Store, request: HttpRequest) -> Answer:
    query = Query(request.query)
    if request.path == "/" and "rest_route" in query:
        # Keys are only looked at on addresses that hold wp-json/wc/.
        return RefusedError(*NO_ACCESS).answer()
    path = request.path.rstrip("/")
    if not store.options.permalinks or not (path == _ROOT or path.startswith(f"{_ROOT}/")):
        return Answer(_NOT_FOUND, 404, {}, "text/html; charset=UTF-8")
    if path == _ROOT:
        return _root(store, query)
    method = query.get("_method", request.headers.get("x-http-method-override", request.method))
    return _api(store, request, query, path.removeprefix(_API).strip("/"), method.upper())


def _api(store: Store, request: HttpRequest, query: Query, path: str, method: str) -> Answer:
    known = find_route(path, global_refunds=store.options.global_refunds)
    document = None if known else _document(store, path)
    allow = known[0].allow if known else (document or {}).get("allow") or ""
    try:
        authenticate(store.options, request.headers, query, method)
    except RefusedError as error:
        if error.code == "woocommerce_rest_cannot_view" and not known and document is None:
            return no_route().answer()
        return _refusal(error, known[1] if known else (), method)
    try:
        answer = _served(store, request, query, path, method)
    except ApiError as error:
        answer = error.answer()
        allow = "" if error.hides_allow else allow
    answer.headers.setdefault("Allow", allow)
    answer.headers["Cache-Control"] = PRIVATE
    return answer


def _refusal(error: RefusedError, ids: tuple[int, ...], method: str) -> Answer:
    if error.code == "woocommerce_rest_cannot_view" and (ids or method not in ("GET", "HEAD")):
        verb, code = {
            "POST": ("are not allowed to create resources", "create"),
            "PUT": ("are not allowed to edit this resource", "edit"),
            "PATCH": ("are not allowed to edit this resource", "edit"),
            "DELETE": ("are not allowed to delete this resource", "delete"),
        }.get(method, ("cannot view this resource", "view"))
        error = RefusedError(f"woocommerce_rest_cannot_{code}", f"Sorry, you {verb}.")
    answer = error.answer()
    if error.known:
        answer.headers["Cache-Control"] = PRIVATE
    return answer


def _served(store: Store, request: HttpRequest, query: Query, path: str, method: str) -> Answer:
    body = _json_body(request)
    known = find_route(path, global_refunds=store.options.global_refunds)
    lookup = "GET" if method == "HEAD" else method
    if known and lookup in known[0].handlers:
        return known[0].handlers[lookup](Call(store, query, path, known[1], body))
    document = _document(store, path)
    if document is None or lookup != "GET":
        raise no_route()
    return _from_recording(document, query)


def _json_body(request: HttpRequest) -> Json:
    if not request.body:
        return {}
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        facts = {"status": 400, "json_error_code": 4, "json_error_message": "Syntax error"}
        raise ApiError(400, "rest_invalid_json", "Invalid JSON body passed.", facts) from None
    return body if isinstance(body, dict) else {}


def _document(store: Store, path: str) -> Json | None:
    """Return a recorded answer that no record stands behind: settings, classes and the like."""
    address = f"{_API}/{path}" if path else _API
    entry = recorded_documents().get(address)
    if entry is not None:
        return (
            {**entry, "body": _system(store, entry["body"])} if path == "system_status" else entry
        )
    group, _, name = path.removeprefix("settings/").partition("/")
    parent = recorded_documents().get(f"{_API}/settings/{group}")
    if path.startswith("settings/") and parent and name:
        found = next((option for option in parent["body"] if option["id"] == name), None)
        return {"body": found, "allow": "GET, POST, PUT, PATCH"} if found else None
    if path.startswith("orders/") and path.endswith("/notes"):
        return {"body": [], "allow": "GET, POST"}
    if path == "reports/orders/totals":
        return {"body": _order_totals(store), "allow": "GET"}
    return None


def _order_totals(store: Store) -> list[Json]:
    statuses = recorded_documents()[f"{_API}/orders/statuses"]["body"]
    return [
        {
            "slug": status["slug"],
            "name": status["name"],
            "total": store.records.count("kind='order' AND status=?", (status["slug"],)),
        }
        for status in statuses
    ]


def _system(store: Store, body: Json) -> Json:
    settings = {
        **body["settings"],
        "HPOS_enabled": store.options.storage == "hpos",
        "order_datastore": _DATASTORES[store.options.storage],
    }
    site = {"home_url": store.options.site_url, "site_url": store.options.site_url}
    return {**body, "environment": {**body["environment"], **site}, "settings": settings}


def _from_recording(entry: Json, query: Query) -> Answer:
    body = entry["body"]
    wanted = query.get("_fields")
    if wanted and isinstance(body, dict):
        body = pick_fields(body, wanted, keep_links="_links" in body)
    elif wanted:
        body = [pick_fields(item, wanted, keep_links=False) for item in body]
    headers = {"Allow": entry.get("allow") or ""}
    if entry.get("total") is not None:
        headers |= {"X-WP-Total": entry["total"], "X-WP-TotalPages": entry["pages"]}
    return json_answer(body, headers=headers)


def _root(store: Store, query: Query) -> Answer:
    now = store.clock.now()
    hours = (wall_seconds(now, store.zone) - now) / 3600
    # WordPress writes its own address with https when it takes the request for https.
    scheme = "http:" if store.options.plain_http else "https:"
    body = {
        **recorded_documents()[f"{_ROOT}/"]["body"],
        "name": store.options.name,
        "url": store.options.site_url,
        "home": store.options.site_url.replace("http:", scheme),
        "gmt_offset": int(hours) if hours == int(hours) else hours,
        "timezone_string": store.options.zone,
    }
    wanted = query.get("_fields")
    return json_answer(
        pick_fields(body, wanted, keep_links=False) if wanted else body, headers={"Allow": "GET"}
    )
