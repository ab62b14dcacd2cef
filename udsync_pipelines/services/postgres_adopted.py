"""Dagster's storage on a PostgreSQL server that somebody else runs, beside our state."""

import contextlib

import psycopg
import sqlalchemy as sa

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.postgres_objects import connect, create_database, exists, run

DAGSTER_SCHEMA = "dagster"


def dagster_place(state_url: sa.URL) -> sa.URL:
    """Return the URL of a place for Dagster's tables on the server of this database.

    That is a second database `<name>_dagster` where the user may make one, else the schema
    `dagster` in the same database. What exists already is used again, at the cost of one short
    connection.

    Raises:
        ConfigurationError: the server cannot be reached, the user may make neither, or the
            address is that of a transaction pooler, which knows no search path per connection.
    """
    beside = state_url.set(database=f"{state_url.database}_dagster")
    inside = state_url.update_query_dict({"options": f"-csearch_path={DAGSTER_SCHEMA}"})
    try:
        server = connect(state_url)
    except psycopg.OperationalError as failed:
        raise ConfigurationError(
            f"The database of UDSYNC_DATABASE_URL cannot be reached: {_first_line(failed)}.",
            cure="Check the address and the password, and that the server runs.",
            code="database_unreachable",
        ) from failed
    with contextlib.closing(server):
        if _has_database(server, str(beside.database)):
            return beside
        if _has_schema(server):
            return inside
        return beside if _made_database(server, beside) else _make_schema(server, inside)


def _has_database(server: psycopg.Connection, name: str) -> bool:
    return exists(
        server,
        "select from pg_database where datname = %s and pg_has_role(datdba, 'usage')",
        name,
    )


def _has_schema(server: psycopg.Connection) -> bool:
    return exists(
        server,
        "select from pg_namespace where nspname = %s and has_schema_privilege(oid, 'create')",
        DAGSTER_SCHEMA,
    )


def _made_database(server: psycopg.Connection, beside: sa.URL) -> bool:
    name = str(beside.database)
    try:
        create_database(server, name, owner=_user(server))
    except psycopg.errors.InsufficientPrivilege:
        return False
    if _connects(beside):
        return True
    # Some poolers reach one database only: leave nothing behind there.
    run(server, "drop database {}", name)
    return False


def _make_schema(server: psycopg.Connection, inside: sa.URL) -> sa.URL:
    try:
        run(server, "create schema if not exists {}", DAGSTER_SCHEMA)
    except psycopg.errors.InsufficientPrivilege as refused:
        raise ConfigurationError(
            "The user of UDSYNC_DATABASE_URL may make neither a database nor a schema, so "
            "Dagster's storage has no place.",
            cure="Have an administrator of that database run: "
            f'create schema {DAGSTER_SCHEMA} authorization "{_user(server)}"',
            code="database_rights",
        ) from refused
    if not _connects(inside):
        raise ConfigurationError(
            "The server of UDSYNC_DATABASE_URL refuses a search path per connection, which "
            "Dagster's storage needs; transaction poolers do so.",
            cure="Use the address of the session pooler or the direct one, often port 5432.",
            code="database_pooler",
        )
    return inside


def _user(server: psycopg.Connection) -> str:
    # Asked of the server: behind a pooler the user in the address may be written otherwise.
    row = server.execute("select current_user").fetchone()
    return str(row[0]) if row else server.info.user


def _connects(url: sa.URL) -> bool:
    try:
        connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def _first_line(failed: psycopg.Error) -> str:
    return str(failed).strip().splitlines()[0]
