"""The databases udsync works with, their roles, and a stand-in for a Supabase database.

On the embedded server our state and Dagster's storage are two databases, each with a login role of
its own that cannot enter the other; only this module and backups connect as the superuser. With
`UDSYNC_DATABASE_URL` our state is exactly that database, and Dagster's storage is placed beside it.
"""

import hashlib
import hmac
from dataclasses import dataclass

import psycopg
import sqlalchemy as sa

from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.services.postgres_adopted import dagster_place
from udsync_pipelines.services.postgres_objects import (
    connect,
    create_database,
    ensure_login,
    ensure_role,
    plain_url,
    run,
)
from udsync_pipelines.settings import Settings

__all__ = [
    "Databases",
    "authenticator_url",
    "create_supabase_database",
    "ensure_database",
    "open_databases",
    "plain_url",
    "provision",
]

STATE_DATABASE = "udsync"
# Not named like the schema of our tables: "$user" in the search path would make it the default.
STATE_ROLE = "udsync_state"
DAGSTER_DATABASE = DAGSTER_ROLE = "udsync_dagster"
_DAGSTER_DRIVER = "postgresql+psycopg2"
_API_ROLES = ("anon", "authenticated", "service_role")
_PROVISIONING_LOCK = 4_851_302_917  # any number that nobody else takes


@dataclass(frozen=True)
class Databases:
    """Where everything is stored. The URLs print without their passwords.

    Attributes:
        state_url: our state, as the owner of its database, for psycopg 3.
        dagster_url: Dagster's storage, for psycopg2, the driver that dagster-postgres needs.
        admin_url: for backups and new databases: the embedded server's superuser, or, on another
            server, the same as `state_url`.
    """

    state_url: sa.URL
    dagster_url: sa.URL
    admin_url: sa.URL


def open_databases(settings: Settings) -> Databases:
    """Start what is needed, make what is missing, and return where everything is stored.

    Attaching to an embedded server that runs costs two short connections.

    Raises:
        ConfigurationError: the server cannot be started, reached or used as it is.
    """
    if settings.database_url is not None:
        given = sa.make_url(settings.database_url.get_secret_value())
        dagster_url = dagster_place(given).set(drivername=_DAGSTER_DRIVER)
        return Databases(state_url=given, dagster_url=dagster_url, admin_url=given)
    server = EmbeddedPostgres(settings.home, pg_bin=settings.pg_bin)
    server.start()
    return provision(server.url())


def provision(server_url: sa.URL) -> Databases:
    """Make our two databases and their roles where they are missing.

    The passwords of the roles are derived from the superuser's, so that there is one to keep.

    Args:
        server_url: a superuser's URL, password included.
    """
    state_url = _login(server_url, STATE_ROLE, STATE_DATABASE)
    dagster_url = _login(server_url, DAGSTER_ROLE, DAGSTER_DATABASE)
    with connect(server_url) as connection:
        if not _is_provisioned(connection):
            _provision(connection, state_url, dagster_url)
    return Databases(
        state_url=state_url,
        dagster_url=dagster_url.set(drivername=_DAGSTER_DRIVER),
        admin_url=server_url,
    )


def ensure_database(server_url: sa.URL, name: str, *, owner: str | None = None) -> sa.URL:
    """Make an empty database if it is missing; return its URL as the user of `server_url`.

    Only its owner and superusers may connect to a new one.

    Args:
        server_url: the URL of any database of the server.
        name: the database.
        owner: an existing role; by default the user of `server_url`.
    """
    with connect(server_url) as connection:
        create_database(connection, name, owner=owner or str(server_url.username))
    return server_url.set(database=name)


def create_supabase_database(server_url: sa.URL, name: str) -> sa.URL:
    """Make a database that looks like one of Supabase, and return its URL as its owner.

    As on the platform since 2026: roles anon, authenticated, service_role and authenticator, a
    schema `extensions`, an owner who is no superuser, and no rights of the API's roles on new
    tables. Making it again changes nothing.

    Args:
        server_url: a superuser's URL, password included.
        name: the database; its owner is called `<name>_owner`.
    """
    owner = f"{name}_owner"
    owner_url = _login(server_url, owner, name)
    with connect(server_url) as connection:
        _hold_lock(connection)
        ensure_role(connection, "anon", "nologin noinherit nobypassrls")
        ensure_role(connection, "authenticated", "nologin noinherit nobypassrls")
        ensure_role(connection, "service_role", "nologin noinherit bypassrls")
        ensure_login(connection, authenticator_url(server_url, name), "nocreaterole noinherit")
        ensure_login(connection, owner_url, "nocreaterole inherit")
        for role in _API_ROLES:
            run(connection, "grant {} to authenticator, {}", role, owner)
        create_database(connection, name, owner=owner)
        run(connection, "grant connect on database {} to authenticator", name)
        run(connection, 'alter database {} set search_path = "$user", public, extensions', name)
    with connect(server_url.set(database=name)) as connection:
        _hold_lock(connection)
        run(connection, "create schema if not exists extensions authorization {}", owner)
        for role in _API_ROLES:
            run(connection, "grant usage on schema public, extensions to {}", role)
    return owner_url


def authenticator_url(server_url: sa.URL, name: str) -> sa.URL:
    """Return the URL with which a PostgREST connects to a database that looks like Supabase's."""
    return _login(server_url, "authenticator", name)


def _provision(connection: psycopg.Connection, state_url: sa.URL, dagster_url: sa.URL) -> None:
    _hold_lock(connection)
    # CREATEROLE: the migrations make the roles that the tenant policies apply to; without the
    # setting, who makes a role could grant it, but not take it.
    ensure_login(connection, state_url, "createrole")
    run(connection, "alter role {} set createrole_self_grant = 'set'", STATE_ROLE)
    ensure_login(connection, dagster_url, "nocreaterole")
    create_database(connection, STATE_DATABASE, owner=STATE_ROLE)
    create_database(connection, DAGSTER_DATABASE, owner=DAGSTER_ROLE)


def _is_provisioned(connection: psycopg.Connection) -> bool:
    row = connection.execute(
        "select (select count(*) from pg_database where datname = any(%s)"
        "         and not has_database_privilege('public', oid, 'connect'))"
        " + (select count(*) from pg_roles where rolname = any(%s))",
        [[STATE_DATABASE, DAGSTER_DATABASE], [STATE_ROLE, DAGSTER_ROLE]],
    ).fetchone()
    return row is not None and row[0] == 4  # noqa: PLR2004 (two databases and two roles)


def _hold_lock(connection: psycopg.Connection) -> None:
    """Let one process at a time make roles; released when the connection closes."""
    connection.execute("select pg_advisory_lock(%s)", [_PROVISIONING_LOCK])


def _login(server_url: sa.URL, role: str, database: str) -> sa.URL:
    secret = str(server_url.password or "").encode()
    password = hmac.new(secret, f"udsync role {role}".encode(), hashlib.sha256).hexdigest()
    return server_url.set(username=role, password=password, database=database)
