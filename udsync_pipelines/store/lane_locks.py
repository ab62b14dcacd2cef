"""One running sync per tenant and lane: a lock that ends with the process that holds it."""

from contextlib import suppress
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.store.address import connect_arguments, parse_address


class LaneLocks:
    """The lanes that this process holds, on a database connection of its own.

    The server releases them when the connection ends, however the process ends. Needs a direct or
    session connection: a transaction pooler would hand the lock to whoever comes next.
    """

    def __init__(self, url: str) -> None:
        address = parse_address(url)
        self._engine = sa.create_engine(
            address,
            poolclass=sa.NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args=connect_arguments(address),
        )
        self._connection: sa.Connection | None = None
        self._held: set[tuple[UUID, str]] = set()

    def hold(self, tenant_id: UUID, tenant: str, lane: str) -> None:
        """Hold the lane until `close`; holding it again changes nothing.

        Raises:
            ConfigurationError: another process syncs this lane right now.
        """
        if (tenant_id, lane) in self._held:
            return
        if not self._try(tenant_id, lane):
            raise ConfigurationError(
                f"another sync of {lane} for {tenant} is running.",
                cure="Wait for it to end, or stop it in Dagster's Runs page.",
                code="lane_busy",
            )
        self._held.add((tenant_id, lane))

    def close(self) -> None:
        """Give back every lane; they are free when this returns."""
        if self._connection is not None:
            # Without it the server frees them only a moment after the connection was closed.
            with suppress(DBAPIError):
                self._connection.execute(sa.text("SELECT pg_advisory_unlock_all()"))
            self._connection.close()
        self._connection = None
        self._held.clear()

    def _try(self, tenant_id: UUID, lane: str) -> bool:
        if self._connection is None:
            self._connection = self._engine.connect()
        return bool(
            self._connection.execute(
                sa.text("SELECT pg_try_advisory_lock(hashtextextended(:lane, 0))"),
                {"lane": f"udsync:{tenant_id}:{lane}"},
            ).scalar_one()
        )
