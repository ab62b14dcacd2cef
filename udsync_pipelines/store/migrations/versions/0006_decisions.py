"""Conflicts, questions to a person, schedules, mapping profiles."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from udsync_pipelines.store.migrations.isolation import isolate_by_tenant, open_to_dispatch

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sync_conflicts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("source_connection_id", sa.Uuid(), nullable=False),
        sa.Column("target_connection_id", sa.Uuid(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("target_id", sa.Text(), nullable=True),
        sa.Column(
            "policy",
            sa.Enum(
                "source_wins",
                "target_wins",
                "newest_wins",
                "manual",
                name="policy",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "decided",
                "applied",
                "superseded",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "fields", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("source_version", sa.Text(), nullable=True),
        sa.Column("target_version", sa.Text(), nullable=True),
        sa.Column("decision", postgresql.JSONB(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "plan_id"],
            ["udsync.plans.tenant_id", "udsync.plans.id"],
            name=op.f("fk_sync_conflicts_tenant_id_plan_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "source_connection_id"],
            ["udsync.connections.tenant_id", "udsync.connections.id"],
            name=op.f("fk_sync_conflicts_tenant_id_source_connection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "target_connection_id"],
            ["udsync.connections.tenant_id", "udsync.connections.id"],
            name=op.f("fk_sync_conflicts_tenant_id_target_connection_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sync_conflicts")),
        schema="udsync",
    )
    op.create_index(
        op.f("ix_sync_conflicts_tenant_id_created_at"),
        "sync_conflicts",
        ["tenant_id", "created_at"],
        unique=False,
        schema="udsync",
    )
    op.create_index(
        "uq_sync_conflicts_open",
        "sync_conflicts",
        [
            "tenant_id",
            "source_connection_id",
            "target_connection_id",
            "entity",
            "source_id",
            "role",
        ],
        unique=True,
        schema="udsync",
        postgresql_where=sa.text("state = 'open'"),
    )
    isolate_by_tenant("sync_conflicts")
    op.create_table(
        "integration_sync_conflicts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column(
            "choices", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column(
            "details", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "decided",
                "dismissed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("decision", postgresql.JSONB(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["udsync.connections.tenant_id", "udsync.connections.id"],
            name=op.f("fk_integration_sync_conflicts_tenant_id_connection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "plan_id"],
            ["udsync.plans.tenant_id", "udsync.plans.id"],
            name=op.f("fk_integration_sync_conflicts_tenant_id_plan_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_integration_sync_conflicts")),
        schema="udsync",
    )
    op.create_index(
        "uq_integration_sync_conflicts_open",
        "integration_sync_conflicts",
        ["tenant_id", "connection_id", "kind", "subject"],
        unique=True,
        schema="udsync",
        postgresql_where=sa.text("state = 'open'"),
    )
    isolate_by_tenant("integration_sync_conflicts")
    op.create_table(
        "sync_schedules",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
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
        sa.Column(
            "mode",
            sa.Enum(
                "full",
                "incremental",
                name="mode",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column(
            "options", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("is_enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("next_due_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_due_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_plan_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
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
        sa.ForeignKeyConstraint(
            ["tenant_id", "last_plan_id"],
            ["udsync.plans.tenant_id", "udsync.plans.id"],
            name=op.f("fk_sync_schedules_tenant_id_last_plan_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["udsync.tenants.id"], name=op.f("fk_sync_schedules_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sync_schedules")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_sync_schedules_tenant_id_name")),
        schema="udsync",
    )
    op.create_index(
        "ix_sync_schedules_due",
        "sync_schedules",
        ["next_due_at"],
        unique=False,
        schema="udsync",
        postgresql_where=sa.text("is_enabled"),
    )
    isolate_by_tenant("sync_schedules")
    open_to_dispatch("sync_schedules", "SELECT", "UPDATE (next_due_at, last_due_at)")
    op.create_table(
        "field_mappings",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column(
            "source_platform",
            sa.Enum(
                "woocommerce",
                "quickbooks",
                "supabase",
                name="source_platform",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "target_platform",
            sa.Enum(
                "woocommerce",
                "quickbooks",
                "supabase",
                name="target_platform",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("target_connection_id", sa.Uuid(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "active",
                "retired",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "rules", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("activated_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "target_connection_id"],
            ["udsync.connections.tenant_id", "udsync.connections.id"],
            name=op.f("fk_field_mappings_tenant_id_target_connection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["udsync.tenants.id"], name=op.f("fk_field_mappings_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_field_mappings")),
        sa.UniqueConstraint(
            "tenant_id", "name", "version", name=op.f("uq_field_mappings_tenant_id_name_version")
        ),
        schema="udsync",
    )
    op.create_index(
        "uq_field_mappings_active",
        "field_mappings",
        ["tenant_id", "name"],
        unique=True,
        schema="udsync",
        postgresql_where=sa.text("state = 'active'"),
    )
    isolate_by_tenant("field_mappings")


def downgrade() -> None:
    op.drop_table("field_mappings", schema="udsync")
    op.drop_table("sync_schedules", schema="udsync")
    op.drop_table("integration_sync_conflicts", schema="udsync")
    op.drop_table("sync_conflicts", schema="udsync")
