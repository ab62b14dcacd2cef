"""Transactions on the state database, each in a role that sees one tenant, or none."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from udsync_pipelines.errors import ConfigurationError, PlatformUnavailableError, UdsyncError
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


class StateDatabase:
    """The pooled connections of this process to the state database; safe to share by threads.

    Nothing is connected before it is needed. Parameters of statements never reach a log or an
    error message.
    """

    def __init__(self, url: str, *, pool_size: int = 5, max_overflow: int = 5) -> None:
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
        with self._translated(), self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close the pooled connections; the next transaction opens new ones."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, role: str, tenant: str) -> Iterator[sa.Connection]:
        with self._translated(), self._engine.begin() as connection:
            self._enter(connection, role, tenant)
            yield connection

    def _enter(self, connection: sa.Connection, role: str, tenant: str) -> None:
        try:
            connection.execute(_ENTER, {"role": role, "tenant": tenant})
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in {_ROLE_MISSING, _ROLE_REFUSED}:
                raise
            message = f"The login of the state database {describe(self._url)} may not be {role}."
            raise ConfigurationError(
                message, code="database_roles_missing", cure=MIGRATE
            ) from error

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            cause = self._meaning(error)
            if cause is None:
                raise
            raise cause from error

    def _meaning(self, error: DBAPIError) -> UdsyncError | None:
        """What a lost or refused connection means; None for an error of a statement."""
        if error.connection_invalidated:
            message = f"The state database {describe(self._url)} went away during the work."
            cure = "The same work can be done again once it is back."
            return PlatformUnavailableError(message, code="database_lost", cure=cure)
        is_statement = getattr(error.orig, "sqlstate", None) is not None
        if isinstance(error, OperationalError) and not is_statement:
            return connection_error(error, self._url)
        return None
