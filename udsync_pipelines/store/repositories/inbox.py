"""The inbox of webhooks: what was delivered, once each, in a transaction of its tenant.

A delivery is a hint that a record changed, nothing more: the record is read from its platform.
"""

from collections.abc import Sequence
from uuid import UUID

from udsync_pipelines.store.tables.states import DeliveryState
from udsync_pipelines.store.tenancy import TenantDatabase
from udsync_pipelines.sync.delivery import Delivery


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
        "formats": [one.format for one in each],
        "topics": [one.topic for one in each],
        "keys": [one.deduplication_key for one in each],
        "hashes": [one.body_hash for one in each],
        "entities": [one.entity for one in each],
        "resources": [one.resource_id for one in each],
        "delivery_ids": [one.delivery_id for one in each],
        "times": [one.occurred_at for one in each],
        "states": [_state(one) for one in each],
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
