"""The embedded server after kill -9, in the middle of being made, and over misleading files."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types
import psycopg
import pytest

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.databases import plain_url
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.services.postgres_account import server_account
from udsync_pipelines.services.postgres_processes import (
    postmaster,
    server_processes,
    wait_until_gone,
)
from udsync_pipelines_tests.services.children import let_go, start_child

pytestmark = pytest.mark.postgres
Query = Callable[[EmbeddedPostgres, str], object]
ROWS = 200_000


def data_of(server: EmbeddedPostgres) -> Path:
    return server.log_file.parent / "data"


def kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):  # of those that end with the one before
            os.kill(pid, signal.SIGKILL)


def test_all_rows_are_there_after_a_kill_of_every_process(
    own_server: EmbeddedPostgres, query: Query
) -> None:
    rows = f"select n, repeat('x', 300) from generate_series(1, {ROWS}) n"
    query(own_server, f"create table kept as {rows}")
    data = data_of(own_server)

    kill(server_processes(data))
    assert wait_until_gone(data, server_processes(data), timeout_seconds=10)
    own_server.start()

    assert query(own_server, "select count(*) from kept") == ROWS
    assert "redo starts" in own_server.log_file.read_text(encoding="utf-8")


def test_a_busy_session_that_outlives_its_postmaster_does_not_block_the_start(
    own_server: EmbeddedPostgres, query: Query
) -> None:
    data = data_of(own_server)
    first = postmaster(data)
    assert first is not None
    session = psycopg.connect(plain_url(own_server.url()), autocommit=True)
    busy = threading.Thread(target=count_for_ever, args=(session,))
    busy.start()
    while (
        query(own_server, "select count(*) from pg_stat_activity where query ~ '^select sum'") != 1
    ):
        time.sleep(0.01)

    kill([first])
    own_server.start()

    busy.join(timeout=30)
    assert not busy.is_alive()
    assert query(own_server, "select 1") == 1
    assert postmaster(data) not in {None, first}


def start_stranger(data: Path) -> subprocess.Popen[bytes]:
    """Start another program of the user who runs the server: PostgreSQL takes it for its own."""
    uid = server_account(data).uid if os.geteuid() == 0 else None
    return subprocess.Popen(["/bin/sleep", "60"], user=uid)


def count_for_ever(session: psycopg.Connection) -> None:
    with pytest.raises(psycopg.OperationalError):
        session.execute("select sum(n) from generate_series(1, 100000000000) n")
    session.close()


def test_a_stale_pid_file_with_a_strangers_number_does_not_block_the_start(
    own_server: EmbeddedPostgres,
) -> None:
    data = data_of(own_server)
    pid_file = data / "postmaster.pid"
    running = server_processes(data)
    stranger = start_stranger(data)
    lines = pid_file.read_text(encoding="utf-8").splitlines()
    kill(running)
    assert wait_until_gone(data, running, timeout_seconds=10)
    pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n", encoding="utf-8")

    own_server.start()

    assert own_server.is_running()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_stop_leaves_a_stranger_with_the_number_in_the_pid_file_alone(
    own_server: EmbeddedPostgres,
) -> None:
    data = data_of(own_server)
    running = server_processes(data)
    kill(running)
    assert wait_until_gone(data, running, timeout_seconds=10)
    stranger = start_stranger(data)
    (data / "postmaster.pid").write_text(f"{stranger.pid}\n", encoding="utf-8")

    own_server.stop()

    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_sessions_can_be_opened_again_after_one_backend_was_killed(
    own_server: EmbeddedPostgres, query: Query
) -> None:
    session = psycopg.connect(plain_url(own_server.url()))
    first = postmaster(data_of(own_server))

    kill([session.info.backend_pid])
    own_server.start()

    assert query(own_server, "select 1") == 1
    assert postmaster(data_of(own_server)) == first
    session.close()


@pytest.mark.parametrize("also_initdb", [True, False], ids=["and-initdb", "but-not-initdb"])
def test_a_process_killed_while_it_makes_the_cluster_leaves_nothing_that_hinders(
    home: Path, query: Query, also_initdb: bool
) -> None:
    child = start_child(home, "attach")
    let_go(child)
    while not list(home.glob("postgres/data.new-*/data/base")):
        time.sleep(0.002)
    helpers = psutil.Process(child.pid).children(recursive=True) if also_initdb else []
    kill([child.pid, *(helper.pid for helper in helpers)])
    child.communicate(timeout=10)
    assert not (home / "server.json").exists()
    server = EmbeddedPostgres(home)

    server.start()

    assert query(server, "select 1") == 1
    server.stop()
    assert {path.name for path in (home / "postgres").iterdir()} >= {"data", "server.log"}


def test_a_process_killed_while_it_starts_the_server_does_not_hinder_the_next(
    own_server: EmbeddedPostgres, query: Query
) -> None:
    own_server.stop()
    child = start_child(own_server.home, "attach")
    let_go(child)
    while not (data_of(own_server) / "postmaster.pid").exists():
        time.sleep(0.001)
    kill([child.pid])
    child.communicate(timeout=10)

    own_server.start()

    assert query(own_server, "select 1") == 1


def test_a_server_that_cannot_start_tells_the_reason_from_its_log(
    own_server: EmbeddedPostgres,
) -> None:
    own_server.stop()
    settings = data_of(own_server) / "postgresql.conf"
    good = settings.read_text(encoding="utf-8")
    settings.write_text(good + "\nmax_connections = plenty\n", encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"did not start: .*FATAL: .*configuration file"):
        own_server.start()

    settings.write_text(good, encoding="utf-8")
    own_server.start()
    assert own_server.is_running()


def test_a_test_run_that_is_killed_leaves_no_server_behind(tmp_path: Path) -> None:
    program = (
        "from udsync_pipelines_tests.disposable_postgres import guarded_folder\n"
        "from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres\n"
        "with guarded_folder() as folder:\n"
        "    EmbeddedPostgres(folder / 'home').start()\n"
        "    print(folder, flush=True)\n"
        "    input()\n"
    )
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    run = subprocess.Popen(  # noqa: S603 (the program above)
        [sys.executable, tmp_path / "program.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    folder = Path(run.stdout.readline().strip())
    data = folder / "home" / "postgres" / "data"
    running = server_processes(data)

    run.kill()
    run.communicate(timeout=60)

    assert len(running) > 1
    while folder.exists():
        time.sleep(0.02)
    assert not any(psutil.pid_exists(pid) and is_serving(pid) for pid in running)


def is_serving(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
