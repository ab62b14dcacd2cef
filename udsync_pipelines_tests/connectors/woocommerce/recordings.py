"""Recorded answers of a real store, served over `httpx.MockTransport`."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import orjson

from udsync_pipelines.connectors.woocommerce.client import Credentials, WooCommerceClient
from udsync_pipelines.transport import RetryPolicy

FOLDER = Path(__file__).parents[2] / "recordings" / "woocommerce"
STORE_URL = "https://shop.example"
CREDENTIALS = Credentials("ck_test", "cs_secret")
Handler = Callable[[httpx.Request], httpx.Response]


@cache
def recording(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((FOLDER / f"{name}.json").read_bytes())
    return found


def response(name: str) -> httpx.Response:
    """The recorded answer, headers and all."""
    recorded = recording(name)["response"]
    if "body" in recorded:
        content = orjson.dumps(recorded["body"])
    else:
        content = recorded["body_text"].encode()
    return httpx.Response(recorded["status"], headers=recorded["headers"], content=content)


def body(name: str) -> Any:
    return recording(name)["response"]["body"]


def raw(name: str) -> bytes:
    return orjson.dumps(body(name))


@cache
def dump(name: str) -> tuple[Mapping[str, Any], ...]:
    """One kind of record of the whole recorded store."""
    lines = (FOLDER / "dump" / f"{name}.jsonl").read_bytes().splitlines()
    return tuple(orjson.loads(line) for line in lines)


def client(handler: Handler, url: str = STORE_URL, **options: Any) -> WooCommerceClient:
    """A client whose every request is answered by the handler, and which never really waits."""
    options.setdefault("policy", RetryPolicy(attempts=3))
    http = httpx.Client(transport=httpx.MockTransport(handler))
    return WooCommerceClient(
        http, url, options.pop("credentials", CREDENTIALS), sleep=lambda _: None, **options
    )


def answering(*names: str) -> tuple[WooCommerceClient, list[httpx.Request]]:
    """A client that gets these recorded answers in turn, and the requests that it sent."""
    requests: list[httpx.Request] = []
    answers = iter(names)

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return response(next(answers))

    return client(answer), requests
