"""Sends webhooks at a steady rate from one process and times each answer.

Each is due at its own moment, whether or not earlier ones were answered; its time counts from that
moment. So an API that stands still for a second is seen to do so.
"""

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import httpx

AT_ONCE = 200
"""Connections at most: what is due waits for one, and its time counts on."""


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery, ready to be sent."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Load:
    """What became of a load: a status and a time for each message, in seconds."""

    statuses: Sequence[int]
    seconds: Sequence[float]
    took: float

    def percentile(self, share: float) -> float:
        """The time within which this share of messages was answered."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def signature(secret: str, body: bytes) -> str:
    """As both platforms sign."""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def send(url: str, messages: Iterable[Message], rate: float) -> Load:
    """Send these messages, `rate` in a second."""
    return asyncio.run(_send(url, list(messages), rate))


async def _send(url: str, messages: Sequence[Message], rate: float) -> Load:
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    timeout = httpx.Timeout(60)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=timeout) as client:
        begun = time.perf_counter()
        tasks = []
        for number, message in enumerate(messages):
            due = begun + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.append(asyncio.create_task(_post(client, message, due)))
        answers = await asyncio.gather(*tasks)
        took = time.perf_counter() - begun
    return Load([status for status, _ in answers], [seconds for _, seconds in answers], took)


async def _post(client: httpx.AsyncClient, message: Message, due: float) -> tuple[int, float]:
    try:
        answer = await client.post(message.path, content=message.body, headers=message.headers)
        status = answer.status_code
    except httpx.HTTPError:
        status = 0
    return status, time.perf_counter() - due
