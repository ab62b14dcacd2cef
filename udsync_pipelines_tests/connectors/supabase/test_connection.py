"""Tests of opening connections and checking what a database allows."""

import socket
from dataclasses import replace
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from udsync_pipelines.connectors.supabase import check_connection, connect
from udsync_pipelines.connectors.supabase.address import parse_url
from udsync_pipelines.connectors.supabase.responses import explain_refusal
from udsync_pipelines.errors import (
    AuthorizationError,
    ConfigurationError,
    PlatformUnavailableError,
    UdsyncError,
)

pytestmark = pytest.mark.postgres


def changed(url: str, **parts: Any) -> str:
    """The URL with other parts."""
    return sa.make_url(url).set(**parts).render_as_string(hide_password=False)


def test_a_check_reports_what_the_user_may_do(supabase_url: str) -> None:
    facts = check_connection(supabase_url)

    assert facts.user == "supabase_connector_owner"
    assert not facts.is_superuser
    assert not facts.bypasses_row_security
    assert facts.schema_exists
    assert facts.may_create
    assert facts.may_stage
    assert not facts.is_read_only
    assert len(facts.tables) == 7
    assert facts.missing_tables == ()


def test_a_check_of_a_new_schema_reports_all_tables_missing(supabase_url: str) -> None:
    facts = check_connection(supabase_url, 'not "there" %s')

    assert not facts.schema_exists
    assert facts.may_create
    assert len(facts.missing_tables) == 7


def test_a_wrong_password_is_told_without_showing_it(supabase_url: str) -> None:
    with pytest.raises(AuthorizationError, match="user name or password") as caught:
        check_connection(changed(supabase_url, password="s3cr3t"))

    assert "s3cr3t" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_unknown_database_is_told(supabase_url: str) -> None:
    with pytest.raises(ConfigurationError, match="no database of this name"):
        check_connection(changed(supabase_url, database="nowhere"))


def test_a_closed_port_is_told(supabase_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(PlatformUnavailableError, match="Nothing answers"):
        check_connection(changed(supabase_url, port=port))


def test_an_unknown_host_is_told() -> None:
    with pytest.raises(UdsyncError) as caught:
        check_connection("postgresql://me:pw@no-such-host.invalid/db")

    assert caught.value.code in {"host_unknown", "name_service_down"}


def test_a_host_with_only_an_ipv6_address_points_to_the_session_pooler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::1", 0, 0, 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)

    with pytest.raises(ConfigurationError, match="session pooler"):
        check_connection("postgresql://postgres:pw@db.abcd.invalid/postgres")


def test_a_server_without_tls_is_refused_when_tls_is_required(supabase_url: str) -> None:
    with pytest.raises(ConfigurationError, match="TLS"):
        check_connection(changed(supabase_url, query={"sslmode": "require"}))


def test_a_server_that_never_answers_is_given_up(supabase_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = parse_url(changed(supabase_url, port=silent.getsockname()[1]))

        with pytest.raises(PlatformUnavailableError, match="did not answer in time"):
            connect(address, timeout=2)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("FATAL:  Tenant or user not found", "project_unknown"),
        ("FATAL:  (ENOTFOUND) tenant/user postgres.x not found", "project_unknown"),
        ("FATAL:  MaxClientsInSessionMode: max clients reached", "too_many_connections"),
        ("FATAL:  sorry, too many clients already; too many connections", "too_many_connections"),
        ("FATAL:  the database system is starting up", "database_restarting"),
        ('FATAL:  no pg_hba.conf entry for host "203.0.113.9"', "address_refused"),
        ("SSL error: certificate verify failed", "tls_failed"),
        ("FATAL:  unsupported startup parameter: options", "option_refused"),
        ("something never seen before", "unreachable"),
    ],
)
def test_a_refusal_of_the_platform_has_its_own_code(text: str, code: str) -> None:
    error = explain_refusal(psycopg.OperationalError(text))

    assert error.code == code
    assert error.cure


def test_connections_are_named_after_udsync(supabase_url: str) -> None:
    with connect(parse_url(supabase_url)) as connection:
        (name,) = connection.execute("select current_setting('application_name')").fetchall()

    assert name == ("udsync",)


def test_nothing_is_prepared_behind_a_transaction_pooler(supabase_url: str) -> None:
    address = replace(parse_url(supabase_url), port=6543)

    with connect(address) as connection:
        for number in range(20):
            connection.execute("select %s::int", [number])
        prepared = connection.execute("select count(*) from pg_prepared_statements").fetchall()

    assert prepared == [(0,)]


def test_statements_are_prepared_on_a_direct_connection(supabase_url: str) -> None:
    with connect(parse_url(supabase_url)) as connection:
        for number in range(20):
            connection.execute("select %s::int", [number])
        prepared = connection.execute("select count(*) from pg_prepared_statements").fetchall()

    assert prepared == [(1,)]
