"""An emulated store in a process of its own, which ends with the process that asked for it."""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from udsync_pipelines.emulators.woocommerce.emulator import StoreEmulator

STARTED_WITHIN_SECONDS = 60
ADDING_UP_SECONDS = 600


@dataclass(frozen=True)
class Shop:
    """How to reach the store and its back door."""

    pid: int
    url: str
    consumer_key: str
    consumer_secret: str

    def forget_calls(self) -> None:
        """Count calls from zero."""
        httpx.delete(f"{self.url}/__emulator__/requests").raise_for_status()

    def list_calls(self) -> dict[str, int]:
        """How often each list was asked for since the last `forget_calls`."""
        answer = httpx.get(f"{self.url}/__emulator__/requests", params={"limit": 1})
        counts: dict[str, int] = answer.raise_for_status().json()["counts"]
        return {name: count for name, count in counts.items() if "#" not in name}

    def sums(self) -> dict[str, Any]:
        """The store's own counts and sums of money, as texts."""
        answer = httpx.get(f"{self.url}/__emulator__/sums", timeout=ADDING_UP_SECONDS)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found


@contextmanager
def open_shop(
    orders: int, seed: int, *, customers: int = 400, products: int = 150
) -> Iterator[Shop]:
    """A store of so many generated orders, customers and products runs inside this block."""
    sizes = map(str, (orders, seed, customers, products))
    command = [sys.executable, "-m", __name__, *sizes]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield Shop(pid=process.pid, **json.loads(process.stdout.readline()))
        finally:
            process.communicate(timeout=STARTED_WITHIN_SECONDS)  # the end of its input ends it


def main() -> None:
    """Serve until our input ends, which it does whatever way our parent ends."""
    parser = argparse.ArgumentParser()
    for name in ("orders", "seed", "customers", "products"):
        parser.add_argument(name, type=int)
    with StoreEmulator(**vars(parser.parse_args())) as store:
        ready = {
            "url": store.url,
            "consumer_key": store.consumer_key,
            "consumer_secret": store.consumer_secret,
        }
        print(json.dumps(ready), flush=True)
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
