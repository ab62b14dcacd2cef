"""The supervisor with small services of the tests' own: what dies is started again, and told."""

import os
import signal
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types
import pytest
from pydantic import SecretStr

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.services.postgres_processes import postmaster
from udsync_pipelines.services.process_set import (
    DATABASE_EVERY_SECONDS,
    RESTARTS,
    ProcessSet,
    RunningServices,
    running_services,
)
from udsync_pipelines.services.service_specs import Service
from udsync_pipelines.settings import Settings
from udsync_pipelines_tests.ports import two_ports

SLEEP = "import time; time.sleep(600)"
LEAVE = "raise SystemExit(1)"
# Leaves a process behind when it is killed, and says which.
PARENT = """
    import pathlib, subprocess, sys, time
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    pathlib.Path({told!r}).write_text(str(child.pid))
    time.sleep(600)
"""
# Leaves at its second start only.
ONCE_UNLUCKY = """
    import pathlib, time
    starts = pathlib.Path({starts!r})
    with starts.open("a") as file:
        file.write("x")
    if len(starts.read_text()) == 2:
        raise SystemExit(1)
    time.sleep(600)
"""
PATIENCE_SECONDS = 60.0


def service(
    name: str, program: str = SLEEP, is_ready: Callable[[], bool] = lambda: True
) -> Service:
    return Service(name, [sys.executable, "-c", textwrap.dedent(program)], is_ready)


@dataclass(frozen=True)
class Supervised:
    """A set of services at work, and what it has reported."""

    processes: ProcessSet
    home: Path
    said: list[str]

    def services(self) -> RunningServices:
        """What others can read of it."""
        found = running_services(self.home)
        assert found is not None
        return found

    def kill(self, name: str) -> int:
        """End a service as `kill -9` does; return the id that its process had."""
        pid = self.services().processes[name]
        os.kill(pid, signal.SIGKILL)
        return pid

    def look_until(self, is_so: Callable[[], bool]) -> None:
        """Look after everything again and again until something is so."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < deadline, self.said
            self.processes.look_after()
            time.sleep(0.02)


@contextmanager
def supervised(settings: Settings, *services: Service) -> Iterator[Supervised]:
    said: list[str] = []
    processes = ProcessSet(settings, said.append, lambda settings, scratch: services)
    with processes.started():
        yield Supervised(processes, settings.home, said)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Ports that are free, and a database that is not ours to look after."""
    port, api_port = two_ports()
    return Settings(
        _env_file=None,
        home=tmp_path,
        database_url=SecretStr("postgresql://127.0.0.1/another"),
        dagster_port=port,
        api_port=api_port,
    )


def test_a_service_that_was_killed_is_started_again_and_that_is_told(settings: Settings) -> None:
    with supervised(settings, service("first"), service("second")) as at_work:
        before = at_work.services()
        killed = at_work.kill("second")
        at_work.look_until(lambda: at_work.said[-1:] == ["second runs"] and len(at_work.said) > 3)
        after = at_work.services()

    assert "second ended unexpectedly; starting it again" in at_work.said
    assert after.processes["first"] == before.processes["first"]
    assert after.processes["second"] != killed
    assert list(before.restarts) == []
    assert {name: len(times) for name, times in after.restarts.items()} == {"second": 1}
    assert running_services(settings.home) is None


def test_services_that_need_each_other_are_all_started_again_at_once(settings: Settings) -> None:
    alive: list[bool] = []

    def is_second_alive() -> bool:
        found = running_services(settings.home)
        pid = found.processes.get("second") if found else None
        alive.append(pid is None or _runs(pid))
        return alive[-1]

    needy = service("first", is_ready=is_second_alive)
    with supervised(settings, needy, service("second")) as at_work:
        killed = [at_work.kill("second"), at_work.kill("first")]
        at_work.look_until(lambda: at_work.said.count("first runs") == 2)
        after = at_work.services()

    assert _ended(killed)
    assert set(after.restarts) == {"first", "second"}
    assert at_work.said.count("second runs") == 2


def test_a_start_that_fails_once_more_is_tried_again(settings: Settings) -> None:
    starts = settings.home / "starts"
    unlucky = service("unlucky", ONCE_UNLUCKY.format(starts=str(starts)))
    with supervised(settings, unlucky) as at_work:
        at_work.look_until(starts.exists)
        at_work.kill("unlucky")
        at_work.look_until(lambda: len(starts.read_text()) == 3)
        restarts = at_work.services().restarts

    assert len(restarts["unlucky"]) == 2


def test_a_service_that_keeps_ending_stops_everything_and_names_its_log(
    settings: Settings,
) -> None:
    stable, failing = service("stable"), service("failing", LEAVE)

    with supervised(settings, stable, failing) as at_work:
        pids = dict(at_work.services().processes)
        with pytest.raises(ConfigurationError) as refused:
            at_work.look_until(lambda: False)

    assert refused.value.message == "the failing keeps ending."
    assert str(settings.home / "logs" / "failing.log") in str(refused.value.cure)
    assert at_work.said.count("failing ended unexpectedly; starting it again") == RESTARTS + 1
    assert _ended(pids.values())


def test_a_service_that_does_not_start_at_first_stops_those_before_it(settings: Settings) -> None:
    started: list[int] = []

    def is_ready() -> bool:
        found = running_services(settings.home)
        assert found is not None
        started.append(found.processes["first"])
        return False

    first, second = service("first"), service("second", LEAVE, is_ready)
    with (
        pytest.raises(ConfigurationError, match="second does not start"),
        supervised(settings, first, second),
    ):
        pass

    assert _ended(started)


def test_what_a_dead_service_had_started_is_ended_with_the_rest(settings: Settings) -> None:
    told = settings.home / "child"
    with supervised(settings, service("parent", PARENT.format(told=str(told)))) as at_work:
        at_work.look_until(lambda: told.exists() and told.read_text() != "")
        orphan = int(told.read_text())
        told.unlink()
        at_work.kill("parent")
        at_work.look_until(lambda: told.exists() and told.read_text() != "")
        outlived = _runs(orphan)
        successor = int(told.read_text())

    assert outlived
    assert _ended([orphan, successor])


@pytest.mark.postgres
def test_a_killed_embedded_database_is_started_again_and_that_is_told(
    own_server: EmbeddedPostgres, settings: Settings
) -> None:
    ours = settings.model_copy(update={"home": own_server.home, "database_url": None})
    data = own_server.log_file.parent / "data"
    with supervised(ours, service("first")) as at_work:
        killed = postmaster(data)
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        _wait_until(lambda: not own_server.is_running())
        time.sleep(DATABASE_EVERY_SECONDS)
        at_work.look_until(own_server.is_running)
        restarts = at_work.services().restarts

    assert at_work.said[-2:] == [
        "database ended unexpectedly; starting it again",
        "database runs",
    ]
    assert list(restarts) == ["database"]
    assert postmaster(data) not in {None, killed}


@pytest.mark.postgres
def test_a_database_that_lives_and_does_not_answer_is_told_once_and_left_to_recover(
    own_server: EmbeddedPostgres, settings: Settings
) -> None:
    ours = settings.model_copy(update={"home": own_server.home, "database_url": None})
    pid = own_server.pid()
    assert pid is not None
    with supervised(ours, service("first")) as at_work:
        os.kill(pid, signal.SIGSTOP)
        try:
            for _ in range(2):
                time.sleep(DATABASE_EVERY_SECONDS)
                at_work.processes.look_after()
        finally:
            os.kill(pid, signal.SIGCONT)
        at_work.look_until(lambda: at_work.said[-1] == "database answers again")
        restarts = at_work.services().restarts
        memory = at_work.services().memory()

    assert [line for line in at_work.said if "answer" in line] == [
        f"database runs but does not answer; if it stays so, look at {own_server.log_file}",
        "database answers again",
    ]
    assert "database ended unexpectedly; starting it again" not in at_work.said
    assert dict(restarts) == {}
    assert memory["database"] > 0


@pytest.mark.postgres
def test_a_database_that_cannot_be_started_yet_is_tried_again(
    own_server: EmbeddedPostgres, settings: Settings
) -> None:
    ours = settings.model_copy(update={"home": own_server.home, "database_url": None})
    data = own_server.log_file.parent / "data"
    with supervised(ours, service("first")) as at_work:
        pid = own_server.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        _wait_until(lambda: own_server.pid() is None)
        data.rename(data.with_name("away"))
        time.sleep(DATABASE_EVERY_SECONDS)
        at_work.processes.look_after()
        data.with_name("away").rename(data)
        time.sleep(DATABASE_EVERY_SECONDS)
        at_work.look_until(own_server.is_running)

    assert any("trying again" in line for line in at_work.said)
    assert at_work.said[-1] == "database runs"


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _ended(pids: Iterable[int]) -> bool:
    every = list(pids)
    assert every
    _wait_until(lambda: not any(map(_runs, every)))
    return True


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)
