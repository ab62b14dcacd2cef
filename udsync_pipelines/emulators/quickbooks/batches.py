"""Several operations in one request."""

from collections.abc import Callable
from typing import Any

from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.refusals import (
    RefusedError,
    missing,
    refuse,
    unsupported,
)
from udsync_pipelines.emulators.quickbooks.replays import (
    MOST_BATCH_ITEM,
    MOST_IN_BATCH,
    check_request_id,
)
from udsync_pipelines.emulators.quickbooks.schema import entity_named
from udsync_pipelines.emulators.quickbooks.selection import run_query
from udsync_pipelines.emulators.quickbooks.shown import shown
from udsync_pipelines.emulators.quickbooks.writing import write

Json = dict[str, Any]

MOST_ITEMS = 30


def run_batch(company: Company, body: Any, request_id: str) -> Json:
    """Return ``BatchItemResponse``; items fail one by one.

    The order of execution is promised to nobody: it is the last item first.

    Raises:
        RefusedError: too many items (1040), a request id or item id that is too long (2130).
    """
    items = body.get("BatchItemRequest") if isinstance(body, dict) else None
    if not isinstance(items, list) or not items:
        raise missing("BatchItemRequest")
    if not all(isinstance(item, dict) for item in items):
        raise unsupported("of a batch item that is no object")
    if len(items) > MOST_ITEMS:
        raise refuse("1040", f"At most {MOST_ITEMS} items, supplied {len(items)}")
    if request_id:
        check_request_id(request_id, MOST_IN_BATCH)
        for item in items:
            check_request_id(str(item.get("bId", "")), MOST_BATCH_ITEM)
    answers = [_answer(item, lambda item=item: _run(company, item)) for item in reversed(items)]  # type: ignore[misc]  # mypy cannot type the default
    return {"BatchItemResponse": answers[::-1]}


def _answer(item: Json, work: Callable[[], Json]) -> Json:
    try:
        result = work()
    except RefusedError as error:
        result = {"Fault": error.fault()}
    return {**result, **({"bId": item["bId"]} if "bId" in item else {})}


def _run(company: Company, item: Json) -> Json:
    if "Query" in item:
        return {"QueryResponse": run_query(company, str(item["Query"]))}
    operation = str(item.get("operation", "")).lower()
    name = next((one for one in item if entity_named(one) == one), None)
    if name is None:
        raise unsupported("of an item without an entity")
    if operation not in ("create", "update", "delete"):
        raise unsupported(operation or "of an item without a name")
    parameters = {"operation": operation} if operation != "create" else {}
    if str(item.get("optionsData", "")).lower() == "void":
        parameters = (
            {"operation": "void"}
            if name == "Invoice"
            else {"operation": "update", "include": "void"}
        )
    answer = write(company, name, item[name], parameters)
    return {entity: shown(company, entity, document) for entity, document in answer.items()}
