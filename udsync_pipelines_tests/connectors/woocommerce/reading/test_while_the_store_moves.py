"""Random stores that move while they are read, and readers that die: nothing may be missed."""

import random
from datetime import timedelta
from decimal import Decimal

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from udsync_pipelines.connectors.woocommerce.reading.disappearance import DisappearanceLimit
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines_tests.connectors.woocommerce.moving_store import START, MovingStore
from udsync_pipelines_tests.connectors.woocommerce.reading.stores import FULL, PATHS, Reader

ANY = DisappearanceLimit(share=Decimal(1))
MOVING = [Entity.ORDER, Entity.PRODUCT, Entity.COUPON, Entity.CUSTOMER]

seeds = st.integers(0, 10**9)
entities = st.sampled_from(MOVING)
# How many rows share a second: from each its own to all the same.
spreads = st.sampled_from([0, 1, 30, 100_000])


class Life:
    """What happens in a shop between two requests, by chance but repeatably."""

    def __init__(self, seed: int, path: str, *, busy: int = 6) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a repeatable life, no secret
        self.path = path
        self.busy = busy
        self.disturbed: set[int] = set()

    def settle(self, shop: MovingStore, count: int, spread: int) -> None:
        for number in range(1, count + 1):
            behind = timedelta(days=2, seconds=-self.chance.randint(0, spread))
            shop.add(self.path, [number], at=shop.now - behind)

    def __call__(self, shop: MovingStore) -> None:
        shop.now += timedelta(seconds=self.chance.randint(0, 2))
        for _ in range(self.chance.randint(0, self.busy)):
            self._something(shop)

    def _something(self, shop: MovingStore) -> None:
        rows = shop.rows[self.path]
        what = self.chance.choice(["add", "touch", "touch", "touch", "delete", "trash", "restore"])
        if what == "add" or not rows:
            shop.add(self.path, [max(rows, default=0) + self.chance.randint(1, 3)])
            return
        identifier = self.chance.choice(list(rows))
        self.disturbed.add(identifier)
        if what == "touch":
            shop.touch(self.path, identifier)
        elif what == "delete":
            shop.delete(self.path, identifier)
        elif self.path in {"orders", "products"}:
            status = "trash" if what == "trash" else "publish"
            shop.touch(self.path, identifier, status=status)


def contents(shop: MovingStore, path: str) -> dict[int, bytes]:
    return {number: orjson.dumps(row) for number, row in shop.rows[path].items()}


def agrees(reader: Reader, path: str) -> None:
    """Everything listed is archived as it is now; what is in the trash only if we knew it."""
    for identifier, body in contents(reader.shop, path).items():
        is_listed = reader.shop.rows[path][identifier]["status"] != "trash"
        if is_listed or str(identifier) in reader.archive.bodies:
            assert reader.archive.bodies.get(str(identifier)) == body
    assert reader.archive.live() <= set(reader.shop.rows[path])


@settings(max_examples=60, deadline=None)
@given(seed=seeds, entity=entities, count=st.integers(0, 700), spread=spreads)
def test_a_full_read_brings_every_row_that_stays(
    seed: int, entity: Entity, count: int, spread: int
) -> None:
    path = PATHS[entity]
    shop, life = MovingStore(rows={path: {}}), Life(seed, path)
    life.settle(shop, count, spread)
    reader = Reader(shop, entity, ANY)
    shop.between = life

    pages = reader.run()

    ids = [int(record.source_id) for page in pages for record in page.records]
    assert set(ids) >= set(range(1, count + 1)) - life.disturbed
    assert len(ids) == len(set(ids))


@settings(max_examples=60, deadline=None)
@given(seed=seeds, entity=entities, count=st.integers(0, 500), spread=spreads)
def test_after_a_quiet_read_the_archive_equals_the_store(
    seed: int, entity: Entity, count: int, spread: int
) -> None:
    path = PATHS[entity]
    shop, life = MovingStore(rows={path: {}}), Life(seed, path)
    life.settle(shop, count, spread)
    reader = Reader(shop, entity, ANY)
    shop.between = life
    for _ in range(3):
        reader.run()
        reader.wait(minutes=life.chance.choice([0, 1, 20]))
    shop.between = None

    reader.run()
    reader.run(FULL)

    agrees(reader, path)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, count=st.integers(150, 600), spread=spreads)
def test_a_reader_that_dies_anywhere_still_misses_nothing(
    seed: int, count: int, spread: int
) -> None:
    shop, life = MovingStore(rows={"orders": {}}), Life(seed, "orders", busy=3)
    life.settle(shop, count, spread)
    reader = Reader(shop, Entity.ORDER, ANY)
    shop.between = life
    for _ in range(12):
        reader.run(stop_after=life.chance.randint(1, 3))
        reader.wait(seconds=life.chance.choice([0, 1, 400]))
    shop.between = None

    reader.run()
    reader.run()
    reader.run(FULL)

    agrees(reader, "orders")


@settings(max_examples=40, deadline=None)
@given(seed=seeds, spread=spreads, touched=st.integers(0, 400))
def test_changes_alone_bring_every_touched_row(seed: int, spread: int, touched: int) -> None:
    shop, life = MovingStore(rows={"orders": {}}), Life(seed, "orders")
    shop.add("orders", range(1, 501), at=START - timedelta(days=30))
    reader = Reader(shop, Entity.ORDER, ANY)
    reader.run()
    reader.wait(days=1)
    chosen = life.chance.sample(range(1, 501), touched)
    for identifier in chosen:
        at = shop.now - timedelta(seconds=life.chance.randint(0, min(spread, 3600)))
        shop.touch("orders", identifier, at=at)
    shop.between = Life(seed + 1, "coupons", busy=0)

    reader.run()

    assert reader.ids() == set(chosen)


def test_ten_thousand_changes_in_one_second_are_all_read_while_the_store_moves() -> None:
    shop = MovingStore()
    shop.add("orders", [1], at=START - timedelta(days=30))
    reader = Reader(shop, Entity.ORDER, ANY)
    reader.run()
    reader.wait(days=1)
    shop.add("orders", range(2, 10_002))
    tied = shop.now
    life = Life(7, "orders", busy=2)

    def move(shop: MovingStore) -> None:
        shop.now = max(shop.now, tied + timedelta(seconds=1))
        life(shop)

    shop.between = move
    reader.run()

    kept = {number for number, row in shop.rows["orders"].items() if row["status"] != "trash"} - {1}
    assert reader.ids() >= kept & set(range(2, 10_002))


def test_a_quiet_reader_meets_its_own_bookmark_again_and_again_without_work() -> None:
    shop = MovingStore()
    shop.add("orders", range(1, 301), at=START - timedelta(days=3))
    reader = Reader(shop, Entity.ORDER)
    reader.run()

    for _ in range(5):
        reader.wait(hours=1)
        reader.run()
        assert reader.calls() == 2
        assert reader.ids() == set()
