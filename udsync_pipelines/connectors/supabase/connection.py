"""Opening a connection to a Supabase database, and finding out what it allows."""

import socket
from dataclasses import dataclass
from typing import LiteralString, TypeAlias

import psycopg
from psycopg.rows import TupleRow

from udsync_pipelines.connectors.supabase.address import DatabaseAddress, is_loopback, parse_url
from udsync_pipelines.connectors.supabase.responses import explain, explain_refusal, only_ipv6
from udsync_pipelines.connectors.supabase.tables import TABLES

Connection: TypeAlias = psycopg.Connection[TupleRow]

CONNECT_TIMEOUT_SECONDS = 10
PREPARE_AFTER_EXECUTIONS = 5

FACTS: LiteralString = """
select current_setting('server_version'), r.rolname, r.rolsuper, r.rolbypassrls,
       n.oid is not null,
       case when n.oid is null then has_database_privilege(current_database(), 'create')
            else has_schema_privilege(n.oid, 'create') end,
       has_database_privilege(current_database(), 'temporary'),
       pg_is_in_recovery() or current_setting('transaction_read_only') = 'on',
       array(select c.relname::text from pg_class c
              where c.relnamespace = n.oid and c.relkind in ('r', 'p')
                and c.relname = any(%(tables)s) order by 1)
  from pg_roles r left join pg_namespace n on n.nspname = %(schema)s
 where r.rolname = current_user
"""


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What a connection check found.

    `may_create` is about tables in the schema, or about the schema itself when it does not exist.
    `warnings` are sentences for the operator.
    """

    server_version: str
    user: str
    is_superuser: bool
    bypasses_row_security: bool
    schema_exists: bool
    may_create: bool
    may_stage: bool
    is_read_only: bool
    tables: tuple[str, ...]
    missing_tables: tuple[str, ...]
    warnings: tuple[str, ...]


def connect(address: DatabaseAddress, *, timeout: int = CONNECT_TIMEOUT_SECONDS) -> Connection:
    """Open a connection in autocommit mode; transactions are opened by their users.

    Behind a transaction pooler nothing is prepared: another client may get the same server
    connection, where the statement's name is already taken.

    Raises:
        AuthorizationError: user name or password is wrong.
        ConfigurationError: the address cannot work: unknown host or database, no TLS, IPv6 only.
        PlatformUnavailableError: nothing answers, or the server has no room now.
    """
    options = {
        "application_name": "udsync",
        "connect_timeout": str(timeout),
        "client_encoding": "UTF8",
        "keepalives_idle": "30",
        "keepalives_interval": "10",
        "keepalives_count": "3",
        "tcp_user_timeout": "60000",
    }
    try:
        return psycopg.connect(
            autocommit=True,
            prepare_threshold=None if address.is_transaction_pooler else PREPARE_AFTER_EXECUTIONS,
            **{**options, **address.parameters},  # type: ignore[arg-type]  # libpq's, all text
        )
    except psycopg.Error as error:
        if _has_only_ipv6(address.host) and error.sqlstate is None:
            raise only_ipv6() from None
        raise explain_refusal(error) from None  # libpq's text may quote what was typed


def check_connection(url: str, schema: str = "public") -> DatabaseFacts:
    """Connect once and report what this user may do in this schema. Nothing is written.

    Raises:
        ConfigurationError: the URL or the server's answer calls for someone to act.
        PlatformUnavailableError: the server cannot be reached now.
    """
    address = parse_url(url)
    names = [table.name for table in TABLES]
    with connect(address) as connection:
        try:
            (facts,) = connection.execute(FACTS, {"schema": schema, "tables": names}).fetchall()
        except psycopg.Error as error:
            raise explain(error) from None
    version, user, superuser, bypass, exists, may_create, may_stage, read_only, tables = facts
    return DatabaseFacts(
        server_version=version,
        user=user,
        is_superuser=superuser,
        bypasses_row_security=bypass or superuser,
        schema_exists=exists,
        may_create=may_create,
        may_stage=may_stage,
        is_read_only=read_only,
        tables=tuple(tables),
        missing_tables=tuple(name for name in names if name not in tables),
        warnings=address.warnings,
    )


def _has_only_ipv6(host: str) -> bool:
    if is_loopback(host):
        return False
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return {family for family, *_ in found} == {socket.AF_INET6}
