"""Transactions on the state database, each in a role that sees one tenant, or none."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol
from uuid import UUID

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from udsync_pipelines.errors import ConfigurationError, PlatformUnavailableError
from udsync_pipelines.store.address import (
    MIGRATE,
    connect_arguments,
    connection_error,
    describe,
    parse_address,
)
from udsync_pipelines.store.migrations.roles import APP_ROLE, DISPATCH_ROLE

# One round trip: the role, the tenant and UTC hold until the transaction ends.
_ENTER = sa.text(
    "SELECT set_config('role', :role, true), set_config('app.tenant_id', :tenant, true),"
    " set_config('TimeZone', 'UTC', true)"
)
_ROLE_MISSING = "22023"
_ROLE_REFUSED = "42501"


class TenantDatabase(Protocol):
    """Where a tenant's rows are read and written, a transaction at a time."""

    def tenant(self, tenant_id: UUID) -> AbstractContextManager[sa.Connection]:
        """One transaction that sees and writes the rows of this tenant only."""


class StateDatabase:
    """The pooled connections of this process to the state database; safe to share by threads.

    Nothing is connected before it is needed. Parameters of statements never reach a log or an
    error message.
    """

    def __init__(self, url: str | sa.URL, *, pool_size: int = 5, max_overflow: int = 5) -> None:
        self._url = parse_address(url)
        self._engine = sa.create_engine(
            self._url,
            pool_pre_ping=True,
            pool_size=pool_size,
            max_overflow=max_overflow,
            pool_recycle=300,
            hide_parameters=True,
            connect_args=connect_arguments(self._url),
        )

    def __repr__(self) -> str:
        return f"StateDatabase({describe(self._url)})"

    @contextmanager
    def tenant(self, tenant_id: UUID) -> Iterator[sa.Connection]:
        """One transaction that sees and writes the rows of this tenant only.

        Commits at the end, rolls back on an error. COPY goes to a temporary table first: the
        server refuses it on a table with row-level security.

        Raises:
            ConfigurationError: no tenant is given, or the database was not migrated.
            PlatformUnavailableError: the database does not answer, or went away meanwhile.
        """
        if not isinstance(tenant_id, UUID):
            raise ConfigurationError("No tenant is named for this work.", code="tenant_missing")
        with self._transaction(APP_ROLE, str(tenant_id)) as connection:
            yield connection

    @contextmanager
    def dispatch(self) -> Iterator[sa.Connection]:
        """One transaction on the few tables that are read before a tenant is known.

        Raises:
            ConfigurationError: the database was not migrated.
            PlatformUnavailableError: the database does not answer, or went away meanwhile.
        """
        with self._transaction(DISPATCH_ROLE, "") as connection:
            yield connection

    @contextmanager
    def maintenance(self) -> Iterator[sa.Connection]:
        """One transaction as the owner of the tables, who may make partitions but sees no row.

        Raises:
            ConfigurationError: the server refuses the connection.
            PlatformUnavailableError: the database does not answer, or went away meanwhile.
        """
        with self._transaction() as connection:
            yield connection

    def close(self) -> None:
        """Close the pooled connections; the next transaction opens new ones."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, role: str = "", tenant: str = "") -> Iterator[sa.Connection]:
        with self._connect() as connection:
            try:
                with connection.begin():
                    if role:
                        self._enter(connection, role, tenant)
                    yield connection
            except (DBAPIError, psycopg.Error) as error:
                if not _is_lost(connection):
                    raise
                message = f"The state database {describe(self._url)} went away during the work."
                cure = "The same work can be done again once it is back."
                raise PlatformUnavailableError(message, code="database_lost", cure=cure) from error

    def _connect(self) -> sa.Connection:
        try:
            return self._engine.connect()
        except OperationalError as error:
            raise connection_error(error, self._url) from error

    def _enter(self, connection: sa.Connection, role: str, tenant: str) -> None:
        try:
            connection.execute(_ENTER, {"role": role, "tenant": tenant})
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in {_ROLE_MISSING, _ROLE_REFUSED}:
                raise
            message = f"The login of the database {describe(self._url)} may not act as {role}."
            code = "database_roles_missing"
            raise ConfigurationError(message, code=code, cure=MIGRATE) from error


def driver(connection: sa.Connection) -> psycopg.Connection[Any]:
    """The psycopg connection below, inside the same transaction: for COPY."""
    below = connection.connection.driver_connection
    if not isinstance(below, psycopg.Connection):
        raise TypeError("the state database is reached with psycopg")
    return below


def _is_lost(connection: sa.Connection) -> bool:
    """Whether the server is gone; COPY talks to the driver, so SQLAlchemy may not know yet."""
    if connection.invalidated or connection.closed:
        return True
    return bool(getattr(connection.connection.driver_connection, "broken", False))
