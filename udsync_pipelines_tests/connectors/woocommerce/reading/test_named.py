"""Records that are read by their ids: as they are now, with those that are gone."""

from collections.abc import Iterator, Sequence

import pytest

from udsync_pipelines.connectors.woocommerce.client import (
    Credentials,
    WooCommerceClient,
    new_http_client,
)
from udsync_pipelines.connectors.woocommerce.store import WooCommerceStore
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.sync.records import ArchivedRecord, Page
from udsync_pipelines_tests.store_fixtures import recorded_store, store_emulator
from udsync_pipelines_tests.sync.memory import MemoryKnown

__all__ = ["recorded_store", "store_emulator"]


@pytest.fixture
def store(recorded_store: StoreEmulator) -> Iterator[WooCommerceStore]:
    options = recorded_store.options
    with new_http_client() as http:
        keys = Credentials(options.consumer_key, options.consumer_secret)
        yield WooCommerceStore(WooCommerceClient(http, recorded_store.url, keys))


def holding(entity: Entity, *ids: int) -> MemoryKnown:
    """An archive that holds these records."""
    return MemoryKnown({str(i): ArchivedRecord(entity, str(i), b"{}", bytes(16), i) for i in ids})


def read(
    store: WooCommerceStore, entity: Entity, ids: Sequence[int | str], known: MemoryKnown
) -> Page:
    (page,) = store.named(entity, [str(i) for i in ids], known)
    return page


def test_many_records_are_read_with_one_request(
    store: WooCommerceStore, recorded_store: StoreEmulator
) -> None:
    page = read(store, Entity.ORDER, [87, 92, 116], holding(Entity.ORDER))

    assert [record.source_id for record in page.records] == ["87", "92", "116"]
    assert (page.deleted_ids, page.calls) == ((), 1)
    assert recorded_store.requests.counts() == {"GET /orders": 1}


def test_an_old_customer_is_read_whom_no_list_of_changes_would_show(
    store: WooCommerceStore,
) -> None:
    page = read(store, Entity.CUSTOMER, [13], holding(Entity.CUSTOMER, 13))

    assert [record.source_id for record in page.records] == ["13"]


def test_staff_among_the_customers_stay_outside(store: WooCommerceStore) -> None:
    page = read(store, Entity.CUSTOMER, [1], holding(Entity.CUSTOMER))

    assert (page.records, page.deleted_ids) == ((), ())


def test_what_we_hold_and_the_store_has_no_more_is_told_as_gone(
    store: WooCommerceStore, recorded_store: StoreEmulator
) -> None:
    recorded_store.control.delete_order(116)
    recorded_store.control.trash_order(92)

    page = read(store, Entity.ORDER, [87, 92, 116, 99999], holding(Entity.ORDER, 92, 116))

    assert [record.source_id for record in page.records] == ["87", "92"]
    assert page.deleted_ids == ("116",)


def test_a_variation_is_found_through_its_product(
    store: WooCommerceStore, recorded_store: StoreEmulator
) -> None:
    (row,) = recorded_store.store.records.rows("kind='variation'", (), "LIMIT 1")

    page = read(store, Entity.VARIATION, [row.id, 99999], holding(Entity.VARIATION, 99999))

    assert [(one.source_id, one.parent_id) for one in page.records] == [
        (str(row.id), str(row.parent))
    ]
    assert page.deleted_ids == ("99999",)


def test_what_is_no_number_is_passed_over(store: WooCommerceStore) -> None:
    pages = list(store.named(Entity.ORDER, ["x", ""], holding(Entity.ORDER)))

    assert pages == []
