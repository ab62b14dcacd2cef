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

PATIENCE_SECONDS = 60.0
"""So long an answer is waited for; then there was none."""

KEPT_SECONDS = 3.0
"""So long a connection is kept without use; the API hangs up after five seconds."""


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
    lines = _Lines(url)
    begun = time.perf_counter()
    tasks = []
    for number, message in enumerate(messages):
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(_post(lines, message, due)))
    answers = await asyncio.gather(*tasks)
    took = time.perf_counter() - begun
    lines.close()
    return Load([status for status, _ in answers], [seconds for _, seconds in answers], took)


async def _post(lines: "_Lines", message: Message, due: float) -> tuple[int, float]:
    try:
        status = await asyncio.wait_for(lines.post(message), PATIENCE_SECONDS)
    except (OSError, EOFError, TimeoutError):
        status = 0
    return status, time.perf_counter() - due


class _Lines:
    """Connections that are kept: all that is needed of HTTP, for a client must cost little here.

    It shares the processors with what it measures.
    """

    def __init__(self, url: str) -> None:
        self._address = httpx.URL(url)
        self._free: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._places = asyncio.Semaphore(AT_ONCE)

    async def post(self, message: Message) -> int:
        """Send a message, read its answer to the end, and return the status."""
        async with self._places:
            reader, writer = await self._line()
            try:
                writer.write(self._written(message))
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(_length(head))
            except BaseException:
                writer.close()
                raise
            self._free.append((time.perf_counter(), reader, writer))
            return int(head.split(b" ", 2)[1])

    def close(self) -> None:
        """Hang up."""
        for _, _, writer in self._free:
            writer.close()
        self._free.clear()

    async def _line(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._free:
            used_at, reader, writer = self._free.pop()
            if time.perf_counter() - used_at < KEPT_SECONDS:
                return reader, writer
            writer.close()
            self.close()  # the others have waited longer
        return await asyncio.open_connection(self._address.host, self._address.port)

    def _written(self, message: Message) -> bytes:
        headers = {
            "Host": self._address.netloc.decode(),
            "Content-Length": str(len(message.body)),
            **message.headers,
        }
        lines = [f"POST {message.path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + message.body


def _length(head: bytes) -> int:
    """How many bytes of body follow this head."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
