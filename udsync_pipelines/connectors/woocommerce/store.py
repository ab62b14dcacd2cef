"""A WooCommerce store as a source of records."""

import logging
from collections.abc import Generator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from udsync_pipelines.connectors.woocommerce import (
    customer,
    order,
    product,
    refund,
    variation,
)
from udsync_pipelines.connectors.woocommerce.address import PLATFORM
from udsync_pipelines.connectors.woocommerce.client import WooCommerceClient
from udsync_pipelines.connectors.woocommerce.reading.bookmarks import (
    Changes,
    FullRead,
    State,
    Sweep,
    read_bookmark,
)
from udsync_pipelines.connectors.woocommerce.reading.disappearance import DisappearanceLimit
from udsync_pipelines.connectors.woocommerce.reading.full import FullReader
from udsync_pipelines.connectors.woocommerce.reading.incremental import OVERLAP, ChangeReader
from udsync_pipelines.connectors.woocommerce.reading.lists import LISTS, EntityList
from udsync_pipelines.connectors.woocommerce.reading.named import NamedReader
from udsync_pipelines.connectors.woocommerce.reading.nested import NESTINGS, NestedReader
from udsync_pipelines.connectors.woocommerce.reading.pages import PageFetcher
from udsync_pipelines.connectors.woocommerce.reading.sweep import SweepReader
from udsync_pipelines.connectors.woocommerce.responses import RouteMissingError
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.sync.ports import KnownRecords
from udsync_pipelines.sync.records import Bookmark, CanonicalRecord, Page, Window

logger = logging.getLogger(__name__)


class WooCommerceStore:
    """Reads one store; a `sync.ports.Source`.

    Args:
        client: the way to the store.
        limit: how much may have disappeared before a full read stops.
        overlap: how much time before a bookmark is read again.
    """

    def __init__(
        self,
        client: WooCommerceClient,
        *,
        limit: DisappearanceLimit | None = None,
        overlap: timedelta = OVERLAP,
    ) -> None:
        self._client = client
        self._limit = limit or DisappearanceLimit()
        self._overlap = overlap

    def read(
        self, entity: Entity, bookmark: Bookmark, window: Window, known: KnownRecords
    ) -> Generator[Page, None, None]:
        """Yield pages until everything that the window asks for was read.

        While the caller stores a page, the next one is fetched on one thread; closing the
        iterator ends that thread. `known` is asked on the caller's thread only.

        Raises:
            RetryableError: the store stayed unavailable for longer than the retry budget, or a
                list cannot be read to its end without gaps.
            ConfigurationError: the store refuses us, or too much has disappeared.
        """
        last = None
        for page in self._read(entity, bookmark, window, known):
            last = page
            yield page
        if last is not None and _is_behind(read_bookmark(bookmark)) and not window.is_span:
            # What has changed since that run was cut off belongs to this one too.
            yield from self._read(entity, last.bookmark, replace(window, full=False), known)

    def _read(
        self, entity: Entity, bookmark: Bookmark, window: Window, known: KnownRecords
    ) -> Generator[Page, None, None]:
        state = read_bookmark(bookmark)
        if _goes_by_parents(state, window):
            yield from self._read_by_parents(entity, state, bookmark, window, known)
            return
        try:
            yield from self._read_list(LISTS[entity], state, bookmark, window, known)
        except RouteMissingError:
            if entity not in NESTINGS:
                raise
            # Older stores have no list of all refunds, or of all variations. The first request
            # told so: nothing was yielded yet.
            logger.info("store has no such list, reading by parents", extra={"entity": entity})
            yield from self._read_by_parents(entity, state, bookmark, window, known)

    def named(
        self, entity: Entity, source_ids: Sequence[str], known: KnownRecords
    ) -> Generator[Page, None, None]:
        """Yield these records as the store has them now, and those of them that are gone.

        Raises:
            RetryableError: the store stayed unavailable for longer than the retry budget.
            ConfigurationError: the store refuses us.
        """
        with PageFetcher(self._client) as fetcher:
            yield from NamedReader(fetcher, LISTS[entity], known).pages(source_ids)

    def canonical(self, entity: Entity, raw: bytes, parent_raw: bytes | None) -> CanonicalRecord:
        """Read one archived record.

        Raises:
            RecordRejectedError: it cannot be understood; the message names the field and why.
                Code `waits_for_order`: a refund whose order is not archived yet.
            ConfigurationError: the entity has no canonical record in the engine.
        """
        match entity:
            case Entity.ORDER:
                return order.canonical(raw)
            case Entity.REFUND:
                return refund.canonical(raw, parent_raw)
            case Entity.CUSTOMER:
                return customer.canonical(raw)
            case Entity.PRODUCT:
                return product.canonical(raw)
            case Entity.VARIATION:
                return variation.canonical(raw, parent_raw)
            case Entity.TAX_RATE | Entity.COUPON:
                raise ConfigurationError(
                    f"A {entity.replace('_', ' ')} is read, but not synced anywhere.",
                    code="entity_not_synced",
                    platform=PLATFORM,
                )

    def _limit_of(self, window: Window) -> DisappearanceLimit:
        return DisappearanceLimit(share=Decimal(1)) if window.accept_deletions else self._limit

    def _read_list(
        self,
        source: EntityList,
        state: State | None,
        bookmark: Bookmark,
        window: Window,
        known: KnownRecords,
    ) -> Generator[Page, None, None]:
        with PageFetcher(self._client) as fetcher:
            if source.changes is None:
                sweep = SweepReader(fetcher, source, known, self._limit_of(window))
                if window.is_span:
                    yield from sweep.span(window, bookmark)
                    return
                if isinstance(state, Sweep) and not window.full:
                    yield from sweep.pages(state)
                    return
            else:
                reader = ChangeReader(fetcher, source, source.changes, known, self._overlap)
                if window.of_creation:
                    yield from reader.created(window, bookmark)
                    return
                if window.is_span:
                    yield from reader.span(window, bookmark)
                    return
                if isinstance(state, Changes) and not window.full:
                    state = yield from reader.pages(state)
                    if state is None:
                        return
            full = FullReader(fetcher, source, known, self._limit_of(window))
            begun = state if isinstance(state, FullRead) and not state.by_parents else None
            yield from full.pages(begun)

    def _read_by_parents(
        self,
        entity: Entity,
        state: State | None,
        bookmark: Bookmark,
        window: Window,
        known: KnownRecords,
    ) -> Generator[Page, None, None]:
        with PageFetcher(self._client) as fetcher:
            reader = NestedReader(
                fetcher, NESTINGS[entity], known, self._limit_of(window), self._overlap
            )
            if window.is_span:
                yield from reader.span(window, bookmark)
            elif isinstance(state, Changes) and not window.full:
                yield from reader.pages(state)
            else:
                begun = state if isinstance(state, FullRead) and state.by_parents else None
                yield from reader.full(begun)


def _is_behind(state: State | None) -> bool:
    """Whether an earlier run was cut off beyond what it would have to read again by now."""
    return isinstance(state, FullRead) or (isinstance(state, Changes) and state.in_trash)


def _goes_by_parents(state: State | None, window: Window) -> bool:
    """True when the store had no list of its own last time; a new full read looks again."""
    if isinstance(state, FullRead):
        return state.by_parents
    return isinstance(state, Changes) and state.by_parents and not window.full
