"""Stores without a list of all refunds, or of all variations: reading them by their parents.

Orders name their refunds and variable products their variations, so that one walk over the
parents (ids only) tells which children there are. Only parents with children that may be new are
asked for them: a read costs the pages of changed parents and a request for each of those.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from udsync_pipelines.connectors.woocommerce.client import PER_PAGE, ListRequest, Row
from udsync_pipelines.connectors.woocommerce.reading.bookmarks import Changes, FullRead
from udsync_pipelines.connectors.woocommerce.reading.changes import SECOND, Reach, changes
from udsync_pipelines.connectors.woocommerce.reading.disappearance import (
    DisappearanceLimit,
    missing_from,
)
from udsync_pipelines.connectors.woocommerce.reading.incremental import (
    OVERLAP,
    end_second,
    first_second,
    reached_by,
)
from udsync_pipelines.connectors.woocommerce.reading.lists import (
    BY_CREATION,
    BY_MODIFICATION,
    ORDERS,
    PRODUCTS,
    EntityList,
)
from udsync_pipelines.connectors.woocommerce.reading.pages import PageFetcher
from udsync_pipelines.connectors.woocommerce.reading.walk import Position, Step, walk
from udsync_pipelines.connectors.woocommerce.record import source_record
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.ports import KnownRecords
from udsync_pipelines.sync.records import Bookmark, Page, SourceRecord, Window


@dataclass(frozen=True, slots=True)
class Nesting:
    """Where the children of an entity hang.

    `mentions` is the parent's field that names them; `children_change` is False for what is only
    made and deleted.
    """

    entity: Entity
    parents: EntityList
    mentions: str
    below: str
    children_change: bool
    params: Mapping[str, str | int] = field(default_factory=dict)

    def request(self, **params: str | int) -> ListRequest:
        """The list of parents, with nothing but ids, children and times."""
        fields = f"id,{self.mentions},date_modified,date_modified_gmt"
        return self.parents.request(_fields=fields, **{**self.params, **params})

    def children(self, parent_id: int) -> ListRequest:
        """The list of one parent's children, oldest id first."""
        path = f"{self.parents.path}/{parent_id}/{self.below}"
        return ListRequest(path, {"per_page": PER_PAGE, "orderby": "id", "order": "asc"})

    def child_ids(self, parent: Row) -> tuple[int, ...]:
        """The ids of the children that a parent names."""
        named = parent.get(self.mentions) or ()
        return tuple(child["id"] if isinstance(child, dict) else child for child in named)


NESTINGS: Mapping[Entity, Nesting] = {
    Entity.REFUND: Nesting(Entity.REFUND, ORDERS, "refunds", "refunds", children_change=False),
    Entity.VARIATION: Nesting(
        Entity.VARIATION,
        PRODUCTS,
        "variations",
        "variations",
        children_change=True,
        params={"type": "variable"},
    ),
}


@dataclass(frozen=True, slots=True)
class NestedReader:
    """Reads refunds or variations of a store that has no list of them all."""

    fetcher: PageFetcher
    nesting: Nesting
    known: KnownRecords
    limit: DisappearanceLimit
    overlap: timedelta = OVERLAP

    def full(self, state: FullRead | None) -> Iterator[Page]:
        """Yield all children, parent by parent; then those that no parent names any more.

        A read that is taken up again walks the parents' ids once more, which is cheap, and asks
        for the children of those after `state` only.

        Raises:
            RetryableError: a list cannot be read to its end.
            ConfigurationError: too much disappeared; nothing was reported as deleted then.
        """
        named: set[int] = set()
        for step in walk(self.fetcher, self._by_id(status="trash")):
            state = state or FullRead(step.answered_at, by_parents=True)
            named.update(self._named(step.rows))
        for step in walk(self.fetcher, self._by_id()):
            state = state or FullRead(step.answered_at, by_parents=True)
            named.update(self._named(step.rows))
            yield from self._new_parents(step, state)
            reached = Position(0, max(state.position.last_id, step.end.last_id))
            state = replace(state, position=reached)
        if state is not None:
            after = Changes(state.started_at, state.started_at, by_parents=True)
            yield self._page((), after.json(), self._unnamed(named))

    def pages(self, state: Changes) -> Iterator[Page]:
        """Yield the children of parents that changed since the bookmark, as far as they are new.

        Raises:
            RetryableError: a list cannot be read to its end.
        """
        state = state.resumed()
        reach = state.reach or Reach(state.changed - self.overlap)
        for step in changes(self.fetcher, self.nesting.request(), BY_MODIFICATION, reach):
            records = self._children(self._worth_asking(step.rows))
            if step.is_last:
                cursor = state.settled(state.changed, reached_by(step))
                state = Changes(cursor, cursor, by_parents=True)
            else:
                state = state.begun(step.reach, in_trash=False)
            yield self._page(records, state.json())

    def span(self, window: Window, bookmark: Bookmark) -> Iterator[Page]:
        """Yield the children of parents that changed, or were made, within the span.

        Raises:
            RetryableError: a list cannot be read to its end.
        """
        reach = Reach(first_second(window) - SECOND)
        before = end_second(window)
        by = BY_CREATION if window.of_creation else BY_MODIFICATION
        for step in changes(self.fetcher, self.nesting.request(), by, reach, before):
            parents = tuple(row for row in step.rows if self.nesting.child_ids(row))
            yield self._page(self._children(parents), bookmark)

    def _by_id(self, **params: str) -> ListRequest:
        return self.nesting.request(orderby="id", order="asc", **params)

    def _new_parents(self, step: Step, state: FullRead) -> Iterator[Page]:
        parents = [row for row in step.rows if row["id"] > state.position.last_id]
        if parents:
            reached = replace(state, position=Position(0, parents[-1]["id"]))
            with_children = tuple(row for row in parents if self.nesting.child_ids(row))
            yield self._page(self._children(with_children), reached.json())

    def _worth_asking(self, parents: Sequence[Row]) -> tuple[Row, ...]:
        if self.nesting.children_change:
            return tuple(row for row in parents if self.nesting.child_ids(row))
        named = {str(identifier) for identifier in self._named(parents)}
        new = named - self.known.known(named) if named else named
        return tuple(
            row
            for row in parents
            if any(str(identifier) in new for identifier in self.nesting.child_ids(row))
        )

    def _children(self, parents: Sequence[Row]) -> tuple[SourceRecord, ...]:
        return tuple(
            source_record(self.nesting.entity, row, parent["id"])
            for parent in parents
            for step in walk(self.fetcher, self.nesting.children(parent["id"]))
            for row in step.rows
        )

    def _named(self, parents: Sequence[Row]) -> Iterator[int]:
        for row in parents:
            yield from self.nesting.child_ids(row)

    def _unnamed(self, named: set[int]) -> tuple[str, ...]:
        missing = missing_from(self.known.live_ids_between(0, None), named)
        held = self.known.count_live()
        self.limit.check(self.nesting.entity, len(missing), held, list_is_empty=not named)
        return tuple(str(identifier) for identifier in missing)

    def _page(
        self, records: tuple[SourceRecord, ...], bookmark: Bookmark, gone: tuple[str, ...] = ()
    ) -> Page:
        calls = self.fetcher.take_calls()
        return Page(self.nesting.entity, records, bookmark, gone, calls)
