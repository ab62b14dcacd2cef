"""`udsync up`, `status` and `down`: everything starts, is seen, runs a sync, and leaves nothing."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]  # it ships no types
import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.services.process_set import running_services
from udsync_pipelines.services.runs import DagsterDoor
from udsync_pipelines_tests.cli.commands import CommandLine
from udsync_pipelines_tests.cli.conftest import ConnectedTenant, connect_store
from udsync_pipelines_tests.ports import two_ports
from udsync_pipelines_tests.store_fixtures import StartStore

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

START_SECONDS = 120.0
STOP_SECONDS = 60.0
TERMINATE = "mutation Terminate($id: String!) { terminateRun(runId: $id) { __typename } }"
RUN_STATUS = (
    "query Run($id: ID!) { runOrError(runId: $id)"
    " { ... on Run { status jobName tags { key value } } } }"
)


def test_the_services_start_run_a_sync_and_stop_without_a_trace(
    apart: CommandLine, recorded_store: StoreEmulator
) -> None:
    connected = _connected(apart, recorded_store)
    with apart.started("up") as process:
        url = _url_when_up(process)
        health = apart("status", "--json")
        services_now = running_services(apart.home)
        assert services_now is not None
        assert services_now.database is not None
        ours, database = _listening(process.pid), _listening(services_now.database)
        second_up = apart("up")
        synced = connected.sync("all", "--yes", "--json")
        assert synced.code == 0, synced
        run = _run(url, synced.json["run_id"])
        down = apart("down")
        process.wait(STOP_SECONDS)
    after = apart("status", "--json")

    assert (health.code, health.json["healthy"]) == (0, True), health
    assert health.json["url"] == url
    assert len(ours) >= 2  # the pages and the API
    assert len(database) == 1  # its process is no child of `up`
    assert {address for address, _ in ours | database} == {"127.0.0.1"}
    services = ["API", "code server", "daemon", "webserver"]
    assert sorted(health.json["memory"]) == sorted([*services, "database"])
    assert all(taken > 10_000_000 for taken in health.json["memory"].values())
    assert health.json["services"].items() >= dict.fromkeys(["database", *services], True).items()
    assert second_up.code == 1
    assert "already up" in second_up.complaint  # and the sync after it found everything running
    assert (run["status"], run["jobName"]) == ("SUCCESS", "sync_all")
    assert {"key": "udsync/tenant", "value": connected.name} in run["tags"]
    assert (down.code, process.returncode) == (0, 0)
    assert (after.code, after.json["healthy"]) == (1, False)
    assert _left_behind(apart.home) == []


def test_a_cancelled_run_ends_in_the_worker_that_was_forked_for_it(
    apart: CommandLine, store_emulator: StartStore
) -> None:
    store = store_emulator()
    apart("tenant", "create", "cancelled")
    connect_store(apart, "cancelled", store)
    url = str(apart("emulate", "supabase", "--json").json["database_url"])
    apart("connect", "supabase", "--tenant", "cancelled", "--database-url", url)
    store.faults.add("slow", path="/orders", times=0, seconds=60)
    with apart.started("up") as process:
        door = DagsterDoor(_url_when_up(process))
        run = door.launch("sync_orders", {"tenant": "cancelled"}, {})
        _wait_until(lambda: bool(store.faults.listed()[0].struck))
        (fork_server,) = _fork_servers(apart.home)
        workers = fork_server.children()
        cancelled = _ask(door.url, TERMINATE, run)["terminateRun"]["__typename"]
        status = door.wait(run)
        psutil.wait_procs(workers, STOP_SECONDS)
        still_running = fork_server.is_running(), [one.is_running() for one in workers]

    assert (cancelled, status) == ("TerminateRunSuccess", "CANCELED")
    assert still_running == (True, [False])


def test_ctrl_c_in_up_stops_every_service_and_the_database(apart: CommandLine) -> None:
    with apart.started("up") as process:
        _url_when_up(process)
        process.send_signal(signal.SIGINT)  # `down` sends SIGTERM, see above
        process.wait(STOP_SECONDS)

    assert process.returncode == 0
    assert _left_behind(apart.home) == []


def test_a_killed_up_leaves_only_the_database_which_down_stops(apart: CommandLine) -> None:
    with apart.started("up") as process:
        _url_when_up(process)
        process.kill()
        process.wait(STOP_SECONDS)
        _wait_until(lambda: not _dagster_processes(apart.home))
        down = apart("down")

    assert down.code == 0
    assert _left_behind(apart.home) == []


def test_a_busy_port_stops_up_with_one_line_and_no_process(
    apart: CommandLine, busy_port: int
) -> None:
    refused = apart("up", UDSYNC_DAGSTER_PORT=str(busy_port))

    assert refused.code == 1
    assert f"Port {busy_port} on 127.0.0.1 is taken" in refused.complaint
    assert "UDSYNC_DAGSTER_PORT" in refused.complaint
    assert _left_behind(apart.home) == []


def test_down_and_status_of_what_never_ran_say_so(
    new_server_home: Callable[[], Path], tmp_path: Path
) -> None:
    never = CommandLine(new_server_home(), tmp_path)

    down, status = never("down"), never("status")

    assert (down.code, status.code) == (0, 1)
    assert "was not running" in down.out
    assert "udsync up" in status.out
    assert _left_behind(never.home) == []


def test_a_demo_that_is_interrupted_leaves_no_process_and_no_folder(
    apart: CommandLine, folder_for_all: Path
) -> None:
    with apart.started("demo", TMPDIR=str(folder_for_all)) as process:
        _wait_until(lambda: any(folder_for_all.glob("**/postmaster.pid")))
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=STOP_SECONDS)

    assert process.returncode == 1
    assert errors == "Stopped.\n"
    assert list(folder_for_all.iterdir()) == []
    assert _left_behind(folder_for_all) == []


@pytest.fixture(scope="module")
def apart(
    new_server_home: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CommandLine]:
    """The command with an installation of this module, so that others never meet its services."""
    port, api_port = two_ports()
    command = CommandLine(
        new_server_home(),
        tmp_path_factory.mktemp("apart"),
        UDSYNC_DAGSTER_PORT=str(port),
        UDSYNC_API_PORT=str(api_port),
    )
    yield command
    assert command("down").code == 0


@pytest.fixture
def folder_for_all(new_server_home: Callable[[], Path]) -> Path:
    """A folder that the user who runs PostgreSQL for root may pass through; pytest's are closed."""
    folder = new_server_home()
    folder.mkdir()
    folder.chmod(0o711)
    return folder


@pytest.fixture
def busy_port() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def _connected(udsync: CommandLine, store: StoreEmulator) -> ConnectedTenant:
    udsync("tenant", "create", "served")
    connect_store(udsync, "served", store)
    url = str(udsync("emulate", "supabase", "--json").json["database_url"])
    udsync("connect", "supabase", "--tenant", "served", "--database-url", url)
    return ConnectedTenant("served", store, url, udsync)


def _listening(pid: int) -> set[tuple[str, int]]:
    """The addresses and ports at which a process and what it has started listen."""
    top = psutil.Process(pid)
    return {
        (one.laddr.ip, one.laddr.port)
        for process in (top, *top.children(recursive=True))
        for one in process.net_connections(kind="inet")
        if one.status == psutil.CONN_LISTEN
    }


def _url_when_up(process: subprocess.Popen[str]) -> str:
    """Read what `up` says until it says where it is."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "udsync is up: " in line:
            return line.split("udsync is up: ")[1].split()[0]
    raise AssertionError(f"up ended: {said}")


def _run(url: str, run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = _ask(url, RUN_STATUS, run_id)["runOrError"]
    return found


def _ask(url: str, query: str, run_id: str) -> dict[str, Any]:
    body = {"query": query, "variables": {"id": run_id}}
    found: dict[str, Any] = httpx.post(f"{url}/graphql", json=body, timeout=30).json()["data"]
    return found


def _fork_servers(home: Path) -> list[psutil.Process]:
    """The processes that workers are forked from: children of the code server."""
    services = running_services(home)
    assert services is not None
    children = psutil.Process(services.processes["code server"]).children()
    return [one for one in children if "forkserver" in " ".join(one.cmdline())]


def _left_behind(home: Path) -> list[str]:
    """Processes that work for this home: by their folder, their arguments or their environment."""
    return [
        " ".join(process.info["cmdline"] or ())
        for process in psutil.process_iter(["cmdline", "cwd", "status"])
        if process.pid != os.getpid()
        and process.info["status"] != psutil.STATUS_ZOMBIE
        and str(home) in f"{process.info['cmdline']}{process.info['cwd']}{_home_of(process)}"
    ]


def _dagster_processes(home: Path) -> list[str]:
    return [line for line in _left_behind(home) if "dagster" in line]


def _home_of(process: psutil.Process) -> str:
    try:
        return str(process.environ().get("UDSYNC_HOME", ""))
    except psutil.Error:
        return ""


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.1)
