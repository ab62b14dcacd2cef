"""Whole reads from the emulated store over loopback HTTP, with faults."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from udsync_pipelines.connectors.woocommerce.client import Credentials, WooCommerceClient
from udsync_pipelines.connectors.woocommerce.connection import check_connection
from udsync_pipelines.connectors.woocommerce.store import WooCommerceStore
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.emulators.woocommerce.emulator import StoreEmulator
from udsync_pipelines.errors import ConfigurationError, RetryableError, UdsyncError
from udsync_pipelines.sync.records import Bookmark, Window
from udsync_pipelines.transport import RetryPolicy
from udsync_pipelines_tests.connectors.woocommerce.moving_store import Archive

FULL = Window(full=True)
CHANGES = Window()
RECORDED = {
    Entity.ORDER: 288,
    Entity.REFUND: 36,
    Entity.PRODUCT: 44,
    Entity.VARIATION: 14,
    Entity.CUSTOMER: 59,
    Entity.TAX_RATE: 11,
    Entity.COUPON: 6,
}
Open = Callable[..., StoreEmulator]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Open emulated stores; they are closed with the test."""
    running: list[StoreEmulator] = []

    def start(**options: Any) -> StoreEmulator:
        emulator = StoreEmulator(**options)
        emulator.start()
        running.append(emulator)
        return emulator

    yield start
    for emulator in running:
        emulator.stop()


@pytest.fixture(scope="module")
def shared() -> Iterator[StoreEmulator]:
    """The recorded store, for tests that change nothing."""
    with StoreEmulator() as emulator:
        yield emulator


class Connection:
    """A client of an emulated store with its archive and bookmarks."""

    def __init__(self, emulator: StoreEmulator, **options: Any) -> None:
        self.emulator = emulator
        self.http = httpx.Client(timeout=httpx.Timeout(2.0))
        credentials = Credentials(
            options.get("key", emulator.consumer_key),
            options.get("secret", emulator.consumer_secret),
        )
        self.waited: list[float] = []
        self.client = WooCommerceClient(
            self.http,
            emulator.url,
            credentials,
            policy=RetryPolicy(attempts=4),
            sleep=self.waited.append,
        )
        self.store = WooCommerceStore(self.client)
        self.archives = {entity: Archive() for entity in Entity}
        self.bookmarks: dict[Entity, Bookmark] = {entity: {} for entity in Entity}

    def read(self, entity: Entity, window: Window = CHANGES) -> set[int]:
        seen: set[int] = set()
        archive = self.archives[entity]
        for page in self.store.read(entity, self.bookmarks[entity], window, archive):
            archive.store(page)
            self.bookmarks[entity] = page.bookmark
            seen |= {int(record.source_id) for record in page.records}
        return seen

    def calls(self, pattern: str = "") -> int:
        return len(self.emulator.requests.records(pattern))


@pytest.fixture
def connect() -> Iterator[Callable[..., Connection]]:
    """Connect to emulated stores; the clients are closed with the test."""
    connections: list[Connection] = []

    def to(emulator: StoreEmulator, **options: Any) -> Connection:
        connections.append(Connection(emulator, **options))
        return connections[-1]

    yield to
    for connection in connections:
        connection.http.close()


Connect = Callable[..., Connection]


def test_the_emulated_store_passes_the_connection_check(
    shared: StoreEmulator, connect: Connect
) -> None:
    facts = check_connection(connect(shared).client)

    assert facts.version == "11.0.1"
    assert facts.currency == "CAD"
    assert facts.timezone == "America/Edmonton"


@pytest.mark.parametrize(
    ("options", "credentials", "code"),
    [
        ({}, {"key": "ck_nobody"}, "key_unknown"),
        ({}, {"secret": "cs_wrong"}, "secret_wrong"),
        ({"permalinks": False}, {}, "permalinks_plain"),
    ],
)
def test_what_is_in_the_way_is_told_apart(
    opened: Open,
    connect: Connect,
    options: dict[str, bool],
    credentials: dict[str, str],
    code: str,
) -> None:
    connection = connect(opened(**options), **credentials)

    with pytest.raises(UdsyncError) as caught:
        check_connection(connection.client)

    assert caught.value.code == code


@pytest.mark.parametrize("entity", list(RECORDED))
def test_every_recorded_record_is_read(
    shared: StoreEmulator, connect: Connect, entity: Entity
) -> None:
    assert len(connect(shared).read(entity)) == RECORDED[entity]


PASSING: list[tuple[str, dict[str, Any]]] = [
    ("status", {"status": 429}),
    ("status", {"status": 500}),
    ("status", {"status": 502}),
    ("status", {"status": 503, "retry_after": 2}),
    ("close", {}),
    ("truncated", {"keep": 5000}),
    ("hang", {"seconds": 4}),
    ("html_200", {}),
    ("empty_page", {}),
    ("missing_rows", {"rows": 3}),
    ("warning", {}),
    ("wrong_content_type", {}),
]


@pytest.mark.parametrize(("kind", "fault"), PASSING)
def test_a_fault_on_a_middle_page_costs_no_record(
    opened: Open, connect: Connect, kind: str, fault: dict[str, Any]
) -> None:
    emulator = opened()
    struck = emulator.faults.add(kind, path="orders.*offset=99", **fault)

    seen = connect(emulator).read(Entity.ORDER)

    assert struck.struck == 1
    assert len(seen) == 288


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("status", {"status": 429}),
        ("status", {"status": 500}),
        ("status", {"status": 503}),
        ("close", {}),
        ("truncated", {"keep": 5000}),
        ("html_200", {}),
        ("empty_page", {}),
        ("missing_rows", {"rows": 3}),
    ],
)
def test_a_fault_that_stays_ends_the_read_with_an_error_naming_the_list(
    opened: Open, connect: Connect, kind: str, fault: dict[str, Any]
) -> None:
    emulator = opened()
    emulator.faults.add(kind, path="orders.*offset=99", times=0, **fault)

    with pytest.raises(RetryableError) as caught:
        connect(emulator).read(Entity.ORDER)

    assert "store" in str(caught.value)


def test_php_warnings_on_every_page_hide_no_order(opened: Open, connect: Connect) -> None:
    emulator = opened()
    emulator.faults.add("warning", path="orders", times=0)

    assert len(connect(emulator).read(Entity.ORDER)) == 288


def test_a_thousand_orders_of_one_second_are_read_as_changes(
    opened: Open, connect: Connect
) -> None:
    emulator = opened()
    emulator.clock.set("2026-11-23T09:59:00")
    connection = connect(emulator)
    connection.read(Entity.ORDER)
    made = emulator.control.insert_orders(1000, "2026-11-23T10:00:00")

    seen = connection.read(Entity.ORDER)

    assert seen >= set(made)


def test_a_quiet_store_costs_one_call_and_one_for_the_trash(opened: Open, connect: Connect) -> None:
    connection = connect(opened())
    connection.read(Entity.ORDER)
    before = connection.calls()

    connection.read(Entity.ORDER)

    assert connection.calls() - before == 2


def test_trash_force_deletion_and_deleted_refunds_are_found(opened: Open, connect: Connect) -> None:
    emulator = opened()
    connection = connect(emulator)
    connection.read(Entity.ORDER)
    connection.read(Entity.REFUND)
    emulator.control.trash_order(82)
    emulator.control.delete_order(83)
    emulator.control.delete_refund(76, 366)

    changed = connection.read(Entity.ORDER)
    connection.read(Entity.ORDER, FULL)
    connection.read(Entity.REFUND, FULL)

    assert 82 in changed
    assert b'"status":"trash"' in connection.archives[Entity.ORDER].bodies["82"]
    assert "83" in connection.archives[Entity.ORDER].deleted
    assert "366" in connection.archives[Entity.REFUND].deleted


def test_a_new_refund_is_found_at_once(opened: Open, connect: Connect) -> None:
    emulator = opened()
    connection = connect(emulator)
    connection.read(Entity.REFUND)
    refund = emulator.control.refund_order(85, {"amount": "1.00", "reason": "goodwill"})

    assert refund["id"] in connection.read(Entity.REFUND)


def test_an_older_store_is_read_by_its_orders_at_one_call_a_changed_order(
    opened: Open, connect: Connect
) -> None:
    emulator = opened(global_refunds=False)
    connection = connect(emulator)
    assert len(connection.read(Entity.REFUND)) == 36
    refund = emulator.control.refund_order(85, {"amount": "1.00"})
    before = connection.calls()

    seen = connection.read(Entity.REFUND)

    assert refund["id"] in seen
    assert connection.calls() - before <= 2


def test_a_switched_order_storage_stops_the_run_and_deletes_nothing(
    opened: Open, connect: Connect
) -> None:
    emulator = opened()
    connection = connect(emulator)
    connection.read(Entity.ORDER)
    emulator.control.switch_storage("cpt")

    with pytest.raises(ConfigurationError) as caught:
        connection.read(Entity.ORDER, FULL)

    assert caught.value.code == "mass_disappearance"
    assert connection.archives[Entity.ORDER].deleted == set()


def test_what_a_store_shuffles_is_no_change(opened: Open, connect: Connect) -> None:
    emulator = opened()
    connection = connect(emulator)

    def hashes(entity: Entity) -> set[tuple[str, bytes]]:
        pages = connection.store.read(entity, {}, FULL, Archive())
        return {
            (record.source_id, record.content_hash) for page in pages for record in page.records
        }

    before = hashes(Entity.ORDER) | hashes(Entity.PRODUCT)
    emulator.control.shuffle_noise(order_ids=range(76, 90), product_ids=[10, 11, 12])

    assert hashes(Entity.ORDER) | hashes(Entity.PRODUCT) == before


@pytest.mark.parametrize("storage", ["hpos", "cpt"])
@pytest.mark.parametrize("zone", ["America/Edmonton", "Asia/Kathmandu", "Pacific/Kiritimati"])
def test_changes_are_found_in_every_zone_and_storage(
    opened: Open, connect: Connect, storage: str, zone: str
) -> None:
    emulator = opened(storage=storage, zone=zone)
    connection = connect(emulator)
    connection.read(Entity.ORDER)
    emulator.control.edit_order(95, {"customer_note": "changed"})

    assert 95 in connection.read(Entity.ORDER)


def test_orders_touched_between_pages_hide_no_others(opened: Open, connect: Connect) -> None:
    emulator = opened()
    emulator.clock.set("2026-11-23T09:59:00")
    connection = connect(emulator)
    connection.read(Entity.ORDER)
    made = emulator.control.insert_orders(150, "2026-11-23T10:00:00")
    made += emulator.control.insert_orders(120, "2026-11-23T10:00:01")
    emulator.faults.add(
        "act",
        path="orders.*modified_after",
        nth=2,
        times=3,
        when="before",
        actions=[
            {"action": "touch_order", "order_id": made[0]},
            {"action": "delete_order", "order_id": made[1]},
        ],
    )

    seen = connection.read(Entity.ORDER)

    assert seen >= set(made) - {made[1]}


def test_customers_are_swept_within_three_calls(opened: Open, connect: Connect) -> None:
    emulator = opened(orders=50, customers=1000)
    connection = connect(emulator)
    total = len(connection.read(Entity.CUSTOMER))
    swept: set[int] = set()

    for _ in range(7):
        before = connection.calls()
        swept |= connection.read(Entity.CUSTOMER)
        assert connection.calls() - before <= 3

    assert len(swept) == total >= 1000
