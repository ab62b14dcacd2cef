"""What Dagster's pages show of runs, asked as the pages themselves ask it."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from udsync_pipelines.services.runs import FINISHED

PATIENCE_SECONDS = 180.0
"""So long the pages may stay away: they, or the database behind them, may have been killed."""

_PARENT = "dagster/parent_run_id"
_WILL_BE_EXECUTED_AGAIN = "dagster/will_retry"
_EXECUTED_AGAIN_BY = "dagster/auto_retry_run_id"
_STARTED = re.compile(r"Started process for run \(pid: (\d+)\)")
_ASK_RUNS = """
{ runsOrError(limit: 500) { ... on Runs { results {
    runId jobName status creationTime startTime endTime tags { key value } } } } }
"""
_ASK_EVENTS = """
query Events($run: ID!) { logsForRun(runId: $run) { ... on EventConnection { events {
    __typename ... on MessageEvent { message stepKey timestamp } } } } }
"""


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the list shows it; times in seconds since 1970, None while there is none."""

    id: str
    job: str
    status: str
    created: float
    started: float | None
    ended: float | None
    tags: Mapping[str, str]

    @property
    def is_over(self) -> bool:
        """Whether it has ended, well or badly."""
        return self.status in FINISHED

    @property
    def is_to_be_executed_again(self) -> bool:
        """Whether it has failed and Dagster will execute it again by itself, but has not yet."""
        return (
            self.tags.get(_WILL_BE_EXECUTED_AGAIN) == "true" and _EXECUTED_AGAIN_BY not in self.tags
        )

    @property
    def parent(self) -> str:
        """The id of the run that this one executes again; empty when there is none."""
        return self.tags.get(_PARENT, "")


@dataclass(frozen=True, slots=True)
class Event:
    """A line on a run's page."""

    kind: str
    message: str
    step: str | None


@dataclass(frozen=True, slots=True)
class DagsterPages:
    """Dagster's webserver, at `http://127.0.0.1:port`."""

    url: str

    def runs(self) -> Sequence[Run]:
        """All runs, the newest first."""
        found = self._ask(_ASK_RUNS, {})["runsOrError"]["results"]
        return [
            Run(
                id=one["runId"],
                job=one["jobName"],
                status=one["status"],
                created=one["creationTime"],
                started=one["startTime"],
                ended=one["endTime"],
                tags={tag["key"]: tag["value"] for tag in one["tags"]},
            )
            for one in found
        ]

    def run(self, run_id: str) -> Run:
        """One run."""
        return next(one for one in self.runs() if one.id == run_id)

    def unfinished(self) -> Sequence[Run]:
        """The runs that wait or work, or that Dagster is about to execute again."""
        return [one for one in self.runs() if not one.is_over or one.is_to_be_executed_again]

    def events(self, run_id: str) -> Sequence[Event]:
        """What the page of a run shows, the oldest first."""
        found = self._ask(_ASK_EVENTS, {"run": run_id})["logsForRun"]["events"]
        return [Event(one["__typename"], one["message"], one["stepKey"]) for one in found]

    def process_of(self, run_id: str) -> int | None:
        """The id of the process that executes a run; None before it has begun."""
        told = (_STARTED.search(one.message) for one in self.events(run_id))
        return next((int(one.group(1)) for one in told if one), None)

    def _ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The answer; what is being started again is waited for."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                body = {"query": query, "variables": dict(variables)}
                answer = httpx.post(f"{self.url}/graphql", json=body, timeout=30)
                found: dict[str, Any] = answer.raise_for_status().json()
                if not found.get("errors"):
                    return dict(found["data"])
                problem = str(found["errors"][0].get("message"))
            except (httpx.HTTPError, ValueError) as error:
                problem = repr(error)
            if time.monotonic() > deadline:
                raise RuntimeError(f"Dagster's pages do not answer: {problem}")
            time.sleep(0.3)
