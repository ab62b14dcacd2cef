"""Reading what changed since an instant, oldest first, from a list that moves while it is read.

Bare offsets lose rows: a row that is touched leaves its place, and others move up into pages
already read. Here every page is the first of its window: it begins at the second of the last row
seen. What times cannot order is walked by id instead (see `walk`): a second that fills a whole
page, and a window over the end of summer time, for products are ordered by the site's local time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from udsync_pipelines.connectors.woocommerce.address import PLATFORM
from udsync_pipelines.connectors.woocommerce.client import PER_PAGE, Listing, ListRequest, Row
from udsync_pipelines.connectors.woocommerce.reading.lists import Filter
from udsync_pipelines.connectors.woocommerce.reading.pages import (
    PageFetcher,
    broken_list,
    short_page,
)
from udsync_pipelines.connectors.woocommerce.reading.walk import Position, walk
from udsync_pipelines.connectors.woocommerce.record import moment
from udsync_pipelines.errors import ConfigurationError

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time that is walked by id, because times cannot order it.

    `resume_after` is where reading by time goes on; None when the span was all there was to read.
    """

    after: datetime
    before: datetime | None
    resume_after: datetime | None
    position: Position = field(default_factory=Position)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a read of changes has come: everything up to and including `after` is read.

    `newest` is the latest time up to which nothing is missing, None before the first row.
    """

    after: datetime
    span: Span | None = None
    newest: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChangeStep:
    """Rows that changed, and how far we are with them. Rows may repeat earlier ones."""

    rows: tuple[Row, ...]
    reach: Reach
    is_last: bool
    answered_at: datetime


def gmt_text(instant: datetime) -> str:
    """An instant as the REST API filters by it: UTC to the second, without a zone.

    With a `Z` the store would compare its local time with the UTC column (seen on 11.0.1): east
    of Greenwich rows would be missed.
    """
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def changes(
    fetcher: PageFetcher,
    request: ListRequest,
    by: Filter,
    reach: Reach,
    before: datetime | None = None,
) -> Iterator[ChangeStep]:
    """Yield what changed after `reach.after` (and before `before`), oldest first.

    A row that changes while we read comes again with its new time. The last step may be empty.

    Raises:
        RetryableError: pages are missing or repeat, also when asked for again.
        ConfigurationError: the store ignores the filter or has no such one.
    """
    return _Changes(fetcher, request, by, reach, before).steps()


class _Changes:
    def __init__(
        self,
        fetcher: PageFetcher,
        request: ListRequest,
        by: Filter,
        reach: Reach,
        before: datetime | None,
    ) -> None:
        self._fetcher = fetcher
        self._list = request
        self._by = by
        self._reach = reach
        self._before = before
        self._previous: Listing | None = None

    def steps(self) -> Iterator[ChangeStep]:
        while True:
            span = self._reach.span
            if span is not None:
                yield from self._walk(span)
                if span.resume_after is None:
                    return
                continue
            listing = self._fetch()
            is_last = self._is_end(listing)
            if not is_last and self._cannot_be_ordered(listing):
                whole = Span(self._reach.after, self._before, resume_after=None)
                self._reach = replace(self._reach, span=whole)
                continue
            self._advance(listing, is_last=is_last)
            if not is_last and self._reach.span is None:
                self._fetcher.expect(self._window())
            yield ChangeStep(listing.rows, self._reach, is_last, listing.answered_at)
            if is_last:
                return

    def _window(self) -> ListRequest:
        ordered = self._list.but(orderby=self._by.orderby, order="asc")
        return self._between(ordered, self._reach.after, self._before)

    def _between(
        self, request: ListRequest, after: datetime, before: datetime | None
    ) -> ListRequest:
        limits = {self._by.after: gmt_text(after)}
        if before is not None:
            limits[self._by.before] = gmt_text(before)
        return request.but(dates_are_gmt="true", **limits)

    def _fetch(self) -> Listing:
        request = self._window()
        listing = self._fetcher.again(request, self._fetcher.fetch(request), self._fault)
        if any(self._stamp(row) <= self._reach.after for row in listing.rows):
            raise self._ignored(request)
        return listing

    def _fault(self, listing: Listing) -> str | None:
        if self._previous is not None and listing.rows and listing.ids == self._previous.ids:
            return None if self._is_end(listing) else "repeats a page"
        return short_page(self._window(), listing)

    def _is_end(self, listing: Listing) -> bool:
        if listing.total is not None and listing.total >= len(listing.rows):
            # A full page may be followed by more, whatever the store says.
            return listing.total == len(listing.rows) < PER_PAGE
        # The store did not say how many there are: go on until nothing new comes.
        seen = set(self._previous.ids) if self._previous is not None else set()
        return seen.issuperset(listing.ids)

    def _cannot_be_ordered(self, listing: Listing) -> bool:
        """True when rows that are still to come may be older than the last of these.

        Posts are ordered by local time. Where it is set back, an hour comes twice.
        """
        rows = listing.rows
        if self._previous is not None and self._previous.rows:
            rows = (self._previous.rows[-1], *rows)
        stamps = [self._stamp(row) for row in listing.rows]
        offsets = [offset for row in rows if (offset := self._offset(row)) is not None]
        return any(first > second for first, second in pairwise(stamps)) or any(
            first > second for first, second in pairwise(offsets)
        )

    def _advance(self, listing: Listing, *, is_last: bool) -> None:
        self._previous = listing
        if not listing.rows:
            return
        first, last = self._stamp(listing.rows[0]), self._stamp(listing.rows[-1])
        newest = max(*map(self._stamp, listing.rows), self._reach.newest or last)
        if is_last:
            self._reach = Reach(newest, newest=newest)
        elif first == last:
            second = Span(last - SECOND, last + SECOND, resume_after=last)
            self._reach = Reach(self._reach.after, second, newest)
        else:
            # The last second may hold more rows than this page: it is read again.
            self._reach = Reach(last - SECOND, newest=newest)

    def _walk(self, span: Span) -> Iterator[ChangeStep]:
        request = self._between(self._list.but(orderby="id", order="asc"), span.after, span.before)
        newest = self._reach.newest
        for step in walk(self._fetcher, request, span.position):
            if span.resume_after is None:
                # What is touched from now on may be behind us by id: the next read has to see it.
                newest = min(newest, step.answered_at) if newest else step.answered_at
            is_last = step.is_last and span.resume_after is None
            if step.is_last:
                self._reach = Reach(span.resume_after or span.after, newest=newest)
            else:
                self._reach = Reach(self._reach.after, replace(span, position=step.end), newest)
            yield ChangeStep(step.rows, self._reach, is_last, newest or step.answered_at)
        self._previous = None

    def _stamp(self, row: Row) -> datetime:
        stamp = moment(row, self._by.field)
        if stamp is None:
            raise broken_list(self._list, f"has a row without {self._by.field}")
        return stamp

    def _offset(self, row: Row) -> timedelta | None:
        local = moment(row, self._by.field.removesuffix("_gmt"))
        return local - self._stamp(row) if local is not None else None

    def _ignored(self, request: ListRequest) -> ConfigurationError:
        return ConfigurationError(
            f"The store ignores the filter {self._by.after} of its list of {request.path}.",
            code="filter_ignored",
            platform=PLATFORM,
            cure="Switch off caching for /wp-json/ in the store, and update WooCommerce.",
        )
