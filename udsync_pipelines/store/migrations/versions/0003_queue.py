"""Plans, intents, the sync log, leases."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from udsync_pipelines.store.migrations.isolation import isolate_by_tenant, open_to_dispatch

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plans",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column(
            "lane",
            sa.Enum(
                "orders",
                "products",
                "customers",
                name="lane",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("source_connection_id", sa.Uuid(), nullable=False),
        sa.Column(
            "trigger",
            sa.Enum(
                "manual",
                "schedule",
                "webhook",
                "backfill",
                name="trigger",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "options", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("is_dry_run", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "planning",
                "awaiting_approval",
                "approved",
                "applying",
                "applied",
                "dry_run",
                "failed",
                "superseded",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("plan_hash", sa.Text(), nullable=True),
        sa.Column("profile_version", sa.Text(), nullable=True),
        sa.Column(
            "counts", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("error", postgresql.JSONB(), nullable=True),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("approved_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "source_connection_id"],
            ["udsync.connections.tenant_id", "udsync.connections.id"],
            name=op.f("fk_plans_tenant_id_source_connection_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_plans")),
        schema="udsync",
    )
    op.create_index(
        op.f("ix_plans_tenant_id_created_at"),
        "plans",
        ["tenant_id", "created_at"],
        unique=False,
        schema="udsync",
    )
    op.create_index(
        "ix_plans_unfinished",
        "plans",
        ["tenant_id", "lane", "state"],
        unique=False,
        schema="udsync",
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    isolate_by_tenant("plans")
    op.create_table(
        "sync_queue",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("target_connection_id", sa.Uuid(), nullable=False),
        sa.Column("source_connection_id", sa.Uuid(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "batch", "record", name="kind", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column(
            "operation",
            sa.Enum(
                "create",
                "update",
                "delete",
                "load",
                "none",
                name="operation",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "approved",
                "sent",
                "settled",
                "rejected",
                "unknown",
                "superseded",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column(
            "payload", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("payload_digest", sa.LargeBinary(), nullable=True),
        sa.Column("record_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "counts", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "differences", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("cure", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "depends_on",
            postgresql.ARRAY(sa.Uuid()),
            server_default=sa.text("'{}'::uuid[]"),
            nullable=False,
        ),
        sa.Column("first_seq", sa.BigInteger(), nullable=True),
        sa.Column("last_seq", sa.BigInteger(), nullable=True),
        sa.Column("receipt", postgresql.JSONB(), nullable=True),
        sa.Column(
            "run_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("priority", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("sent_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("settled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "plan_id"],
            ["udsync.plans.tenant_id", "udsync.plans.id"],
            name=op.f("fk_sync_queue_tenant_id_plan_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "source_connection_id"],
            ["udsync.connections.tenant_id", "udsync.connections.id"],
            name=op.f("fk_sync_queue_tenant_id_source_connection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "target_connection_id"],
            ["udsync.connections.tenant_id", "udsync.connections.id"],
            name=op.f("fk_sync_queue_tenant_id_target_connection_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sync_queue")),
        sa.UniqueConstraint(
            "tenant_id",
            "target_connection_id",
            "request_id",
            name=op.f("uq_sync_queue_tenant_id_target_connection_id_request_id"),
        ),
        schema="udsync",
        postgresql_with={"fillfactor": 70, "autovacuum_vacuum_scale_factor": 0.02},
    )
    op.create_index(
        "ix_sync_queue_failed",
        "sync_queue",
        ["tenant_id", "entity", "run_at"],
        unique=False,
        schema="udsync",
        postgresql_where=sa.text("state IN ('rejected', 'unknown')"),
    )
    op.create_index(
        "ix_sync_queue_ready",
        "sync_queue",
        ["tenant_id", "target_connection_id", "priority", "run_at", "id"],
        unique=False,
        schema="udsync",
        postgresql_where=sa.text("state = 'approved'"),
    )
    op.create_index(
        op.f("ix_sync_queue_tenant_id_plan_id_position"),
        "sync_queue",
        ["tenant_id", "plan_id", "position"],
        unique=False,
        schema="udsync",
    )
    op.create_index(
        "uq_sync_queue_parked",
        "sync_queue",
        ["tenant_id", "target_connection_id", "entity", "source_id"],
        unique=True,
        schema="udsync",
        postgresql_where=sa.text("state = 'rejected' AND kind = 'record'"),
    )
    isolate_by_tenant("sync_queue")
    op.execute("CREATE SEQUENCE udsync.log_seq")
    op.create_table(
        "sync_log",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column(
            "logged_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "id",
            sa.BigInteger(),
            server_default=sa.text("nextval('udsync.log_seq'::regclass)"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("entity", sa.Text(), nullable=True),
        sa.Column(
            "level",
            sa.Enum(
                "debug",
                "info",
                "warning",
                "error",
                name="level",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column(
            "fields", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.PrimaryKeyConstraint("tenant_id", "logged_at", "id", name=op.f("pk_sync_log")),
        schema="udsync",
        postgresql_partition_by="RANGE (logged_at)",
    )
    op.create_index(
        "ix_sync_log_problems",
        "sync_log",
        ["tenant_id", "logged_at"],
        unique=False,
        schema="udsync",
        postgresql_where=sa.text("level IN ('warning', 'error')"),
    )
    op.create_index(
        op.f("ix_sync_log_tenant_id_plan_id_logged_at"),
        "sync_log",
        ["tenant_id", "plan_id", "logged_at"],
        unique=False,
        schema="udsync",
    )
    isolate_by_tenant("sync_log", "SELECT, INSERT")
    op.execute("GRANT USAGE ON SEQUENCE udsync.log_seq TO udsync_app")
    op.create_table(
        "leases",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("fence", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "acquired_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "renewed_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "details", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["udsync.tenants.id"], name=op.f("fk_leases_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_leases")),
        schema="udsync",
        postgresql_with={"fillfactor": 50},
    )
    isolate_by_tenant("leases")
    open_to_dispatch("leases", "SELECT", "INSERT", "UPDATE", "DELETE")


def downgrade() -> None:
    op.drop_table("leases", schema="udsync")
    op.drop_table("sync_log", schema="udsync")
    op.execute("DROP SEQUENCE udsync.log_seq")
    op.drop_table("sync_queue", schema="udsync")
    op.drop_table("plans", schema="udsync")
