"""Exchange rates: what documents in foreign currencies are valued with, day by day."""

import sqlalchemy as sa
from alembic import op

from udsync_pipelines.store.migrations.isolation import isolate_by_tenant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exchange_rates",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column(
            "origin",
            sa.Enum(
                "books",
                "table",
                name="origin",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rate", sa.Numeric(24, 12), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.CheckConstraint("rate > 0", name=op.f("ck_exchange_rates_positive")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["udsync.connections.tenant_id", "udsync.connections.id"],
            name=op.f("fk_exchange_rates_tenant_id_connection_id"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "connection_id",
            "origin",
            "currency",
            "day",
            name=op.f("pk_exchange_rates"),
        ),
        schema="udsync",
    )
    isolate_by_tenant("exchange_rates")


def downgrade() -> None:
    op.drop_table("exchange_rates", schema="udsync")
