"""Walking a list by id to its end while rows come and go before the reader's eyes.

The REST API has offsets, but no `id >` filter. Each step therefore begins at the row that was
last seen, one row back, and checks that it is still there. When it is not (rows before it have
gone, so everything moved up), the walk steps back until it finds a row that it knows to be older:
from there on no row can have been skipped.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from udsync_pipelines.connectors.woocommerce.client import PER_PAGE, Listing, ListRequest, Row
from udsync_pipelines.connectors.woocommerce.reading.pages import (
    PageFetcher,
    broken_list,
    short_page,
)

_FIRST_STEP_BACK = PER_PAGE // 2
_LOST_TOO_OFTEN = 3


@dataclass(frozen=True, slots=True)
class Position:
    """The highest id seen, and where in the list it stood then. Zero: nothing seen yet."""

    offset: int = 0
    last_id: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """The rows that a step brought, all above `start.last_id`, ascending by id."""

    rows: tuple[Row, ...]
    start: Position
    end: Position
    is_last: bool
    answered_at: datetime


def walk(
    fetcher: PageFetcher,
    request: ListRequest,
    position: Position | None = None,
    *,
    at_most: int | None = None,
) -> Iterator[Step]:
    """Yield the rows after the position, ascending by id, until the end of the list.

    `request` must order by id, ascending. Every row that is in the list during the whole walk
    comes exactly once. The last step may be empty and says that it is the last. With `at_most`,
    the walk ends after so many steps, wherever it is then.

    Raises:
        RetryableError: pages are missing, repeat, or are not in order, also when asked for again.
    """
    return _Walk(fetcher, request, position or Position(), at_most).steps()


class _Walk:
    def __init__(
        self,
        fetcher: PageFetcher,
        request: ListRequest,
        position: Position,
        steps_left: int | None,
    ) -> None:
        self._fetcher = fetcher
        self._list = request
        self._position = position
        self._steps_left = steps_left
        self._previous: Listing | None = None
        self._step_back = _FIRST_STEP_BACK
        self._is_lost = False
        self._times_lost = 0

    def steps(self) -> Iterator[Step]:
        while True:
            listing = self._fetch()
            if self._is_gap(listing):
                self._go_back()
                continue
            step = self._advance(listing)
            is_over = step.is_last or self._steps_left == 0
            if not is_over:
                self._fetcher.expect(self._request())
            if step.rows or is_over:
                yield step
            if is_over:
                return

    def _request(self) -> ListRequest:
        return self._list.but(offset=self._position.offset)

    def _fetch(self) -> Listing:
        request = self._request()
        return self._fetcher.again(request, self._fetcher.fetch(request), self._fault)

    def _fault(self, listing: Listing) -> str | None:
        ids = listing.ids
        if any(first >= second for first, second in pairwise(ids)):
            return "is not ordered by id, although we asked for it"
        if self._previous is not None and len(ids) > 1 and ids == self._previous.ids:
            return "repeats a page"
        return short_page(self._request(), listing)

    def _is_gap(self, listing: Listing) -> bool:
        ids = listing.ids
        return self._position.offset > 0 and (not ids or ids[0] > self._position.last_id)

    def _go_back(self) -> None:
        if not self._is_lost:
            self._is_lost = True
            self._times_lost += 1
            if self._times_lost > _LOST_TOO_OFTEN:
                raise broken_list(self._list, "changes faster than it can be read")
        offset = max(0, self._position.offset - self._step_back)
        self._position = Position(offset, self._position.last_id)
        self._step_back *= 2
        self._previous = None

    def _advance(self, listing: Listing) -> Step:
        start, ids = self._position, listing.ids
        rows = tuple(row for row in listing.rows if row["id"] > start.last_id)
        is_last = self._is_end(listing, rows)
        if ids:
            self._position = Position(start.offset + len(ids) - 1, max(start.last_id, ids[-1]))
        if rows and self._steps_left is not None:
            self._steps_left -= 1
        self._previous = listing
        self._is_lost = False
        self._step_back = _FIRST_STEP_BACK
        if rows:
            self._times_lost = 0
        return Step(rows, start, self._position, is_last, listing.answered_at)

    def _is_end(self, listing: Listing, rows: tuple[Row, ...]) -> bool:
        reached = self._position.offset + len(listing.ids)
        if listing.total is None or listing.total < reached:
            # The store did not say how many there are: go on until nothing stands behind the
            # last row.
            return not rows and len(listing.ids) <= 1
        # A full page may be followed by more, whatever the store says: what comes next is asked.
        return reached >= listing.total and len(listing.ids) < PER_PAGE
