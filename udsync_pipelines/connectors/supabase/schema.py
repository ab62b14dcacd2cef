"""The text (DDL) that creates udsync's tables, safe to run again and again.

What is printed is what is applied. Only udsync's own tables are touched, never the schemas that
Supabase keeps for itself. Since 2026 a new table in Supabase grants nobody anything, so that the
text grants the service role what it needs; anonymous and signed-in visitors get nothing, and
row-level security is on, as a second lock.
"""

from collections.abc import Iterator
from uuid import UUID

import psycopg
from psycopg import sql

from udsync_pipelines.connectors.supabase.connection import Connection
from udsync_pipelines.connectors.supabase.responses import explain
from udsync_pipelines.connectors.supabase.tables import TABLES, Column, Table
from udsync_pipelines.errors import ConfigurationError

MAXIMUM_NAME_BYTES = 63  # PostgreSQL cuts longer names without a word
RESERVED_SCHEMAS = frozenset(
    {
        "auth", "cron", "extensions", "graphql", "graphql_public", "information_schema", "net",
        "pgbouncer", "pgmq", "pgsodium", "pgsodium_masks", "realtime", "storage",
        "supabase_functions", "supabase_migrations", "vault",
    }
)  # fmt: skip
SERVICE_ROLE = "service_role"
VISITOR_ROLES = ("anon", "authenticated")
ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtextextended('udsync ddl', 0))"


def check_schema_name(schema: str) -> None:
    """Refuse a schema that cannot be named or that is Supabase's own.

    Raises:
        ConfigurationError: with the reason.
    """
    problem = None
    if not schema or "\0" in schema or len(schema.encode()) > MAXIMUM_NAME_BYTES:
        problem = "A schema name has 1 to 63 bytes and no NUL character."
    elif schema in RESERVED_SCHEMAS or schema.startswith(("pg_", "_")):
        problem = f"The schema {schema!r} belongs to Supabase or PostgreSQL."
    if problem is not None:
        raise ConfigurationError(
            problem, code="schema_name_invalid", platform="supabase", cure="Choose another schema."
        )


def ddl(schema: str = "public") -> str:
    """The whole text, one transaction, for the SQL editor or psql.

    Raises:
        ConfigurationError: the schema name cannot be used.
    """
    heading = "-- Tables of udsync. Safe to run again: nothing is dropped, no row is changed."
    return "\n".join([heading, "begin;", *statements(schema), "commit;", ""])


def apply(connection: Connection, schema: str = "public") -> None:
    """Create what is missing, in one transaction.

    Raises:
        ConfigurationError: the schema name cannot be used, or the user may not create tables.
        RetryableError: the tables are locked by another session, or the connection was lost.
    """
    script = "\n".join(statements(schema))
    try:
        with connection.transaction():
            connection.execute("select set_config('lock_timeout', '10s', true)")
            connection.execute(ONE_AT_A_TIME)
            connection.execute(script.encode(), prepare=False)
    except psycopg.errors.InsufficientPrivilege:
        raise ConfigurationError(
            f"The database user may not create udsync's tables in the schema {schema!r}.",
            code="privilege_missing",
            platform="supabase",
            cure="Connect as postgres, or let its owner apply the text that "
            "`udsync connect supabase --print-ddl` shows.",
        ) from None
    except psycopg.Error as error:
        raise explain(error) from None


def statements(schema: str) -> Iterator[str]:
    """The statements one by one, each ended by a semicolon.

    Raises:
        ConfigurationError: the schema name cannot be used.
    """
    check_schema_name(schema)
    yield "set local client_min_messages = warning;"  # `already exists` is what is hoped for
    yield _create_schema(schema)
    for table in TABLES:
        yield from _create(schema, table)
        yield from _protect(schema, table)
    yield "notify pgrst, 'reload schema';"


def quoted(*names: str) -> str:
    """A name, qualified or not, quoted for SQL whatever it contains."""
    return sql.Identifier(*names).as_string(None)


def literal(value: str | UUID) -> str:
    """A value quoted for SQL whatever it contains."""
    return sql.Literal(value).as_string(None)


def _create_schema(schema: str) -> str:
    # `create schema if not exists` asks for the right to create even where the schema exists.
    body = (
        f"if to_regnamespace({literal(quoted(schema))}) is null then\n"
        f"    create schema {quoted(schema)};\n"
        f"    {_if_role(SERVICE_ROLE, f'grant usage on schema {quoted(schema)} to service_role;')}"
        "\n  end if;"
    )
    return _block(body)


def _create(schema: str, table: Table) -> Iterator[str]:
    name = quoted(schema, table.name)
    columns = [_definition(column) for column in table.columns]
    key = ", ".join(quoted(column) for column in table.key)
    body = ",\n  ".join([*columns, f"primary key ({key})"])
    yield f"create table if not exists {name} (\n  {body}\n);"
    for column in table.columns:
        if column.name not in table.key:
            yield f"alter table {name} add column if not exists {_definition(column)};"
    for index in table.indexes:
        indexed = ", ".join(quoted(column) for column in index)
        title = "_".join([table.name, *index, "idx"])
        yield f"create index if not exists {quoted(title)} on {name} ({indexed});"
    yield f"comment on table {name} is {literal(table.comment)};"
    for column in table.columns:
        if column.comment is not None:
            place = quoted(schema, table.name, column.name)
            yield f"comment on column {place} is {literal(column.comment)};"


def _definition(column: Column) -> str:
    parts = [quoted(column.name), column.type.value]
    if column.default is not None:
        parts.append(f"default {column.default}")
    if not column.nullable:
        parts.append("not null")
    return " ".join(parts)


def _protect(schema: str, table: Table) -> Iterator[str]:
    name = quoted(schema, table.name)
    yield f"alter table {name} enable row level security;"
    yield f"revoke all on {name} from public;"
    for role in VISITOR_ROLES:
        yield _block(_if_role(role, f"revoke all on {name} from {role};"))
    granted = f"grant select, insert, update, delete on {name} to {SERVICE_ROLE};"
    yield _block(_if_role(SERVICE_ROLE, granted))


def _if_role(role: str, statement: str) -> str:
    return (
        f"if exists (select from pg_catalog.pg_roles where rolname = '{role}') then "
        f"{statement} end if;"
    )


def _block(body: str) -> str:
    tag = "$udsync$"
    while tag in body:  # a schema may be named like the quotes around it
        tag = f"{tag[:-1]}_$"
    return f"do {tag} begin\n  {body}\nend {tag};"
