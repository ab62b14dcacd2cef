"""The installation behind the commands: its state, its settings, and a home it cannot have."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from udsync_pipelines_tests.cli.commands import CommandLine
from udsync_pipelines_tests.cli.conftest import ConnectedTenant

pytestmark = pytest.mark.postgres


def test_migrating_twice_says_the_second_time_that_nothing_is_to_do(
    udsync: CommandLine,
) -> None:
    udsync("db", "migrate")

    again = udsync("db", "migrate")
    as_json = udsync("db", "migrate", "--json")

    assert again.code == 0
    assert "up to date already" in again.out
    assert as_json.json["ok"] is True
    assert as_json.json["applied"] == []


def test_a_server_of_the_operators_is_never_migrated_by_a_sync(
    udsync: CommandLine, supabase_url: str
) -> None:
    refused = udsync("tenant", "list", UDSYNC_DATABASE_URL=supabase_url)

    assert refused.code == 1
    assert "udsync db migrate" in refused.complaint


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("UDSYNC_DAGSTER_PORT", "http", "UDSYNC_DAGSTER_PORT must be a port"),
        ("UDSYNC_DAGSTER_PORT", "0", "UDSYNC_DAGSTER_PORT must be a port"),
        ("UDSYNC_DATABASE_URL", "mysql://u:hunter2@h/d", "UDSYNC_DATABASE_URL must be the URL"),
        ("UDSYNC_RETRY_BUDGET_SECONDS", "-1", "must be a number of seconds"),
        ("UDSYNC_FAIL_AT", "Not A Point", "UDSYNC_FAIL_AT must be a fail point"),
    ],
)
def test_a_bad_setting_is_named_with_what_it_must_be(
    udsync: CommandLine, setting: str, value: str, sentence: str
) -> None:
    refused = udsync("tenant", "list", **{setting: value})

    assert refused.code == 1
    assert sentence in refused.complaint
    assert "hunter2" not in refused.complaint


def test_a_database_that_cannot_be_reached_is_said_in_one_line(udsync: CommandLine) -> None:
    refused = udsync("tenant", "list", UDSYNC_DATABASE_URL="postgresql://u:hunter2@127.0.0.1:1/d")

    assert refused.code == 1
    assert "UDSYNC_DATABASE_URL cannot be reached" in refused.complaint
    assert "hunter2" not in refused.complaint


@pytest.mark.parametrize(
    "command", ["up", "status", "tenant list", "db migrate", "emulate supabase"]
)
def test_a_home_that_cannot_be_written_is_named_with_its_cure(
    udsync: CommandLine, unwritable: Path, command: str
) -> None:
    home = str(unwritable / "home")

    refused = udsync.as_ordinary_user(*command.split(), UDSYNC_HOME=home)

    assert refused.code == 1
    assert f"cannot write to its home folder {home}" in refused.complaint
    assert "set UDSYNC_HOME to another folder" in refused.complaint


def test_a_home_that_is_a_file_is_named_with_its_cure(udsync: CommandLine, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("not a folder")

    refused = udsync("tenant", "list", UDSYNC_HOME=str(taken))

    assert refused.code == 1
    assert f"cannot write to its home folder {taken}" in refused.complaint


def test_a_key_that_did_not_seal_the_credentials_is_refused(
    connected: ConnectedTenant, tmp_path: Path
) -> None:
    refused = connected.sync("orders", "--yes", UDSYNC_SECRET_KEY_FILE=str(tmp_path / "other"))

    assert refused.code == 1
    assert "key" in refused.err
    assert connected.store.consumer_secret not in refused.err


@pytest.fixture
def unwritable(new_server_home: object) -> Iterator[Path]:
    """A folder that an ordinary user may enter but not write to."""
    assert callable(new_server_home)
    folder: Path = new_server_home()
    folder.mkdir(mode=0o555)
    yield folder
    folder.rmdir()
