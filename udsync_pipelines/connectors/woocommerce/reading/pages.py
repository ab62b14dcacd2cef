"""Fetching pages, the next one while the caller still works on this one, and what is no page."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from udsync_pipelines.connectors.woocommerce.address import PLATFORM
from udsync_pipelines.connectors.woocommerce.client import (
    Listing,
    ListRequest,
    Row,
    WooCommerceClient,
)
from udsync_pipelines.errors import RetryableError


class PageFetcher:
    """Fetches pages of one read; a context manager, so that its one thread ends with the read.

    The page that `expect` names is fetched on that thread, once; if that fails, `fetch` goes on
    trying on the caller's. So at most two requests are under way: more were measured to bring
    nothing, and stores slow down.
    """

    def __init__(self, client: WooCommerceClient) -> None:
        self._client = client
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="woocommerce-ahead")
        self._expected: list[tuple[ListRequest, Future[Listing]]] = []
        self._calls = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    def expect(self, request: ListRequest) -> None:
        """Begin to fetch what will be asked for next."""
        self._calls += 1
        self._expected.append((request, self._thread.submit(self._client.page_once, request)))

    def fetch(self, request: ListRequest) -> Listing:
        """The page, fetched ahead or now.

        Raises:
            RetryableError: the retry budget is spent.
            ConfigurationError: the store refuses us.
        """
        for index, (expected, future) in enumerate(self._expected):
            if expected == request:
                del self._expected[index]
                return self._client.page(request, first=future.result)
        self._calls += 1
        return self._client.page(request)

    def find(self, path: str) -> Row | None:
        """One object, or None when there is none with this id."""
        self._calls += 1
        return self._client.find(path)

    def take_calls(self) -> int:
        """How many requests were asked for since the last time; a repeated one counts once."""
        calls, self._calls = self._calls, 0
        return calls

    def again(
        self, request: ListRequest, listing: Listing, is_wrong: Callable[[Listing], str | None]
    ) -> Listing:
        """The listing, or what a second request brings when `is_wrong` names a fault.

        Raises:
            RetryableError: the second answer is wrong as well; says how.
        """
        if is_wrong(listing) is None:
            return listing
        second = self.fetch(request)
        fault = is_wrong(second)
        if fault is not None:
            raise broken_list(request, fault)
        return second


def short_page(request: ListRequest, listing: Listing) -> str | None:
    """What is wrong with a page that holds fewer rows than its list still has; None if nothing.

    Rows left out in the middle of a page look like this too, so that it is never passed over.
    """
    if listing.total is None:
        return None
    left = listing.total - int(request.params.get("offset", 0))
    due = min(int(request.params["per_page"]), left)
    if len(listing.rows) >= due:
        return None
    return f"sends {len(listing.rows)} rows where {due} are due"


def broken_list(request: ListRequest, fault: str) -> RetryableError:
    """The error for a list that cannot be read to its end; nothing is skipped silently."""
    return RetryableError(
        f"The store's list of {request} {fault}.",
        code="list_broken",
        platform=PLATFORM,
        cure="Try later; if it stays so, switch off caching for /wp-json/ in the store.",
    )
