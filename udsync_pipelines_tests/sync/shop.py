"""A shop in memory, as a source: orders with refunds, read in pages by what changed when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import orjson

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.domain.money import Money
from udsync_pipelines.domain.refund import Refund
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.sync.ports import KnownRecords
from udsync_pipelines.sync.records import Bookmark, CanonicalRecord, Page, SourceRecord, Window
from udsync_pipelines_tests.domain.records import euros, paid_order

OPENED_AT = datetime(2026, 9, 1, tzinfo=UTC)


@dataclass
class Shop:
    """Each change takes one tick of the shop's clock, a second; a page holds three records.

    A bookmark is the tick up to which changes were read, and the id after which a full read that
    was interrupted goes on.
    """

    tick: int = 0
    records: dict[tuple[Entity, str], tuple[int, dict[str, Any]]] = field(default_factory=dict)
    deleted: dict[tuple[Entity, str], int] = field(default_factory=dict)
    page_size: int = 3
    reads: int = 0
    fails_with: Exception | None = None
    named_reads: list[tuple[Entity, tuple[str, ...]]] = field(default_factory=list)

    def save(self, entity: Entity, source_id: int | str, **content: Any) -> None:
        """Make or change a record."""
        self.tick += 1
        key = (entity, str(source_id))
        _, before = self.records.get(key, (0, {}))
        self.records[key] = (self.tick, before | {"id": int(source_id)} | content)
        self.deleted.pop(key, None)

    def order(self, source_id: int, total: str = "18.00", **content: Any) -> None:
        """Make or change an order."""
        self.save(Entity.ORDER, source_id, total=total, **content)

    def refund(self, source_id: int, order_id: int, amount: str = "5.00", **content: Any) -> None:
        """Make or change a refund."""
        self.save(Entity.REFUND, source_id, parent_id=order_id, amount=amount, **content)

    def delete(self, entity: Entity, source_id: int | str) -> None:
        """Remove a record for good."""
        self.tick += 1
        key = (entity, str(source_id))
        self.records.pop(key, None)
        self.deleted[key] = self.tick

    def at(self, tick: int) -> datetime:
        """The moment of a tick."""
        return OPENED_AT + timedelta(seconds=tick)

    # --- a source -----------------------------------------------------------------------------

    def read(
        self, entity: Entity, bookmark: Bookmark, window: Window, known: KnownRecords
    ) -> Iterator[Page]:
        self.reads += 1
        if self.fails_with is not None:
            raise self.fails_with
        if window.is_span:
            first, last = window.since or OPENED_AT, window.until or self.at(self.tick)
            yield from self._changes(entity, lambda tick: first <= self.at(tick) <= last)
        elif window.full or not bookmark or "after" in bookmark:
            start = {} if window.full else bookmark
            began = _number(start.get("tick", self.tick))
            yield from self._everything(entity, began, _number(start.get("after", 0)), known)
            yield from self._changes(entity, lambda tick: tick > began)
        else:
            yield from self._changes(entity, lambda tick: tick > _number(bookmark["tick"]))

    def named(
        self, entity: Entity, source_ids: Sequence[str], known: KnownRecords
    ) -> Iterator[Page]:
        self.named_reads.append((entity, tuple(source_ids)))
        here = [i for i in source_ids if (entity, i) in self.records]
        gone = known.known([i for i in source_ids if i not in here])
        yield self._page(entity, here, {}, sorted(gone))

    def canonical(self, entity: Entity, raw: bytes, parent_raw: bytes | None) -> CanonicalRecord:
        content = orjson.loads(raw)
        if content.get("is_broken"):
            raise RecordRejectedError("total is not an amount.", code="bad_value")
        if entity is Entity.ORDER:
            return paid_order(
                id=str(content["id"]),
                total=euros(content["total"]),
                customer_note=content.get("note", ""),
            )
        if parent_raw is None:
            raise RecordRejectedError(
                "The refund waits for its order.", code="waits_for_order", cure="Sync orders."
            )
        return Refund(
            id=str(content["id"]),
            order_id=str(orjson.loads(parent_raw)["id"]),
            amount=Money(Decimal(content["amount"]), "EUR"),
            total_tax=euros("0.00"),
            reason="",
            lines=(),
            created_at=OPENED_AT,
        )

    def _everything(
        self, entity: Entity, began: int, after: int, known: KnownRecords
    ) -> Iterator[Page]:
        """By id; what changed meanwhile is read afterwards."""
        while True:
            ids = sorted(int(i) for kind, i in self.records if kind is entity and int(i) > after)
            here = ids[: self.page_size]
            last = here[-1] if len(here) == self.page_size else None
            there = set(map(str, here))
            gone = [i for i in known.live_ids_between(after, last) if i not in there]
            rest: Bookmark = {} if last is None else {"after": last}
            yield self._page(entity, [str(i) for i in here], {"tick": began, **rest}, gone)
            if last is None:
                return
            after = last

    def _changes(self, entity: Entity, is_due: Any) -> Iterator[Page]:
        """By time of change; the newest change is on its bookmark, and comes again on purpose."""
        stamped = [(tick, key) for key, (tick, _) in self.records.items()]
        stamped += [(tick, key) for key, tick in self.deleted.items()]
        due = sorted((t, i) for t, (kind, i) in stamped if kind is entity and is_due(t))
        for start in range(0, len(due), self.page_size):
            part = due[start : start + self.page_size]
            live = [i for _, i in part if (entity, i) in self.records]
            gone = [i for _, i in part if (entity, i) in self.deleted]
            yield self._page(entity, live, {"tick": part[-1][0] - 1}, gone)

    def _page(self, entity: Entity, ids: list[str], bookmark: Bookmark, gone: list[str]) -> Page:
        return Page(
            entity, tuple(self._sent(entity, i) for i in ids), bookmark, tuple(gone), calls=1
        )

    def _sent(self, entity: Entity, source_id: str) -> SourceRecord:
        tick, content = self.records[entity, source_id]
        raw = orjson.dumps(content)
        parent = content.get("parent_id")
        return SourceRecord(
            entity,
            source_id,
            raw,
            blake2b(raw, digest_size=16).digest(),
            self.at(tick),
            None if parent is None else str(parent),
        )


def _number(value: object) -> int:
    assert isinstance(value, int)
    return value
