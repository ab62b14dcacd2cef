"""Events of companies that no connection of ours names, in a dispatch transaction.

They are kept until a tenant connects the company with the app whose token has signed them.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.store.tables.webhooks import WebhookQuarantine
from udsync_pipelines.sync.delivery import Delivery


@dataclass(frozen=True, slots=True)
class UnknownAccount:
    """An account that nobody has connected: how many events of it came, and when."""

    account: str
    events: int
    since: datetime
    last: datetime


def keep(
    connection: sa.Connection, account: str, token: str, deliveries: Sequence[Delivery]
) -> int:
    """Keep events of an unknown account, each once; return how many are new."""
    each = {one.deduplication_key: one for one in deliveries}
    statement = (
        insert(WebhookQuarantine)
        .values(
            [
                {
                    "deduplication_key": key,
                    "format": each[key].format,
                    "account": account,
                    "token_digest": _digest(token),
                    "topic": each[key].topic,
                    "entity": each[key].entity,
                    "resource_id": each[key].resource_id,
                    "delivery_id": each[key].delivery_id,
                    "body_hash": each[key].body_hash,
                    "occurred_at": each[key].occurred_at,
                }
                for key in sorted(each)
            ]
        )
        .on_conflict_do_nothing()
        .returning(WebhookQuarantine.deduplication_key)
    )
    return len(connection.execute(statement).all())


def accounts(connection: sa.Connection) -> Sequence[UnknownAccount]:
    """The unknown accounts, the one with the newest event first."""
    rows = connection.execute(
        sa.select(
            WebhookQuarantine.account,
            sa.func.count(),
            sa.func.min(WebhookQuarantine.received_at),
            sa.func.max(WebhookQuarantine.received_at).label("last"),
        )
        .group_by(WebhookQuarantine.account)
        .order_by(sa.text("last DESC"))
    )
    return [UnknownAccount(*row) for row in rows]


def kept(connection: sa.Connection, account: str, token: str) -> Sequence[Delivery]:
    """What was kept of an account and signed with this token, oldest first."""
    rows = connection.scalars(
        sa.select(WebhookQuarantine)
        .where(*_of(account, token))
        .order_by(WebhookQuarantine.received_at, WebhookQuarantine.deduplication_key)
    )
    return [_delivery(row) for row in rows]


def forget(
    connection: sa.Connection, account: str, token: str, deliveries: Sequence[Delivery]
) -> None:
    """These are in the inbox of a tenant now."""
    keys = [one.deduplication_key for one in deliveries]
    connection.execute(
        sa.delete(WebhookQuarantine).where(
            *_of(account, token), WebhookQuarantine.deduplication_key.in_(keys)
        )
    )


def _of(account: str, token: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        WebhookQuarantine.account == account,
        WebhookQuarantine.token_digest == _digest(token),
    )


def _delivery(row: WebhookQuarantine) -> Delivery:
    return Delivery(
        format=row.format,
        topic=row.topic,
        deduplication_key=row.deduplication_key,
        body_hash=row.body_hash,
        entity=Entity(row.entity) if row.entity else None,
        resource_id=row.resource_id,
        delivery_id=row.delivery_id,
        occurred_at=row.occurred_at,
        ignored_because=None if row.entity else "Records of this kind are not synced.",
    )


def _digest(token: str) -> bytes:
    return hashlib.sha256(b"udsync webhook token\0" + token.encode()).digest()
