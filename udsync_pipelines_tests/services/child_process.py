"""A program of its own that uses a server: for tests of several processes and of other users.

Call with the home folder and the task. It says `ready` when all is imported, waits for a line, does
the task and prints one JSON object.
"""

import json
import os
import pwd
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.databases import open_databases, plain_url
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.settings import Settings


def attach(home: Path) -> dict[str, object]:
    """Start the server or attach to it; say when its postmaster began."""
    server = EmbeddedPostgres(home)
    server.start()
    with psycopg.connect(plain_url(server.url())) as connection:
        row = connection.execute("select pg_postmaster_start_time()::text").fetchone()
    return {"began": row and row[0]}


def open_all(home: Path) -> dict[str, object]:
    """Make everything ready; give back where our state is stored."""
    databases = open_databases(Settings(home=home))
    with psycopg.connect(plain_url(databases.state_url)) as connection:
        connection.execute("select 1")
    return {"database": databases.state_url.database}


def live_as_ordinary_user(home: Path) -> dict[str, object]:
    """As a user without rights: start, stop, and start again; then stop for good."""
    become_ordinary()
    server = EmbeddedPostgres(home)
    server.start()
    server.stop()
    answer = attach(home)
    owner = server.log_file.stat().st_uid
    server.stop()
    return answer | {"running": server.is_running(), "own": owner == os.geteuid()}


def be_refused(home: Path) -> dict[str, object]:
    """As a user without rights: try to start; give back the error."""
    become_ordinary()
    try:
        EmbeddedPostgres(home).start()
    except ConfigurationError as refused:
        return {"error": str(refused)}
    return {"error": None}


def become_ordinary() -> None:
    """Give up root's rights, if we have them. Everything is imported by now."""
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)


TASKS: dict[str, Callable[[Path], dict[str, object]]] = {
    task.__name__: task for task in (attach, open_all, live_as_ordinary_user, be_refused)
}

if __name__ == "__main__":
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sys.stdout.write(json.dumps(TASKS[sys.argv[2]](Path(sys.argv[1]))) + "\n")
