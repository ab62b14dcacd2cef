"""The real services over an emulated shop and company, and what Dagster knows of their runs."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from udsync_pipelines.services.process_set import RunningServices, free_port, running_services
from udsync_pipelines_tests.benchmarks.alone import CHECKOUT
from udsync_pipelines_tests.benchmarks.posting_place import PostingPlace
from udsync_pipelines_tests.benchmarks.workplace import TENANT

Json = dict[str, Any]

STARTED_WITHIN_SECONDS = 180
SCRIPT = Path(sys.executable).with_name("udsync")
_RUNS = """
{ runsOrError { ... on Runs { results {
    jobName status
    stats { ... on RunStatsSnapshot { enqueuedTime launchTime startTime endTime } }
    stepStats { stepKey startTime endTime }
} } } }
"""


@contextmanager
def services(place: PostingPlace) -> Iterator[RunningServices]:
    """`udsync up` for this place while the block runs; its store delivers webhooks to it.

    Raises:
        RuntimeError: the services do not come up.
    """
    environment = _environment(place)
    process = subprocess.Popen(
        [SCRIPT, "up"], env=environment, cwd=place.home.parent, stdout=subprocess.DEVNULL
    )
    try:
        running = _wait_until_up(place.home, process)
        register = ["webhooks", "register", "--tenant", TENANT, "--url", running.api_url]
        subprocess.run(
            [SCRIPT, *register],
            env=environment,
            cwd=place.home.parent,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        yield running
    finally:
        process.terminate()
        process.wait(timeout=120)


def runs(url: str) -> Sequence[Json]:
    """Every run that Dagster has had, with the times of its steps."""
    answer = httpx.post(f"{url}/graphql", json={"query": _RUNS}, timeout=60).raise_for_status()
    found: list[Json] = answer.json()["data"]["runsOrError"]["results"]
    return found


def _environment(place: PostingPlace) -> Mapping[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("UDSYNC_")}
    dagster_port = free_port()
    return {
        **kept,
        "PYTHONPATH": str(CHECKOUT),
        "PYTHONDONTWRITEBYTECODE": "",  # modules are compiled once, as in an installation
        "UDSYNC_HOME": str(place.home),
        "UDSYNC_LIMITS_FACTOR": place.limits_factor,
        "UDSYNC_DAGSTER_PORT": str(dagster_port),
        "UDSYNC_API_PORT": str(free_port(dagster_port)),
    }


def _wait_until_up(home: Path, process: "subprocess.Popen[bytes]") -> RunningServices:
    deadline = time.monotonic() + STARTED_WITHIN_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = running_services(home)
        if found is not None and "webserver" in found.processes:
            return found
        time.sleep(0.2)
    raise RuntimeError("the services did not start")
