"""What a webhook says, in our words: a hint that a record changed, whatever the platform."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from udsync_pipelines.domain.identity import Entity


class WebhookFormat(StrEnum):
    """How a delivery is signed and shaped."""

    WOOCOMMERCE = "woocommerce"
    QUICKBOOKS = "quickbooks"
    CLOUDEVENTS = "cloudevents"


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
    entity: Entity | None = None
    resource_id: str | None = None
    delivery_id: str | None = None
    occurred_at: datetime | None = None
    ignored_because: str | None = None
