"""Webhooks of QuickBooks Online: CloudEvents and the older form, signed with the verifier token.

One delivery may hold events of several companies. Both forms are read leniently where Intuit's own
texts differ: mixed case in types, times down to nanoseconds, a body that is a single event.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import orjson

from udsync_pipelines.connectors.quickbooks.address import PLATFORM, RealmId
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.sync.delivery import Delivery, WebhookFormat

Events = Mapping[RealmId, Sequence[Delivery]]
"""What a delivery holds, by company."""

_ENTITIES: Mapping[str, Entity] = MappingProxyType(
    {
        BookEntity.INVOICE.path: Entity.ORDER,
        BookEntity.SALES_RECEIPT.path: Entity.ORDER,
        BookEntity.PAYMENT.path: Entity.ORDER,
        BookEntity.REFUND_RECEIPT.path: Entity.REFUND,
        BookEntity.CREDIT_MEMO.path: Entity.REFUND,
        BookEntity.CUSTOMER.path: Entity.CUSTOMER,
        BookEntity.ITEM.path: Entity.PRODUCT,
    }
)
_LONGEST_TEXT = 200
_TYPE = re.compile(r"qbo\.([a-z]+)\.[a-z]+(\.v[0-9]+)?")
_FRACTION = re.compile(r"\.([0-9]{6})[0-9]+")


def signature(verifier_token: str, body: bytes) -> str:
    """What Intuit sends in `intuit-signature`: base64 of the HMAC-SHA256."""
    return base64.b64encode(hmac.digest(verifier_token.encode(), body, "sha256")).decode()


def signed_by(body: bytes, given: str, verifier_tokens: Iterable[str]) -> str | None:
    """Which of these tokens has signed these bytes; None if none has. In constant time."""
    signed = given.encode("utf-8", "replace")
    fits = [
        token
        for token in verifier_tokens
        if hmac.compare_digest(signature(token, body).encode(), signed)
    ]
    return fits[0] if fits else None


def cloud_events(body: bytes) -> Events:
    """The events of a CloudEvents delivery, by company.

    Raises:
        RecordRejectedError: the body is no such delivery; none of it is to be stored.
    """
    content = _content(body)
    events = content if isinstance(content, list) else [content]
    digest = hashlib.sha256(body).digest()
    return _by_company(_cloud_event(event, digest) for event in events)


def legacy_events(body: bytes) -> Events:
    """The events of a delivery in the older form, by company.

    Raises:
        RecordRejectedError: the body is no such delivery; none of it is to be stored.
    """
    content = _content(body)
    digest = hashlib.sha256(body).digest()
    return _by_company(
        _legacy_event(_text(company, "realmId"), entity, digest)
        for company in _list(content, "eventNotifications")
        for entity in _list(_object(company, "dataChangeEvent"), "entities")
    )


def _cloud_event(event: Any, body_hash: bytes) -> tuple[RealmId, Delivery]:
    topic = _text(event, "type").lower()
    realm, event_id = RealmId(_text(event, "intuitaccountid")), _text(event, "id")
    resource_id = _text(event, "intuitentityid")
    named = _TYPE.fullmatch(topic)
    entity = _ENTITIES.get(named[1]) if named else None
    return realm, Delivery(
        format=WebhookFormat.CLOUDEVENTS,
        topic=topic,
        deduplication_key=f"event:{event_id}",
        body_hash=body_hash,
        entity=entity,
        resource_id=resource_id,
        delivery_id=event_id,
        occurred_at=_moment(event.get("time")),
        ignored_because=_ignored_because(entity),
    )


def _legacy_event(realm: str, change: Any, body_hash: bytes) -> tuple[RealmId, Delivery]:
    name, resource_id = _text(change, "name"), _text(change, "id")
    operation, updated = _text(change, "operation"), _text(change, "lastUpdated")
    entity = _ENTITIES.get(name.lower())
    return RealmId(realm), Delivery(
        format=WebhookFormat.QUICKBOOKS,
        topic=f"{name}.{operation}",
        deduplication_key=":".join((realm, name, resource_id, operation, updated)),
        body_hash=body_hash,
        entity=entity,
        resource_id=resource_id,
        occurred_at=_moment(updated),
        ignored_because=_ignored_because(entity),
    )


def _by_company(events: Iterator[tuple[RealmId, Delivery]]) -> Events:
    found: dict[RealmId, list[Delivery]] = {}
    for realm, event in events:
        found.setdefault(realm, []).append(event)
    return found


def _ignored_because(entity: Entity | None) -> str | None:
    return None if entity else "Records of this kind are not synced."


def _moment(text: object) -> datetime | None:
    """A time, cut to microseconds; None when it cannot be read. Without a zone it is UTC."""
    try:
        read = datetime.fromisoformat(_FRACTION.sub(r".\1", str(text)))
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _content(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _malformed("not JSON") from None


def _text(found: Any, name: str) -> str:
    value = found.get(name) if isinstance(found, dict) else None
    # PostgreSQL keeps no zero byte in a text, and no long one in an index.
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_TEXT or "\0" in value:
        raise _malformed(f"an event without {name}")
    return value


def _object(found: Any, name: str) -> Any:
    return found.get(name) if isinstance(found, dict) else None


def _list(found: Any, name: str) -> Sequence[Any]:
    value = _object(found, name)
    if not isinstance(value, list):
        raise _malformed(f"without a list of {name}")
    return value


def _malformed(what: str) -> RecordRejectedError:
    return RecordRejectedError(
        f"The body of a webhook is {what}.", code="webhook_malformed", platform=PLATFORM
    )
