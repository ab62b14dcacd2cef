"""What a struck request is answered."""

from typing import Any

import orjson

from udsync_pipelines.emulators.damage import damage
from udsync_pipelines.emulators.quickbooks.answers import Answer, page
from udsync_pipelines.emulators.quickbooks.faults import Fault
from udsync_pipelines.emulators.quickbooks.refusals import (
    MESSAGES,
    Problem,
    RefusedError,
    application_error,
    forbidden,
    throttled,
    unauthorized,
)
from udsync_pipelines.emulators.quickbooks.service import Service

_REASONS = {502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out"}
_REFUSALS = {
    401: lambda: unauthorized("an-expired-token"),
    403: forbidden,
    429: throttled,
    500: application_error,
}
_ANY_CODE = "6000"


def failure(service: Service, fault: Fault) -> Answer:
    """Return the answer of a service that fails, in the form it has for that failure."""
    status = int(fault.settings.get("status", 503))
    if fault.kind in ("fault", "fault_200"):
        return _coded(service, fault)
    if status in _REFUSALS:
        answer = service.refusal(_REFUSALS[status](), as_json=not fault.settings.get("xml"))
    else:
        answer = page(status, _REASONS.get(status, "Error"))
    if "retry_after" in fault.settings:
        answer.headers["Retry-After"] = str(fault.settings["retry_after"])
    return answer


def spoiled(fault: Fault, answer: Answer) -> Answer:
    """Return a good answer after a fault has been at it."""
    if fault.kind in ("empty_list", "missing_rows"):
        left_out = int(fault.settings.get("rows", 1)) if fault.kind == "missing_rows" else None
        answer.body = orjson.dumps(_without_rows(orjson.loads(answer.body), left_out))
    damage(fault.kind, fault.settings, answer)
    return answer


def _without_rows(body: dict[str, Any], left_out: int | None) -> dict[str, Any]:
    """Return the answer of a query that is silent about its last rows, or (None) about all.

    Of a batch it is the first query that found rows.
    """
    items = body.get("BatchItemResponse")
    if items is not None:
        number = next((n for n, item in enumerate(items) if _has_rows(item)), None)
        kept_items = [
            _without_rows(item, left_out) if n == number else item for n, item in enumerate(items)
        ]
        return {**body, "BatchItemResponse": kept_items}
    found = body.get("QueryResponse", {})
    entity = next((name for name, rows in found.items() if isinstance(rows, list)), None)
    rows = found[entity][:-left_out] if entity and left_out else []
    kept = {entity: rows, "startPosition": found.get("startPosition", 1), "maxResults": len(rows)}
    return {**body, "QueryResponse": kept if rows else {}}


def _has_rows(item: dict[str, Any]) -> bool:
    return any(isinstance(rows, list) for rows in item.get("QueryResponse", {}).values())


def _coded(service: Service, fault: Fault) -> Answer:
    code = str(fault.settings.get("code", _ANY_CODE))
    detail = str(fault.settings.get("detail", MESSAGES.get(code, "")))
    problem = Problem(code, detail)
    status = 200 if fault.kind == "fault_200" else int(fault.settings.get("status", 400))
    return service.refusal(RefusedError(problem, status=status))
