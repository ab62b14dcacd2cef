"""A tiny store that moves while it is read: rows are made, touched and deleted between requests.

It knows the list rules that were seen on WooCommerce 11.0.1 and nothing else. Whole syncs run
against the emulator; this one is for thousands of small random stores.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson

from udsync_pipelines.sync.records import Page

START = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def gmt(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


@dataclass
class MovingStore:
    """Rows by list. `between` is called before each answer and may change what it likes."""

    now: datetime = START
    rows: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)
    between: Callable[["MovingStore"], None] | None = None
    spoil: Callable[[httpx.Request, httpx.Response], httpx.Response] | None = None
    lists: tuple[str, ...] = (
        "orders",
        "products",
        "customers",
        "taxes",
        "coupons",
        "refunds",
        "variations",
    )
    hides_totals: bool = False
    zone_offset: Callable[[datetime], timedelta] = lambda _: timedelta(0)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, path: str, ids: Iterable[int], at: datetime | None = None, **more: Any) -> None:
        for identifier in ids:
            stamp = at or self.now
            local = gmt(stamp + self.zone_offset(stamp))
            row = {
                "id": identifier,
                "status": "publish",
                "date_created": local,
                "date_created_gmt": gmt(stamp),
                "date_modified": local,
                "date_modified_gmt": gmt(stamp),
                **more,
            }
            self.rows.setdefault(path, {})[identifier] = row

    def touch(self, path: str, identifier: int, at: datetime | None = None, **more: Any) -> None:
        stamp = at or self.now
        local = gmt(stamp + self.zone_offset(stamp))
        row = self.rows[path][identifier]
        touches = row.get("touches", 0) + 1
        self.rows[path][identifier] = {
            **row,
            "date_modified": local,
            "date_modified_gmt": gmt(stamp),
            "touches": touches,
            **more,
        }

    def delete(self, path: str, identifier: int) -> None:
        del self.rows[path][identifier]

    def ids(self, path: str) -> set[int]:
        return {number for number, row in self.rows[path].items() if row["status"] != "trash"}

    def handle(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            self.requests.append(request)
            if self.between is not None:
                self.between(self)
            answer = self._answer(request)
            return self.spoil(request, answer) if self.spoil is not None else answer

    def _answer(self, request: httpx.Request) -> httpx.Response:
        parts = request.url.path.split("/wc/v3/")[1].split("/")
        path = parts[0]
        if path not in self.lists and len(parts) == 1:
            return self._error(404, "rest_no_route")
        found = self.rows.get(path, {})
        if len(parts) == 1:
            return self._list(request, list(found.values()), path)
        parent = found.get(int(parts[1]))
        if len(parts) == 2:
            if path == "products" and parent is None:
                parent = self.rows.get("variations", {}).get(int(parts[1]))
            return self._one(parent)
        children = self.rows.get(parts[2], {})
        if len(parts) == 3:
            own = [row for row in children.values() if row.get("parent_id") == int(parts[1])]
            return self._list(request, own, parts[2])
        return self._one(children.get(int(parts[3])))

    def _one(self, row: dict[str, Any] | None) -> httpx.Response:
        if row is None:
            return self._error(404, "woocommerce_rest_invalid_id")
        return httpx.Response(200, content=orjson.dumps(row), headers=self._headers())

    def _error(self, status: int, code: str) -> httpx.Response:
        error = {"code": code, "message": code, "data": {"status": status}}
        return httpx.Response(status, json=error, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        return {"Date": self.now.strftime("%a, %d %b %Y %H:%M:%S GMT")}

    def _list(
        self, request: httpx.Request, rows: list[dict[str, Any]], path: str
    ) -> httpx.Response:
        query = request.url.params
        status = query.get("status", "any")
        chosen = [row for row in rows if (row["status"] == "trash") == (status == "trash")]
        if "include" in query:
            wanted = {int(part) for part in query["include"].split(",")}
            chosen = [row for row in chosen if row["id"] in wanted]
        if path not in {"customers", "taxes"}:
            chosen = self._filtered(chosen, query)
        order = query.get("orderby", "date")
        chosen.sort(key=lambda row: (self._key(row, order), row["id"]))
        if query.get("order") != "asc":
            chosen.reverse()
        offset, size = int(query.get("offset", 0)), int(query.get("per_page", 10))
        headers = self._headers()
        if not self.hides_totals:
            headers["X-WP-Total"] = str(len(chosen))
        content = orjson.dumps(chosen[offset : offset + size])
        return httpx.Response(200, content=content, headers=headers)

    def _key(self, row: dict[str, Any], order: str) -> Any:
        # Posts are ordered by the site's local time, not by UTC.
        return row[{"id": "id", "modified": "date_modified", "date": "date_created"}[order]]

    def _filtered(
        self, rows: list[dict[str, Any]], query: httpx.QueryParams
    ) -> list[dict[str, Any]]:
        for name, field_ in (("modified_", "date_modified_gmt"), ("", "date_created_gmt")):
            after, before = query.get(f"{name}after"), query.get(f"{name}before")
            if after:
                assert query["dates_are_gmt"] == "true"
                rows = [row for row in rows if row[field_] > after]
            if before:
                rows = [row for row in rows if row[field_] < before]
        return rows


@dataclass
class Archive:
    """What a reader has brought: a `KnownRecords`, and where pages go."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)

    def store(self, page: Page) -> None:
        for record in page.records:
            self.bodies[record.source_id] = record.raw
            self.deleted.discard(record.source_id)
        self.deleted.update(page.deleted_ids)

    def live(self) -> set[int]:
        return {int(identifier) for identifier in self.bodies if identifier not in self.deleted}

    def count_live(self) -> int:
        return len(self.live())

    def live_ids_between(self, low: int, high: int | None) -> list[str]:
        return [
            str(number)
            for number in sorted(self.live())
            if number > low and (high is None or number <= high)
        ]

    def parents(self, source_ids: Iterable[str]) -> dict[str, str]:
        held = {one: orjson.loads(self.bodies[one]) for one in source_ids if one in self.bodies}
        return {one: str(row["parent_id"]) for one, row in held.items() if row.get("parent_id")}

    def known(self, source_ids: Iterable[str]) -> frozenset[str]:
        return frozenset(identifier for identifier in source_ids if identifier in self.bodies)
