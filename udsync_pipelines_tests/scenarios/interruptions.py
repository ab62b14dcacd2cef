"""Stopping a sync inside one of its transactions: a lock holds it there until something happens."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg

_PATIENCE_SECONDS = 30.0

Session = psycopg.Connection[Any]


@contextmanager
def writes_blocked(url: str, table: str) -> Iterator[Session]:
    """While the block runs, or until `let_go`, no one can write to the table; reading goes on."""
    with closing(psycopg.connect(url)) as session:
        session.execute(f"lock table {table} in share mode".encode())
        yield session


def blocked_backend(session: Session) -> int:
    """Wait until a session waits for our lock; return the process id of its backend."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = session.execute(
            "select pid from pg_locks where not granted"
            " and pg_backend_pid() = any(pg_blocking_pids(pid))"
        ).fetchone()
        if found is not None:
            return int(found[0])
        time.sleep(0.02)
    raise AssertionError("nobody waits for the lock")


def cut(session: Session, backend: int) -> None:
    """End the session that waits, as a failing network or an administrator does."""
    session.execute("select pg_terminate_backend(%s)", [backend])


def let_go(session: Session) -> None:
    """Let everybody write again."""
    session.rollback()
