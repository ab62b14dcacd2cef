"""Running a backfill to its end: killed at random moments, begun again, and looked at meanwhile."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from udsync_pipelines_tests.benchmarks.company import Traffic
from udsync_pipelines_tests.benchmarks.posting_place import PostingPlace
from udsync_pipelines_tests.benchmarks.workplace import TENANT

SEED = 7
LOOK_SECONDS = 1.0
TOLD_EVERY = 60.0
COMMAND = Path(sys.executable).with_name("udsync")
SPAN_DAYS = 800  # more than a generated store spans
MOST_AFTERWARDS = 6
MOST_STOPS = 5
SETTLED, PARKED = 0, 3


@dataclass(frozen=True)
class Forecast:
    """What was foretold after so many seconds: how far it was, and how much it still takes."""

    elapsed: float
    percent: float
    left: float


@dataclass
class Interruption:
    """A kill: when, and when the next process wrote for the first time (None: never)."""

    killed_at: float
    resumed_at: float | None = None

    @property
    def seconds(self) -> float:
        """How long nothing was written."""
        return 0.0 if self.resumed_at is None else self.resumed_at - self.killed_at


@dataclass
class Watched:
    """What was seen of a backfill from outside, from its start on.

    `processes` were started, `stops` of them ended with an error of their own.
    """

    seconds: float = 0.0
    processes: int = 0
    stops: int = 0
    peak_bytes: int = 0
    forecasts: list[Forecast] = field(default_factory=list)
    interruptions: list[Interruption] = field(default_factory=list)
    _last_forecast: str = ""

    def foretold(self, forecast: Forecast, when: str) -> None:
        """Note a forecast once."""
        if when != self._last_forecast:
            self._last_forecast = when
            self.forecasts.append(forecast)


@dataclass
class Watcher:
    """Runs the command until it ends by itself, and looks at it each second."""

    place: PostingPlace
    moments: list[int]
    _watched: Watched = field(default_factory=Watched)
    _started: float = field(default_factory=time.monotonic)
    _posts: int = 0
    _told: tuple[float, int] = (0.0, 0)

    def run(self) -> Watched:
        """Bring everything; the last process has ended with every month brought."""
        while True:
            self._watched.processes += 1
            code = self._run_once()
            if code in (SETTLED, PARKED):
                self._watched.seconds = self._elapsed
                return self._watched
            if code > 0:
                self._watched.stops += 1
                assert self._watched.stops <= MOST_STOPS, "it does not get any further"

    def _run_once(self) -> int:
        """The exit code of one process, negative when it was killed."""
        with subprocess.Popen(
            _command(),
            env=environment(self.place),
            cwd=self.place.home.parent,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            while process.poll() is None:
                time.sleep(LOOK_SECONDS)
                self._look(process)
            said = process.stdout.read() if process.stdout else ""
        if process.returncode >= 0:
            print(f"  ended with exit code {process.returncode}: {said.strip()}", flush=True)
        return process.returncode

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._started

    def _look(self, process: subprocess.Popen[str]) -> None:
        traffic = self.place.company.traffic()
        is_writing = traffic.posts > self._posts
        self._posts = traffic.posts
        last = self._watched.interruptions[-1:]
        if is_writing and last and last[0].resumed_at is None:
            last[0].resumed_at = self._elapsed
            print(f"  wrote again {last[0].seconds:.1f} s after it was killed", flush=True)
        self._watched.peak_bytes = max(self._watched.peak_bytes, _peak_bytes(process.pid))
        self._listen()
        if self._elapsed - self._told[0] >= TOLD_EVERY:
            print(self._line(traffic), flush=True)
        is_under_way = not last or last[0].resumed_at is not None
        if self.moments and is_under_way and traffic.posts >= self.moments[0]:
            self.moments.pop(0)
            process.kill()
            self._posts = self._settled_posts()
            self._watched.interruptions.append(Interruption(self._elapsed))

    def _settled_posts(self) -> int:
        """Writes after those that were under way have arrived."""
        time.sleep(LOOK_SECONDS)
        return self.place.company.traffic().posts

    def _listen(self) -> None:
        for told, when, age in ask(
            self.place,
            "select bookmark -> 'progress', updated_at::text,"
            " extract(epoch from clock_timestamp() - updated_at)"
            " from udsync.sync_state where starts_with(purpose, 'backfill:')"
            " and bookmark ? 'progress'",
        ):
            forecast = Forecast(self._elapsed - float(age), told["percent"], told["seconds_left"])
            self._watched.foretold(forecast, when)

    def _line(self, traffic: Traffic) -> str:
        last = self._watched.forecasts[-1:] or [Forecast(0.0, 0.0, 0.0)]
        since, self._told = self._told, (self._elapsed, traffic.posts)
        rate = 60 * (self._told[1] - since[1]) / (self._told[0] - since[0])
        return (
            f"  {self._elapsed:6,.0f} s: {last[0].percent:5.1f} %, {traffic.posts:,} writes "
            f"({rate:,.0f} a minute), answers {dict(traffic.statuses)}, "
            f"{traffic.throttled} refused, {traffic.metered} metered, "
            f"{len(self._watched.interruptions)} kills, "
            f"end foretold at {last[0].elapsed + last[0].left:,.0f} s"
        )


def settle_afterwards(place: PostingPlace) -> int:
    """Sync until nothing is in doubt of what was under way at a kill; how many syncs that took."""
    command = (str(COMMAND), "sync", "orders", "--tenant", TENANT, "--json")
    for number in range(MOST_AFTERWARDS):
        if not in_doubt(place):
            return number
        time.sleep(float(300 / float(place.limits_factor)) / 2)
        subprocess.run(
            [*command, "--since", datetime.now(UTC).isoformat(timespec="seconds")],
            env=environment(place),
            cwd=place.home.parent,
            stdout=subprocess.DEVNULL,
            check=False,
        )
    return MOST_AFTERWARDS


def in_doubt(place: PostingPlace) -> int:
    """Writes of which it is not known whether they have arrived."""
    found = ask(
        place,
        "select count(*) from udsync.sync_queue where kind = 'record'"
        " and state in ('sent', 'unknown')",
    )
    return int(found[0][0])


def moments(orders: int, kills: int) -> list[int]:
    """After how many writes the command is killed, by chance but the same each time."""
    chosen = random.Random(SEED)  # noqa: S311 - no secret
    return sorted(chosen.sample(range(1, max(kills + 2, orders * 5 // 4)), kills))


def environment(place: PostingPlace) -> Mapping[str, str]:
    """The variables of a command of this installation."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("UDSYNC_")}
    return {**kept, "UDSYNC_HOME": str(place.home), "UDSYNC_LIMITS_FACTOR": place.limits_factor}


def ask(place: PostingPlace, query: str) -> Sequence[Any]:
    """The rows of a query in the installation's own database."""
    with psycopg.connect(place.state_url, autocommit=True) as session:
        return session.execute(query.encode()).fetchall()


def errors(watched: Watched, *, from_percent: float) -> Iterator[tuple[float, float]]:
    """Of each forecast from a mark on: percent done, and by which part of all it was wrong."""
    for one in watched.forecasts:
        if from_percent <= one.percent < 100:
            yield one.percent, abs(one.elapsed + one.left - watched.seconds) / watched.seconds


def _command() -> list[str]:
    now = datetime.now(UTC).date()
    first, last = now - timedelta(days=SPAN_DAYS), now + timedelta(days=1)
    days = ("--from", str(first), "--to", str(last))
    return [str(COMMAND), "backfill", "orders", "--tenant", TENANT, *days, "--json"]


def _peak_bytes(pid: int) -> int:
    """The most memory that a process has held so far; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return max(
        (int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), default=0
    )
