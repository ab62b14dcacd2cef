"""From a checked list request to SQL: which rows, in which order."""

from typing import Any

from udsync_pipelines.emulators.woocommerce.dates import DateValue
from udsync_pipelines.emulators.woocommerce.indexing import UNLISTED_ORDERS
from udsync_pipelines.emulators.woocommerce.lists import Collection
from udsync_pipelines.emulators.woocommerce.parameters import ListRequest
from udsync_pipelines.emulators.woocommerce.store import Store

_COLUMN = {"after": "created", "before": "created"}
_SIGN = {"after": ">", "modified_after": ">", "before": "<", "modified_before": "<"}


class Selection:
    """An SQL condition that grows filter by filter."""

    def __init__(self) -> None:
        self._clauses: list[str] = []
        self.values: list[Any] = []

    @property
    def where(self) -> str:
        """The condition as SQL."""
        return " AND ".join(self._clauses)

    def add(self, clause: str, *values: Any) -> None:
        """Demand one more thing of a row."""
        self._clauses.append(clause)
        self.values.extend(values)

    def among(self, column: str, choices: list[Any], *, negate: bool = False) -> None:
        """Demand that a column holds (or does not hold) one of some values."""
        marks = ",".join("?" * len(choices))
        self.add(f"{column} {'NOT ' if negate else ''}IN ({marks})", *choices)


def select(
    store: Store, collection: Collection, request: ListRequest, parent: int | None
) -> Selection:
    """Return the rows that a list request asks for."""
    chosen = Selection()
    if collection.kind == "product" and "sku" in request.query:
        chosen.among("kind", ["product", "variation"])
    else:
        chosen.add("kind=?", collection.kind)
    if parent is not None:
        chosen.add("parent=?", parent)
    _by_status(chosen, collection, request)
    _by_ids(chosen, request)
    for name, value in request.dates.items():
        column, moment = _date_clause(store, collection, request, name, value)
        chosen.add(f"{column} {_SIGN[name]} ?", moment)
    _FILTERS.get(collection.kind, _no_filters)(chosen, request)
    return chosen


def tail_of(collection: Collection, request: ListRequest) -> str:
    """Return ``ORDER BY`` and ``LIMIT``; ties are broken by id in the same direction."""
    if request.orderby == "include" and request.ids["include"]:
        ranks = " ".join(
            f"WHEN {record_id} THEN {place}"
            for place, record_id in enumerate(request.ids["include"])
        )
        order = f"CASE id {ranks} ELSE 0 END"
    else:
        way = "DESC" if request.descending else "ASC"
        columns = collection.columns.get(request.orderby, ("id",))
        order = ", ".join(f"{column} {way}" for column in columns)
    return f"ORDER BY {order} LIMIT {request.per_page} OFFSET {request.skip}"


def _by_status(chosen: Selection, collection: Collection, request: ListRequest) -> None:
    if collection.kind == "customer":
        role = request.query.get("role", "customer")
        if role != "all":
            chosen.add("status=?", role)
    elif collection.kind == "tax":
        if "class" in request.query:
            chosen.add("status=?", request.query.get("class"))
    elif collection.kind == "webhook":
        status = request.query.get("status", "all")
        if status != "all":
            chosen.add("status=?", status)
    elif not request.statuses or request.statuses == ["any"]:
        chosen.add("listed=1")
    elif "any" in request.statuses:
        extra = [status for status in request.statuses if status in UNLISTED_ORDERS]
        marks = ",".join("?" * len(extra))
        chosen.add(f"(listed=1 OR status IN ({marks}))", *extra)
    else:
        chosen.among("status", request.statuses)


def _by_ids(chosen: Selection, request: ListRequest) -> None:
    if request.ids["include"]:
        chosen.among("id", list(request.ids["include"]))
    if request.ids["exclude"]:
        chosen.among("id", list(request.ids["exclude"]), negate=True)
    if request.ids["parent"]:
        chosen.among("parent", list(request.ids["parent"]))
    if request.ids["parent_exclude"]:
        chosen.among("parent", list(request.ids["parent_exclude"]), negate=True)


def _date_clause(
    store: Store, collection: Collection, request: ListRequest, name: str, value: DateValue
) -> tuple[str, int]:
    column = _COLUMN.get(name, "modified")
    if request.dates_are_gmt:
        return column, value.against_gmt(store.zone)
    if collection.tables and store.options.storage == "hpos":
        return column, value.against_hpos(store.zone)
    return f"{column}_wall", value.against_wall(store.zone)


def _no_filters(_chosen: Selection, _request: ListRequest) -> None:
    return


def _orders(chosen: Selection, request: ListRequest) -> None:
    query = request.query
    if "customer" in query:
        chosen.add("customer=?", int(query.get("customer") or 0))
    if query.get("search"):
        # Fuzzy on purpose, as the shop is: e-mail, names, addresses, line names, the id itself.
        words = query.get("search").casefold()
        like = f"%{words}%"
        chosen.add("(email LIKE ? OR search LIKE ? OR CAST(id AS TEXT)=?)", like, like, words)


def _products(chosen: Selection, request: ListRequest) -> None:
    query = request.query
    if "sku" in query:
        chosen.among("sku", [sku.casefold() for sku in query.many("sku")])
    if query.get("type"):
        chosen.add("search=?", query.get("type"))
    if query.get("search"):
        like = f"%{query.get('search')}%"
        chosen.add("(name LIKE ? OR sku LIKE ?)", like, like)


def _customers(chosen: Selection, request: ListRequest) -> None:
    query = request.query
    if query.get("email"):
        chosen.add("email=?", query.get("email").casefold())
    if query.get("search"):
        # WordPress looks into login, e-mail and display name, never into first and last names.
        like = f"%{query.get('search')}%"
        chosen.add("(name LIKE ? OR email LIKE ?)", like, like)


def _coupons(chosen: Selection, request: ListRequest) -> None:
    if request.query.get("code"):
        chosen.add("sku=?", request.query.get("code").casefold())


_FILTERS = {
    "order": _orders,
    "product": _products,
    "variation": _products,
    "customer": _customers,
    "coupon": _coupons,
}
