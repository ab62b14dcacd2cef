"""`udsync emulate`: stand-ins that scripts can start, ask and stop."""

import json
import signal
import socket
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from udsync_pipelines_tests.cli.commands import CommandLine

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_emulated_store_says_where_it_is_and_ends_on_a_signal(
    udsync: CommandLine, number: signal.Signals
) -> None:
    with udsync.started("emulate", "woocommerce", "--orders", "5", "--seed", "3") as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        orders = httpx.get(
            f"{said['url']}/wp-json/wc/v3/orders",
            auth=(said["consumer_key"], said["consumer_secret"]),
        )
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)

    assert len(orders.json()) == 5
    assert process.returncode == 0
    assert errors == ""


def test_a_busy_port_is_refused_with_what_to_do(udsync: CommandLine, busy_port: int) -> None:
    refused = udsync("emulate", "woocommerce", "--port", str(busy_port))

    assert refused.code == 1
    assert f"Port {busy_port} on 127.0.0.1 is taken" in refused.complaint
    assert "--port" in refused.complaint


def test_an_emulated_supabase_is_a_database_with_its_roles(udsync: CommandLine) -> None:
    printed = udsync("emulate", "supabase", "--name", "for_scripts")
    again = udsync("emulate", "supabase", "--name", "for_scripts", "--json")

    with psycopg.connect(printed.out.strip()) as session:
        roles = session.execute("select rolname from pg_roles").fetchall()

    assert again.json["database_url"] == printed.out.strip()
    assert {"anon", "authenticated", "service_role"} <= {name for (name,) in roles}


def test_no_supabase_is_emulated_on_a_server_of_the_operators(
    udsync: CommandLine, supabase_url: str
) -> None:
    refused = udsync("emulate", "supabase", UDSYNC_DATABASE_URL=supabase_url)

    assert refused.code == 1
    assert "Unset UDSYNC_DATABASE_URL" in refused.complaint


@pytest.fixture
def busy_port() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]
