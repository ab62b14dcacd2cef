"""The inbox keeps references instead of bodies; secrets change over; unknown companies are kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from udsync_pipelines.store.migrations.isolation import open_to_dispatch

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("headers", "payload"):
        op.drop_column("webhook_events", column, schema="udsync")
    _add("webhook_events", sa.Column("occurred_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.create_index(
        "ix_webhook_events_record",
        "webhook_events",
        ["tenant_id", "connection_id", "entity", "resource_id", "received_at"],
        schema="udsync",
    )
    op.create_index(
        "ix_webhook_events_unfinished",
        "webhook_events",
        ["state", "tenant_id", "claimed_by"],
        schema="udsync",
        postgresql_where=sa.text("state IN ('claimed', 'failed')"),
    )
    op.execute(
        "GRANT SELECT (resource_id, attempts, claimed_by, claimed_at)"
        " ON udsync.webhook_events TO udsync_dispatch"
    )
    op.drop_column("webhook_configs", "last_delivery_at", schema="udsync")
    _add("webhook_configs", sa.Column("sealed_former_secret", sa.Text(), nullable=True))
    _add("webhook_configs", sa.Column("former_until", sa.TIMESTAMP(timezone=True), nullable=True))
    op.create_table(
        "webhook_quarantine",
        sa.Column("deduplication_key", sa.Text(), nullable=False),
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
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=True),
        sa.Column("resource_id", sa.Text(), nullable=True),
        sa.Column("delivery_id", sa.Text(), nullable=True),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("occurred_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "received_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("deduplication_key", name=op.f("pk_webhook_quarantine")),
        schema="udsync",
    )
    op.create_index(
        op.f("ix_webhook_quarantine_account"), "webhook_quarantine", ["account"], schema="udsync"
    )
    open_to_dispatch("webhook_quarantine", "SELECT", "INSERT", "DELETE")


def downgrade() -> None:
    op.drop_table("webhook_quarantine", schema="udsync")
    for column in ("sealed_former_secret", "former_until"):
        op.drop_column("webhook_configs", column, schema="udsync")
    _add(
        "webhook_configs", sa.Column("last_delivery_at", sa.TIMESTAMP(timezone=True), nullable=True)
    )
    op.execute(
        "REVOKE SELECT (resource_id, attempts, claimed_by, claimed_at)"
        " ON udsync.webhook_events FROM udsync_dispatch"
    )
    for name in ("unfinished", "record"):
        op.drop_index(f"ix_webhook_events_{name}", "webhook_events", schema="udsync")
    op.drop_column("webhook_events", "occurred_at", schema="udsync")
    _add("webhook_events", _filled("headers", postgresql.JSONB()))
    _add("webhook_events", _filled("payload", sa.JSON()))
    op.alter_column("webhook_events", "payload", server_default=None, schema="udsync")


def _add(table: str, column: sa.Column[object]) -> None:
    op.add_column(table, column, schema="udsync")


def _filled(name: str, kind: sa.types.TypeEngine[object]) -> sa.Column[object]:
    default = sa.text("'{}'::jsonb" if name == "headers" else "'{}'::json")
    return sa.Column(name, kind, server_default=default, nullable=False)
