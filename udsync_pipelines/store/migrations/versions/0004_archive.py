"""The archive, bookmarks and bindings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from udsync_pipelines.store.migrations.isolation import isolate_by_tenant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SEQUENCE udsync.archive_seq")
    op.create_table(
        "raw_records",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "fetched_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("raw", sa.JSON(), nullable=False),
        sa.Column("source_modified_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "connection_id",
            "entity",
            "source_id",
            "seq",
            "fetched_at",
            name=op.f("pk_raw_records"),
        ),
        schema="udsync",
        postgresql_partition_by="RANGE (fetched_at)",
    )
    isolate_by_tenant("raw_records", "SELECT, INSERT")
    op.execute("GRANT USAGE ON SEQUENCE udsync.archive_seq TO udsync_app")
    op.create_table(
        "source_records",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column(
            "source_number",
            sa.BigInteger(),
            sa.Computed(
                "CASE WHEN source_id ~ '^[0-9]{1,18}$'::text THEN source_id::bigint"
                " ELSE NULL::bigint END",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("archived_seq", sa.BigInteger(), nullable=False),
        sa.Column("fetched_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("source_modified_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "first_seen_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "connection_id", "entity", "source_id", name=op.f("pk_source_records")
        ),
        schema="udsync",
        postgresql_with={"fillfactor": 80},
    )
    for name, column, condition in (
        ("changed", "changed_seq", "changed_seq > 0"),
        ("number", "source_number", "source_number IS NOT NULL"),
        ("parent", "parent_id", "parent_id IS NOT NULL"),
    ):
        op.create_index(
            f"ix_source_records_{name}",
            "source_records",
            ["tenant_id", "connection_id", "entity", column],
            unique=False,
            schema="udsync",
            postgresql_where=sa.text(condition),
        )
    isolate_by_tenant("source_records")
    op.create_table(
        "sync_state",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column(
            "bookmark", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column(
            "updated_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["udsync.connections.tenant_id", "udsync.connections.id"],
            name=op.f("fk_sync_state_tenant_id_connection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "plan_id"],
            ["udsync.plans.tenant_id", "udsync.plans.id"],
            name=op.f("fk_sync_state_tenant_id_plan_id"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "connection_id", "entity", "purpose", name=op.f("pk_sync_state")
        ),
        schema="udsync",
    )
    isolate_by_tenant("sync_state")
    op.create_table(
        "id_mappings",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("source_connection_id", sa.Uuid(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("target_connection_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Text(), nullable=False),
        sa.Column("target_version", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.LargeBinary(), nullable=True),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "source_connection_id",
            "entity",
            "source_id",
            "target_connection_id",
            "role",
            name=op.f("pk_id_mappings"),
        ),
        schema="udsync",
        postgresql_with={"fillfactor": 80},
    )
    op.create_index(
        "ix_id_mappings_reverse",
        "id_mappings",
        ["tenant_id", "target_connection_id", "entity", "role", "target_id"],
        unique=False,
        schema="udsync",
    )
    isolate_by_tenant("id_mappings")


def downgrade() -> None:
    op.drop_table("id_mappings", schema="udsync")
    op.drop_table("sync_state", schema="udsync")
    op.drop_table("source_records", schema="udsync")
    op.drop_table("raw_records", schema="udsync")
    op.execute("DROP SEQUENCE udsync.archive_seq")
