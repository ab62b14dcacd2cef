"""Each table, tried by the wrong tenant."""

from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from udsync_pipelines.store.tables import metadata
from udsync_pipelines.store.tables.installation import DISPATCH_TABLES, TENANTLESS_TABLES
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.store.samples import Household, household, sample_row

pytestmark = pytest.mark.postgres

TENANT_TABLES = [
    table for table in metadata.sorted_tables if table.name not in {*TENANTLESS_TABLES, "tenants"}
]
APPEND_ONLY = {"raw_records", "sync_log", "audit_log"}
CHANGEABLE = [table for table in TENANT_TABLES if table.name not in APPEND_ONLY]
every_tenant_table = pytest.mark.parametrize("table", TENANT_TABLES, ids=lambda table: table.name)
every_changeable_table = pytest.mark.parametrize("table", CHANGEABLE, ids=lambda table: table.name)


@dataclass(frozen=True)
class TwoTenants:
    database: StateDatabase
    ours: Household
    theirs: Household


@pytest.fixture(scope="module")
def tenants(module_state_database: StateDatabase) -> TwoTenants:
    """Two tenants; the first has a row in each table, the second only a connection."""
    database = module_state_database
    ours, theirs = household(database, "ours"), household(database, "theirs")
    with database.tenant(ours.tenant_id) as connection:
        for table in TENANT_TABLES:
            connection.execute(sa.insert(table).values(sample_row(table, ours)))
    return TwoTenants(database, ours, theirs)


def count(connection: sa.Connection, table: sa.Table, tenant: Household) -> int | None:
    query = sa.select(sa.func.count()).select_from(table)
    return connection.scalar(query.where(table.c.tenant_id == tenant.tenant_id))


@every_tenant_table
def test_a_tenant_sees_its_own_rows_of_the_table(tenants: TwoTenants, table: sa.Table) -> None:
    with tenants.database.tenant(tenants.ours.tenant_id) as connection:
        seen = count(connection, table, tenants.ours)

    assert seen is not None
    assert seen >= 1


@every_tenant_table
def test_another_tenant_sees_no_row_of_the_table(tenants: TwoTenants, table: sa.Table) -> None:
    with tenants.database.tenant(tenants.theirs.tenant_id) as connection:
        seen = count(connection, table, tenants.ours)

    assert seen == 0


@every_tenant_table
def test_the_login_itself_sees_no_row_of_the_table(tenants: TwoTenants, table: sa.Table) -> None:
    with tenants.database.maintenance() as connection:
        seen = count(connection, table, tenants.ours)

    assert seen == 0


@every_tenant_table
def test_the_app_without_a_tenant_sees_no_row_of_the_table(
    tenants: TwoTenants, table: sa.Table
) -> None:
    with tenants.database.maintenance() as connection:
        connection.exec_driver_sql("SET LOCAL ROLE udsync_app")

        seen = count(connection, table, tenants.ours)

    assert seen == 0


@every_tenant_table
def test_a_row_cannot_be_inserted_for_another_tenant(tenants: TwoTenants, table: sa.Table) -> None:
    row = sample_row(table, tenants.ours)

    with (
        pytest.raises(ProgrammingError, match="violates row-level security policy"),
        tenants.database.tenant(tenants.theirs.tenant_id) as connection,
    ):
        connection.execute(sa.insert(table).values(row))


@every_changeable_table
def test_rows_of_another_tenant_cannot_be_changed_or_deleted(
    tenants: TwoTenants, table: sa.Table
) -> None:
    with tenants.database.tenant(tenants.theirs.tenant_id) as connection:
        of_ours = table.c.tenant_id == tenants.ours.tenant_id
        same = {table.c.tenant_id.name: tenants.ours.tenant_id}
        changed = connection.execute(sa.update(table).where(of_ours).values(same)).rowcount
        deleted = connection.execute(sa.delete(table).where(of_ours)).rowcount

    assert (changed, deleted) == (0, 0)


@every_changeable_table
def test_a_row_cannot_be_given_away_to_another_tenant(tenants: TwoTenants, table: sa.Table) -> None:
    given = {"tenant_id": tenants.theirs.tenant_id}

    with (
        pytest.raises(ProgrammingError, match="violates row-level security policy"),
        tenants.database.tenant(tenants.ours.tenant_id) as connection,
    ):
        connection.execute(sa.update(table).values(given))


@pytest.mark.parametrize(
    "table",
    [table for table in TENANT_TABLES if table.name not in DISPATCH_TABLES],
    ids=lambda table: table.name,
)
def test_dispatch_is_refused_what_is_not_on_its_list(tenants: TwoTenants, table: sa.Table) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        tenants.database.dispatch() as connection,
    ):
        connection.execute(sa.select(table.c.tenant_id))


@pytest.mark.parametrize(
    ("table", "column"),
    [("connections", "settings"), ("webhook_events", "topic"), ("oauth_states", "redirect_uri")],
)
def test_dispatch_reads_only_the_routing_columns_of_tenant_tables(
    tenants: TwoTenants, table: str, column: str
) -> None:
    with tenants.database.dispatch() as connection:
        routed = connection.exec_driver_sql(f"SELECT tenant_id FROM udsync.{table}").scalars().all()

    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        tenants.database.dispatch() as connection,
    ):
        connection.exec_driver_sql(f"SELECT {column} FROM udsync.{table}")
    assert tenants.ours.tenant_id in routed


def test_a_tenant_reads_only_its_own_line_of_the_tenants(tenants: TwoTenants) -> None:
    with tenants.database.tenant(tenants.theirs.tenant_id) as connection:
        names = connection.exec_driver_sql("SELECT name FROM udsync.tenants").scalars().all()

    assert names == ["theirs"]


def test_an_intent_cannot_name_a_connection_of_another_tenant(tenants: TwoTenants) -> None:
    table = metadata.tables["udsync.plans"]
    row = sample_row(table, tenants.theirs)
    row["source_connection_id"] = tenants.ours.connection_id

    with (
        pytest.raises(sa.exc.IntegrityError, match="foreign key"),
        tenants.database.tenant(tenants.theirs.tenant_id) as connection,
    ):
        connection.execute(sa.insert(table).values(row))
