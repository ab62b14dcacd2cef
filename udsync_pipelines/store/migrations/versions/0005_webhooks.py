"""Webhooks registered, received, and received before."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from udsync_pipelines.store.migrations.isolation import isolate_by_tenant, open_to_dispatch

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhook_configs",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column(
            "format",
            sa.Enum(
                "woocommerce",
                "quickbooks",
                "cloudevents",
                name="format",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("delivery_url", sa.Text(), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "active",
                "paused",
                "disabled",
                "missing",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("last_delivery_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("checked_at", sa.TIMESTAMP(timezone=True), nullable=True),
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
            ["tenant_id", "connection_id"],
            ["udsync.connections.tenant_id", "udsync.connections.id"],
            name=op.f("fk_webhook_configs_tenant_id_connection_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_webhook_configs")),
        sa.UniqueConstraint(
            "tenant_id",
            "connection_id",
            "topic",
            name=op.f("uq_webhook_configs_tenant_id_connection_id_topic"),
        ),
        schema="udsync",
    )
    isolate_by_tenant("webhook_configs")
    op.create_table(
        "webhook_events",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column(
            "received_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column(
            "format",
            sa.Enum(
                "woocommerce",
                "quickbooks",
                "cloudevents",
                name="format",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=True),
        sa.Column("resource_id", sa.Text(), nullable=True),
        sa.Column("delivery_id", sa.Text(), nullable=True),
        sa.Column("deduplication_key", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "headers", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "claimed",
                "done",
                "ignored",
                "failed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default=sa.text("'pending'"),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "received_at", "id", name=op.f("pk_webhook_events")),
        schema="udsync",
        postgresql_partition_by="RANGE (received_at)",
    )
    op.create_index(
        "ix_webhook_events_pending",
        "webhook_events",
        ["tenant_id", "connection_id", "entity", "received_at"],
        unique=False,
        schema="udsync",
        postgresql_where=sa.text("state = 'pending'"),
    )
    isolate_by_tenant("webhook_events")
    open_to_dispatch(
        "webhook_events", "SELECT (tenant_id, connection_id, entity, state, received_at)"
    )
    op.create_table(
        "webhook_deliveries_seen",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("deduplication_key", sa.Text(), nullable=False),
        sa.Column(
            "received_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["udsync.connections.tenant_id", "udsync.connections.id"],
            name=op.f("fk_webhook_deliveries_seen_tenant_id_connection_id"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "connection_id",
            "deduplication_key",
            name=op.f("pk_webhook_deliveries_seen"),
        ),
        schema="udsync",
    )
    op.create_index(
        op.f("ix_webhook_deliveries_seen_tenant_id_received_at"),
        "webhook_deliveries_seen",
        ["tenant_id", "received_at"],
        unique=False,
        schema="udsync",
    )
    isolate_by_tenant("webhook_deliveries_seen")


def downgrade() -> None:
    op.drop_table("webhook_deliveries_seen", schema="udsync")
    op.drop_table("webhook_events", schema="udsync")
    op.drop_table("webhook_configs", schema="udsync")
