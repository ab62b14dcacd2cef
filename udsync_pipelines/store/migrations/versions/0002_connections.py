"""Connections, their sealed credentials, their health, consents asked for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from udsync_pipelines.store.migrations.isolation import isolate_by_tenant, open_to_dispatch

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "connections",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column(
            "platform",
            sa.Enum(
                "woocommerce",
                "quickbooks",
                "supabase",
                name="platform",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column(
            "settings", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("is_sandbox", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["udsync.tenants.id"], name=op.f("fk_connections_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_connections")),
        sa.UniqueConstraint(
            "tenant_id",
            "platform",
            "external_id",
            name=op.f("uq_connections_tenant_id_platform_external_id"),
        ),
        schema="udsync",
    )
    op.create_index(
        op.f("ix_connections_platform_external_id"),
        "connections",
        ["platform", "external_id"],
        unique=False,
        schema="udsync",
    )
    isolate_by_tenant("connections")
    open_to_dispatch(
        "connections", "SELECT (tenant_id, id, platform, external_id, is_sandbox, is_enabled)"
    )
    op.create_table(
        "integration_credentials",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column(
            "updated_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["udsync.connections.tenant_id", "udsync.connections.id"],
            name=op.f("fk_integration_credentials_tenant_id_connection_id"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "connection_id", "name", name=op.f("pk_integration_credentials")
        ),
        schema="udsync",
    )
    op.create_index(
        op.f("ix_integration_credentials_tenant_id_key_id"),
        "integration_credentials",
        ["tenant_id", "key_id"],
        unique=False,
        schema="udsync",
    )
    isolate_by_tenant("integration_credentials")
    op.create_table(
        "integration_status",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "unchecked",
                "healthy",
                "failing",
                "needs_consent",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("checked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_sync_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "details", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["udsync.connections.tenant_id", "udsync.connections.id"],
            name=op.f("fk_integration_status_tenant_id_connection_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "connection_id", name=op.f("pk_integration_status")),
        schema="udsync",
    )
    isolate_by_tenant("integration_status")
    op.create_table(
        "oauth_states",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "platform",
            sa.Enum(
                "woocommerce",
                "quickbooks",
                "supabase",
                name="platform",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("connection_id", sa.Uuid(), nullable=True),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("sealed_verifier", sa.Text(), nullable=True),
        sa.Column("key_id", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("used_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "octet_length(state_hash) = 32", name=op.f("ck_oauth_states_state_hash")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["udsync.connections.tenant_id", "udsync.connections.id"],
            name=op.f("fk_oauth_states_tenant_id_connection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["udsync.tenants.id"], name=op.f("fk_oauth_states_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "state_hash", name=op.f("pk_oauth_states")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_oauth_states_state_hash")),
        schema="udsync",
    )
    isolate_by_tenant("oauth_states")
    open_to_dispatch("oauth_states", "SELECT (tenant_id, state_hash, expires_at, used_at)")


def downgrade() -> None:
    op.drop_table("oauth_states", schema="udsync")
    op.drop_table("integration_status", schema="udsync")
    op.drop_table("integration_credentials", schema="udsync")
    op.drop_table("connections", schema="udsync")
