"""Fetching ahead: one page, on one thread that ends with the read."""

import threading
import time

import httpx
import pytest

from udsync_pipelines.connectors.woocommerce.client import ListRequest
from udsync_pipelines.connectors.woocommerce.reading.pages import PageFetcher
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import AuthorizationError
from udsync_pipelines_tests.connectors.woocommerce.moving_store import Archive, MovingStore
from udsync_pipelines_tests.connectors.woocommerce.reading.stores import (
    CHANGES,
    Reader,
    source,
    store_client,
)
from udsync_pipelines_tests.connectors.woocommerce.recordings import response

FIRST = ListRequest("customers", {"orderby": "id", "order": "asc", "per_page": 100})


def shop_of(count: int) -> MovingStore:
    shop = MovingStore()
    shop.add("customers", range(1, count + 1))
    return shop


def threads_ahead() -> list[str]:
    return [
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith("woocommerce-ahead")
    ]


def test_the_next_page_is_fetched_while_the_caller_works_on_this_one() -> None:
    shop = shop_of(300)
    reading = Reader(shop, Entity.CUSTOMER).reading()

    next(reading)
    ends_at = time.monotonic() + 5
    while len(shop.requests) < 2 and time.monotonic() < ends_at:
        time.sleep(0.01)

    assert len(shop.requests) == 2
    reading.close()


def test_never_more_than_one_page_is_fetched_ahead() -> None:
    shop = shop_of(1000)
    reading = Reader(shop, Entity.CUSTOMER).reading()

    next(reading)
    time.sleep(0.2)

    assert len(shop.requests) == 2
    reading.close()


def test_closing_a_read_ends_its_thread() -> None:
    reading = Reader(shop_of(300), Entity.CUSTOMER).reading()
    next(reading)
    assert threads_ahead()

    reading.close()

    assert threads_ahead() == []


def test_a_read_to_the_end_and_a_failed_one_leave_no_thread() -> None:
    shop = shop_of(300)
    Reader(shop, Entity.CUSTOMER).run()
    shop.spoil = lambda _, __: response("errors/auth_bad_key")

    with pytest.raises(AuthorizationError):
        Reader(shop, Entity.CUSTOMER).run()

    assert threads_ahead() == []


def test_the_archive_is_only_asked_on_the_callers_thread() -> None:
    askers: set[str] = set()

    class Watching(Archive):
        def live_ids_between(self, low: int, high: int | None) -> list[str]:
            askers.add(threading.current_thread().name)
            return super().live_ids_between(low, high)

    archive = Watching(bodies={"1": b"{}"})
    list(source(shop_of(300)).read(Entity.CUSTOMER, {}, CHANGES, archive))

    assert askers == {threading.current_thread().name}


def test_an_archive_that_was_empty_is_not_asked_what_is_missing() -> None:
    asked: list[int] = []

    class Watching(Archive):
        def live_ids_between(self, low: int, high: int | None) -> list[str]:
            asked.append(low)
            return super().live_ids_between(low, high)

    reader = Reader(shop_of(300), Entity.CUSTOMER)
    reader.archive = Watching()
    reader.run()

    assert asked == []
    assert reader.archive.live() == set(range(1, 301))


def test_a_page_that_failed_ahead_is_fetched_again() -> None:
    shop = shop_of(300)
    failures = iter([httpx.Response(500), httpx.Response(502)])

    def fail_twice(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        return next(failures, answer) if "offset" in request.url.params else answer

    shop.spoil = fail_twice
    reader = Reader(shop, Entity.CUSTOMER)
    reader.run()

    assert reader.archive.live() == set(range(1, 301))


def test_a_page_fetched_ahead_is_kept_while_others_are_fetched() -> None:
    shop = shop_of(300)

    with PageFetcher(store_client(shop)) as fetcher:
        fetcher.expect(FIRST)
        fetcher.fetch(FIRST.but(offset=200))
        listing = fetcher.fetch(FIRST)

        assert listing.ids == tuple(range(1, 101))
        assert len(shop.requests) == 2
        assert fetcher.take_calls() == 2
