"""Tenants, their keys to the API, the audit log, the sealing keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from udsync_pipelines.store.migrations.isolation import isolate_by_tenant, open_to_dispatch

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("GRANT USAGE ON SCHEMA udsync TO udsync_app, udsync_dispatch")
    op.create_table(
        "tenants",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "settings", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("name ~ '^[a-z0-9-]{1,40}$'", name=op.f("ck_tenants_name")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("name", name=op.f("uq_tenants_name")),
        schema="udsync",
    )
    isolate_by_tenant("tenants", "SELECT", column="id")
    open_to_dispatch("tenants", "SELECT", "INSERT", "UPDATE")
    op.create_table(
        "api_keys",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_prefix", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "viewer",
                "operator",
                "admin",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("octet_length(key_hash) = 32", name=op.f("ck_api_keys_key_hash")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["udsync.tenants.id"], name=op.f("fk_api_keys_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
        schema="udsync",
    )
    isolate_by_tenant("api_keys")
    open_to_dispatch("api_keys", "SELECT", "UPDATE (last_used_at)")
    op.create_table(
        "audit_log",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column(
            "details", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "logged_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("ck_audit_log_hash")),
        sa.CheckConstraint("octet_length(prev_hash) = 32", name=op.f("ck_audit_log_prev_hash")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["udsync.tenants.id"], name=op.f("fk_audit_log_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "position", name=op.f("pk_audit_log")),
        sa.UniqueConstraint(
            "tenant_id", "prev_hash", name=op.f("uq_audit_log_tenant_id_prev_hash")
        ),
        schema="udsync",
    )
    op.create_index(
        op.f("ix_audit_log_tenant_id_logged_at"),
        "audit_log",
        ["tenant_id", "logged_at"],
        unique=False,
        schema="udsync",
    )
    isolate_by_tenant("audit_log", "SELECT, INSERT")
    op.create_table(
        "sealing_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("check_value", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_sealing_keys")),
        schema="udsync",
    )
    open_to_dispatch("sealing_keys", "SELECT", "INSERT", "DELETE")


def downgrade() -> None:
    op.drop_table("sealing_keys", schema="udsync")
    op.drop_table("audit_log", schema="udsync")
    op.drop_table("api_keys", schema="udsync")
    op.drop_table("tenants", schema="udsync")
    op.execute("REVOKE USAGE ON SCHEMA udsync FROM udsync_app, udsync_dispatch")
