"""Webhooks of a store: what is signed, what is a ping, and which record a body is about.

Facts of WooCommerce 11.0.1, seen and recorded: the signature covers the raw bytes; a ping is a form
without any X-WC header, unsigned; a body is built when it is delivered, so that a record which is
gone by then gives a validly signed error body; `*.deleted` bodies hold the id alone; the delivery
id is the same for two deliveries of one webhook within a second.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from udsync_pipelines.connectors.woocommerce.record import moment
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.sync.delivery import Delivery, WebhookFormat

FORM = "application/x-www-form-urlencoded"

TOPICS = (
    "order.created",
    "order.updated",
    "order.deleted",
    "order.restored",
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "product.created",
    "product.updated",
    "product.deleted",
    "product.restored",
)
"""What we ask a store for. A refund comes as `order.updated`, a variation as `product.updated`."""

_LONGEST_ID = 64  # a hash of 32 characters; a header could be anything
_ENTITIES = {
    "order": Entity.ORDER,
    "customer": Entity.CUSTOMER,
    "product": Entity.PRODUCT,
}


def signature(secret: str, body: bytes) -> str:
    """What WooCommerce sends in `X-WC-Webhook-Signature`: base64 of the HMAC-SHA256."""
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def is_signed(body: bytes, given: str, secrets: Iterable[str]) -> bool:
    """Whether one of these secrets has signed these bytes; compared in constant time."""
    # All are compared, so that the time does not tell which one fits. Bytes: a header may hold
    # characters that compare_digest refuses in text.
    fits = [
        hmac.compare_digest(signature(secret, body).encode(), given.encode("utf-8", "replace"))
        for secret in secrets
    ]
    return any(fits)


def is_ping(content_type: str, body: bytes) -> bool:
    """Whether this is the form that a store sends when a webhook is made or saved."""
    media_type = content_type.partition(";")[0].strip().lower()
    name, _, number = body.partition(b"=")
    return media_type == FORM and name == b"webhook_id" and number.strip().isdigit()


def delivery(topic: str, body: bytes, delivery_id: str | None) -> Delivery:
    """What a signed body says.

    Raises:
        RecordRejectedError: the body is not a JSON object.
    """
    content = _content(body)
    body_hash = hashlib.sha256(body).digest()
    resource_id = _resource_id(content)
    modified_at = moment(content, "date_modified_gmt")
    entity = _entity(topic, content) if resource_id else None
    parts = [topic, resource_id or "", body_hash.hex()]
    if modified_at is None:
        # A body without a time is the same for every deletion of a record: two of them are told
        # apart by the second of their delivery.
        parts.append((delivery_id or "")[:_LONGEST_ID])
    return Delivery(
        format=WebhookFormat.WOOCOMMERCE,
        topic=topic,
        deduplication_key=":".join(parts),
        body_hash=body_hash,
        entity=entity,
        resource_id=resource_id,
        delivery_id=delivery_id[:_LONGEST_ID] if delivery_id else None,
        occurred_at=modified_at,
        ignored_because=_ignored_because(entity, resource_id),
    )


def _content(body: bytes) -> Mapping[str, Any]:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        content = None
    if not isinstance(content, dict):
        raise RecordRejectedError(
            "The body of a webhook is not a JSON object.",
            code="webhook_malformed",
            platform="woocommerce",
        )
    return content


def _resource_id(content: Mapping[str, Any]) -> str | None:
    identifier = content.get("id")
    return str(identifier) if type(identifier) is int and identifier > 0 else None


def _entity(topic: str, content: Mapping[str, Any]) -> Entity | None:
    entity = _ENTITIES.get(topic.partition(".")[0])
    is_variation = entity is Entity.PRODUCT and content.get("type") == "variation"
    return Entity.VARIATION if is_variation else entity


def _ignored_because(entity: Entity | None, resource_id: str | None) -> str | None:
    if resource_id is None:
        return "The body names no record: it was gone before the store delivered this."
    return None if entity else "Records of this topic are not synced."
