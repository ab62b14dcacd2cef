"""What a platform may do to a request: each kind with the words for the report."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Settings = Mapping[str, Any]

HANGS_FOR_SECONDS = 3.0
"""Longer than anybody here waits for an answer."""


class Side(StrEnum):
    """Whose answers are struck."""

    BOOKS = "books"
    STORE = "store"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of failure: the emulator's fault with its settings."""

    words: str
    fault: str
    settings: Settings = field(default_factory=dict)


def _refused(code: str) -> Kind:
    return Kind(f"refused with fault {code}", "fault", {"code": code, "detail": "of the campaign"})


def _status(status: int, words: str, **settings: Any) -> Kind:
    return Kind(f"{status} {words}", "status", {"status": status, **settings})


_LATER = {"code": "10000", "detail": "try later"}

BOOKS: tuple[Kind, ...] = (
    Kind("answer lost after the work", "lost_answer"),
    Kind("connection closed before the work", "close"),
    Kind("answer broken off half-way", "truncated"),
    Kind("nothing but a header", "truncated", {"keep": 0}),
    Kind("silence, nothing done", "hang", {"seconds": HANGS_FOR_SECONDS}),
    Kind("silence after the work", "hang", {"seconds": HANGS_FOR_SECONDS, "after_commit": True}),
    Kind("slow answer", "slow", {"seconds": 0.2}),
    _status(429, "with a pause of a second", retry_after=1),
    _status(429, "without a pause named"),
    _status(429, "as XML", xml=True),
    *(_status(status, "before the work") for status in (500, 502, 503, 504)),
    *(_status(status, "after the work", after_commit=True) for status in (500, 502, 503, 504)),
    Kind("200 with a fault inside", "fault_200", _LATER),
    Kind("200 with a fault inside, after the work", "fault_200", {**_LATER, "after_commit": True}),
    Kind("access token expired", "expired_token"),
    _status(401, "unauthorized"),
    *(_refused(code) for code in ("6000", "5010", "6190", "2020")),
)

STORE: tuple[Kind, ...] = (
    _status(429, "with a pause of a second", retry_after=1),
    *(_status(status, "instead of a page") for status in (500, 502, 503, 504)),
    Kind("connection closed", "close"),
    Kind("answer lost", "lost_answer"),
    Kind("answer broken off half-way", "truncated"),
    Kind("a PHP warning before the JSON", "warning"),
    Kind("a web page instead of JSON", "html_200"),
    Kind("an empty page", "empty_page"),
    Kind("the page before once more", "duplicated_page"),
    Kind("a row left out", "missing_rows", {"rows": 1}),
    Kind("another content type", "wrong_content_type"),
    Kind("slow answer", "slow", {"seconds": 0.2}),
    Kind("silence", "hang", {"seconds": HANGS_FOR_SECONDS}),
)

KINDS: Mapping[Side, tuple[Kind, ...]] = {Side.BOOKS: BOOKS, Side.STORE: STORE}

PLACES: Mapping[Side, Mapping[str, tuple[str, str]]] = {
    Side.BOOKS: {
        "writing a customer": ("POST", r"/customer\?"),
        "writing an item": ("POST", r"/item\?"),
        "writing a sales receipt": ("POST", r"/salesreceipt\?"),
        "writing an invoice": ("POST", r"/invoice\?"),
        "writing a payment": ("POST", r"/payment\?"),
        "writing a refund": ("POST", r"/(refundreceipt|creditmemo)\?"),
        "any write": ("POST", r"/v3/company/\d+/[a-z]+\?"),
        "a query": ("GET", "/query"),
        "reading an object": ("GET", r"/\w+/\d+\?"),
        "renewing the tokens": ("POST", "/oauth2/"),
    },
    Side.STORE: {
        "listing orders": ("GET", r"/orders\?"),
        "listing refunds": ("GET", "refunds"),
        "any request": ("GET", "/wp-json/"),
    },
}
"""Where a fault waits: the method and a pattern of the address."""
