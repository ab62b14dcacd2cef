"""Connecting a database: what is wrong with an address, a login or a schema, in one line."""

from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from udsync_pipelines_tests.cli.commands import CommandLine
from udsync_pipelines_tests.cli.conftest import ConnectedTenant

pytestmark = pytest.mark.postgres


def test_a_database_is_connected_and_its_tables_are_made(
    udsync: CommandLine, tenant: str, supabase_url: str
) -> None:
    connected = udsync(
        "connect", "supabase", "--tenant", tenant, "--schema", "made_by_connect", "--json",
        UDSYNC_SUPABASE_DATABASE_URL=supabase_url,
    )  # fmt: skip

    assert connected.code == 0
    assert connected.json["facts"]["schema"] == "made_by_connect"
    assert "woo_order_lines" in _tables(supabase_url, "made_by_connect")
    assert _password(supabase_url) not in connected.out


def test_the_printed_ddl_needs_no_tenant_and_runs_as_it_is(
    udsync: CommandLine, supabase_url: str
) -> None:
    printed = udsync("connect", "supabase", "--print-ddl", "--schema", "by_hand")

    with psycopg.connect(supabase_url, autocommit=True) as session:
        session.execute(printed.out.encode())
        session.execute(printed.out.encode())

    assert printed.code == 0
    assert "woo_orders" in _tables(supabase_url, "by_hand")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"password": "wrong"}, "password"),
        ({"username": "nobody_here"}, "password"),
        ({"database": "no_such_database"}, "no database of this name"),
        ({"port": 1}, "nothing answers at this host and port"),
        ({"host": "no-such-host.invalid"}, "does not exist"),
    ],
)
def test_a_database_that_refuses_us_is_explained_without_the_password(
    udsync: CommandLine, tenant: str, supabase_url: str, change: dict[str, Any], sentence: str
) -> None:
    url = sa.make_url(supabase_url).set(**change).render_as_string(hide_password=False)

    refused = udsync("connect", "supabase", "--tenant", tenant, "--database-url", url)

    assert refused.code == 1
    assert sentence in refused.complaint.lower()
    assert _password(supabase_url) not in refused.complaint


@pytest.mark.parametrize(
    "url",
    [
        "not a url",
        "https://project.supabase.co",
        "postgresql://",
        "postgres://u:[YOUR-PASSWORD]@h/d",
    ],
)
def test_an_address_that_is_no_database_is_refused_with_what_to_copy(
    udsync: CommandLine, tenant: str, url: str
) -> None:
    refused = udsync("connect", "supabase", "--tenant", tenant, "--database-url", url)

    assert refused.code == 1
    assert refused.complaint.endswith(".")
    assert url not in refused.complaint


def test_no_address_and_no_tenant_are_wrong_usage(udsync: CommandLine, tenant: str) -> None:
    without_address = udsync("connect", "supabase", "--tenant", tenant)
    without_tenant = udsync("connect", "supabase", "--database-url", "postgresql://u:p@h/d")

    assert (without_address.code, without_tenant.code) == (2, 2)
    assert "--database-url is missing" in without_address.complaint
    assert "--tenant" in without_tenant.complaint


@pytest.mark.parametrize("schema", ["", "pg_catalog", "information_schema", "pg_own"])
def test_a_bad_schema_name_is_refused_before_the_database_is_reached(
    udsync: CommandLine, tenant: str, schema: str
) -> None:
    refused = udsync(
        "connect", "supabase", "--tenant", tenant, "--schema", schema,
        "--database-url", "postgresql://u:p@no-such-host.invalid/d",
    )  # fmt: skip

    assert refused.code == 1
    assert "schema" in refused.complaint.lower()
    assert "found" not in refused.complaint


def test_a_read_only_connection_refuses_a_sync_before_any_statement(
    connected: ConnectedTenant,
) -> None:
    schema = connected.name.replace("-", "_")
    connected.udsync(
        "connect", "supabase", "--tenant", connected.name, "--read-only", "--schema", schema,
        "--database-url", connected.database_url,
    )  # fmt: skip
    connected.store.requests.clear()

    refused = connected.sync("orders", "--yes")
    shown = connected.sync("orders", "--dry-run")

    assert refused.code == 1
    assert "read-only, so nothing is written to it" in refused.err
    assert "--read-only" in refused.err
    assert shown.code == 0


def _tables(url: str, schema: str) -> set[str]:
    with psycopg.connect(url) as session:
        found = session.execute(
            "select tablename from pg_tables where schemaname = %s", [schema]
        ).fetchall()
    return {name for (name,) in found}


def _password(url: str) -> str:
    return str(sa.make_url(url).password)
