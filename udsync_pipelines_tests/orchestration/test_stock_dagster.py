"""Dagster as it comes: its own settings, storage, launcher and code server, and none of ours."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.launcher import DefaultRunLauncher

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
