"""The processes of one machine: code server, daemon, webserver, kept running until stopped."""

import fcntl
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import orjson

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.runs import LOCATION
from udsync_pipelines.services.service_process import ServiceProcess
from udsync_pipelines.settings import Settings

READY_SECONDS = 120.0
RESTARTS = 5
RESTARTS_WITHIN_SECONDS = 300.0

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Service:
    """A process to keep running: how to start it, and how to tell that it is ready."""

    name: str
    command: Sequence[str]
    is_ready: Callable[[], bool]


class ProcessSet:
    """Starts the services in order, restarts one that dies, stops all in reverse."""

    def __init__(self, settings: Settings, report: Report) -> None:
        self._home = settings.home
        self._port = settings.dagster_port
        self._report = report
        self._running: dict[str, tuple[Service, ServiceProcess]] = {}
        self._restarts: list[float] = []

    @contextmanager
    def started(self) -> Iterator[str]:
        """All services run and answer inside this block, at the URL given; none is left after it.

        Raises:
            ConfigurationError: the port is taken, another `udsync up` runs, or a service does not
                start; its log file is named.
        """
        with sole_supervisor(self._home), tempfile.TemporaryDirectory(prefix="udsync-") as scratch:
            check_port(self._port)
            try:
                for service in self._services(Path(scratch)):
                    self._start(service)
                self._announce()
                yield self._url
            finally:
                self._stop_all()
                announcement(self._home).unlink(missing_ok=True)

    def supervise(self) -> None:
        """Restart what dies, until interrupted (KeyboardInterrupt).

        Raises:
            ConfigurationError: a service keeps dying; its log file is named.
        """
        while True:
            for name, (service, process) in list(self._running.items()):
                if not process.is_alive():
                    self._report(f"{name} ended unexpectedly; starting it again")
                    self._count_restart(process)
                    self._start(service)
            time.sleep(0.2)

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def _services(self, scratch: Path) -> Sequence[Service]:
        """In the order in which they need each other.

        One code server on a Unix socket serves both others; with `python_module` in the workspace
        each of them would start its own.
        """
        code_socket = scratch / "code.sock"
        workspace = scratch / "workspace.yaml"
        workspace.write_text(
            f"load_from:\n  - grpc_server: {{socket: {code_socket}, location_name: {LOCATION}}}\n"
        )
        dagster = [sys.executable, "-m", "dagster"]
        return (
            Service(
                "code server",
                [*dagster, "api", "grpc", "-s", str(code_socket), "--lazy-load-user-code",
                 "-m", "udsync_pipelines.definitions", "--location-name", LOCATION],
                code_socket.exists,
            ),
            Service(
                "daemon",
                [sys.executable, "-m", "dagster._daemon", "run", "-w", str(workspace)],
                lambda: True,
            ),
            Service(
                "webserver",
                [sys.executable, "-m", "dagster_webserver", "-h", "127.0.0.1",
                 "-p", str(self._port), "-w", str(workspace)],
                self._answers,
            ),
        )  # fmt: skip

    def _start(self, service: Service) -> None:
        process = ServiceProcess(service.command, self._home / "logs", service.name)
        self._running[service.name] = (service, process)
        deadline = time.monotonic() + READY_SECONDS
        while not service.is_ready():
            if not process.is_alive() or time.monotonic() > deadline:
                raise process.failure("does not start")
            time.sleep(0.1)
        self._report(f"{service.name} runs")

    def _count_restart(self, process: ServiceProcess) -> None:
        now = time.monotonic()
        self._restarts = [at for at in self._restarts if now - at < RESTARTS_WITHIN_SECONDS]
        self._restarts.append(now)
        if len(self._restarts) > RESTARTS:
            raise process.failure("keeps ending")

    def _stop_all(self) -> None:
        """Take in no more work first, finish running work last."""
        for _, process in reversed(self._running.values()):
            process.stop()
        self._running.clear()

    def _announce(self) -> None:
        announcement(self._home).write_bytes(orjson.dumps({"pid": os.getpid(), "url": self._url}))

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self._url}/server_info", timeout=5).is_success
        except httpx.HTTPError:
            return False


@dataclass(frozen=True, slots=True)
class RunningServices:
    """A supervisor at work: its process id, and where Dagster's pages answer."""

    pid: int
    url: str


def running_services(home: Path) -> RunningServices | None:
    """The services of this home folder, when `udsync up` is running; else None."""
    if not _is_supervised(home):
        return None
    try:
        return RunningServices(**orjson.loads(announcement(home).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def announcement(home: Path) -> Path:
    """The file in which the supervisor says where its services are."""
    return home / "services.json"


@contextmanager
def sole_supervisor(home: Path) -> Iterator[None]:
    """Hold the supervisor's place of this home folder; the kernel frees it when we end.

    Raises:
        ConfigurationError: another `udsync up` holds it.
    """
    with _lock_file(home).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"udsync is already up for {home}.",
                cure="Use `udsync status`, or stop it with `udsync down`.",
                code="already_up",
            ) from None
        yield


def check_port(port: int) -> None:
    """Refuse a port that something else listens on.

    Raises:
        ConfigurationError: the port is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise ConfigurationError(
                f"port {port} on 127.0.0.1 is taken by another program.",
                cure="Stop that program, or set UDSYNC_DAGSTER_PORT to a free port.",
                code="port_taken",
            ) from None


def free_port() -> int:
    """A port that nothing listens on, below those that the kernel hands out by itself."""
    for port in range(3070, 32_768):
        try:
            check_port(port)
        except ConfigurationError:
            continue
        return port
    raise ConfigurationError("no port is free on 127.0.0.1.", code="port_taken")


def stop_services(home: Path, timeout: float = 90.0) -> bool:
    """Ask the supervisor to stop everything and wait for it; False when none runs.

    Raises:
        ConfigurationError: it did not stop in time.
    """
    services = running_services(home)
    if services is None:
        return False
    os.kill(services.pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while _is_supervised(home):
        if time.monotonic() > deadline:
            raise ConfigurationError(
                f"the services did not stop within {timeout:.0f} seconds.",
                cure=f"Look at {home / 'logs'}; end process {services.pid} by hand.",
                code="stop_timeout",
            )
        time.sleep(0.1)
    return True


def _is_supervised(home: Path) -> bool:
    if not _lock_file(home).exists():
        return False
    with _lock_file(home).open("r") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _lock_file(home: Path) -> Path:
    return home / "services.lock"


__all__ = [
    "ProcessSet",
    "RunningServices",
    "check_port",
    "free_port",
    "running_services",
    "stop_services",
]
