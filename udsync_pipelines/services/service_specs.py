"""The services of one machine: how each is started, and how it is told that it is ready."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from udsync_pipelines.services.runs import LOCATION
from udsync_pipelines.settings import Settings

WEBSERVER = "webserver"
API = "API"


@dataclass(frozen=True, slots=True)
class Service:
    """A process to keep running.

    `socket` is a Unix socket that it makes: what a killed one has left is removed before a start.
    `temporary` is where it puts what it may leave behind; None: where everybody does.
    """

    name: str
    command: Sequence[str]
    is_ready: Callable[[], bool]
    socket: Path | None = None
    temporary: Path | None = None


def loopback(port: int) -> str:
    """The address of what listens on this port of this machine only."""
    return f"http://127.0.0.1:{port}"


def service_specs(settings: Settings, scratch: Path) -> Sequence[Service]:
    """The services in the order in which they need each other.

    One code server on a Unix socket serves daemon and webserver; with `python_module` in the
    workspace each of them would start its own. `scratch` is a folder that lives as long as they.
    """
    code_socket, workspace = scratch / "code.sock", scratch / "workspace.yaml"
    workspace.write_text(
        f"load_from:\n  - grpc_server: {{socket: {code_socket}, location_name: {LOCATION}}}\n"
    )
    python, here = [sys.executable, "-m"], "127.0.0.1"
    pages, api = loopback(settings.dagster_port), loopback(settings.api_port)
    return (
        Service(
            "code server",
            [*python, "udsync_pipelines.orchestration.code_server", "api", "grpc",
             "-s", str(code_socket), "--lazy-load-user-code",
             "-m", "udsync_pipelines.definitions", "--location-name", LOCATION],
            code_socket.exists,
            code_socket,
            scratch,
        ),
        Service(
            "daemon",
            [*python, "udsync_pipelines.orchestration.daemon", "run", "-w", str(workspace)],
            lambda: True,
        ),
        Service(
            API,
            [*python, "uvicorn", "udsync_pipelines.web:app", "--host", here,
             "--port", str(settings.api_port), "--no-access-log", "--no-server-header"],
            lambda: answers(f"{api}/api/health"),
        ),
        Service(
            WEBSERVER,
            [*python, "dagster_webserver", "-h", here, "-p", str(settings.dagster_port),
             "-w", str(workspace)],
            lambda: answers(f"{pages}/server_info"),
        ),
    )  # fmt: skip


def answers(url: str) -> bool:
    """Whether this page can be had."""
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.HTTPError:
        return False
