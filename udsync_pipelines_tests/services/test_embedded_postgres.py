"""The embedded server: made, shared, stopped, and kept to itself."""

import json
import os
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types
import psycopg
import pytest

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services import embedded_postgres, postgres_binaries, postgres_folder
from udsync_pipelines.services.databases import plain_url
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.services.postgres_binaries import bundled_bin
from udsync_pipelines.services.postgres_processes import postmaster, server_processes
from udsync_pipelines_tests.services.children import answer, answers, start_children

pytestmark = pytest.mark.postgres
Query = Callable[[EmbeddedPostgres, str], object]


def data_of(server: EmbeddedPostgres) -> Path:
    return server.log_file.parent / "data"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def listening_on(port: int) -> Iterator[None]:
    with socket.socket() as other_program:
        other_program.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other_program.bind(("127.0.0.1", port))
        other_program.listen(1)
        yield


def test_twelve_processes_racing_on_a_stopped_server_share_one_postmaster(
    own_server: EmbeddedPostgres,
) -> None:
    own_server.stop()
    children = start_children(own_server.home, "attach", 12)

    said = answers(children)

    assert len({each["began"] for each in said}) == 1
    assert postmaster(data_of(own_server)) is not None


def test_processes_racing_on_a_new_home_make_one_database_cluster(home: Path) -> None:
    children = start_children(home, "attach", 4)

    said = answers(children)

    assert len({each["began"] for each in said}) == 1
    EmbeddedPostgres(home).stop()


def test_a_second_process_attaches_to_the_running_server(
    own_server: EmbeddedPostgres, query: Query
) -> None:
    began = query(own_server, "select pg_postmaster_start_time()::text")

    said = answer(own_server.home, "attach")

    assert said["began"] == began
    assert own_server.is_running()


def test_starting_a_running_server_again_costs_almost_nothing(
    own_server: EmbeddedPostgres,
) -> None:
    begun = time.perf_counter()

    for _ in range(10):
        own_server.start()

    assert (time.perf_counter() - begun) / 10 < 0.1


def test_stopping_ends_every_process_even_with_a_session_open(
    own_server: EmbeddedPostgres,
) -> None:
    session = psycopg.connect(plain_url(own_server.url()))
    data = data_of(own_server)
    running = server_processes(data)

    own_server.stop()
    own_server.stop()

    assert len(running) > 1
    assert server_processes(data) == []
    assert not own_server.is_running()
    with pytest.raises(psycopg.OperationalError):
        session.execute("select 1")
    session.close()


def test_rows_and_port_are_the_same_after_a_stop_and_a_start(
    own_server: EmbeddedPostgres, query: Query
) -> None:
    query(own_server, "create table kept as select 7 as number")
    port = own_server.port

    own_server.stop()
    own_server.start()

    assert query(own_server, "select number from kept") == 7
    assert own_server.port == port


def test_the_server_listens_on_the_loopback_address_and_nowhere_else(
    own_server: EmbeddedPostgres,
) -> None:
    process = psutil.Process(postmaster(data_of(own_server)))

    listening = {
        connection.laddr
        for connection in process.net_connections(kind="all")
        if connection.status == psutil.CONN_LISTEN or connection.family == socket.AF_UNIX
    }

    assert listening == {("127.0.0.1", own_server.port)}


def test_the_server_never_runs_as_root_and_asks_for_the_password(
    own_server: EmbeddedPostgres,
) -> None:
    process = psutil.Process(postmaster(data_of(own_server)))
    wrong = own_server.url().set(password="guessed")

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(plain_url(wrong))

    assert process.uids().real != 0


def test_settings_suit_many_connections_and_keep_what_is_committed(
    own_server: EmbeddedPostgres, query: Query
) -> None:
    names = ("max_connections", "fsync", "full_page_writes", "timezone", "password_encryption")

    settings = [query(own_server, f"show {name}") for name in names]

    assert settings == ["200", "on", "on", "UTC", "scram-sha-256"]
    assert query(own_server, "select datlocale from pg_database limit 1") == "C.UTF-8"


def test_the_servers_log_tells_no_statement_and_no_value(
    own_server: EmbeddedPostgres, query: Query
) -> None:
    query(own_server, "create table mail (address text primary key)")
    query(own_server, "insert into mail values ('ann@example.com')")

    with pytest.raises(psycopg.errors.UniqueViolation):
        query(own_server, "insert into mail values ('ann@example.com')")

    log = own_server.log_file.read_text(encoding="utf-8")
    assert "duplicate key value" in log
    assert "ann@example.com" not in log


def test_password_and_record_are_private_and_folders_above_stay_untouched(home: Path) -> None:
    above = {folder: mode(folder) for folder in home.parents}
    server = EmbeddedPostgres(home)

    server.start()

    assert mode(home / "server.password") == 0o600
    assert mode(home / "server.json") == 0o600
    assert mode(data_of(server)) == 0o700
    assert {folder: mode(folder) for folder in home.parents} == above
    server.stop()


def test_a_home_below_a_closed_folder_works_without_opening_the_folder(
    home: Path, server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_folder, "STATE_FOLDER", server_folder / "state")
    home.mkdir(mode=0o700)
    server = EmbeddedPostgres(home / "closed")

    server.start()

    assert server.is_running()
    assert mode(home) == 0o700
    assert data_of(server).is_relative_to(server_folder)
    server.stop()


def test_programs_and_home_may_both_be_below_a_closed_folder(
    home: Path, server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = bundled_bin().parents[1]
    for name in (package.name, f"{package.name}.libs"):
        if package.with_name(name).exists():
            shutil.copytree(package.with_name(name), home / "packages" / name, symlinks=True)
    programs = home / "packages" / bundled_bin().relative_to(package.parent)
    home.chmod(0o700)
    monkeypatch.setattr(postgres_folder, "STATE_FOLDER", server_folder / "strict")
    monkeypatch.setattr(postgres_binaries, "bundled_bin", lambda: programs)
    monkeypatch.setattr(embedded_postgres, "bundled_bin", lambda: programs)
    server = EmbeddedPostgres(home / "closed")
    before = os.umask(0o077)

    server.start()

    os.umask(before)
    assert server.is_running()
    assert mode(home) == 0o700
    server.stop()
    assert not server.is_running()


def test_an_ordinary_user_starts_stops_and_owns_the_server(home: Path) -> None:
    home.mkdir()
    if os.geteuid() == 0:
        shutil.chown(home, "nobody")

    said = answer(home, "live_as_ordinary_user")

    assert said["began"]
    assert said["own"]
    assert not said["running"]


def test_an_ordinary_user_is_told_which_folder_cannot_be_written(home: Path) -> None:
    home.mkdir()
    home.chmod(0o555)

    said = answer(home / "inside", "be_refused")

    assert said["error"].startswith(f"udsync cannot write to its home folder {home / 'inside'} (")
    assert "UDSYNC_HOME" in said["error"]
    home.chmod(0o755)


def test_root_can_use_the_home_of_an_ordinary_user_without_taking_it(home: Path) -> None:
    home.mkdir()
    if os.geteuid() == 0:
        shutil.chown(home, "nobody")
    server = EmbeddedPostgres(home)

    server.start()
    server.stop()

    assert answer(home, "live_as_ordinary_user")["own"]
    assert {path.stat().st_uid for path in home.rglob("*")} == {home.stat().st_uid}


def test_a_port_taken_by_another_program_is_replaced_by_a_free_one(
    own_server: EmbeddedPostgres,
) -> None:
    own_server.stop()
    taken = own_server.port

    with listening_on(taken):
        own_server.start()

    remembered = json.loads((own_server.home / "server.json").read_text(encoding="utf-8"))
    assert own_server.is_running()
    assert own_server.port == remembered["port"] != taken


def test_a_copied_home_gets_a_server_of_its_own(
    own_server: EmbeddedPostgres, new_server_home: Callable[[], Path], query: Query
) -> None:
    own_server.stop()
    copied = EmbeddedPostgres(new_server_home())
    subprocess.run(["/bin/cp", "-a", own_server.home, copied.home], check=True)  # noqa: S603
    own_server.start()

    copied.start()

    assert copied.port != own_server.port
    assert query(copied, "show data_directory") == str(data_of(copied))
    assert query(own_server, "show data_directory") == str(data_of(own_server))
    copied.stop()


def test_a_moved_home_is_found_again_with_its_rows(
    own_server: EmbeddedPostgres, new_server_home: Callable[[], Path], query: Query
) -> None:
    query(own_server, "create table kept as select 7 as number")
    own_server.stop()

    moved = EmbeddedPostgres(own_server.home.rename(new_server_home()))
    moved.start()

    assert query(moved, "select number from kept") == 7
    moved.stop()


def test_a_lost_record_is_found_again_while_the_server_runs(
    own_server: EmbeddedPostgres,
) -> None:
    port = own_server.port
    (own_server.home / "server.json").unlink()

    own_server.start()

    assert own_server.port == port


def test_a_server_without_its_record_is_stopped_all_the_same(
    own_server: EmbeddedPostgres,
) -> None:
    data = data_of(own_server)
    (own_server.home / "server.json").unlink()

    own_server.stop()

    assert server_processes(data) == []


def test_lost_data_is_reported_instead_of_beginning_empty(
    own_server: EmbeddedPostgres, server_folder: Path
) -> None:
    own_server.stop()
    hidden = data_of(own_server).rename(server_folder / f"{own_server.home.name}-hidden")

    with pytest.raises(ConfigurationError, match=r"data of the embedded database is gone") as lost:
        own_server.start()

    assert lost.value.code == "database_lost"
    assert hidden.exists()


def test_a_lost_password_is_named_with_its_file(own_server: EmbeddedPostgres) -> None:
    password = own_server.home / "server.password"
    hidden = password.rename(own_server.home / "hidden")

    with pytest.raises(ConfigurationError, match=f"password .* is missing: {password}"):
        own_server.start()

    hidden.rename(password)
    assert own_server.is_running()


def test_programs_of_another_folder_run_the_server(home: Path, query: Query) -> None:
    server = EmbeddedPostgres(home, pg_bin=bundled_bin().parent.parent / "pginstall" / "bin")

    server.start()

    assert str(query(server, "show server_version")).startswith("16.")
    server.stop()


def test_data_of_another_version_is_refused_with_the_cure(home: Path) -> None:
    older = EmbeddedPostgres(home, pg_bin=bundled_bin().parent.parent / "pginstall" / "bin")
    older.start()
    older.stop()

    with pytest.raises(ConfigurationError, match=r"made by PostgreSQL 16; .* version 18\.") as old:
        EmbeddedPostgres(home).start()

    assert old.value.cure == "Set UDSYNC_PG_BIN to the bin folder of a PostgreSQL 16."


def test_a_folder_without_programs_is_refused_before_anything_is_made(
    home: Path, tmp_path: Path
) -> None:
    server = EmbeddedPostgres(home, pg_bin=tmp_path)

    with pytest.raises(ConfigurationError, match="there is no initdb in it"):
        server.start()

    assert not (home / "server.json").exists()


def test_a_server_never_started_has_no_port_and_says_how_to_start(home: Path) -> None:
    server = EmbeddedPostgres(home)

    with pytest.raises(ConfigurationError, match=r"never started\. Start it with: udsync up"):
        _ = server.port

    assert not server.is_running()
