"""Statements that a migration runs for each table it makes: who may do what to whose rows.

A shipped migration depends on these: never change what they mean, add another function.
"""

from alembic import op

_TENANT = "(SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)"


def isolate_by_tenant(
    table: str,
    privileges: str = "SELECT, INSERT, UPDATE, DELETE",
    column: str = "tenant_id",
) -> None:
    """Show `udsync_app` the rows of the tenant that its transaction names, and no others.

    Forced, so that the owner of the table sees nothing at all. A migration that has to touch rows
    lifts that for itself: `ALTER TABLE … NO FORCE ROW LEVEL SECURITY`, and forces it again.
    """
    _force_security(table)
    op.execute(
        f"CREATE POLICY tenant ON udsync.{table} TO udsync_app"
        f" USING ({column} = {_TENANT}) WITH CHECK ({column} = {_TENANT})"
    )
    op.execute(f"GRANT {privileges} ON udsync.{table} TO udsync_app")


def open_to_dispatch(table: str, *privileges: str) -> None:
    """Let `udsync_dispatch` use these privileges on the rows of all tenants.

    A privilege may be limited to columns: `SELECT (tenant_id, state)`.
    """
    _force_security(table)
    op.execute(
        f"CREATE POLICY dispatch ON udsync.{table} TO udsync_dispatch"
        " USING (true) WITH CHECK (true)"
    )
    for privilege in privileges:
        op.execute(f"GRANT {privilege} ON udsync.{table} TO udsync_dispatch")


def _force_security(table: str) -> None:
    op.execute(f"ALTER TABLE udsync.{table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
