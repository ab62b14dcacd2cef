"""A PostgreSQL server of our own: made at first use, shared by all processes of one home folder.

It listens on 127.0.0.1 only, asks for a password (SCRAM), and belongs to no process: whoever needs
it first starts it, everyone else attaches, and it runs until `stop`. Every liveness check is a
real query to a server that proves to serve our data folder.
"""

import contextlib
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import sqlalchemy as sa

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services import postgres_processes as processes
from udsync_pipelines.services.postgres_account import Account, run_as, server_account
from udsync_pipelines.services.postgres_binaries import bundled_bin, major_version, reachable_bin
from udsync_pipelines.services.postgres_folder import (
    LOOPBACK,
    ServerFiles,
    ServerRecord,
    choose_port,
    is_free,
    make_folder,
)
from udsync_pipelines.settings import make_home

logger = logging.getLogger(__name__)

SUPERUSER = "udsync"
START_ATTEMPTS = 3
START_TIMEOUT_SECONDS = 900.0  # recovery after a crash replays up to the whole WAL
LOGIN_TIMEOUT_SECONDS = 30.0  # once it is ready; meanwhile all its connections may be in use
STOP_TIMEOUT_SECONDS = 60
_FIRST_BUILTIN_LOCALE = 17
_STAGING = "data.new-"

# Written into a new cluster's postgresql.conf, where an operator may change them.
SETTINGS = {
    "max_connections": "200",  # many processes, each with a small pool
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # The log must be safe to send to a stranger: no statements, no row values.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


class EmbeddedPostgres:
    """The PostgreSQL server of one home folder.

    Args:
        home: the folder that keeps it; made when missing.
        pg_bin: `bin` folder of another PostgreSQL (16 or newer), None for the one installed
            with udsync.
    """

    def __init__(self, home: Path, *, pg_bin: Path | None = None) -> None:
        self.home = home.absolute()
        self._pg_bin = pg_bin
        self._files = ServerFiles(self.home)

    def start(self) -> None:
        """Make the server run and answer; nothing happens when it already does.

        May be called from many processes at once: one starts it, the others wait. After a crash it
        waits for the recovery, up to 15 minutes.

        Raises:
            ConfigurationError: it cannot be made or started; the message says why.
        """
        if self.is_running():
            return
        make_home(self.home)
        with _plain_errors("started"), self._files.lock():
            record = self._files.read_record() or self._create()
            self._launch(record)

    def stop(self) -> None:
        """End the server and all its processes; open sessions are cut, nothing committed is lost.

        Nothing happens when it does not run.

        Raises:
            ConfigurationError: it belongs to another user, or does not end.
        """
        if not self.home.exists():
            return
        with _plain_errors("stopped"), self._files.lock():
            record = self._files.read_record()
            # Without its record a server may still run: it is found where it would be made.
            data = _data(record) if record else self._unrecorded_folder() / "data"
            if data.exists():
                self._shut_down(data)

    def is_running(self) -> bool:
        """Tell whether our server answers a query now."""
        record = self._files.read_record()
        return record is not None and self._answers(record)

    def pid(self) -> int | None:
        """The process id of our server, also while it is too busy to answer; None without one."""
        record = self._files.read_record()
        return processes.postmaster(_data(record)) if record else None

    @property
    def port(self) -> int:
        """The port on 127.0.0.1, stable unless another program has taken it before a start.

        Raises:
            ConfigurationError: the server was never started.
        """
        return self._record().port

    @property
    def log_file(self) -> Path:
        """Where the server writes what it has to say; it holds no data of rows."""
        return _log(self._record())

    @property
    def programs(self) -> Path:
        """The `bin` folder with psql, pg_dump and pg_restore that fit this server."""
        return self._pg_bin or bundled_bin()

    def url(self, database: str = "postgres") -> sa.URL:
        """Return the URL of a database as the server's superuser, for psycopg 3.

        Raises:
            ConfigurationError: the server was never started.
        """
        return sa.URL.create(
            "postgresql+psycopg",
            username=SUPERUSER,
            password=self._files.read_password(),
            host=LOOPBACK,
            port=self.port,
            database=database,
            # The server has no TLS; a PGSSLMODE meant for other servers must not break it.
            query={"sslmode": "disable"},
        )

    def _record(self) -> ServerRecord:
        record = self._files.read_record()
        if record is None:
            raise ConfigurationError(
                f"The embedded database of {self.home} was never started.",
                cure="Start it with: udsync up",
                code="database_stopped",
            )
        return record

    def _create(self) -> ServerRecord:
        """Make the database cluster, unless it is there and only its record was lost."""
        folder = self._unrecorded_folder()
        account = server_account(folder / "data")
        make_folder(folder, account)
        for unfinished in folder.glob(f"{_STAGING}*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        data = folder / "data"
        if not data.exists():
            self._initialise(data, account)
        record = ServerRecord(folder, processes.port_of(data) or choose_port())
        self._files.save_record(record)
        return record

    def _unrecorded_folder(self) -> Path:
        return self._files.place(server_account(self.home / "postgres" / "data"))

    def _initialise(self, data: Path, account: Account) -> None:
        """Run initdb beside the final place and rename: a cluster is complete or not there."""
        major = major_version(self.programs)
        programs = reachable_bin(self.programs, account, data.parent)
        staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=data.parent))
        try:
            _give(staging, account)
            password = staging / "password"
            password.touch(mode=0o600)
            password.write_text(self._files.new_password(), encoding="utf-8")
            _give(password, account)
            command = _initdb_command(programs / "initdb", staging / "data", password, major)
            done = run_as(account, command, folder=data.parent)
            if done.returncode != 0:
                said = done.stdout.decode(errors="replace").strip().splitlines()
                raise _start_error(f"initdb ended with: {said[-1] if said else 'no message'}")
            (staging / "data").rename(data)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        logger.info("embedded database created", extra={"folder": str(data), "user": account.name})

    def _launch(self, record: ServerRecord) -> None:
        """Start the server, or wait for the one that is starting, until it answers."""
        data = _data(record)
        if not data.exists():
            raise ConfigurationError(
                f"The data of the embedded database is gone: {data}.",
                cure=f"Put the folder back, or remove {self._files.record_file} to begin empty.",
                code="database_lost",
            )
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        login_deadline = None
        attempts = 0
        while True:
            if processes.postmaster(data) is None:
                if attempts == START_ATTEMPTS:
                    raise _start_error(_last_complaint(_log(record)))
                attempts += 1
                record = self._start_once(record, deadline)
            elif (port := processes.port_of(data)) not in {None, record.port}:
                record = self._move_to(record, port)
            elif self._answers(record):
                return
            elif time.monotonic() > (login_deadline or deadline):
                raise _start_error(f"it runs, but our login gets no answer (see {_log(record)})")
            else:
                if processes.is_ready(data):
                    login_deadline = login_deadline or time.monotonic() + LOGIN_TIMEOUT_SECONDS
                time.sleep(0.02)

    def _start_once(self, record: ServerRecord, deadline: float) -> ServerRecord:
        data = _data(record)
        account = server_account(data)
        self._check_version(data)
        programs = reachable_bin(self.programs, account, record.folder)
        processes.clear_what_a_crash_left(data)
        if not is_free(record.port):
            record = self._move_to(record, choose_port())
        command: list[str | Path] = [
            programs / "pg_ctl", "start", "--pgdata", data, "--log", _log(record), "--silent",
            "--wait", "--timeout", str(max(1, int(deadline - time.monotonic()))),
            # On the command line, so that no edited postgresql.conf opens the server to a network.
            "--options", f"-p {record.port} -c listen_addresses={LOOPBACK}"
            " -c unix_socket_directories=''",
        ]  # fmt: skip
        run_as(account, command, folder=record.folder, leaves_a_server=True)
        return record

    def _move_to(self, record: ServerRecord, port: int | None) -> ServerRecord:
        moved = ServerRecord(record.folder, port or record.port)
        self._files.save_record(moved)
        logger.info("embedded database has another port", extra={"port": moved.port})
        return moved

    def _check_version(self, data: Path) -> None:
        made_by = int((data / "PG_VERSION").read_text(encoding="utf-8"))
        programs = major_version(self.programs)
        if made_by != programs:
            raise ConfigurationError(
                f"The database in {data} was made by PostgreSQL {made_by}; the programs in "
                f"{self.programs} are version {programs}.",
                cure=f"Set UDSYNC_PG_BIN to the bin folder of a PostgreSQL {made_by}.",
                code="database_version",
            )

    def _shut_down(self, data: Path) -> None:
        account = server_account(data)
        running = processes.server_processes(data)
        if processes.postmaster(data) is not None:
            programs = reachable_bin(self.programs, account, data.parent)
            for mode in ("fast", "immediate"):
                command: list[str | Path] = [
                    programs / "pg_ctl", "stop", "--pgdata", data, "--mode", mode, "--silent",
                    "--wait", "--timeout", str(STOP_TIMEOUT_SECONDS),
                ]  # fmt: skip
                if run_as(account, command, folder=data.parent).returncode == 0:
                    break
        if processes.postmaster(data) is None:
            processes.clear_what_a_crash_left(data)
        if not processes.wait_until_gone(data, running, timeout_seconds=STOP_TIMEOUT_SECONDS):
            raise ConfigurationError(
                f"The embedded database in {data} does not stop.",
                cure=f"Look for the reason in {data.parent / 'server.log'}.",
                code="database_stop",
            )

    def _answers(self, record: ServerRecord) -> bool:
        """Ask the server that listens on our port which data folder it serves."""
        try:
            with psycopg.connect(
                host=LOOPBACK,
                port=record.port,
                user=SUPERUSER,
                password=self._files.read_password(),
                dbname="postgres",
                connect_timeout=2,
                sslmode="disable",
                gssencmode="disable",
                # Only a server that already knows our password gets to see a proof of it.
                require_auth="scram-sha-256",
                autocommit=True,
            ) as connection:
                row = connection.execute("select current_setting('data_directory')").fetchone()
        except psycopg.Error:
            return False
        return row is not None and Path(row[0]) == _data(record).resolve()


@contextlib.contextmanager
def _plain_errors(participle: str) -> Iterator[None]:
    try:
        yield
    except OSError as refused:
        raise ConfigurationError(
            f"The embedded database cannot be {participle}: {refused}.",
            cure="Check the permissions and the free space of that folder.",
            code="database_files",
        ) from refused


def _data(record: ServerRecord) -> Path:
    return record.folder / "data"


def _log(record: ServerRecord) -> Path:
    return record.folder / "server.log"


def _give(path: Path, account: Account) -> None:
    if not account.is_ours:
        os.chown(path, account.uid, account.gid)


def _initdb_command(initdb: Path, data: Path, password: Path, major: int) -> list[str | Path]:
    # The built-in locale sorts the same on every machine and after every system upgrade.
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    locale = builtin if major >= _FIRST_BUILTIN_LOCALE else ["--locale=C.UTF-8"]
    settings = [f"--set={name}={value}" for name, value in SETTINGS.items()]
    return [
        initdb, "--pgdata", data, "--username", SUPERUSER, "--pwfile", password,
        "--auth-host=scram-sha-256", "--auth-local=scram-sha-256", "--encoding=UTF8",
        *locale, *settings,
    ]  # fmt: skip


def _last_complaint(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-50:]
    except OSError:
        return f"no reason was written to {log}"
    fatal = [line for line in lines if "FATAL:" in line or "PANIC:" in line]
    return f"{(fatal or lines or ['no reason was written'])[-1].strip()} (see {log})"


def _start_error(reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"The embedded database did not start: {reason}.",
        cure="Cure that and start again, or set UDSYNC_DATABASE_URL to another PostgreSQL.",
        code="database_start",
    )
