"""The inbox of webhooks: what was delivered, once each, in a transaction of its tenant.

A delivery is a hint that a record changed, nothing more: the record is read from its platform.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from udsync_pipelines.store.tables.states import DeliveryState, WebhookFormat
from udsync_pipelines.store.tenancy import TenantDatabase


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event of a delivery whose signature was right.

    Attributes:
        format: how it was signed and shaped.
        topic: the platform's own word for what happened.
        deduplication_key: the same for the same event, however often it comes.
        body_hash: SHA-256 of the raw body that it came in.
        entity: what it is about, in our words; None when we do not sync it.
        resource_id: the platform's id of the record, or None when the body names none.
        delivery_id: the platform's id of the delivery or event, or None.
        occurred_at: when it happened, as far as the platform says.
        ignored_because: why nothing is to be done about it, or None.
    """

    format: WebhookFormat
    topic: str
    deduplication_key: str
    body_hash: bytes
    entity: str | None = None
    resource_id: str | None = None
    delivery_id: str | None = None
    occurred_at: datetime | None = None
    ignored_because: str | None = None


def receive(
    database: TenantDatabase, tenant_id: UUID, connection_id: UUID, deliveries: Sequence[Delivery]
) -> int:
    """Store what was not received before; return how much that was.

    One statement, one transaction, one round trip: a delivery is remembered if and only if it is
    stored.
    """
    each = {one.deduplication_key: one for one in deliveries}.values()
    values = {
        "tenant": tenant_id,
        "connection": connection_id,
        "formats": [one.format.value for one in each],
        "topics": [one.topic for one in each],
        "keys": [one.deduplication_key for one in each],
        "hashes": [one.body_hash for one in each],
        "entities": [one.entity for one in each],
        "resources": [one.resource_id for one in each],
        "delivery_ids": [one.delivery_id for one in each],
        "times": [one.occurred_at for one in each],
        "states": [_state(one).value for one in each],
        "reasons": [one.ignored_because for one in each],
    }
    stored: int = database.once(tenant_id, _RECEIVE, values)[0].stored
    return stored


def _state(delivery: Delivery) -> DeliveryState:
    return DeliveryState.IGNORED if delivery.ignored_because else DeliveryState.PENDING


# Keys in order: two deliveries that share some of them cannot wait for each other.
_RECEIVE = b"""
    WITH delivered AS (
        SELECT * FROM unnest(%(formats)s::text[], %(topics)s::text[], %(keys)s::text[],
            %(hashes)s::bytea[], %(entities)s::text[], %(resources)s::text[],
            %(delivery_ids)s::text[], %(times)s::timestamptz[], %(states)s::text[],
            %(reasons)s::text[])
        AS one (format, topic, deduplication_key, body_hash, entity, resource_id, delivery_id,
            occurred_at, state, reason)
    ), new AS (
        INSERT INTO udsync.webhook_deliveries_seen (tenant_id, connection_id, deduplication_key)
        SELECT %(tenant)s, %(connection)s, deduplication_key FROM delivered
        ORDER BY deduplication_key
        ON CONFLICT DO NOTHING
        RETURNING deduplication_key
    ), stored AS (
        INSERT INTO udsync.webhook_events (tenant_id, connection_id, format, topic, entity,
            resource_id, delivery_id, deduplication_key, body_hash, occurred_at, state, reason,
            finished_at)
        SELECT %(tenant)s, %(connection)s, format, topic, entity, resource_id, delivery_id,
            deduplication_key, body_hash, occurred_at, state, reason,
            CASE state WHEN 'ignored' THEN now() END
        FROM delivered JOIN new USING (deduplication_key)
        RETURNING 1
    )
    SELECT count(*) AS stored FROM stored
"""
