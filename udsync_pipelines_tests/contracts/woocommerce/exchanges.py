"""The recorded exchanges: request and answer, and what of an answer may differ."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

RECORDINGS = Path(__file__).parents[2] / "recordings" / "woocommerce"

# Headers that a client may rely on. The recordings hold no others of substance.
HEADERS = (
    "Content-Type",
    "X-WP-Total",
    "X-WP-TotalPages",
    "Link",
    "Allow",
    "Location",
    "Cache-Control",
    "Retry-After",
)


@dataclass(frozen=True)
class Exchange:
    """One recorded file: a request and the answer of the real store."""

    name: str

    @cached_property
    def _file(self) -> dict[str, Any]:
        text = (RECORDINGS / f"{self.name}.json").read_text(encoding="utf-8")
        content: dict[str, Any] = json.loads(text)
        return content

    @property
    def request(self) -> dict[str, Any]:
        request: dict[str, Any] = self._file["request"]
        return request

    @property
    def response(self) -> dict[str, Any]:
        response: dict[str, Any] = self._file["response"]
        return response

    @property
    def method(self) -> str:
        return str(self.request["method"])

    @property
    def path(self) -> str:
        return str(self.request["path"])

    @property
    def body(self) -> Any:
        return self.response.get("body")

    @property
    def content(self) -> bytes | None:
        """The request's body as it was sent."""
        if "raw_body" in self.request:
            return str(self.request["raw_body"]).encode()
        return json.dumps(self.request["body"]).encode() if "body" in self.request else None

    @property
    def moment(self) -> int:
        """When the answer was given, in seconds since 1970."""
        return int(parsedate_to_datetime(self.response["headers"]["Date"]).timestamp())

    def answer(self) -> httpx.Response:
        """Return the recorded answer as a client sees it."""
        text = self.response.get("body_text")
        if text is None:
            text = json.dumps(self.body) if self.method != "HEAD" else ""
        return httpx.Response(
            self.response["status"], headers=self.response["headers"], content=text.encode()
        )


def exchanges() -> Iterator[Exchange]:
    """Yield every recorded exchange with the store's API, in order of name."""
    for path in sorted(RECORDINGS.glob("*/*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(content, dict) and {"request", "response"} <= set(content):
            yield Exchange(str(path.relative_to(RECORDINGS).with_suffix("")))


def settled(value: Any) -> Any:
    """Return a body without what two reads of one unchanged store may tell differently.

    Meta data and an order's refunds come in any order, ``related_ids`` are drawn anew.
    """
    if isinstance(value, list):
        return [settled(item) for item in value]
    if not isinstance(value, dict):
        return value
    calm = {key: settled(item) for key, item in value.items() if key != "related_ids"}
    for key in ("meta_data", "refunds"):
        if isinstance(calm.get(key), list) and all("id" in item for item in calm[key]):
            calm[key] = sorted(calm[key], key=lambda item: int(item["id"]))
    return calm


def without(value: Any, fields: frozenset[str]) -> Any:
    """Return a body without some fields, at any depth."""
    if isinstance(value, list):
        return [without(item, fields) for item in value]
    if isinstance(value, dict):
        return {key: without(item, fields) for key, item in value.items() if key not in fields}
    return value
