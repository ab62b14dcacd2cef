"""Launching Dagster runs over HTTP, at the GraphQL door of the running services."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from udsync_pipelines.errors import ConfigurationError, PlatformUnavailableError

LOCATION = "udsync"
REPOSITORY = "__repository__"
FINISHED = frozenset({"SUCCESS", "FAILURE", "CANCELED"})
POLL_SECONDS = 0.5
LOST_AFTER_SECONDS = 60.0

LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on PythonError { message }
    ... on InvalidSubsetError { message }
    ... on UnauthorizedError { message }
  }
}
"""
STATUS = """
query Status($runId: ID!) {
  runOrError(runId: $runId) { __typename ... on Run { status } ... on RunNotFoundError { message } }
}
"""
HEALTH = """
query Health {
  instance { daemonHealth { allDaemonStatuses { daemonType required healthy } } }
  workspaceOrError {
    __typename
    ... on Workspace {
      locationEntries { name locationOrLoadError { __typename ... on PythonError { message } } }
    }
  }
}
"""


@dataclass(frozen=True, slots=True)
class DagsterDoor:
    """Dagster's webserver, at `http://127.0.0.1:port`."""

    url: str

    def launch(self, job: str, run_config: Mapping[str, Any], tags: Mapping[str, str]) -> str:
        """Launch a run; return its id.

        Raises:
            ConfigurationError: Dagster refuses the configuration; the message says where.
            PlatformUnavailableError: the webserver does not answer.
        """
        params = {
            "selector": {
                "repositoryLocationName": LOCATION,
                "repositoryName": REPOSITORY,
                "jobName": job,
            },
            "runConfigData": dict(run_config),
            "executionMetadata": {
                "tags": [{"key": key, "value": value} for key, value in tags.items()]
            },
        }
        answer = self._ask(LAUNCH, {"params": params})["launchRun"]
        if answer["__typename"] != "LaunchRunSuccess":
            reasons = [error["message"] for error in answer.get("errors", [])]
            reason = "; ".join(reasons) or answer.get("message") or answer["__typename"]
            raise ConfigurationError(f"Dagster refuses to launch {job}: {reason}.", code="launch")
        return str(answer["run"]["runId"])

    def wait(self, run_id: str, meanwhile: Callable[[], None] = lambda: None) -> str:
        """Wait until the run has ended; return SUCCESS, FAILURE or CANCELED.

        A webserver that is being restarted is waited for.

        Raises:
            PlatformUnavailableError: it stayed away.
        """
        lost_since: float | None = None
        while True:
            try:
                status = self._status(run_id)
                lost_since = None
            except PlatformUnavailableError:
                lost_since = lost_since or time.monotonic()
                if time.monotonic() - lost_since > LOST_AFTER_SECONDS:
                    raise
                status = ""
            if status in FINISHED:
                return status
            meanwhile()
            time.sleep(POLL_SECONDS)

    def health(self) -> dict[str, bool]:
        """Which of Dagster's parts are healthy: each required daemon, and the code location."""
        answer = self._ask(HEALTH, {})
        daemons = answer["instance"]["daemonHealth"]["allDaemonStatuses"]
        health = {
            f"daemon {one['daemonType'].lower()}": bool(one["healthy"])
            for one in daemons
            if one["required"]
        }
        for entry in answer["workspaceOrError"].get("locationEntries", []):
            loaded = entry["locationOrLoadError"] or {}
            health[f"code location {entry['name']}"] = (
                loaded.get("__typename") == "RepositoryLocation"
            )
        return health

    def _status(self, run_id: str) -> str:
        answer = self._ask(STATUS, {"runId": run_id})["runOrError"]
        if answer["__typename"] != "Run":
            raise ConfigurationError(
                f"Dagster no longer knows the run {run_id}.", code="run_unknown"
            )
        return str(answer["status"])

    def _ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        try:
            answer = httpx.post(
                f"{self.url}/graphql",
                json={"query": query, "variables": dict(variables)},
                timeout=120,  # the first launch after a start loads the workspace
            )
            answer.raise_for_status()
            body = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise PlatformUnavailableError(
                f"Dagster's webserver at {self.url} does not answer.",
                cure="Look at `udsync status`; start it with `udsync up`.",
                code="dagster_unavailable",
            ) from error
        if body.get("errors"):
            raise ConfigurationError(
                f"Dagster's webserver refuses the request: {body['errors'][0].get('message')}.",
                code="dagster_refused",
            )
        found: dict[str, Any] = body["data"]
        return found
