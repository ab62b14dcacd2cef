"""Reading a moving store page by page, as the engine does."""

from collections.abc import Generator
from datetime import timedelta

from udsync_pipelines.connectors.woocommerce.client import WooCommerceClient
from udsync_pipelines.connectors.woocommerce.reading.disappearance import DisappearanceLimit
from udsync_pipelines.connectors.woocommerce.store import WooCommerceStore
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.records import Bookmark, Page, Window
from udsync_pipelines_tests.connectors.woocommerce.moving_store import Archive, MovingStore
from udsync_pipelines_tests.connectors.woocommerce.recordings import client

CHANGES = Window()
FULL = Window(full=True)
PATHS = {
    Entity.ORDER: "orders",
    Entity.PRODUCT: "products",
    Entity.CUSTOMER: "customers",
    Entity.TAX_RATE: "taxes",
    Entity.COUPON: "coupons",
    Entity.REFUND: "refunds",
    Entity.VARIATION: "variations",
}


def store_client(shop: MovingStore) -> WooCommerceClient:
    return client(shop.handle, clock=lambda: shop.now)


def source(shop: MovingStore, limit: DisappearanceLimit | None = None) -> WooCommerceStore:
    return WooCommerceStore(store_client(shop), limit=limit)


class Reader:
    """One connection: the archive, the bookmark, and reading on with them."""

    def __init__(
        self, shop: MovingStore, entity: Entity, limit: DisappearanceLimit | None = None
    ) -> None:
        self.shop = shop
        self.entity = entity
        self.limit = limit
        self.archive = Archive()
        self.bookmark: Bookmark = {}
        self.pages: list[Page] = []

    def run(self, window: Window = CHANGES, *, stop_after: int | None = None) -> list[Page]:
        """Read and archive; with `stop_after`, fall over after so many pages."""
        self.pages = []
        for page in self.reading(window):
            self.archive.store(page)
            self.bookmark = page.bookmark
            self.pages.append(page)
            if len(self.pages) == stop_after:
                break
        return self.pages

    def reading(self, window: Window = CHANGES) -> Generator[Page, None, None]:
        return source(self.shop, self.limit).read(self.entity, self.bookmark, window, self.archive)

    def run_dying_after_each_page(self, window: Window = CHANGES) -> int:
        """Read with a new process for every page; return how many it took."""
        for count in range(1, 10_000):
            before = self.bookmark
            self.run(window, stop_after=1)
            if "full" not in self.bookmark and "going" not in self.bookmark:
                return count
            assert self.bookmark != before, "no progress"
        raise AssertionError("the read never ended")

    def ids(self) -> set[int]:
        return {int(record.source_id) for page in self.pages for record in page.records}

    def calls(self) -> int:
        return len(self.shop.requests)

    def wait(self, **time: float) -> None:
        self.shop.now += timedelta(**time)
        self.shop.requests.clear()
