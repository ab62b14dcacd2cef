"""What is remembered between pages and between runs, and its form as JSON.

A bookmark is one of these, with `"v": 1`:

- `{"full": {...}}`: inside a full read, which goes on after it;
- `{"changed": time, "trash": time, "going": {...}?}`: how far changes are read; `going` stands
  while a run is under way;
- `{"created": {...}}`: how far a span of creation times is read, and whether it is to its end;
- `{"sweep": {...}}`: for lists without a date filter, where the rolling sweep stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeAlias

from udsync_pipelines.connectors.woocommerce.reading.changes import Reach, Span, gmt_text
from udsync_pipelines.connectors.woocommerce.reading.walk import Position
from udsync_pipelines.sync.records import JSON, Bookmark

VERSION = 1


@dataclass(frozen=True, slots=True)
class FullRead:
    """Inside a full read that began at `started_at`, the store's clock.

    `missing` are ids that we hold and that were not listed so far; once `is_walked`, they are
    asked for one by one. With `by_parents`, `position` is the parents'.
    """

    started_at: datetime
    position: Position = field(default_factory=Position)
    missing: tuple[int, ...] = ()
    is_walked: bool = False
    by_parents: bool = False

    def json(self) -> Bookmark:
        """The bookmark to store."""
        return {
            "v": VERSION,
            "full": {
                "started_at": gmt_text(self.started_at),
                "position": _position_json(self.position),
                "missing": list(self.missing),
                "is_walked": self.is_walked,
                "by_parents": self.by_parents,
            },
        }


@dataclass(frozen=True, slots=True)
class Changes:
    """How far changes are read, in the list and in its trash.

    While a run is under way, `reach` says where it stands in the list, or with `in_trash` in the
    trash. `by_parents` is true for a store that has no list of its own for this entity.
    `resumed_at` is how far a run was when it was first cut off.
    """

    changed: datetime
    trash: datetime
    reach: Reach | None = None
    in_trash: bool = False
    by_parents: bool = False
    resumed_at: datetime | None = None

    def begun(self, reach: Reach, *, in_trash: bool) -> "Changes":
        """The same, under way."""
        return replace(self, reach=reach, in_trash=in_trash)

    def resumed(self) -> "Changes":
        """The same, remembering where it was cut off, if it was."""
        if self.reach is None or self.resumed_at is not None:
            return self
        return replace(self, resumed_at=self.reach.after)

    def settled(self, cursor: datetime, reached: datetime) -> datetime:
        """The cursor after a list was read up to `reached`; it never goes back.

        After a run that was cut off, the next one begins where that was: a row that became
        visible late is read again only when it lies within the overlap before a cursor.
        """
        return max(cursor, reached if self.resumed_at is None else min(reached, self.resumed_at))

    def json(self) -> Bookmark:
        """The bookmark to store."""
        bookmark: dict[str, JSON] = {
            "v": VERSION,
            "changed": gmt_text(self.changed),
            "trash": gmt_text(self.trash),
            "by_parents": self.by_parents,
        }
        if self.reach is not None or self.in_trash:
            bookmark["going"] = {
                "in_trash": self.in_trash,
                "resumed_at": _time_json(self.resumed_at),
                **_reach_json(self.reach),
            }
        return bookmark


@dataclass(frozen=True, slots=True)
class Sweep:
    """Where the rolling sweep of a list without a date filter goes on."""

    position: Position = field(default_factory=Position)

    def json(self) -> Bookmark:
        """The bookmark to store."""
        return {"v": VERSION, "sweep": _position_json(self.position)}


@dataclass(frozen=True, slots=True)
class CreationSpan:
    """How far a span of creation times is read; `is_read` when there is no more of it."""

    reach: Reach | None = None
    is_read: bool = False

    def json(self) -> Bookmark:
        """The bookmark to store."""
        return {
            "v": VERSION,
            "created": {"is_read": self.is_read, **_reach_json(self.reach)},
        }


def read_creation_span(bookmark: Bookmark) -> CreationSpan:
    """What the bookmark of a span of creation times says; new, when it says nothing."""
    found = bookmark.get("created")
    if bookmark.get("v") != VERSION or not isinstance(found, Mapping):
        return CreationSpan()
    reach = _reach(found) if found.get("after") is not None else None
    return CreationSpan(reach, bool(found["is_read"]))


State: TypeAlias = FullRead | Changes | Sweep


def read_bookmark(bookmark: Bookmark) -> State | None:
    """What a bookmark says; None when it is new, or of a form that we do not know any more."""
    if bookmark.get("v") != VERSION:
        return None
    full, sweep = bookmark.get("full"), bookmark.get("sweep")
    if isinstance(full, Mapping):
        missing = full["missing"]
        return FullRead(
            started_at=_time(full["started_at"]),
            position=_position(full["position"]),
            missing=tuple(int(str(i)) for i in missing) if isinstance(missing, list) else (),
            is_walked=bool(full["is_walked"]),
            by_parents=bool(full["by_parents"]),
        )
    if isinstance(sweep, Mapping):
        return Sweep(_position(sweep))
    if "changed" not in bookmark:
        return None
    changed, trash = _time(bookmark["changed"]), _time(bookmark["trash"])
    changes = Changes(changed, trash, by_parents=bool(bookmark.get("by_parents")))
    going = bookmark.get("going")
    if not isinstance(going, Mapping):
        return changes
    reach = _reach(going) if going.get("after") is not None else None
    return replace(
        changes,
        reach=reach,
        in_trash=bool(going["in_trash"]),
        resumed_at=_time_or_none(going.get("resumed_at")),
    )


def _position_json(position: Position) -> dict[str, JSON]:
    return {"offset": position.offset, "last_id": position.last_id}


def _position(found: JSON) -> Position:
    if not isinstance(found, Mapping):
        return Position()
    return Position(int(str(found["offset"])), int(str(found["last_id"])))


def _reach_json(reach: Reach | None) -> dict[str, JSON]:
    if reach is None:
        return {}
    return {
        "after": gmt_text(reach.after),
        "newest": _time_json(reach.newest),
        "span": _span_json(reach.span),
    }


def _span_json(span: Span | None) -> JSON:
    if span is None:
        return None
    return {
        "after": gmt_text(span.after),
        "before": _time_json(span.before),
        "resume_after": _time_json(span.resume_after),
        "position": _position_json(span.position),
    }


def _reach(going: Mapping[str, JSON]) -> Reach:
    return Reach(
        _time(going["after"]), _span(going.get("span")), _time_or_none(going.get("newest"))
    )


def _span(found: JSON) -> Span | None:
    if not isinstance(found, Mapping):
        return None
    return Span(
        _time(found["after"]),
        _time_or_none(found["before"]),
        _time_or_none(found["resume_after"]),
        _position(found["position"]),
    )


def _time_json(moment: datetime | None) -> JSON:
    return gmt_text(moment) if moment is not None else None


def _time(found: JSON) -> datetime:
    return datetime.fromisoformat(str(found)).replace(tzinfo=UTC)


def _time_or_none(found: JSON) -> datetime | None:
    return _time(found) if found is not None else None
