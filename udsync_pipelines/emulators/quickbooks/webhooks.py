"""Notifications of changes, stored until somebody asks: CloudEvents and the older form, signed."""

import base64
import hashlib
import hmac
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from udsync_pipelines.emulators.quickbooks.company import Company

Json = dict[str, Any]
Form = Literal["cloudevents", "legacy"]
Numbered = list[tuple[int, Json]]

_OPERATIONS = {"created": "Create", "updated": "Update", "deleted": "Delete", "voided": "Void"}


def notification(
    company: Company, start: int = 0, form: Form = "cloudevents"
) -> tuple[bytes, Json]:
    """Return one POST with all events from number ``start`` on: its body and headers.

    The same events give the same body, so that a duplicate can be sent.
    """
    return written([(company, events_from(company, start))], form)


def events_from(company: Company, start: int) -> Numbered:
    """Return a company's events from number ``start`` on, with their numbers."""
    with company.lock:
        return list(enumerate(company.events))[start:]


def written(parts: Sequence[tuple[Company, Numbered]], form: Form) -> tuple[bytes, Json]:
    """Return one POST with events of several companies of one app: its body and headers."""
    if form == "cloudevents":
        content: Any = [event for company, events in parts for event in _cloud(company, events)]
    else:
        content = {"eventNotifications": [_legacy(company, events) for company, events in parts]}
    body = orjson.dumps(content)
    token = parts[0][0].options.verifier_token
    return body, {
        "content-type": "application/json; charset=utf-8",
        "intuit-signature": signature(token, body),
        "user-agent": "intuit_notification_server/0.1",
    }


def signature(verifier_token: str, body: bytes) -> str:
    """Return base64 of the HMAC-SHA256 of a raw body."""
    digest = hmac.new(verifier_token.encode(), body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _cloud(company: Company, events: Numbered) -> list[Json]:
    realm = company.options.realm_id
    return [
        {
            "specversion": "1.0",
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{realm}/{company.options.seed}/{number}")),
            "source": "intuit.emulated",
            "type": f"qbo.{event['entity'].lower()}.{event['event']}.v1",
            "datacontenttype": "application/json",
            "time": _time(event["at"], "microseconds"),
            "intuitentityid": event["id"],
            "intuitaccountid": realm,
            "data": {},
        }
        for number, event in events
    ]


def _legacy(company: Company, events: Numbered) -> Json:
    entities = [
        {
            "name": event["entity"],
            "id": event["id"],
            "operation": _OPERATIONS[event["event"]],
            "lastUpdated": _time(event["at"], "milliseconds"),
        }
        for _, event in events
    ]
    return {"realmId": company.options.realm_id, "dataChangeEvent": {"entities": entities}}


def _time(seconds: float, precision: str) -> str:
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec=precision)
    return text.replace("+00:00", "Z")
