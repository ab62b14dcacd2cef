"""Transactions on the state database, each in a role that sees one tenant, or none."""

import select
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeAlias
from uuid import UUID

import psycopg
import sqlalchemy as sa
from psycopg.rows import namedtuple_row
from sqlalchemy.exc import (
    DBAPIError,
    DisconnectionError,
    InvalidRequestError,
    OperationalError,
)

from udsync_pipelines.errors import ConfigurationError, PlatformUnavailableError
from udsync_pipelines.store.address import (
    MIGRATE,
    connect_arguments,
    connection_error,
    describe,
    parse_address,
)
from udsync_pipelines.store.migrations.roles import APP_ROLE, DISPATCH_ROLE

NamedRow: TypeAlias = Any
"""A row whose columns are its attributes."""

Guard: TypeAlias = tuple[bytes, Mapping[str, Any]]
"""A statement with its values."""

# One round trip: the role, the tenant and UTC hold until the transaction ends. So does the time
# after which the server ends it, for a process that is stopped keeps its locks otherwise.
_ENTER = sa.text(
    "SELECT set_config('role', :role, true), set_config('app.tenant_id', :tenant, true),"
    " set_config('TimeZone', 'UTC', true),"
    " set_config('idle_in_transaction_session_timeout', '2min', true)"
)
# A client that stops in the middle of a round trip is not idle; PostgreSQL 17 and newer can tell.
_ENTER_AT_ONCE = (
    b"SELECT set_config('role', %(role)s, true), set_config('app.tenant_id', %(tenant)s, true),"
    b" set_config('TimeZone', 'UTC', true),"
    b" CASE WHEN current_setting('server_version_num')::int >= 170000"
    b" THEN set_config('transaction_timeout', '20s', true) END"
)
_ROLE_MISSING = "22023"
_ROLE_REFUSED = "42501"


class TenantDatabase(Protocol):
    """Where a tenant's rows are read and written, a transaction at a time."""

    def tenant(self, tenant_id: UUID) -> AbstractContextManager[sa.Connection]:
        """One transaction that sees and writes the rows of this tenant only."""

    def once(
        self, tenant_id: UUID, statement: bytes, values: Mapping[str, Any]
    ) -> Sequence[NamedRow]:
        """One statement in a transaction of its own, in one round trip; its rows."""


class StateDatabase:
    """The pooled connections of this process to the state database; safe to share by threads.

    Nothing is connected before it is needed. Parameters of statements never reach a log or an
    error message.
    """

    # Nine writes in the books at a time, a heartbeat, and the work itself: what overflows is
    # opened anew each time, and opening costs the server more than any statement of ours.
    def __init__(self, url: str | sa.URL, *, pool_size: int = 10, max_overflow: int = 2) -> None:
        self._url = parse_address(url)
        self._engine = sa.create_engine(
            self._url,
            pool_size=pool_size,
            max_overflow=max_overflow,
            pool_recycle=300,
            hide_parameters=True,
            connect_args=connect_arguments(self._url),
        )
        sa.event.listen(self._engine, "checkout", _check_alive)

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
            raise _no_tenant()
        with self._transaction(APP_ROLE, str(tenant_id)) as connection:
            yield connection

    def once(
        self,
        tenant_id: UUID,
        statement: bytes,
        values: Mapping[str, Any],
        guard: Guard | None = None,
    ) -> Sequence[NamedRow]:
        """One statement in a transaction of its own, as of `tenant`, in one round trip; its rows.

        For what is done for every write, where round trips cost more than the work itself.

        Args:
            tenant_id: whose rows it sees and writes.
            statement: SQL with values as `%(name)s`.
            values: by name; more than the statement names does no harm.
            guard: a statement, with its values, that comes first and undoes all when it fails.

        Raises:
            ConfigurationError, PlatformUnavailableError: as of `tenant`.
            psycopg.Error: a statement failed.
        """
        held = self._checked_out(tenant_id)
        session = _session(held.driver_connection)
        entered = session.cursor()
        try:
            with session.pipeline():
                entered.execute(_ENTER_AT_ONCE, {"role": APP_ROLE, "tenant": str(tenant_id)})
                if guard is not None:
                    session.execute(*guard)
                cursor = session.cursor(row_factory=namedtuple_row).execute(statement, values)
                session.commit()
            return cursor.fetchall() if cursor.description else ()
        except psycopg.Error as error:
            if _is_unusable(session, error):
                held.invalidate(error)
                raise self._gone() from error
            if entered.description is None and error.sqlstate in {_ROLE_MISSING, _ROLE_REFUSED}:
                raise self._refused(APP_ROLE) from error
            raise
        finally:
            held.close()

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

    @contextmanager
    def upkeep(self) -> Iterator[sa.Connection]:
        """A session as the owner of the tables in which each statement commits by itself.

        For what PostgreSQL does in no transaction. It is ended afterwards, with all its settings.

        Raises:
            ConfigurationError, PlatformUnavailableError: as of `maintenance`.
        """
        with self._connect() as connection:
            try:
                yield connection.execution_options(isolation_level="AUTOCOMMIT")
            finally:
                connection.invalidate()

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
                raise self._gone() from error

    def _checked_out(self, tenant_id: UUID) -> sa.PoolProxiedConnection:
        if not isinstance(tenant_id, UUID):
            raise _no_tenant()
        try:
            return self._engine.raw_connection()
        except psycopg.OperationalError as error:
            raise connection_error(OperationalError(None, None, error), self._url) from error
        except InvalidRequestError as error:
            raise self._gone() from error

    def _gone(self) -> PlatformUnavailableError:
        return PlatformUnavailableError(
            f"The state database {describe(self._url)} went away during the work.",
            code="database_lost",
            cure="The same work can be done again once it is back.",
        )

    def _refused(self, role: str) -> ConfigurationError:
        message = f"The login of the database {describe(self._url)} may not act as {role}."
        return ConfigurationError(message, code="database_roles_missing", cure=MIGRATE)

    def _connect(self) -> sa.Connection:
        try:
            return self._engine.connect()
        except OperationalError as error:
            raise connection_error(error, self._url) from error
        except InvalidRequestError as error:  # even a new session was cut before it was used
            raise self._gone() from error

    def _enter(self, connection: sa.Connection, role: str, tenant: str) -> None:
        try:
            connection.execute(_ENTER, {"role": role, "tenant": tenant})
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in {_ROLE_MISSING, _ROLE_REFUSED}:
                raise
            raise self._refused(role) from error


def driver(connection: sa.Connection) -> psycopg.Connection[Any]:
    """The psycopg connection below, inside the same transaction: for COPY."""
    return _session(connection.connection.driver_connection)


def _session(below: object) -> psycopg.Connection[Any]:
    if not isinstance(below, psycopg.Connection):
        raise TypeError("the state database is reached with psycopg")
    return below


def _check_alive(session: object, _record: object, _proxy: object) -> None:
    """Replace a session that died while nobody used it, without asking the server each time.

    A server that ends a session says so and closes it: then there is something to read.
    """
    waiting = select.poll()
    waiting.register(_session(session), select.POLLIN)
    if waiting.poll(0):
        raise DisconnectionError


def _is_unusable(session: psycopg.Connection[Any], error: psycopg.Error) -> bool:
    """Whether the session is lost. An error without a state is the driver's own: it was cut off."""
    return session.broken or (isinstance(error, psycopg.OperationalError) and not error.sqlstate)


def _no_tenant() -> ConfigurationError:
    return ConfigurationError("No tenant is named for this work.", code="tenant_missing")


def _is_lost(connection: sa.Connection) -> bool:
    """Whether the server is gone; COPY talks to the driver, so SQLAlchemy may not know yet."""
    if connection.invalidated or connection.closed:
        return True
    return bool(getattr(connection.connection.driver_connection, "broken", False))
