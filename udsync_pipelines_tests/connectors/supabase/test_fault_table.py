"""Each row of the table of the database's refusals, raised by a real server."""

import psycopg
import pytest

from udsync_pipelines.connectors.fault_table import Kind
from udsync_pipelines.connectors.supabase.fault_rules import (
    connection_rules,
    row_rule,
    row_rules,
    statement_rule,
    statement_rules,
)
from udsync_pipelines.connectors.supabase.refusals import refusal
from udsync_pipelines.connectors.supabase.responses import explain, explain_refusal, only_ipv6
from udsync_pipelines.errors import (
    AuthorizationError,
    ConfigurationError,
    PlatformUnavailableError,
    RetryableError,
    UdsyncError,
)
from udsync_pipelines_tests.connectors.supabase.conftest import Session

STATEMENTS: dict[str, tuple[type[UdsyncError], str]] = {
    "42501": (ConfigurationError, "privilege_missing"),
    "42P01": (ConfigurationError, "table_missing"),
    "3F000": (ConfigurationError, "schema_missing"),
    "42703": (ConfigurationError, "column_missing"),
    "42P10": (ConfigurationError, "key_missing"),
    "25006": (ConfigurationError, "database_read_only"),
    "55P03": (RetryableError, "lock_timeout"),
    "57014": (RetryableError, "statement_timeout"),
    "26000": (ConfigurationError, "pooler_mode"),
    "42P05": (ConfigurationError, "pooler_mode"),
    "08006": (PlatformUnavailableError, "connection_lost"),
    "40001": (RetryableError, "transaction_conflict"),
    "40P01": (RetryableError, "transaction_conflict"),
    "53100": (PlatformUnavailableError, "database_overloaded"),
    "53300": (PlatformUnavailableError, "database_overloaded"),
    "57P01": (PlatformUnavailableError, "database_restarting"),
    "57P03": (PlatformUnavailableError, "database_restarting"),
    "58030": (PlatformUnavailableError, "database_failing"),
    "XX000": (PlatformUnavailableError, "database_failing"),
    "0A000": (ConfigurationError, "statement_refused"),
    "42601": (ConfigurationError, "statement_refused"),
}
ROWS = {
    "23502": "not_null",
    "23503": "foreign_key",
    "23505": "duplicate",
    "23514": "check_failed",
    "22P02": "not_readable",
    "22001": "too_long",
    "22003": "out_of_range",
    "54000": "too_long",
    "P0001": "trigger_refused",
    "P0002": "trigger_refused",
    "UD001": "row_not_kept",
    "22P05": "text_unstorable",
    "22021": "text_unstorable",
    "22007": "not_a_time",
    "22008": "not_a_time",
    "22012": "data_refused",
}
CONNECTIONS: dict[str, tuple[type[UdsyncError], str]] = {
    "FATAL: remaining connection slots are reserved": (
        PlatformUnavailableError, "too_many_connections",
    ),
    'FATAL: password authentication failed for user "postgres"': (
        AuthorizationError, "password_wrong",
    ),
    "FATAL: Tenant or user not found": (AuthorizationError, "project_unknown"),
    'FATAL: database "books" does not exist': (ConfigurationError, "database_unknown"),
    "FATAL: no pg_hba.conf entry for host": (ConfigurationError, "address_refused"),
    "server does not support SSL, but SSL was required": (ConfigurationError, "tls_failed"),
    "Temporary failure in name resolution": (PlatformUnavailableError, "name_service_down"),
    "failed to resolve host 'db.example'": (ConfigurationError, "host_unknown"),
    "FATAL: unsupported startup parameter: options": (ConfigurationError, "option_refused"),
    "FATAL: the database system is starting up": (PlatformUnavailableError, "database_restarting"),
    "Connection refused": (PlatformUnavailableError, "connection_refused"),
    "connection timeout expired": (PlatformUnavailableError, "connection_timeout"),
    "something that nobody has seen yet": (PlatformUnavailableError, "unreachable"),
}  # fmt: skip


def raised_by_the_server(session: Session, state: str) -> psycopg.Error:
    """The error that a statement of this SQLSTATE makes, as the driver gives it."""
    statement = f"do $$ begin raise exception using errcode = '{state}'; end $$"
    with pytest.raises(psycopg.Error) as caught:
        session.execute(statement.encode())
    return caught.value


@pytest.mark.postgres
@pytest.mark.parametrize("state", STATEMENTS)
def test_a_failed_statement_becomes_the_error_that_says_what_to_do(
    session: Session, state: str
) -> None:
    error = explain(raised_by_the_server(session, state))

    assert (type(error), error.code) == STATEMENTS[state]
    assert error.cure == statement_rule(state).cure
    assert "{" not in str(error)


@pytest.mark.postgres
@pytest.mark.parametrize("state", ROWS)
def test_a_refused_row_is_rejected_with_a_code_of_its_own(session: Session, state: str) -> None:
    rejected = refusal("7", raised_by_the_server(session, state))

    assert (rejected.source_id, rejected.code) == ("7", ROWS[state])
    assert rejected.reason.startswith("The record ")
    assert rejected.cure == row_rule(state).cure


@pytest.mark.parametrize("text", CONNECTIONS)
def test_a_refused_connection_is_told_by_the_words_of_the_driver(text: str) -> None:
    error = explain_refusal(psycopg.OperationalError(f"connection failed: {text}"))

    assert (type(error), error.code) == CONNECTIONS[text]


def test_a_connection_that_breaks_has_no_state_and_is_tried_again() -> None:
    error = explain(psycopg.OperationalError("server closed the connection unexpectedly"))

    assert (type(error), error.code) == (PlatformUnavailableError, "connection_lost")


def test_every_row_of_the_table_is_tried_here() -> None:
    statements = {id(statement_rule(state)) for state in ("", *STATEMENTS)}
    rows = {id(row_rule(state)) for state in ROWS}
    connections = {code for _, code in (*CONNECTIONS.values(), (None, only_ipv6().code))}

    assert statements == {id(rule) for rule in statement_rules()}
    assert rows == {id(rule) for rule in row_rules()}
    assert connections == {rule.code for rule in connection_rules()}


def test_only_rows_are_rejected_and_nothing_else_is() -> None:
    assert {rule.kind for rule in row_rules()} == {Kind.REJECTED}
    assert Kind.REJECTED not in {rule.kind for rule in (*statement_rules(), *connection_rules())}
