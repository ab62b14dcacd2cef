"""What the database itself says about who may see what."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from udsync_pipelines.store.tables.installation import DISPATCH_TABLES, TENANTLESS_TABLES
from udsync_pipelines.store.tenancy import StateDatabase

pytestmark = pytest.mark.postgres

MISSION_TABLES = {
    "sync_queue",
    "sync_log",
    "sync_state",
    "sync_conflicts",
    "sync_schedules",
    "integration_credentials",
    "integration_status",
    "integration_sync_conflicts",
    "webhook_configs",
    "webhook_events",
    "oauth_states",
    "field_mappings",
    "id_mappings",
}
TENANT_CONDITION = (
    "( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS \"nullif\")"
)


@pytest.fixture
def owner(state_database: StateDatabase) -> Iterator[sa.Connection]:
    with state_database.maintenance() as connection:
        yield connection


def tables(connection: sa.Connection, *, partitions: bool = False) -> set[str]:
    query = sa.text(
        "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'udsync'::regnamespace"
        " AND c.relkind IN ('r', 'p') AND c.relispartition = :partitions"
    )
    return set(connection.execute(query, {"partitions": partitions}).scalars())


def unforced(connection: sa.Connection) -> set[str]:
    query = sa.text(
        "SELECT relname FROM pg_class WHERE relnamespace = 'udsync'::regnamespace"
        " AND relkind IN ('r', 'p') AND NOT (relrowsecurity AND relforcerowsecurity)"
    )
    return set(connection.execute(query).scalars())


def tenant_policies(connection: sa.Connection) -> dict[str, tuple[str, str]]:
    query = sa.text(
        "SELECT tablename, qual, with_check FROM pg_policies WHERE schemaname = 'udsync'"
        " AND policyname = 'tenant' AND roles = '{udsync_app}' AND cmd = 'ALL'"
    )
    return {row.tablename: (row.qual, row.with_check) for row in connection.execute(query)}


def exposed(connection: sa.Connection) -> set[str]:
    """Tables that could show a tenant the rows of another."""
    isolated = {
        table
        for table, conditions in tenant_policies(connection).items()
        if set(conditions)
        == {f"({'id' if table == 'tenants' else 'tenant_id'} = {TENANT_CONDITION})"}
    }
    return (tables(connection) - isolated - set(TENANTLESS_TABLES)) | (
        unforced(connection) - {"alembic_version"}
    )


def readable_by(connection: sa.Connection, role: str) -> set[str]:
    query = sa.text(
        "SELECT DISTINCT table_name FROM information_schema.column_privileges"
        " WHERE table_schema = 'udsync' AND grantee = :role"
    )
    return set(connection.execute(query, {"role": role}).scalars())


def test_every_table_shows_only_the_rows_of_the_named_tenant(owner: sa.Connection) -> None:
    found = exposed(owner)

    assert found == set()


def test_a_new_table_without_a_tenant_policy_is_found(owner: sa.Connection) -> None:
    owner.exec_driver_sql("CREATE TABLE udsync.forgotten (tenant_id uuid)")

    found = exposed(owner)

    assert found == {"forgotten"}


def test_a_policy_that_lets_everything_pass_is_found(owner: sa.Connection) -> None:
    owner.exec_driver_sql("DROP POLICY tenant ON udsync.plans")
    owner.exec_driver_sql("CREATE POLICY tenant ON udsync.plans TO udsync_app USING (true)")

    found = exposed(owner)

    assert found == {"plans"}


def test_a_second_policy_cannot_widen_what_a_tenant_sees(owner: sa.Connection) -> None:
    query = "SELECT tablename FROM pg_policies WHERE 'udsync_dispatch' <> ALL (roles)"

    seen = owner.exec_driver_sql(f"{query} AND schemaname = 'udsync'").scalars().all()

    assert len(seen) == len(set(seen)) == len(tenant_policies(owner))


def test_dispatch_reaches_exactly_the_tables_on_the_named_list(owner: sa.Connection) -> None:
    reached = readable_by(owner, "udsync_dispatch")

    assert reached == set(DISPATCH_TABLES)


def test_tables_without_a_tenant_are_closed_to_the_app(owner: sa.Connection) -> None:
    reached = readable_by(owner, "udsync_app")

    assert reached == tables(owner) - set(TENANTLESS_TABLES)


def test_every_reason_on_the_named_lists_stands_for_a_table(owner: sa.Connection) -> None:
    named = set(DISPATCH_TABLES) | set(TENANTLESS_TABLES)

    assert named <= tables(owner)
    assert all([*DISPATCH_TABLES.values(), *TENANTLESS_TABLES.values()])


def test_every_table_that_the_mission_names_exists(owner: sa.Connection) -> None:
    missing = MISSION_TABLES - tables(owner)

    assert missing == set()


def test_partitions_are_closed_to_everyone_but_through_their_table(owner: sa.Connection) -> None:
    partitions = tables(owner, partitions=True)

    reached = readable_by(owner, "udsync_app") | readable_by(owner, "udsync_dispatch")

    assert len(partitions) == 9
    assert partitions & (reached | unforced(owner)) == set()


def test_no_role_of_ours_may_look_past_row_level_security(owner: sa.Connection) -> None:
    powerful = owner.exec_driver_sql(
        "SELECT rolname FROM pg_roles WHERE (rolsuper OR rolbypassrls OR rolreplication)"
        " AND rolname IN ('udsync_app', 'udsync_dispatch', current_user)"
    ).scalars()

    assert set(powerful) == set()


@pytest.mark.parametrize("role", ["udsync_app", "udsync_dispatch"])
def test_neither_role_may_empty_tables_or_change_the_schema(
    owner: sa.Connection, role: str
) -> None:
    granted = owner.execute(
        sa.text(
            "SELECT DISTINCT privilege_type FROM information_schema.table_privileges"
            " WHERE table_schema = 'udsync' AND grantee = :role"
        ),
        {"role": role},
    ).scalars()
    may_create = owner.scalar(
        sa.text("SELECT has_schema_privilege(:role, 'udsync', 'CREATE')"), {"role": role}
    )
    can_log_in = owner.scalar(
        sa.text("SELECT rolcanlogin FROM pg_roles WHERE rolname = :role"), {"role": role}
    )

    assert set(granted) <= {"SELECT", "INSERT", "UPDATE", "DELETE"}
    assert may_create is False
    assert can_log_in is False


@pytest.mark.parametrize("table", ["raw_records", "sync_log", "audit_log"])
def test_history_can_be_added_to_but_never_changed(owner: sa.Connection, table: str) -> None:
    granted = owner.execute(
        sa.text(
            "SELECT privilege_type FROM information_schema.table_privileges"
            " WHERE table_schema = 'udsync' AND table_name = :table AND grantee = 'udsync_app'"
        ),
        {"table": table},
    ).scalars()

    assert set(granted) == {"SELECT", "INSERT"}


def test_the_tenant_leads_every_key_but_those_found_by_a_hash(owner: sa.Connection) -> None:
    leading = owner.exec_driver_sql(
        "SELECT c.relname, a.attname, i.indexrelid::regclass::text AS index FROM pg_index i"
        " JOIN pg_class c ON c.oid = i.indrelid"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]"
        " WHERE c.relnamespace = 'udsync'::regnamespace AND i.indisunique"
        " AND NOT c.relispartition"
    ).all()

    others = {(row.relname, row.attname) for row in leading if row.attname != "tenant_id"}

    assert others == {
        ("alembic_version", "version_num"),
        ("sealing_keys", "key_id"),
        ("tenants", "id"),
        ("tenants", "name"),
        ("api_keys", "key_hash"),
        ("oauth_states", "state_hash"),
        ("webhook_quarantine", "deduplication_key"),
    }
