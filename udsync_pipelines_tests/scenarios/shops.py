"""A tenant with a store and a database: what a scenario syncs and then looks at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row
from pydantic import SecretStr

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.services.books import utc_now
from udsync_pipelines.services.connecting import connect_supabase, connect_woocommerce
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import tenants
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines.sync.entities import LANES
from udsync_pipelines.sync.plan import Approval, SyncOptions
from udsync_pipelines.sync.records import Window
from udsync_pipelines_tests.scenarios.syncing import SyncProcess, sync_lane

Row = Mapping[str, Any]

TABLES = (
    "woo_orders", "woo_order_lines", "woo_refunds", "woo_customers", "woo_products",
    "woo_variations", "udsync_id_mappings",
)  # fmt: skip


@dataclass
class ConnectedShop:
    """A store and a Supabase database, connected as a tenant of an installation."""

    store: StoreEmulator
    installation: Installation
    tenant: Tenant
    database_url: str
    schema: str

    def sync(
        self,
        lane: str = "orders",
        *,
        full: bool = False,
        since: datetime | None = None,
        until: datetime | None = None,
        dry_run: bool = False,
        ask: bool = False,
    ) -> SyncReport:
        """Sync one lane in this process; return how it ended."""
        options = SyncOptions(
            window=Window(full=full, since=since, until=until),
            dry_run=dry_run,
            approve=Approval.ask if ask else Approval.automatic,
        )
        return sync_lane(self.installation, self.tenant.name, lane, options, clock=self.now)

    def now(self) -> datetime:
        """What time udsync thinks it is."""
        return utc_now()

    def sync_all(self, *, full: bool = False) -> list[SyncReport]:
        """Sync every lane, in the order of `sync_all`."""
        return [self.sync(lane.name, full=full) for lane in LANES]

    def start_sync(
        self, lane: str = "orders", *, fail_at: str = "", batch: int = 60
    ) -> SyncProcess:
        """Sync one lane in a process of its own, which may end itself at a named point."""
        settings = self.installation.settings
        url = settings.database_url
        environment = {
            "UDSYNC_HOME": str(settings.home),
            "UDSYNC_DATABASE_URL": url.get_secret_value() if url else "",
            "UDSYNC_FAIL_AT": fail_at,
            "UDSYNC_RETRY_BUDGET_SECONDS": str(settings.retry_budget_seconds),
            "UDSYNC_HTTP_TIMEOUT_SECONDS": str(settings.http_timeout_seconds),
        }
        return SyncProcess(environment, self.tenant.name, lane, batch)

    def rows(self, table: str, where: str = "true") -> list[Row]:
        """The rows of a table in Supabase, by their key."""
        return self.select(f"select * from {table} where {where} order by 1, 2, 3, 4")

    def live(self, table: str) -> dict[int, Row]:
        """The rows of a root table that are not deleted, by id."""
        return {row["id"]: row for row in self.rows(table, "deleted_at is null")}

    def select(self, query: str) -> list[Row]:
        """Ask the Supabase database, in the schema of the tables."""
        with psycopg.connect(self.database_url, row_factory=dict_row) as connection:
            connection.execute(f"set search_path to {self.schema}".encode())
            return list(connection.execute(query.encode()))

    def execute(self, statement: str) -> None:
        """Do something to the Supabase database behind udsync's back."""
        with psycopg.connect(self.database_url) as connection:
            connection.execute(f"set search_path to {self.schema}".encode())
            connection.execute(statement.encode())

    def versions(self) -> dict[str, list[tuple[object, ...]]]:
        """Where each row of each table lies and which transaction wrote it."""
        return {
            table: [
                tuple(row.values())
                for row in self.select(f"select xmin::text, ctid::text from {table} order by ctid")
            ]
            for table in TABLES
        }

    def state(self, query: str, *values: object) -> list[Row]:
        """Ask the state database as this tenant."""
        with self.installation.state.tenant(self.tenant.id) as connection:
            found = connection.exec_driver_sql(query, tuple(values))
            return [dict(row) for row in found.mappings()]

    def bookmark(self, entity: str) -> dict[str, Any]:
        """How far an entity has been read."""
        found = self.state(
            "select bookmark from udsync.sync_state where entity = %s and purpose = 'read'", entity
        )
        return dict(found[0]["bookmark"]) if found else {}


def connect_shop(
    installation: Installation,
    store: StoreEmulator,
    database_url: str,
    schema: str,
    *,
    name: str = "shop",
) -> ConnectedShop:
    """Make a tenant and connect both sides as the command line does."""
    with installation.state.dispatch() as connection:
        tenant = tenants.create(connection, name)
    connect_woocommerce(
        installation,
        tenant,
        store.url,
        SecretStr(store.consumer_key),
        SecretStr(store.consumer_secret),
    )
    connect_supabase(installation, tenant, SecretStr(database_url), schema=schema, read_only=False)
    return ConnectedShop(store, installation, tenant, database_url, schema)


def written(report: SyncReport) -> dict[str, int]:
    """What a sync wrote, by `entity.created` and `entity.updated`; zeros are left out."""
    return {
        name: number
        for name, number in report.plan.counts.items()
        if name.endswith((".created", ".updated")) and isinstance(number, int) and number
    }
