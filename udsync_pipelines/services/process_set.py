"""The processes of one machine: database, Dagster, API, kept running until they are stopped."""

import fcntl
import os
import signal
import socket
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.services.process_memory import memory_of
from udsync_pipelines.services.service_process import ServiceProcess
from udsync_pipelines.services.service_specs import Service, loopback, service_specs
from udsync_pipelines.settings import Settings

READY_SECONDS = 120.0
RESTARTS = 5
RESTARTS_WITHIN_SECONDS = 300.0
DATABASE_EVERY_SECONDS = 1.0
MEGABYTE = 1_000_000
DATABASE = "database"
SHOWN_RESTARTS = 20

Report = Callable[[str], None]
MakeServices = Callable[[Settings, Path], Sequence[Service]]


class ProcessSet:
    """Starts the services in order, restarts one that dies, stops all in reverse."""

    def __init__(
        self, settings: Settings, report: Report, services: MakeServices = service_specs
    ) -> None:
        self._settings = settings
        self._home = settings.home
        self._report = report
        self._make_services = services
        self._running: dict[str, tuple[Service, ServiceProcess]] = {}
        self._starting: dict[str, float] = {}
        self._dead: list[ServiceProcess] = []
        self._restarts: dict[str, list[datetime]] = defaultdict(list)
        self._since = datetime.now(UTC)
        self._looked = time.monotonic()
        self._database_answers = True

    @contextmanager
    def started(self) -> Iterator[str]:
        """All services run and answer inside this block, Dagster's pages at the URL given.

        None is left after it.

        Raises:
            ConfigurationError: a port is taken, another `udsync up` runs, or a service does not
                start; its log file is named.
        """
        began = time.monotonic()
        with sole_supervisor(self._home), tempfile.TemporaryDirectory(prefix="udsync-") as scratch:
            check_port(self._settings.dagster_port, "UDSYNC_DAGSTER_PORT")
            check_port(self._settings.api_port, "UDSYNC_API_PORT")
            try:
                for service in self._make_services(self._settings, Path(scratch)):
                    self._start(service)
                self._report_start(time.monotonic() - began)
                yield loopback(self._settings.dagster_port)
            finally:
                self._stop_all()
                announcement(self._home).unlink(missing_ok=True)

    def supervise(self) -> None:
        """Restart what dies, until interrupted (KeyboardInterrupt).

        Raises:
            ConfigurationError: a service keeps dying, or does not start again; its log file is
                named.
        """
        while True:
            self.look_after()
            time.sleep(0.2)

    def look_after(self) -> None:
        """Look once after everything. What has died is started; the next looks see it ready.

        Nothing waits for one that is starting: it may need another that has just died too.
        """
        if time.monotonic() - self._looked >= DATABASE_EVERY_SECONDS:
            self._look_after_database()
            self._looked = time.monotonic()
        for name, (service, process) in list(self._running.items()):
            if not process.is_alive():
                self._report(f"{name} ended unexpectedly; starting it again")
                if self._keeps_ending(name):
                    raise process.failure("keeps ending")
                self._dead.append(process)
                self._launch(service)
            elif name in self._starting:
                self._look_whether_ready(service, process)
        self._dead = [process for process in self._dead if process.is_survived()]

    def _look_after_database(self) -> None:
        """Start the embedded database again when it has died; another's is not ours to start.

        One that lives and does not answer, as with every connection in use, is left to recover, and
        told once.
        """
        if self._settings.database_url is not None:
            return
        server = EmbeddedPostgres(self._home, pg_bin=self._settings.pg_bin)
        if server.pid() is not None:
            self._tell_whether_it_answers(server)
            return
        self._report("database ended unexpectedly; starting it again")
        is_last = self._keeps_ending(DATABASE)
        try:
            server.start()
        except ConfigurationError as error:
            if is_last:
                raise
            self._report(f"{error}; trying again")
            return
        self._announce()
        self._report("database runs")

    def _tell_whether_it_answers(self, server: EmbeddedPostgres) -> None:
        answers = server.is_running()
        if answers == self._database_answers:
            return
        self._database_answers = answers
        self._report(
            "database answers again"
            if answers
            else f"database runs but does not answer; if it stays so, look at {server.log_file}"
        )

    def _start(self, service: Service) -> None:
        """Start it for the first time, and wait until it is ready."""
        process = self._launch(service)
        while service.name in self._starting:
            if not process.is_alive():
                raise process.failure("does not start")
            self._look_whether_ready(service, process)
            time.sleep(0.1)

    def _launch(self, service: Service) -> ServiceProcess:
        if service.socket is not None:
            service.socket.unlink(missing_ok=True)
        logs = self._home / "logs"
        process = ServiceProcess(service.command, logs, service.name, service.temporary)
        self._running[service.name] = (service, process)
        self._starting[service.name] = time.monotonic() + READY_SECONDS
        self._announce()
        return process

    def _look_whether_ready(self, service: Service, process: ServiceProcess) -> None:
        if service.is_ready():
            del self._starting[service.name]
            self._report(f"{service.name} runs")
        elif time.monotonic() > self._starting[service.name]:
            raise process.failure("does not start")

    def _keeps_ending(self, name: str) -> bool:
        """Count that it has ended once more; whether that is too often to start it again."""
        now = datetime.now(UTC)
        restarts = self._restarts[name]
        recent = [at for at in restarts if (now - at).total_seconds() < RESTARTS_WITHIN_SECONDS]
        restarts.append(now)
        return len(recent) >= RESTARTS

    def _stop_all(self) -> None:
        """Take in no more work first, finish running work last.

        Runs outlive the code server that has started them: those of one that died are ended too.
        """
        for _, process in reversed(self._running.values()):
            process.stop()
        for process in self._dead:
            process.stop()
        self._running.clear()

    def _announce(self) -> None:
        """Write down where the services are and what had to be started again, for others."""
        known = {
            "pid": os.getpid(),
            "url": loopback(self._settings.dagster_port),
            "api_url": loopback(self._settings.api_port),
            "since": self._since.isoformat(),
            "processes": {name: process.pid for name, (_, process) in self._running.items()},
            "database": self._database_pid(),
            "restarts": {
                name: [at.isoformat() for at in times[-SHOWN_RESTARTS:]]
                for name, times in self._restarts.items()
            },
        }
        draft = announcement(self._home).with_suffix(".draft")
        draft.write_bytes(orjson.dumps(known))
        draft.replace(announcement(self._home))

    def _database_pid(self) -> int | None:
        """The process of the embedded database; None where the database is another's."""
        if self._settings.database_url is not None:
            return None
        return EmbeddedPostgres(self._home, pg_bin=self._settings.pg_bin).pid()

    def _report_start(self, seconds: float) -> None:
        services = running_services(self._home)
        total = sum(services.memory().values()) if services else 0
        self._report(f"started in {seconds:.1f} s; {total / MEGABYTE:.0f} MB of memory")


@dataclass(frozen=True, slots=True)
class RunningServices:
    """A supervisor at work: its process id, its services' processes, and where they answer.

    `url` is that of Dagster's pages; `since` when they were started, and `restarts` when each had
    to be started again, the newest last, in ISO 8601; `database` the process of the embedded
    database.
    """

    pid: int
    url: str
    api_url: str
    since: str
    processes: Mapping[str, int]
    restarts: Mapping[str, Sequence[str]]
    database: int | None = None

    def memory(self) -> dict[str, int]:
        """Bytes of memory that each service takes, with the runs that it has started."""
        database = {} if self.database is None else {DATABASE: self.database}
        return {name: memory_of(pid) for name, pid in {**self.processes, **database}.items()}


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


def check_port(port: int, setting: str) -> None:
    """Refuse a port that something else listens on; `setting` is the variable that names it.

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
                cure=f"Stop that program, or set {setting} to a free port.",
                code="port_taken",
            ) from None


def free_port(above: int = 3069) -> int:
    """A port that nothing listens on, below those that the kernel hands out by itself."""
    for port in range(above + 1, 32_768):
        try:
            check_port(port, "UDSYNC_DAGSTER_PORT")
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
