"""The two roles that every transaction takes, and the login's right to take them."""

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from udsync_pipelines.errors import ConfigurationError

APP_ROLE = "udsync_app"
DISPATCH_ROLE = "udsync_dispatch"
ROLES = (APP_ROLE, DISPATCH_ROLE)
_SET_OPTION_SINCE = 160000  # before, membership alone allowed SET ROLE


def ensure_roles(connection: sa.Connection) -> None:
    """Make the roles if they are missing and let this login take them; may run any number of times.

    Roles belong to the whole server, so another database of ours may make them at this moment.

    Raises:
        ConfigurationError: this login may not do it; the message holds the statements to run.
    """
    missing = [statement for role in ROLES for statement in _make_role(connection, role)]
    missing += _grant_temporary(connection)
    if missing:
        login = connection.scalar(sa.text("SELECT current_user"))
        message = f"The login {login} may not prepare the roles of the state database."
        cure = f"An administrator of the server has to run: {'; '.join(missing)};"
        raise ConfigurationError(message, code="database_roles_missing", cure=cure)
    _refuse_powerful_roles(connection)


def roles_are_usable(connection: sa.Connection) -> bool:
    """Whether both roles exist and this login may take them."""
    return all(_exists(connection, role) and _may_take(connection, role) for role in ROLES)


def _make_role(connection: sa.Connection, role: str) -> list[str]:
    """Make one role and take part in it; return the statements that were not allowed."""
    refused = []
    create = f"CREATE ROLE {role} NOLOGIN"
    if not _exists(connection, role) and not _allowed(connection, _tolerant(create)):
        refused.append(create)
    if refused or not _may_take(connection, role):
        grant = f"GRANT {role} TO {{login}}{_membership_options(connection)}"
        if refused or not _allowed(connection, _tolerant(grant.format(login="CURRENT_USER"))):
            refused.append(grant.format(login=_quoted_login(connection)))
    return refused


def _grant_temporary(connection: sa.Connection) -> list[str]:
    """The app copies rows into temporary tables; return the statement when it was not allowed."""
    if not _exists(connection, APP_ROLE):
        return []
    right = sa.text(f"SELECT has_database_privilege('{APP_ROLE}', current_database(), 'TEMPORARY')")
    database = connection.scalar(sa.text("SELECT quote_ident(current_database())"))
    grant = f"GRANT TEMPORARY ON DATABASE {database} TO {APP_ROLE}"
    if not connection.scalar(right):
        _allowed(connection, grant)
    return [] if connection.scalar(right) else [grant]


def _refuse_powerful_roles(connection: sa.Connection) -> None:
    powerful = connection.scalars(
        sa.text(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY(:roles)"
            " AND (rolsuper OR rolbypassrls) ORDER BY rolname"
        ),
        {"roles": list(ROLES)},
    ).all()
    if powerful:
        message = f"The role {powerful[0]} may see the rows of every tenant."
        cure = f"An administrator has to run: ALTER ROLE {powerful[0]} NOSUPERUSER NOBYPASSRLS;"
        raise ConfigurationError(message, code="database_role_too_powerful", cure=cure)


def _tolerant(statement: str) -> str:
    # Another process may make the same role or grant at the same moment.
    return (
        f"DO $$ BEGIN {statement}; EXCEPTION"
        " WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )


def _allowed(connection: sa.Connection, statement: str) -> bool:
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(statement)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != "42501":
            raise
        return False
    return True


def _exists(connection: sa.Connection, role: str) -> bool:
    query = sa.text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role)")
    return bool(connection.scalar(query, {"role": role}))


def _may_take(connection: sa.Connection, role: str) -> bool:
    privilege = "SET" if _has_set_option(connection) else "MEMBER"
    query = sa.text("SELECT pg_has_role(current_user, :role, :privilege)")
    return bool(connection.scalar(query, {"role": role, "privilege": privilege}))


def _membership_options(connection: sa.Connection) -> str:
    # Without INHERIT the bare login, which owns the tables, sees no tenant's rows at all.
    return " WITH SET TRUE, INHERIT FALSE" if _has_set_option(connection) else ""


def _has_set_option(connection: sa.Connection) -> bool:
    version = connection.scalar(sa.text("SELECT current_setting('server_version_num')::int"))
    return int(version or 0) >= _SET_OPTION_SINCE


def _quoted_login(connection: sa.Connection) -> str:
    return str(connection.scalar(sa.text("SELECT quote_ident(current_user)")))
