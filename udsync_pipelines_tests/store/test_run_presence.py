"""A run's process shows as long as it lives, however it ends."""

import signal
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa

from udsync_pipelines.store.run_presence import RunPresence, is_present
from udsync_pipelines.store.tenancy import StateDatabase

pytestmark = pytest.mark.postgres

PROGRAM = """
import sys, time
from udsync_pipelines.store.run_presence import RunPresence
RunPresence(sys.argv[1], "run-1")
print("there", flush=True)
time.sleep(600)
"""


def shows(database: StateDatabase, run_id: str = "run-1") -> bool:
    with database.dispatch() as connection:
        return is_present(connection, run_id)


def shows_within(database: StateDatabase, seconds: float, *, is_there: bool) -> bool:
    deadline = time.monotonic() + seconds
    while shows(database) is not is_there:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def test_a_run_shows_from_its_beginning_to_its_end(
    state_database: StateDatabase, state_url: str
) -> None:
    before = shows(state_database)
    presence = RunPresence(state_url, "run-1")
    during, another = shows(state_database), shows(state_database, "run-2")
    presence.close()

    assert (before, during, another, shows(state_database)) == (False, True, False, False)


def test_a_killed_process_no_longer_shows(state_database: StateDatabase, state_url: str) -> None:
    command = [sys.executable, "-c", PROGRAM, state_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 (our own program)
        assert process.stdout is not None
        process.stdout.readline()
        during = shows(state_database)
        process.send_signal(signal.SIGKILL)

    assert during
    assert shows_within(state_database, 30, is_there=False)


def test_a_process_that_lost_its_session_shows_again(
    state_database: StateDatabase, state_url: str
) -> None:
    presence = RunPresence(state_url, "run-1")
    with state_database.maintenance() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                " AND pid <> pg_backend_pid()"
            )
        )
    lost = not shows(state_database)

    again = shows_within(state_database, 30, is_there=True)
    presence.close()

    assert (lost, again) == (True, True)
