"""Writes in the books: one row for each, beside batches and parked records."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

QUEUE = "udsync.sync_queue"


def upgrade() -> None:
    _check("kind", "batch", "record", "parked")
    _check("operation", "create", "update", "delete", "load", "link", "none")
    _move("record", "parked")
    op.drop_constraint(
        "uq_sync_queue_tenant_id_target_connection_id_request_id", "sync_queue", schema="udsync"
    )
    op.add_column("sync_queue", sa.Column("batch_id", sa.Uuid(), nullable=True), schema="udsync")
    op.add_column(
        "id_mappings", sa.Column("source_hash", sa.LargeBinary(), nullable=True), schema="udsync"
    )
    _index_parked("parked")
    op.create_index(
        "ix_sync_queue_batch",
        "sync_queue",
        ["tenant_id", "batch_id", "position"],
        schema="udsync",
        postgresql_where=sa.text("batch_id IS NOT NULL"),
    )
    op.create_index(
        "ix_sync_queue_record",
        "sync_queue",
        ["tenant_id", "target_connection_id", "entity", "source_id", "role"],
        schema="udsync",
        postgresql_where=sa.text("kind = 'record'"),
    )
    op.create_index(
        "ix_sync_queue_open",
        "sync_queue",
        ["tenant_id", "target_connection_id"],
        schema="udsync",
        postgresql_where=sa.text(
            "kind = 'record' AND state IN ('planned', 'approved', 'sent', 'unknown')"
        ),
    )


def downgrade() -> None:
    for name in ("open", "record", "batch"):
        op.drop_index(f"ix_sync_queue_{name}", "sync_queue", schema="udsync")
    op.drop_column("id_mappings", "source_hash", schema="udsync")
    op.drop_column("sync_queue", "batch_id", schema="udsync")
    _each_row("DELETE FROM udsync.sync_queue WHERE kind = 'record'")
    _move("parked", "record")
    op.create_unique_constraint(
        "uq_sync_queue_tenant_id_target_connection_id_request_id",
        "sync_queue",
        ["tenant_id", "target_connection_id", "request_id"],
        schema="udsync",
    )
    _index_parked("record")
    _check("kind", "batch", "record")
    _check("operation", "create", "update", "delete", "load", "none")


def _check(column: str, *values: str) -> None:
    """Say anew which words the column may hold."""
    words = ", ".join(f"'{value}'" for value in values)
    op.execute(f"ALTER TABLE {QUEUE} DROP CONSTRAINT ck_sync_queue_{column}")
    op.execute(
        f"ALTER TABLE {QUEUE} ADD CONSTRAINT ck_sync_queue_{column} CHECK ({column} IN ({words}))"
    )


def _move(former: str, kind: str) -> None:
    op.execute("DROP INDEX IF EXISTS udsync.uq_sync_queue_parked")
    _each_row(f"UPDATE udsync.sync_queue SET kind = '{kind}' WHERE kind = '{former}'")  # noqa: S608 - our own words


def _each_row(statement: str) -> None:
    """Run a statement on the rows of all tenants; else the owner of the table sees none."""
    op.execute(f"ALTER TABLE {QUEUE} NO FORCE ROW LEVEL SECURITY")
    op.execute(statement)
    op.execute(f"ALTER TABLE {QUEUE} FORCE ROW LEVEL SECURITY")


def _index_parked(kind: str) -> None:
    op.create_index(
        "uq_sync_queue_parked",
        "sync_queue",
        ["tenant_id", "target_connection_id", "entity", "source_id"],
        unique=True,
        schema="udsync",
        postgresql_where=sa.text(f"state = 'rejected' AND kind = '{kind}'"),
    )
