"""Databases and roles of a PostgreSQL server, made only where they are missing."""

import contextlib
from typing import LiteralString

import psycopg
import sqlalchemy as sa
from psycopg import sql


def plain_url(url: sa.URL) -> str:
    """Write a URL for programs and drivers other than SQLAlchemy, with its password."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def connect(url: sa.URL) -> psycopg.Connection:
    """Open a connection on which every statement stands for itself."""
    return psycopg.connect(plain_url(url), autocommit=True, connect_timeout=10)


def run(connection: psycopg.Connection, statement: LiteralString, *names: str) -> None:
    """Execute a statement whose every `{}` is a quoted name."""
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def exists(connection: psycopg.Connection, query: LiteralString, name: str) -> bool:
    """Tell whether a query with one parameter finds a row."""
    return connection.execute(query, [name]).fetchone() is not None


def create_database(
    connection: psycopg.Connection, name: str, *, owner: str, template: str = "template0"
) -> None:
    """Make a UTF-8 database if it is missing; only its owner and superusers may connect to it."""
    if not exists(connection, "select from pg_database where datname = %s", name):
        create = "create database {} owner {} template {} encoding 'UTF8'"
        # Another process may be faster; PostgreSQL says so in two ways.
        with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            run(connection, create, name, owner, template)
    run(connection, "revoke connect on database {} from public", name)


def ensure_role(connection: psycopg.Connection, role: str, attributes: LiteralString) -> None:
    """Make a role if it is missing, and give it these attributes either way."""
    if not exists(connection, "select from pg_roles where rolname = %s", role):
        run(connection, "create role {}", role)
    run(connection, "alter role {} " + attributes, role)


def ensure_login(connection: psycopg.Connection, url: sa.URL, attributes: LiteralString) -> None:
    """Make the role of a URL, able to log in with the password in it; never a superuser."""
    role = str(url.username)
    ensure_role(
        connection, role, "login nosuperuser nobypassrls nocreatedb noreplication " + attributes
    )
    password = sql.Literal(str(url.password))
    connection.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(role), password))
