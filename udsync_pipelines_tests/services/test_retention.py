"""What is removed of the log and the inbox, and what stays."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from udsync_pipelines.services.retention import Removed, remove_before
from udsync_pipelines.store.partitions import ensure_partitions
from udsync_pipelines.store.repositories import inbox_retention, webhook_quarantine
from udsync_pipelines.store.tables.states import DeliveryState
from udsync_pipelines.store.tables.webhooks import (
    WebhookDeliveriesSeen,
    WebhookEvents,
    WebhookQuarantine,
)
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.store.samples import Household, household

pytestmark = pytest.mark.postgres

OLD = datetime(2019, 12, 31, 23, 59, 59, tzinfo=UTC)
KEPT = datetime(2020, 1, 1, tzinfo=UTC)
FIRST = date(2020, 1, 1)


@pytest.fixture
def tenant(state_database: StateDatabase) -> Household:
    """A tenant of a database with partitions of two months of long ago."""
    with state_database.maintenance() as connection:
        ensure_partitions(connection, [OLD.date(), KEPT.date()])
    return household(state_database, "ours")


def receive(
    database: StateDatabase, owner: Household, at: datetime, state: DeliveryState, key: str
) -> None:
    """A delivery that came at a time, as it stands now, and the key by which it is known."""
    common = {
        "tenant_id": owner.tenant_id,
        "connection_id": owner.connection_id,
        "received_at": at,
        "deduplication_key": key,
    }
    event = {"format": "woocommerce", "topic": "order.updated", "body_hash": b"h", "state": state}
    with database.tenant(owner.tenant_id) as connection:
        connection.execute(sa.insert(WebhookEvents).values(**common, **event))
        connection.execute(sa.insert(WebhookDeliveriesSeen).values(**common))


def keys(database: StateDatabase, owner: Household, table: str) -> list[str]:
    query = sa.text(f"SELECT deduplication_key FROM udsync.{table} ORDER BY 1")
    with database.tenant(owner.tenant_id) as connection:
        return list(connection.execute(query).scalars())


@pytest.mark.parametrize("state", [DeliveryState.DONE, DeliveryState.IGNORED, DeliveryState.FAILED])
def test_deliveries_that_are_done_with_leave_with_their_month_and_their_keys(
    state_database: StateDatabase, tenant: Household, state: DeliveryState
) -> None:
    receive(state_database, tenant, OLD, state, "old")
    receive(state_database, tenant, KEPT, state, "kept")

    removed = remove_before(state_database, FIRST)

    assert removed == Removed(
        months=["sync_log_2019_12", "webhook_events_2019_12"],
        unfinished=[],
        busy=[],
        keys=1,
        quarantined=0,
    )
    assert keys(state_database, tenant, "webhook_events") == ["kept"]
    assert keys(state_database, tenant, "webhook_deliveries_seen") == ["kept"]


@pytest.mark.parametrize("state", [DeliveryState.PENDING, DeliveryState.CLAIMED])
def test_a_month_stays_whole_while_one_delivery_of_any_tenant_is_unfinished(
    state_database: StateDatabase, tenant: Household, state: DeliveryState
) -> None:
    other = household(state_database, "other")
    receive(state_database, tenant, OLD, DeliveryState.DONE, "done")
    receive(state_database, other, OLD - timedelta(days=30), state, "waits")

    removed = remove_before(state_database, FIRST)

    assert removed.months == ["sync_log_2019_12"]
    assert removed.unfinished == ["webhook_events_2019_12"]
    assert keys(state_database, tenant, "webhook_events") == ["done"]
    assert keys(state_database, other, "webhook_events") == ["waits"]


def test_a_second_time_nothing_is_left_to_remove(
    state_database: StateDatabase, tenant: Household
) -> None:
    receive(state_database, tenant, OLD, DeliveryState.DONE, "old")
    remove_before(state_database, FIRST)

    again = remove_before(state_database, FIRST)

    assert again == Removed(months=[], unfinished=[], busy=[], keys=0, quarantined=0)


def test_keys_of_all_tenants_are_forgotten_however_many_steps_it_takes(
    state_database: StateDatabase, tenant: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_retention, "_AT_ONCE", 2)
    other = household(state_database, "other")
    for number in range(5):
        receive(state_database, tenant, OLD, DeliveryState.DONE, f"old{number}")
    receive(state_database, other, OLD, DeliveryState.DONE, "old")

    removed = remove_before(state_database, FIRST)

    assert removed.keys == 6
    assert keys(state_database, tenant, "webhook_deliveries_seen") == []


def test_events_of_companies_that_nobody_has_connected_are_kept_as_long_as_the_inbox(
    state_database: StateDatabase, tenant: Household
) -> None:
    event = {
        "format": "cloudevents",
        "account": "9341454",
        "token_digest": b"t",
        "topic": "qbo.invoice.updated.v1",
        "body_hash": b"h",
    }
    with state_database.dispatch() as connection:
        for key, at in (("old", OLD), ("kept", KEPT)):
            values = {**event, "deduplication_key": key, "received_at": at}
            connection.execute(sa.insert(WebhookQuarantine).values(values))

    removed = remove_before(state_database, FIRST)

    with state_database.dispatch() as connection:
        (left,) = webhook_quarantine.accounts(connection)
    assert removed.quarantined == 1
    assert (left.events, left.since) == (1, KEPT)
