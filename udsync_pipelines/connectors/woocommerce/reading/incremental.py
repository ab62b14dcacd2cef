"""Reading what changed since last time, in a list and in its trash, or in a span of time."""

import logging
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from udsync_pipelines.connectors.woocommerce.client import Row
from udsync_pipelines.connectors.woocommerce.reading.bookmarks import (
    Changes,
    CreationSpan,
    FullRead,
    read_creation_span,
)
from udsync_pipelines.connectors.woocommerce.reading.changes import (
    SECOND,
    ChangeStep,
    Reach,
    changes,
    gmt_text,
)
from udsync_pipelines.connectors.woocommerce.reading.lists import BY_CREATION, EntityList, Filter
from udsync_pipelines.connectors.woocommerce.reading.pages import PageFetcher
from udsync_pipelines.connectors.woocommerce.record import source_record
from udsync_pipelines.sync.ports import KnownRecords
from udsync_pipelines.sync.records import Bookmark, Page, SourceRecord, Window

logger = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=5)
# A store that is quiet for longer than this moves its bookmark up, so that the last burst of
# changes before the silence is not read again and again.
SETTLED_AFTER = timedelta(hours=1)
_LONG_AGO = datetime(1970, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ChangeReader:
    """Reads one list that has a date filter.

    `overlap` is read again before each bookmark: PHP stamps a row before it becomes visible, and
    a shop may have several servers with clocks of their own.
    """

    fetcher: PageFetcher
    source: EntityList
    by: Filter
    known: KnownRecords
    overlap: timedelta = OVERLAP

    def pages(self, state: Changes) -> Generator[Page, None, FullRead | None]:
        """Yield what changed since the bookmark, then what we know of the trash.

        Returns:
            None; or, where the store's clock was set back, the full read that must follow, for
            what changes until the clock has caught up is stamped before the bookmark.

        Raises:
            RetryableError: the list cannot be read to its end.
            ConfigurationError: the store refuses us or ignores the filter.
        """
        state = state.resumed()
        if not state.in_trash:
            start = state.reach or Reach(state.changed - self.overlap)
            for step in self._changes(start):
                if step.answered_at < state.changed - self.overlap:
                    _tell_set_back(self.source, state, step)
                    return FullRead(step.answered_at)
                state = self._moved(state, step)
                yield self._page(self._records(step.rows), state.json())
        if state.in_trash:
            start = state.reach or Reach(state.trash - self.overlap)
            for step in self._changes(start, status="trash"):
                state = self._moved(state, step)
                yield self._page(self._known_records(step.rows), state.json())
        return None

    def span(self, window: Window, bookmark: Bookmark) -> Iterator[Page]:
        """Yield what changed within the window's span; every page carries the given bookmark.

        Raises:
            RetryableError: the list cannot be read to its end.
            ConfigurationError: the store refuses us or ignores the filter.
        """
        start, before = Reach(first_second(window) - SECOND), end_second(window)
        for step in self._changes(start, before):
            yield self._page(self._records(step.rows), bookmark)
        if self.source.has_trash:
            for step in self._changes(start, before, status="trash"):
                yield self._page(self._known_records(step.rows), bookmark)

    def created(self, window: Window, bookmark: Bookmark) -> Iterator[Page]:
        """Yield what was made within the window's span and was not read for it before.

        Raises:
            RetryableError: the list cannot be read to its end.
            ConfigurationError: the store refuses us or ignores the filter.
        """
        state = read_creation_span(bookmark)
        if state.is_read:
            return
        start = state.reach or Reach(first_second(window) - SECOND)
        request = self.source.request()
        for step in changes(self.fetcher, request, BY_CREATION, start, end_second(window)):
            state = CreationSpan(step.reach, step.is_last)
            yield self._page(self._records(step.rows), state.json())

    def _changes(
        self, reach: Reach, before: datetime | None = None, **params: str
    ) -> Iterator[ChangeStep]:
        return changes(self.fetcher, self.source.request(**params), self.by, reach, before)

    def _moved(self, state: Changes, step: ChangeStep) -> Changes:
        if not step.is_last:
            return state.begun(step.reach, in_trash=state.in_trash)
        reached = reached_by(step)
        if state.in_trash:
            return Changes(state.changed, state.settled(state.trash, reached))
        cursor = state.settled(state.changed, reached)
        return Changes(cursor, state.trash, in_trash=self.source.has_trash)

    def _records(self, rows: tuple[Row, ...]) -> tuple[SourceRecord, ...]:
        return tuple(source_record(self.source.entity, row) for row in rows)

    def _known_records(self, rows: tuple[Row, ...]) -> tuple[SourceRecord, ...]:
        ours = self.known.known([str(row["id"]) for row in rows]) if rows else frozenset()
        return tuple(record for record in self._records(rows) if record.source_id in ours)

    def _page(self, records: tuple[SourceRecord, ...], bookmark: Bookmark) -> Page:
        return Page(self.source.entity, records, bookmark, calls=self.fetcher.take_calls())


def _tell_set_back(source: EntityList, state: Changes, step: ChangeStep) -> None:
    logger.warning(
        "the store's clock was set back, reading the whole list",
        extra={
            "entity": source.entity,
            "clock": gmt_text(step.answered_at),
            "bookmark": gmt_text(state.changed),
        },
    )


def reached_by(step: ChangeStep) -> datetime:
    """The time up to which everything is read after the last step of a list."""
    settled = step.answered_at - SETTLED_AFTER
    return max(step.reach.newest or settled, settled)


def first_second(window: Window) -> datetime:
    """The first whole second of a span."""
    since = window.since or _LONG_AGO
    cut = since.replace(microsecond=0)
    return cut if cut == since else cut + SECOND


def end_second(window: Window) -> datetime | None:
    """The second after a span, None when it has no end."""
    return window.until.replace(microsecond=0) + SECOND if window.until is not None else None
