"""GET: lists and single records."""

from collections.abc import Sequence
from typing import Any

import orjson

from udsync_pipelines.emulators.woocommerce.answers import (
    Answer,
    ApiError,
    invalid_parameters,
    json_answer,
)
from udsync_pipelines.emulators.woocommerce.brief import INDEXED, from_index
from udsync_pipelines.emulators.woocommerce.fields import pick_fields, with_decimals
from udsync_pipelines.emulators.woocommerce.lists import ORDERS, VARIATIONS, Collection
from udsync_pipelines.emulators.woocommerce.parameters import (
    ListRequest,
    Query,
    link_header,
    read_list,
)
from udsync_pipelines.emulators.woocommerce.selection import select, tail_of
from udsync_pipelines.emulators.woocommerce.store import Store
from udsync_pipelines.emulators.woocommerce.variations import as_product

Json = dict[str, Any]
_SHOP_DECIMALS = "2"


def list_records(
    store: Store, collection: Collection, query: Query, path: str, parent: int | None = None
) -> Answer:
    """Answer a list request; a page beyond the end is an empty list, never an error.

    Raises:
        ApiError: 400 for a parameter that the list does not understand.
    """
    request = read_list(query, collection, _statuses(store, collection))
    chosen = select(store, collection, request, parent)
    total = store.records.count(chosen.where, chosen.values)
    tail = tail_of(collection, request)
    wanted = set(query.many("_fields"))
    if collection is ORDERS and wanted and wanted <= INDEXED and "dp" not in query:
        rows = store.records.rows(chosen.where, chosen.values, tail)
        body, shown_rows = orjson.dumps([from_index(row, wanted) for row in rows]), len(rows)
    else:
        found = store.records.page(chosen.where, chosen.values, tail)
        body, shown_rows = _render(store, collection, request, found, parent), len(found)
    if not shown_rows and request.page > 1 and _forgets_total(store, collection):
        total = 0
    pages = -(-total // request.per_page)
    headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
    base = f"{store.options.site_url}/wp-json/wc/v3/{path}"
    link = link_header(base, request, collection, pages, rows=shown_rows)
    if link:
        headers["Link"] = link
    return Answer(body, headers=headers)


def _statuses(store: Store, collection: Collection) -> tuple[str, ...]:
    if collection is not ORDERS:
        return collection.statuses
    known = store.options.order_statuses
    return ("any", "trash", "auto-draft", *known)


def _forgets_total(store: Store, collection: Collection) -> bool:
    # Orders in HPOS storage answer 0/0 past the end; posts and users keep the true totals.
    return collection.tables and store.options.storage == "hpos"


def _render(
    store: Store,
    collection: Collection,
    request: ListRequest,
    found: Sequence[tuple[int, int, bytes]],
    parent: int | None,
) -> bytes:
    query = request.query
    wanted, decimals = query.get("_fields"), query.get("dp", _SHOP_DECIMALS)
    mixed = collection.kind == "product" and "sku" in query
    whole_list = collection.kind in ("refund", "variation") and parent is None
    plain = not wanted and decimals == _SHOP_DECIMALS and not mixed and not whole_list
    if plain and not store.lines_are_live:
        return b"[" + b",".join(body for _, _, body in found) + b"]"
    documents = []
    for record_id, order_id, body in found:
        document = store.freshen_lines(orjson.loads(body))
        if mixed and store.records.row("variation", record_id):
            document = as_product(store, document)
        if whole_list:
            document = _in_global_list(store, collection, document, order_id)
        documents.append(_shaped(document, wanted, decimals, keep_links=False))
    return orjson.dumps(documents)


def _in_global_list(store: Store, collection: Collection, document: Json, parent: int) -> Json:
    if collection.kind == "refund":
        return {"id": document["id"], "parent_id": parent, **document}
    # The global list of variations links to addresses that do not exist; the shop does so too.
    base = f"{store.options.site_url}/wp-json/wc/v3"
    links = {
        "self": [{"href": f"{base}/variations/{document['id']}"}],
        "collection": [{"href": f"{base}/variations"}],
        "up": [{"href": f"{base}/products/0"}],
    }
    return {**document, "_links": links}


def _shaped(document: Json, wanted: str, decimals: str, *, keep_links: bool) -> Json:
    if decimals != _SHOP_DECIMALS:
        document = with_decimals(document, _whole_number(decimals))
    return pick_fields(document, wanted, keep_links=keep_links) if wanted else document


def _whole_number(text: str) -> int:
    if not text.isdigit():
        problem = ("rest_invalid_type", "dp is not of type integer.", {"param": "dp"})
        raise invalid_parameters({"dp": problem})
    return int(text)


def get_record(
    store: Store, collection: Collection, query: Query, record_id: int, parent: int | None = None
) -> Answer:
    """Answer for one record; a trashed one is still there.

    Raises:
        ApiError: 404 for an unknown id (also for a refund's or product's id among orders).
    """
    document = shown(store, collection, record_id, parent)
    wanted, decimals = query.get("_fields"), query.get("dp", _SHOP_DECIMALS)
    return json_answer(_shaped(document, wanted, decimals, keep_links=True))


def shown(store: Store, collection: Collection, record_id: int, parent: int | None = None) -> Json:
    """Return a record as GET shows it.

    Raises:
        ApiError: 404 for an unknown id.
    """
    row = store.records.row(collection.kind, record_id)
    if row is None and collection.kind == "product":
        variation = store.records.document(VARIATIONS.kind, record_id)
        if variation is not None:
            return as_product(store, variation)
    document = store.records.document(collection.kind, record_id)
    if row is None or document is None or (parent is not None and row.parent != parent):
        raise missing(collection)
    return store.freshen_lines(document)


def missing(collection: Collection) -> ApiError:
    """Return the 404 of an unknown id in a collection."""
    error = ApiError(404, *collection.not_found)
    error.hides_allow = collection.kind == "customer"
    return error
