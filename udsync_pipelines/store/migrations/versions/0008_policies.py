"""Posting policies: how the orders of a store become documents of a company's books."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from udsync_pipelines.store.migrations.isolation import isolate_by_tenant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "posting_policies",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source_connection_id", sa.Uuid(), nullable=False),
        sa.Column("target_connection_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "active",
                "retired",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("policy", postgresql.JSONB(), nullable=False),
        sa.Column(
            "findings", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("activated_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("retired_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "source_connection_id"],
            ["udsync.connections.tenant_id", "udsync.connections.id"],
            name=op.f("fk_posting_policies_tenant_id_source_connection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "target_connection_id"],
            ["udsync.connections.tenant_id", "udsync.connections.id"],
            name=op.f("fk_posting_policies_tenant_id_target_connection_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_posting_policies")),
        schema="udsync",
    )
    isolate_by_tenant("posting_policies")
    for state in ("proposed", "active"):
        op.create_index(
            f"uq_posting_policies_{state}",
            "posting_policies",
            ["tenant_id", "source_connection_id", "target_connection_id"],
            unique=True,
            schema="udsync",
            postgresql_where=sa.text(f"state = '{state}'"),
        )
    op.create_index(
        op.f("ix_posting_policies_tenant_id_created_at"),
        "posting_policies",
        ["tenant_id", "created_at"],
        unique=False,
        schema="udsync",
    )


def downgrade() -> None:
    op.drop_table("posting_policies", schema="udsync")
