"""One emulated store: its records, settings and clock, shared by everything that serves it."""

import itertools
import threading
from collections.abc import Callable
from functools import lru_cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from udsync_pipelines.emulators.woocommerce.clock import (
    Clock,
    gmt_text,
    local_text,
    seconds_of,
)
from udsync_pipelines.emulators.woocommerce.generated.store import GeneratedStore
from udsync_pipelines.emulators.woocommerce.indexing import row_of
from udsync_pipelines.emulators.woocommerce.options import StoreOptions
from udsync_pipelines.emulators.woocommerce.records import Records, Row
from udsync_pipelines.emulators.woocommerce.taxation import TaxTable
from udsync_pipelines.emulators.woocommerce.webhooks import Event, Webhooks

Json = dict[str, Any]

RECORDED_ZONE = "America/Edmonton"
_POSTS = ("order", "refund", "product", "variation", "coupon")
_FIRST_ITEM = 500_000_000
_FILES = {
    "order": "orders",
    "refund": "refunds",
    "product": "products",
    "variation": "variations",
    "customer": "customers",
    "tax": "taxes",
    "coupon": "coupons",
}


@lru_cache(maxsize=1)
def recording() -> dict[str, list[Json]]:
    """Return the recorded store by kind; read once, never changed."""
    return {kind: _read(f"{name}.jsonl") for kind, name in _FILES.items()}


@lru_cache(maxsize=1)
def recorded_documents() -> dict[str, Json]:
    """Return recorded answers that hardly ever change (settings, classes, ...) by path."""
    return {entry["path"]: entry for entry in _read("documents.jsonl")}


@lru_cache(maxsize=1)
def recorded_failures() -> dict[str, Json]:
    """Return the recorded answers of a failing server by name."""
    failures: dict[str, Json] = orjson.loads(_folder().joinpath("failures.json").read_bytes())
    return failures


def _folder() -> Any:
    return resources.files("udsync_pipelines.emulators.woocommerce").joinpath("recorded")


def _read(name: str) -> list[Json]:
    return [orjson.loads(line) for line in _folder().joinpath(name).read_bytes().splitlines()]


class Store:
    """The store behind the emulator. Every use from another thread holds ``lock``."""

    def __init__(self, options: StoreOptions) -> None:
        self.options = options
        self.zone = ZoneInfo(options.zone)
        self.clock = Clock()
        self.lock = threading.RLock()
        self.webhooks = Webhooks()
        self.items = itertools.count(_FIRST_ITEM)
        self._highest = 0
        self._live: dict[int, str | None] = {}
        until = seconds_of(options.until) if options.until else self.clock.now() - 60
        self.generated = GeneratedStore(options, dict(recording()), until)
        self.records = Records(self.generated.body, options.database)
        self._load()

    def _load(self) -> None:
        rows: list[Row] = []
        bodies: list[tuple[str, int, bytes]] = []
        for kind, documents in recording().items():
            if kind in ("order", "refund") and not self.options.serves_recording:
                continue
            for document in documents:
                record, parent = self._adapted(kind, document)
                rows.append(row_of(kind, record, self.zone, parent))
                bodies.append((kind, record["id"], orjson.dumps(record)))
        self.records.fill(itertools.chain(rows, self.generated.rows()), bodies)

    def _adapted(self, kind: str, document: Json) -> tuple[Json, int]:
        parent = document.get("_order_id", 0)
        record = {key: value for key, value in document.items() if key != "_order_id"}
        if self.options.site_url != StoreOptions().site_url:
            text = orjson.dumps(record).decode()
            record = orjson.loads(text.replace(StoreOptions().site_url, self.options.site_url))
        if self.options.zone != RECORDED_ZONE and kind in ("order", "refund", "customer"):
            for key in [key for key in record if key.endswith("_gmt") and record[key]]:
                record[key[:-4]] = local_text(seconds_of(record[key]), self.zone)
        return record, parent

    def taxes(self) -> TaxTable:
        """Return the tax table as it is now."""
        return TaxTable(orjson.loads(body) for _, body in self.records.each("tax"))

    def next_id(self, kind: str) -> int:
        """Return a fresh id; orders, refunds, products and coupons share one sequence."""
        if kind not in _POSTS:
            return self.records.highest_id([kind]) + 1
        self._highest = max(self._highest, self.records.highest_id(_POSTS)) + 1
        return self._highest

    def stamp(self, document: Json, names: tuple[str, ...], moment: int | None = None) -> None:
        """Write a time (now by default) into ``date_<name>`` and ``date_<name>_gmt``."""
        seconds = self.clock.now() if moment is None else moment
        for name in names:
            document[f"date_{name}"] = local_text(seconds, self.zone)
            document[f"date_{name}_gmt"] = gmt_text(seconds)

    def save(self, kind: str, document: Json, parent: int = 0) -> None:
        """Write a record and its index row, and tell the webhooks."""
        before = self.records.row(kind, document["id"])
        self.records.save(row_of(kind, document, self.zone, parent), document)
        self.webhooks.announce(kind, document["id"], _event(before, document.get("status")))

    def change(self, kind: str, record_id: int, edit: Callable[[Json], None]) -> Json:
        """Edit a record in place and save it, behind the webhooks' back.

        Raises:
            LookupError: there is no such record.
        """
        document = self.records.document(kind, record_id)
        row = self.records.row(kind, record_id)
        if document is None or row is None:
            message = f"There is no {kind} {record_id}."
            raise LookupError(message)
        edit(document)
        self.records.save(row_of(kind, document, self.zone, row.parent), document)
        return document

    def note_sku(self, product_id: int, sku: str | None) -> None:
        """Remember a changed SKU (None: the product is gone); old lines show it at once."""
        self._live[product_id] = sku

    @property
    def lines_are_live(self) -> bool:
        """Whether any line must be shown with another SKU than it was sold with."""
        return bool(self._live)

    def freshen_lines(self, document: Json) -> Json:
        """Show an order's or refund's lines with the SKUs of today, as WooCommerce does."""
        for line in document.get("line_items", ()):
            key = line["variation_id"] or line["product_id"]
            if key in self._live:
                line["sku"] = self._live[key]
                if self._live[key] is None:
                    line["product_id"] = line["variation_id"] = 0
        return document


def _event(before: Row | None, status: object) -> Event:
    if before is None:
        return "created"
    if (before.status == "trash") == (status == "trash"):
        return "updated"
    return "deleted" if status == "trash" else "restored"
