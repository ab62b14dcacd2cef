"""Advisory locks on a database connection of their own: free as soon as their process has died."""

from contextlib import suppress

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from udsync_pipelines.store.address import connect_arguments, parse_address


class SessionLocks:
    """The locks that this process holds.

    The server releases them when the connection ends, however the process ends. Needs a direct or
    session connection: a transaction pooler would hand the lock to whoever comes next.
    """

    def __init__(self, url: str | sa.URL) -> None:
        address = parse_address(url)
        self._engine = sa.create_engine(
            address,
            poolclass=sa.NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args=connect_arguments(address),
        )
        self._connection: sa.Connection | None = None

    def try_hold(self, name: str) -> bool:
        """Hold the lock of this name until `close`; False when another process has it."""
        if self._connection is None:
            self._connection = self._engine.connect()
        return bool(
            self._connection.execute(
                sa.text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))"), {"name": name}
            ).scalar_one()
        )

    def close(self) -> None:
        """Give back every lock; they are free when this returns."""
        if self._connection is not None:
            # Without it the server frees them only a moment after the connection was closed. Of a
            # lost connection there is nothing left to give back.
            with suppress(SQLAlchemyError):
                self._connection.execute(sa.text("SELECT pg_advisory_unlock_all()"))
            self._connection.close()
        self._connection = None
