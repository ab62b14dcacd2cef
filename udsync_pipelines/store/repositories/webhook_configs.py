"""The webhooks of a tenant, with their sealed secrets, in a transaction of that tenant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from udsync_pipelines.store.secrets import MultiKey, SecretPlace
from udsync_pipelines.store.tables.connections import Connections
from udsync_pipelines.store.tables.states import Platform, WebhookState
from udsync_pipelines.store.tables.webhooks import WebhookConfigs
from udsync_pipelines.sync.delivery import WebhookFormat

EVERY_TOPIC = "*"
"""The topic of an app's webhook, which brings all events that were chosen in its portal."""

OVERLAP = timedelta(hours=1)
"""For so long the former secret is accepted after the platform has confirmed the new one."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook as we know it; `external_id` is None until the platform has told it."""

    connection_id: UUID
    format: WebhookFormat
    topic: str
    external_id: str | None
    delivery_url: str
    state: WebhookState
    checked_at: datetime | None
    former_until: datetime | None


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets that sign a webhook now: the present one, and the former while it holds."""

    connection_id: UUID
    platform: Platform
    account: str
    topic: str
    accepted: tuple[str, ...]


_COLUMNS = (
    WebhookConfigs.connection_id,
    WebhookConfigs.format,
    WebhookConfigs.topic,
    WebhookConfigs.external_id,
    WebhookConfigs.delivery_url,
    WebhookConfigs.state,
    WebhookConfigs.checked_at,
    WebhookConfigs.former_until,
)


def list_all(
    connection: sa.Connection, tenant_id: UUID, connection_id: UUID
) -> Mapping[str, Webhook]:
    """The webhooks of a connection, by topic."""
    rows = connection.execute(
        sa.select(*_COLUMNS)
        .where(WebhookConfigs.tenant_id == tenant_id, WebhookConfigs.connection_id == connection_id)
        .order_by(WebhookConfigs.topic)
    )
    return {row.topic: Webhook(*row) for row in rows}


def save(
    connection: sa.Connection,
    tenant_id: UUID,
    platform: Platform,
    webhook: Webhook,
    secret: str,
    keys: MultiKey,
) -> None:
    """Record a webhook before it is asked for, or one whose secret is to be another.

    The secret that held so far goes on to hold, until `confirm` ends that: nobody knows yet
    whether the platform will take the new one. A new one that was never confirmed is replaced, and
    the former one stays.
    """
    place = _place(tenant_id, platform, webhook.connection_id, webhook.topic)
    values = {
        "format": webhook.format,
        "external_id": webhook.external_id,
        "delivery_url": webhook.delivery_url,
        "sealed_secret": keys.seal(secret, place),
        "key_id": keys.primary,
        "state": webhook.state,
        "updated_at": sa.func.now(),
    }
    statement = insert(WebhookConfigs).values(
        tenant_id=tenant_id,
        connection_id=webhook.connection_id,
        topic=webhook.topic,
        **values,
    )
    is_unconfirmed = sa.and_(
        WebhookConfigs.sealed_former_secret.is_not(None), WebhookConfigs.former_until.is_(None)
    )
    former = {
        "sealed_former_secret": sa.case(
            (is_unconfirmed, WebhookConfigs.sealed_former_secret),
            else_=WebhookConfigs.sealed_secret,
        ),
        "former_until": None,
    }
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "connection_id", "topic"], set_={**values, **former}
        )
    )


def confirm(  # noqa: PLR0913 - a row of the table
    connection: sa.Connection,
    tenant_id: UUID,
    connection_id: UUID,
    topic: str,
    *,
    external_id: str | None,
    delivery_url: str,
    state: WebhookState,
) -> None:
    """The platform has the webhook like this; a former secret holds for `OVERLAP` from now on.

    One whose end was set before keeps it.
    """
    until = sa.case(
        (WebhookConfigs.sealed_former_secret.is_(None), None),
        else_=sa.func.coalesce(WebhookConfigs.former_until, sa.func.now() + OVERLAP),
    )
    connection.execute(
        sa.update(WebhookConfigs)
        .where(*_is(tenant_id, connection_id, topic))
        .values(
            external_id=external_id,
            delivery_url=delivery_url,
            state=state,
            former_until=until,
            checked_at=sa.func.now(),
        )
    )


def note(
    connection: sa.Connection, tenant_id: UUID, connection_id: UUID, topic: str, state: WebhookState
) -> None:
    """What a check found; nothing else of the webhook changes."""
    connection.execute(
        sa.update(WebhookConfigs)
        .where(*_is(tenant_id, connection_id, topic))
        .values(state=state, checked_at=sa.func.now())
    )


def secrets(connection: sa.Connection, tenant_id: UUID, keys: MultiKey) -> Sequence[Secrets]:
    """The secrets of all webhooks of the tenant's enabled connections.

    Raises:
        ConfigurationError: the key is not held, or a value was changed or moved.
    """
    former_holds = sa.or_(
        WebhookConfigs.former_until.is_(None), WebhookConfigs.former_until > sa.func.now()
    )
    rows = connection.execute(
        sa.select(
            WebhookConfigs.connection_id,
            WebhookConfigs.topic,
            WebhookConfigs.sealed_secret,
            sa.case((former_holds, WebhookConfigs.sealed_former_secret)).label("former"),
            Connections.platform,
            Connections.external_id,
        )
        .join(
            Connections,
            sa.and_(
                Connections.tenant_id == WebhookConfigs.tenant_id,
                Connections.id == WebhookConfigs.connection_id,
            ),
        )
        .where(WebhookConfigs.tenant_id == tenant_id, Connections.is_enabled)
    ).all()
    return [
        Secrets(
            row.connection_id,
            row.platform,
            row.external_id,
            row.topic,
            tuple(
                keys.open(sealed, _place(tenant_id, row.platform, row.connection_id, row.topic))
                for sealed in (row.sealed_secret, row.former)
                if sealed is not None
            ),
        )
        for row in rows
    ]


def _is(tenant_id: UUID, connection_id: UUID, topic: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        WebhookConfigs.tenant_id == tenant_id,
        WebhookConfigs.connection_id == connection_id,
        WebhookConfigs.topic == topic,
    )


def _place(tenant_id: UUID, platform: Platform, connection_id: UUID, topic: str) -> SecretPlace:
    return SecretPlace(tenant_id, platform.value, f"{connection_id}/webhook/{topic}")
