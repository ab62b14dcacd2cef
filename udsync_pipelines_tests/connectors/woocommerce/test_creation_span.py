"""Reading what was made in a span of time: whole, cut off and gone on with, and not twice."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.emulators.woocommerce.emulator import StoreEmulator
from udsync_pipelines.sync.records import Bookmark, Page, Window
from udsync_pipelines_tests.connectors.woocommerce.moving_store import Archive
from udsync_pipelines_tests.connectors.woocommerce.test_emulated_store import Connection

ORDERS = 450


@pytest.fixture(scope="module")
def store() -> Iterator[Connection]:
    with StoreEmulator(orders=ORDERS, seed=3) as emulator:
        yield Connection(emulator)


def span(days: int = 100, until: datetime | None = None) -> Window:
    now = datetime.now(UTC)
    return Window(since=now - timedelta(days=days), until=until or now, of_creation=True)


def read(store: Connection, window: Window, bookmark: Bookmark, entity: Entity) -> Iterator[Page]:
    return store.store.read(entity, bookmark, window, Archive())


def ids(pages: list[Page]) -> list[str]:
    return [record.source_id for page in pages for record in page.records]


def test_a_span_of_creation_brings_each_order_that_was_made_in_it(store: Connection) -> None:
    pages = list(read(store, span(), {}, Entity.ORDER))

    assert len(set(ids(pages))) == ORDERS
    assert read_again(store, pages[-1].bookmark) == []


def read_again(store: Connection, bookmark: Bookmark) -> list[Page]:
    return list(read(store, span(), bookmark, Entity.ORDER))


@pytest.mark.parametrize("cut_after", [1, 2, 3, 4])
def test_a_span_that_is_cut_off_goes_on_and_reads_no_page_twice(
    store: Connection, cut_after: int
) -> None:
    first = list(islice(read(store, span(), {}, Entity.ORDER), cut_after))

    rest = read_again(store, first[-1].bookmark)

    assert {*ids(first), *ids(rest)} == set(ids(list(read(store, span(), {}, Entity.ORDER))))
    repeated = set(ids(first)) & set(ids(rest))
    assert len(repeated) < 5  # those of the last second


def test_the_end_of_a_span_keeps_later_orders_out(store: Connection) -> None:
    until = datetime.now(UTC) - timedelta(days=5)

    found = ids(list(read(store, span(until=until), {}, Entity.ORDER)))

    assert 0 < len(found) < ORDERS


def test_refunds_have_spans_of_their_own(store: Connection) -> None:
    pages = list(read(store, span(), {}, Entity.REFUND))

    assert ids(pages)
    assert list(read(store, span(), pages[-1].bookmark, Entity.REFUND)) == []
