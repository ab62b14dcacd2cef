"""What must stop a sync, or a record of it, does so with one line, and deletes nothing."""

import pytest
from pydantic import SecretStr

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.connecting import connect_supabase
from udsync_pipelines_tests.scenarios.evidence import differences
from udsync_pipelines_tests.scenarios.shops import ConnectedShop, written

pytestmark = pytest.mark.postgres


def test_a_switched_order_storage_stops_the_full_read_and_deletes_nothing(
    synced_shop: ConnectedShop,
) -> None:
    before = synced_shop.versions()
    listed = synced_shop.store.control.switch_storage("cpt")

    with pytest.raises(ConfigurationError, match="nothing was deleted") as stopped:
        synced_shop.sync(full=True)

    assert listed == 0
    assert stopped.value.code == "mass_disappearance"
    assert synced_shop.versions() == before
    assert (
        synced_shop.state("select 1 from udsync.source_records where deleted_at is not null") == []
    )


def test_a_storage_that_is_switched_back_goes_on_as_if_nothing_was(
    synced_shop: ConnectedShop,
) -> None:
    synced_shop.store.control.switch_storage("cpt")
    with pytest.raises(ConfigurationError):
        synced_shop.sync(full=True)
    synced_shop.store.control.switch_storage("hpos")

    report = synced_shop.sync(full=True)

    assert written(report) == {}
    assert differences(synced_shop) == []


def test_a_failed_sync_keeps_its_reason_with_its_plan(synced_shop: ConnectedShop) -> None:
    synced_shop.store.control.switch_storage("cpt")
    with pytest.raises(ConfigurationError):
        synced_shop.sync(full=True)

    plan = synced_shop.state(
        "select state, error from udsync.plans order by created_at desc limit 1"
    )[0]

    assert plan["state"] == "failed"
    assert plan["error"]["code"] == "mass_disappearance"
    assert plan["error"]["step"] == "extract"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"total": "abc"}, "total"),
        ({"total": ""}, "total"),
        ({"currency": "??"}, "currency"),
        ({"discount_total": "1,50"}, "discount_total"),
        ({"prices_include_tax": "maybe"}, "prices_include_tax"),
    ],
)
def test_an_order_that_cannot_be_read_is_parked_and_the_rest_lands(
    shop: ConnectedShop, changes: dict[str, object], named: str
) -> None:
    shop.store.control.edit_silently("order", 100, changes)

    report = shop.sync()

    assert report.plan.counts["order.created"] == 287
    assert [(entity.value, one.source_id) for entity, one in report.newly_parked] == [
        ("order", "100")
    ]
    assert named in report.newly_parked[0][1].reason
    assert report.newly_parked[0][1].cure
    assert 100 not in shop.live("woo_orders")


def test_a_parked_order_is_new_once_and_released_when_it_is_corrected(
    shop: ConnectedShop,
) -> None:
    total = _total(shop, 100)
    shop.store.control.edit_silently("order", 100, {"total": "abc"})
    first = shop.sync()
    again = shop.sync()
    shop.store.control.edit_silently("order", 100, {"total": total})
    shop.store.control.touch_order(100)

    corrected = shop.sync()
    shop.sync_all()

    assert (len(first.newly_parked), first.parked) == (1, 1)
    assert (len(again.newly_parked), again.parked) == (0, 1)
    assert (len(corrected.newly_parked), corrected.parked) == (0, 0)
    assert written(corrected) == {"order.created": 1}
    assert differences(shop) == []


def test_an_order_that_becomes_unreadable_keeps_the_row_it_had(
    synced_shop: ConnectedShop,
) -> None:
    before = synced_shop.live("woo_orders")[100]
    synced_shop.store.control.edit_silently("order", 100, {"total": "abc"})
    synced_shop.store.control.touch_order(100)

    report = synced_shop.sync()

    assert [one.source_id for _, one in report.newly_parked] == ["100"]
    assert synced_shop.live("woo_orders")[100] == before


def test_a_read_only_destination_is_refused_before_any_request_or_statement(
    synced_shop: ConnectedShop,
) -> None:
    connect_supabase(
        synced_shop.installation,
        synced_shop.tenant,
        SecretStr(synced_shop.database_url),
        schema=synced_shop.schema,
        read_only=True,
    )
    before = synced_shop.versions()
    synced_shop.store.requests.clear()

    with pytest.raises(ConfigurationError, match="read-only") as refused:
        synced_shop.sync()

    assert refused.value.code == "read_only"
    assert len(synced_shop.store.requests) == 0
    assert synced_shop.versions() == before


def test_a_dropped_table_is_named_with_its_cure(synced_shop: ConnectedShop) -> None:
    synced_shop.store.control.touch_order(76)
    synced_shop.execute("drop table woo_order_lines")

    with pytest.raises(ConfigurationError) as missing:
        synced_shop.sync(full=True)

    assert "print-ddl" in str(missing.value) or "connect supabase" in str(missing.value)


def _total(shop: ConnectedShop, order: int) -> str:
    with shop.store.store.lock:
        document = shop.store.store.records.document("order", order)
    assert document is not None
    return str(document["total"])
