"""An emulated company in a process of its own, which ends with the process that asked for it."""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from udsync_pipelines.emulators.quickbooks import CompanyEmulator

STARTED_WITHIN_SECONDS = 60
ADDING_UP_SECONDS = 600


@dataclass(frozen=True)
class Traffic:
    """What the company has seen: calls by name, answers by status, metered reads, refusals."""

    calls: Mapping[str, int]
    statuses: Mapping[str, int]
    metered: int
    throttled: int
    most_in_flight: int

    @property
    def posts(self) -> int:
        """Writes; a read by POST (a batch) is none, and neither is a new token."""
        return sum(
            number
            for name, number in self.calls.items()
            if name.startswith("POST /") and "batch" not in name and "oauth" not in name
        )

    @property
    def total(self) -> int:
        """Every call to the company, new tokens left out."""
        return sum(number for name, number in self.calls.items() if "oauth" not in name)


@dataclass(frozen=True)
class BooksCompany:
    """How to reach the company and its back door."""

    pid: int
    url: str
    oauth_url: str
    realm_id: str
    client_id: str
    client_secret: str
    refresh_token: str

    def forget_calls(self) -> int:
        """Count calls from zero; the metered reads, which go on, as they stand now."""
        httpx.delete(f"{self.url}/__emulator__/requests").raise_for_status()
        return self.traffic().metered

    def traffic(self, metered_before: int = 0) -> Traffic:
        """What it has seen since the last `forget_calls`, which told `metered_before`."""
        answer = httpx.get(f"{self.url}/__emulator__/requests", params={"limit": 1})
        seen = answer.raise_for_status().json()
        return Traffic(
            {name: n for name, n in seen["counts"].items() if "__emulator__" not in name},
            seen["statuses"],
            seen["metered_reads"] - metered_before,
            seen["throttled"],
            seen["most_in_flight"],
        )

    def audit(self) -> dict[str, Any]:
        """The emulator's audit of all documents."""
        answer = httpx.get(f"{self.url}/__emulator__/audit", timeout=ADDING_UP_SECONDS)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found


@contextmanager
def open_company(limits_factor: str, latency: str = "0") -> Iterator[BooksCompany]:
    """A company with these limits, answering no faster than `latency` seconds, runs inside."""
    command = [sys.executable, "-m", __name__, limits_factor, latency]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield BooksCompany(pid=process.pid, **json.loads(process.stdout.readline()))
        finally:
            process.communicate(timeout=STARTED_WITHIN_SECONDS)  # the end of its input ends it


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until our input ends, which it does whatever way our parent ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("limits_factor", type=float)
    parser.add_argument("latency", type=float)
    wanted = parser.parse_args(arguments)
    with CompanyEmulator(
        limits_factor=wanted.limits_factor, latency=wanted.latency, sales_items=True
    ) as company:
        ready = {
            "url": company.url,
            "oauth_url": company.oauth_url,
            "realm_id": company.realm_id,
            "client_id": company.options.client_id,
            "client_secret": company.options.client_secret,
            "refresh_token": company.refresh_token,
        }
        print(json.dumps(ready), flush=True)
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
