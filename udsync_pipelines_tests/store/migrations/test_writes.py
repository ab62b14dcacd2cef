"""Revision 0009: what was parked stays parked, for every tenant, forth and back."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.store.address import parse_address
from udsync_pipelines.store.migrations import migrate
from udsync_pipelines.store.migrations.upgrade import configuration
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.store.repositories.write_ledger import PostgresWriteLedger
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines.sync.plan import Plan, SyncOptions
from udsync_pipelines_tests.store.repositories.book_writes import writes_of
from udsync_pipelines_tests.store.repositories.syncing import Tenant, new_tenant, parked

pytestmark = pytest.mark.postgres

PARK_AS_BEFORE = sa.text("""
    INSERT INTO udsync.sync_queue (tenant_id, id, plan_id, target_connection_id,
        source_connection_id, entity, source_id, kind, operation, state, position, request_id,
        payload, payload_digest, record_count, counts, code, reason, cure, attempts)
    VALUES (:tenant, :id, :plan, :target, :source, 'order', '7', 'record', 'none', 'rejected', 0,
        :request_id, '{}', :digest, 1, '{}', 'bad_value', 'Reason.', 'Cure.', 3)
""")


@dataclass
class Older:
    """A database at revision 0008, with a parked order for each of two tenants."""

    url: str
    database: StateDatabase
    tenants: list[Tenant]

    @property
    def config(self) -> Config:
        return configuration(parse_address(self.url))

    def plan(self, tenant: Tenant) -> Plan:
        return PostgresLedger(self.database, tenant.id).open_plan(
            "orders", tenant.store, SyncOptions(), trigger="manual", run_id=None
        )

    def kinds(self, tenant: Tenant) -> dict[str, int]:
        """How many rows of the queue there are of each kind."""
        with self.database.tenant(tenant.id) as connection:
            rows = connection.exec_driver_sql(
                "SELECT kind, count(*) AS times FROM udsync.sync_queue GROUP BY kind"
            )
            return {row.kind: row.times for row in rows}

    def parked_ids(self, tenant: Tenant) -> list[str]:
        ledger = PostgresLedger(self.database, tenant.id)
        return list(ledger.parked_ids(tenant.target, tenant.store, Entity.ORDER))


@pytest.fixture
def older(state_url: str) -> Iterator[Older]:
    database = StateDatabase(state_url)
    made = Older(state_url, database, [new_tenant(database, name) for name in ("acme", "other")])
    plans = [made.plan(tenant) for tenant in made.tenants]
    command.downgrade(made.config, "0008")
    for tenant, plan in zip(made.tenants, plans, strict=True):
        _park(database, tenant, plan.id)
    yield made
    database.close()


def _park(database: StateDatabase, tenant: Tenant, plan_id: UUID) -> None:
    row_id = uuid4()
    values = {"tenant": tenant.id, "plan": plan_id, "target": tenant.target, "id": row_id}
    more = {"source": tenant.store, "digest": bytes(16), "request_id": str(row_id)}
    with database.tenant(tenant.id) as connection:
        connection.execute(PARK_AS_BEFORE, {**values, **more})


def test_an_upgrade_keeps_what_every_tenant_has_parked(older: Older) -> None:
    migrate(older.url)

    assert [older.kinds(tenant) for tenant in older.tenants] == [{"parked": 1}] * 2
    assert [older.parked_ids(tenant) for tenant in older.tenants] == [["7"]] * 2


def test_after_an_upgrade_the_same_record_is_not_parked_twice(older: Older) -> None:
    migrate(older.url)
    acme = older.tenants[0]
    ledger = PostgresLedger(older.database, acme.id)
    batch = acme.batch(older.plan(acme), parked=(parked(7),))

    newly = ledger.plan_batch(batch, acme.store, park=True)

    assert newly == 0
    assert older.kinds(acme) == {"batch": 1, "parked": 1}


def test_a_downgrade_forgets_the_writes_and_keeps_what_is_parked(older: Older) -> None:
    migrate(older.url)
    for tenant in older.tenants:
        writes = PostgresWriteLedger(older.database, tenant.id, tenant.store, tenant.target)
        batch = tenant.batch(older.plan(tenant))
        writes.plan_batch(batch, writes_of(batch), park=True)
    before = older.kinds(older.tenants[0])

    command.downgrade(older.config, "0008")

    assert before == {"batch": 1, "parked": 1, "record": 4}
    assert [older.kinds(one) for one in older.tenants] == [{"batch": 1, "record": 1}] * 2
    migrate(older.url)
    assert [older.parked_ids(tenant) for tenant in older.tenants] == [["7"]] * 2
