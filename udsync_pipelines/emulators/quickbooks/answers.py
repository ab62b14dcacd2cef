"""Answers before they are sent: JSON, XML, and the pages of things in front of the service."""

import hashlib
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from udsync_pipelines.emulators.quickbooks.amounts import plain
from udsync_pipelines.emulators.quickbooks.xml_form import xml_answer

Json = dict[str, Any]

JSON_TYPE = "application/json;charset=UTF-8"
XML_TYPE = "application/xml;charset=UTF-8"
VERSION = "2026.312"


@dataclass(slots=True)
class Answer:
    """One HTTP answer before it is sent."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON_TYPE


def json_bytes(body: Any) -> bytes:
    """Return a document as JSON; amounts become numbers."""

    def decimal(value: object) -> int | float:
        if isinstance(value, Decimal):
            return plain(value)
        raise TypeError(type(value).__name__)

    return orjson.dumps(body, default=decimal)


def formed(body: Json, status: int = 200, *, as_json: bool = True) -> Answer:
    """Return a body in the form that was asked for."""
    if as_json:
        return Answer(json_bytes(body), status)
    return Answer(xml_answer(body).encode(), status, content_type=XML_TYPE)


def page(status: int, reason: str) -> Answer:
    """Return a page of something in front of the service: no JSON, no fault."""
    text = (
        f"<html><head><title>{status} {reason}</title></head><body><h1>{reason}</h1></body></html>"
    )
    return Answer(text.encode(), status, content_type="text/html")


def trace_id(seed: int, count: int, now: float) -> str:
    """Return the id by which support finds a request."""
    digest = hashlib.sha256(f"{seed}:{count}".encode()).hexdigest()
    return f"1-{int(now):08x}-{digest[:24]}"
