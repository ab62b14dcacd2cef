"""Tests of reading database URLs."""

import pytest

from udsync_pipelines.connectors.supabase.address import parse_url
from udsync_pipelines.errors import ConfigurationError

DIRECT = "postgresql://postgres:pw@db.abcd.supabase.co:5432/postgres"
POOLER = "postgresql://postgres.abcd:pw@aws-0-eu.pooler.supabase.com"


def test_a_remote_host_is_only_spoken_to_over_tls() -> None:
    address = parse_url(DIRECT)

    assert address.parameters["sslmode"] == "require"
    assert address.warnings == ()


def test_the_tls_mode_of_the_url_wins_over_the_default() -> None:
    address = parse_url(f"{DIRECT}?sslmode=verify-full")

    assert address.parameters["sslmode"] == "verify-full"
    assert address.warnings == ()


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer"])
def test_a_url_that_turns_tls_off_is_warned_about(mode: str) -> None:
    address = parse_url(f"{DIRECT}?sslmode={mode}")

    assert f"sslmode={mode}" in address.warnings[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.1.2.3"])
def test_this_machine_is_spoken_to_without_tls(host: str) -> None:
    address = parse_url(f"postgresql://me:pw@{host}:5433/db")

    assert "sslmode" not in address.parameters


def test_a_remote_address_behind_a_local_name_still_needs_tls() -> None:
    address = parse_url("postgresql://me:pw@localhost/db?hostaddr=203.0.113.9")

    assert address.parameters["sslmode"] == "require"


def test_the_transaction_pooler_is_recognised_and_warned_about() -> None:
    address = parse_url(f"{POOLER}:6543/postgres")

    assert address.is_transaction_pooler
    assert "session pooler on port 5432" in address.warnings[0]


def test_the_session_pooler_is_taken_without_a_word() -> None:
    address = parse_url(f"{POOLER}:5432/postgres")

    assert not address.is_transaction_pooler
    assert address.warnings == ()


def test_a_pooler_user_without_the_project_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"write postgres\.<project ref>"):
        parse_url("postgresql://postgres:pw@aws-0-eu.pooler.supabase.com:5432/postgres")


def test_a_placeholder_instead_of_the_password_is_named() -> None:
    with pytest.raises(ConfigurationError, match="placeholder"):
        parse_url("postgresql://postgres:[YOUR-PASSWORD]@db.abcd.supabase.co/postgres")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://postgres:s3cr3t@x@db.abcd.supabase.co:five/postgres",
        "postgresql://postgres:s3cr3t/1@db.abcd.supabase.co/postgres",
        "postgresql://postgres:s3cr3t%zz@db.abcd.supabase.co/postgres",
        "postgresql://postgres:s3cr3t@db.abcd.supabase.co:99999/postgres",
        "https://postgres:s3cr3t@db.abcd.supabase.co",
        "postgresql://:s3cr3t@db.abcd.supabase.co/postgres",
        "postgresql://postgres:s3cr3t@/postgres",
        "",
    ],
)
def test_an_unusable_url_is_refused_without_showing_the_password(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_url(url)

    assert caught.value.code == "database_url_invalid"
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_address_never_shows_its_password() -> None:
    address = parse_url("postgresql+psycopg://postgres:s3cr3t@db.abcd.supabase.co/postgres")

    assert "s3cr3t" not in f"{address!r} {address}"
    assert str(address) == "db.abcd.supabase.co:5432/postgres"
