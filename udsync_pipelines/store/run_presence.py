"""Whether the process of a run is there: it keeps a lock that the server frees when it is gone.

So it shows wherever the process ran, in the services or in a command, and however it ended.
"""

import threading
from contextlib import suppress

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from udsync_pipelines.store.session_locks import SessionLocks

HELD_EVERY_SECONDS = 3.0
"""A database that was restarted has forgotten the lock: it is taken again so often."""

# pg_locks shows the 64 bits of a lock's key in two columns.
_IS_HELD = sa.text("""
    SELECT EXISTS (
        SELECT FROM pg_locks, hashtextextended(:name, 0) AS key
        WHERE locktype = 'advisory' AND objsubid = 1
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND classid::bigint = (key >> 32) & 4294967295
            AND objid::bigint = key & 4294967295)
""")


class RunPresence:
    """This process executes a run, until `close`."""

    def __init__(self, url: str, run_id: str) -> None:
        self._locks = SessionLocks(url)
        self._name = _name(run_id)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="presence", daemon=True)
        self._locks.try_hold(self._name)
        self._thread.start()

    def close(self) -> None:
        """The run is over."""
        self._closed.set()
        self._thread.join()
        self._locks.close()

    def _keep(self) -> None:
        while not self._closed.wait(HELD_EVERY_SECONDS):
            try:
                self._locks.try_hold(self._name)
            except SQLAlchemyError:
                with suppress(SQLAlchemyError):
                    self._locks.close()


def is_present(connection: sa.Connection, run_id: str) -> bool:
    """Whether a process executes this run now."""
    return bool(connection.execute(_IS_HELD, {"name": _name(run_id)}).scalar_one())


def _name(run_id: str) -> str:
    return f"udsync:run:{run_id}"
