"""Rate limits, API usage, reconciliations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from udsync_pipelines.store.migrations.isolation import isolate_by_tenant, open_to_dispatch

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rate_limits",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("period_seconds", sa.Integer(), nullable=False),
        sa.Column("burst", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "next_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("blocked_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "updated_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "calls > 0 AND period_seconds > 0 AND burst > 0", name=op.f("ck_rate_limits_positive")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["udsync.connections.tenant_id", "udsync.connections.id"],
            name=op.f("fk_rate_limits_tenant_id_connection_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "connection_id", "name", name=op.f("pk_rate_limits")),
        schema="udsync",
        postgresql_with={"fillfactor": 50},
    )
    isolate_by_tenant("rate_limits")
    open_to_dispatch("rate_limits", "SELECT", "INSERT", "UPDATE")
    op.create_table(
        "api_usage",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("used_on", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("calls", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("metered", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("failed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["udsync.connections.tenant_id", "udsync.connections.id"],
            name=op.f("fk_api_usage_tenant_id_connection_id"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "connection_id", "used_on", "name", name=op.f("pk_api_usage")
        ),
        schema="udsync",
    )
    isolate_by_tenant("api_usage")
    op.create_table(
        "reconciliations",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source_connection_id", sa.Uuid(), nullable=False),
        sa.Column("target_connection_id", sa.Uuid(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "proven",
                "explained",
                "open",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("source_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("target_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("source_total", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("target_total", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("source_tax", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("target_tax", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column(
            "explanations",
            postgresql.JSONB(),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column(
            "checked_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "plan_id"],
            ["udsync.plans.tenant_id", "udsync.plans.id"],
            name=op.f("fk_reconciliations_tenant_id_plan_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "source_connection_id"],
            ["udsync.connections.tenant_id", "udsync.connections.id"],
            name=op.f("fk_reconciliations_tenant_id_source_connection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "target_connection_id"],
            ["udsync.connections.tenant_id", "udsync.connections.id"],
            name=op.f("fk_reconciliations_tenant_id_target_connection_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_reconciliations")),
        sa.UniqueConstraint(
            "tenant_id",
            "source_connection_id",
            "target_connection_id",
            "entity",
            "day_on",
            "currency",
            name="uq_reconciliations_day",
        ),
        schema="udsync",
    )
    isolate_by_tenant("reconciliations")


def downgrade() -> None:
    op.drop_table("reconciliations", schema="udsync")
    op.drop_table("api_usage", schema="udsync")
    op.drop_table("rate_limits", schema="udsync")
