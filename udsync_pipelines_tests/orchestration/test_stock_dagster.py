"""Dagster as it comes: its own settings, storage, launcher and code server, and none of ours."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.launcher import DefaultRunLauncher

from udsync_pipelines.errors import PlatformUnavailableError
from udsync_pipelines.services.process_set import free_port
from udsync_pipelines.services.runs import DagsterDoor
from udsync_pipelines_tests.scenarios.shops import ConnectedShop

pytestmark = pytest.mark.postgres

PATIENCE_SECONDS = 300
AT_ONCE = """
run_coordinator: {module: dagster._core.run_coordinator, class: DefaultRunCoordinator}
"""
"""Runs are launched by the command itself: there is no daemon that takes them from a queue."""

WORKSPACE = Path(__file__).parents[2] / "workspace.yaml"


def launch(home: Path, job: str, **config: Any) -> subprocess.CompletedProcess[str]:
    """Launch a run with Dagster's own command, in an installation of Dagster's own settings."""
    command = ["dagster", "job", "launch", "-w", str(WORKSPACE), "-j", job]
    return subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", *command, "--config-json", json.dumps(config)],
        env=os.environ | {"DAGSTER_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


@contextmanager
def dagster_dev(home: Path) -> Iterator[DagsterDoor]:
    """`dagster dev` in this folder: its webserver, its daemon, and what they start."""
    port, log = free_port(), home / "dev.log"
    command = ["dagster", "dev", "-w", str(WORKSPACE), "-h", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as lines:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-m", *command],
            env=os.environ | {"DAGSTER_HOME": str(home)},
            stdout=lines,
            stderr=lines,
            start_new_session=True,
        )
    try:
        yield answering(DagsterDoor(f"http://127.0.0.1:{port}"), process, log)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        finally:
            # Whatever has been left running.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def answering(door: DagsterDoor, process: subprocess.Popen[bytes], log: Path) -> DagsterDoor:
    """The door, once the webserver, the daemons and the code location are healthy."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(PlatformUnavailableError):
            health = door.health()
            if len(health) > 1 and all(health.values()):
                return door
        time.sleep(0.5)
    raise AssertionError(log.read_text()[-3000:])


def ended(instance: dg.DagsterInstance) -> dg.DagsterRun:
    """The only run, once it is over."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    (run,) = instance.get_runs()
    while not run.is_finished and time.monotonic() < deadline:
        time.sleep(0.5)
        (run,) = instance.get_runs()
    return run


@pytest.mark.timeout(900)  # a busy machine is no failure
def test_a_sync_launched_by_plain_dagster_runs_in_a_process_of_its_own_and_succeeds(
    shop: ConnectedShop, tmp_path: Path
) -> None:
    (tmp_path / "dagster.yaml").write_text(AT_ONCE)

    launched = launch(tmp_path, "sync_customers", tenant=shop.tenant.name)

    assert launched.returncode == 0, launched.stderr
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        run = ended(instance)
        said = [str(entry.message) for entry in instance.all_logs(run.run_id)]
        assert type(instance.run_launcher) is DefaultRunLauncher
    assert run.status is dg.DagsterRunStatus.SUCCESS, said[-5:]
    assert any("Started process for run" in line for line in said)
    assert len(shop.live("woo_customers")) > 0


@pytest.mark.timeout(900)  # a busy machine is no failure
def test_dagster_dev_runs_syncs_from_its_queue(shop: ConnectedShop, tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")

    with dagster_dev(tmp_path) as door:
        run_id = door.launch("sync_customers", {"tenant": shop.tenant.name}, {})
        status = door.wait(run_id)

    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        said = [str(entry.message) for entry in instance.all_logs(run_id)]
        queued = instance.all_logs(run_id, dg.DagsterEventType.RUN_ENQUEUED)
        assert type(instance.run_launcher) is DefaultRunLauncher
    assert status == "SUCCESS", said[-5:]
    assert len(queued) == 1
    assert len(shop.live("woo_customers")) > 0
