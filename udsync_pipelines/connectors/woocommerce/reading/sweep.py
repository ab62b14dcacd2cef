"""Lists without a date filter (customers, tax rates): a few pages each run, all in time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from udsync_pipelines.connectors.woocommerce.client import PER_PAGE, Row
from udsync_pipelines.connectors.woocommerce.reading.bookmarks import Sweep
from udsync_pipelines.connectors.woocommerce.reading.disappearance import (
    DisappearanceLimit,
    look_for,
    missing_from,
)
from udsync_pipelines.connectors.woocommerce.reading.incremental import end_second, first_second
from udsync_pipelines.connectors.woocommerce.reading.lists import EntityList
from udsync_pipelines.connectors.woocommerce.reading.pages import PageFetcher, short_page
from udsync_pipelines.connectors.woocommerce.reading.walk import Position, Step, walk
from udsync_pipelines.connectors.woocommerce.record import moment, source_record
from udsync_pipelines.sync.ports import KnownRecords
from udsync_pipelines.sync.records import Bookmark, Page, SourceRecord, Window

_PAGES_A_RUN = 2
# The newest page and the rolling ones together, less the row that two of them share.
_COVERED_EACH_RUN = PER_PAGE + _PAGES_A_RUN * PER_PAGE - 1


@dataclass(frozen=True, slots=True)
class SweepReader:
    """Reads one list without a date filter; who changed is told by the content hash."""

    fetcher: PageFetcher
    source: EntityList
    known: KnownRecords
    limit: DisappearanceLimit

    def pages(self, state: Sweep) -> Iterator[Page]:
        """Yield the newest records and the next part of the rest, at most three requests.

        Of a list that fits into them, everything is read each time. What disappeared from a part
        that passes by is asked for and reported.

        Raises:
            RetryableError: the list cannot be read.
            ConfigurationError: too much disappeared from the part.
        """
        request = self.source.request(orderby="id", order="desc")
        newest = self.fetcher.again(
            request,
            self.fetcher.fetch(request),
            lambda listing: short_page(request, listing),
        )
        total = newest.total if newest.total is not None else _COVERED_EACH_RUN + 1
        ascending = tuple(reversed(newest.rows))
        if total <= len(newest.rows):
            end = Position(max(0, total - 1), ascending[-1]["id"] if ascending else 0)
            yield from self._compared(
                Step(ascending, Position(), end, is_last=True, answered_at=newest.answered_at),
                Sweep(),
            )
            return
        yield self._page(self._records(ascending), state.json())
        start = Position() if total <= _COVERED_EACH_RUN else state.position
        for step in walk(self.fetcher, self.source.by_id(), start, at_most=_PAGES_A_RUN):
            yield from self._compared(step, Sweep(Position() if step.is_last else step.end))

    def span(self, window: Window, bookmark: Bookmark) -> Iterator[Page]:
        """Yield what was changed within the span, going through the whole list.

        A record without any date comes too: none may be missed.

        Raises:
            RetryableError: the list cannot be read to its end.
        """
        since, before = first_second(window), end_second(window)
        for step in walk(self.fetcher, self.source.by_id()):
            rows = tuple(row for row in step.rows if _lies_in(row, since, before))
            yield self._page(self._records(rows), bookmark)

    def _compared(self, step: Step, state: Sweep) -> Iterator[Page]:
        yield self._page(self._records(step.rows), state.json())
        top = None if step.is_last else step.end.last_id
        held = self.known.live_ids_between(step.start.last_id, top)
        missing = missing_from(held, {row["id"] for row in step.rows})
        if not missing:
            return
        is_emptied = step.end.last_id == 0
        self.limit.check(self.source.entity, len(missing), len(held), list_is_empty=is_emptied)
        findings = look_for(self.fetcher, self.source.entity, missing, self.known)
        yield self._page(findings.records, state.json(), findings.gone)

    def _records(self, rows: tuple[Row, ...]) -> tuple[SourceRecord, ...]:
        return tuple(source_record(self.source.entity, row) for row in rows)

    def _page(
        self, records: tuple[SourceRecord, ...], bookmark: Bookmark, gone: tuple[str, ...] = ()
    ) -> Page:
        calls = self.fetcher.take_calls()
        return Page(self.source.entity, records, bookmark, gone, calls)


def _lies_in(row: Row, since: datetime, before: datetime | None) -> bool:
    changed_at = moment(row, "date_modified_gmt") or moment(row, "date_created_gmt")
    if changed_at is None:
        return True
    return since <= changed_at and (before is None or changed_at < before)
