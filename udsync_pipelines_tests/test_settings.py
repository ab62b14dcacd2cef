"""Settings: read from the environment, refused in one plain line, and the home folder."""

import os
import stat
from decimal import Decimal
from pathlib import Path

import platformdirs
import pytest
from pydantic import SecretStr

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.settings import Settings, ensure_home, load_settings, make_home


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("UDSYNC_") or name in {
            "OAUTH_REDIRECT_URI", "BACKUP_DIRECTORY", "SYNC_INTERVAL",
        }:  # fmt: skip
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_without_any_variable_everything_has_a_usable_default() -> None:
    settings = load_settings()

    assert settings.home == platformdirs.user_data_path("udsync", appauthor=False)
    assert settings.secret_key_file == settings.home / "secret.key"
    assert settings.database_url is None
    assert settings.dagster_port == 3070
    assert settings.http_timeout_seconds == 60
    assert settings.retry_budget_seconds == 120
    assert settings.limits_factor == 1


def test_variables_win_over_the_file_in_the_current_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(
        "UDSYNC_DAGSTER_PORT=4001\nUDSYNC_LIMITS_FACTOR=20\nOTHER=1\n", encoding="utf-8"
    )
    monkeypatch.setenv("UDSYNC_DAGSTER_PORT", "4002")

    settings = load_settings()

    assert settings.dagster_port == 4002
    assert settings.limits_factor == Decimal(20)


def test_the_older_names_are_accepted_and_the_prefixed_ones_win(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OAUTH_REDIRECT_URI", "https://example.com/oauth")
    monkeypatch.setenv("BACKUP_DIRECTORY", "backups")
    monkeypatch.setenv("SYNC_INTERVAL", "15m")
    monkeypatch.setenv("UDSYNC_SYNC_INTERVAL", "30m")

    settings = load_settings()

    assert settings.oauth_redirect_uri == "https://example.com/oauth"
    assert settings.backup_directory == Path.cwd() / "backups"
    assert settings.sync_interval == "30m"


def test_the_home_folder_is_expanded_and_carries_the_key_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UDSYNC_HOME", "~/books")

    settings = load_settings()

    assert settings.home == Path.home() / "books"
    assert settings.secret_key_file == Path.home() / "books" / "secret.key"


@pytest.mark.parametrize(
    "given",
    [
        "postgres://u:p%40ss@host:5433/books?sslmode=require",
        "postgresql://u:p%40ss@host:5433/books?sslmode=require",
        "postgresql+psycopg2://u:p%40ss@host:5433/books?sslmode=require",
        "postgresql+psycopg://u:p%40ss@host:5433/books?sslmode=require",
    ],
)
def test_every_form_of_a_database_url_gets_our_driver(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("UDSYNC_DATABASE_URL", given)

    url = load_settings().database_url

    assert url is not None
    expected = "postgresql+psycopg://u:p%40ss@host:5433/books?sslmode=require"
    assert url.get_secret_value() == expected


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("UDSYNC_DAGSTER_PORT", "web", "must be a port, a whole number from 1 to 65535."),
        ("UDSYNC_DAGSTER_PORT", "70000", "must be a port, a whole number from 1 to 65535."),
        ("UDSYNC_HTTP_TIMEOUT_SECONDS", "0", "must be a number of seconds greater than 0."),
        ("UDSYNC_RETRY_BUDGET_SECONDS", "nan", "must be a number of seconds, 0 or more."),
        ("UDSYNC_LIMITS_FACTOR", "-1", "must be a number greater than 0."),
        (
            "UDSYNC_OAUTH_REDIRECT_URI",
            "ftp",
            "(or OAUTH_REDIRECT_URI) must be a web address that starts with https:// or http://.",
        ),
        (
            "UDSYNC_FAIL_AT",
            "page archived",
            "must be a fail point like page.archived or page.archived:3.",
        ),
        (
            "UDSYNC_DATABASE_URL",
            "mysql://u:hidden@host/books",
            "must be the URL of a PostgreSQL database, like "
            "postgresql://user:password@host:5432/database.",
        ),
        (
            "UDSYNC_DATABASE_URL",
            "postgresql://u:hidden@host",
            "must be the URL of a PostgreSQL database, like "
            "postgresql://user:password@host:5432/database.",
        ),
    ],
)
def test_a_bad_value_is_one_line_with_its_variable_and_what_it_must_be(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(ConfigurationError) as refused:
        load_settings()

    assert str(refused.value) == f"{variable} {sentence}"
    assert refused.value.__cause__ is None


def test_a_bad_value_under_an_older_name_is_told_with_both_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OAUTH_REDIRECT_URI", "ftp")

    with pytest.raises(ConfigurationError, match=r"^UDSYNC_OAUTH_\S+ \(or OAUTH_\S+\) must be"):
        load_settings()


def test_several_bad_values_are_all_told_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UDSYNC_DAGSTER_PORT", "web")
    monkeypatch.setenv("UDSYNC_LIMITS_FACTOR", "fast")

    with pytest.raises(ConfigurationError) as refused:
        load_settings()

    assert str(refused.value).count("UDSYNC_") == 2
    assert "\n" not in str(refused.value)


def test_an_env_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"UDSYNC_HOME=\xff\xfe")

    with pytest.raises(ConfigurationError, match=r"\.env in this folder cannot be read"):
        load_settings()


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UDSYNC_DATABASE_URL", "")
    monkeypatch.setenv("UDSYNC_DAGSTER_PORT", "")

    settings = load_settings()

    assert settings.database_url is None
    assert settings.dagster_port == 3070


def test_secrets_do_not_print() -> None:
    settings = Settings(
        database_url=SecretStr("postgresql://u:hidden@host/books"), secret_key=SecretStr("hidden")
    )

    assert "hidden" not in repr(settings)


def test_every_setting_has_a_description_and_says_what_it_must_be() -> None:
    for field in Settings.model_fields.values():
        assert field.description
        assert field.description.endswith(".")
        assert isinstance(field.json_schema_extra, dict)
        assert field.json_schema_extra["must_be"]


def test_a_new_home_is_closed_to_others_and_what_is_above_stays(tmp_path: Path) -> None:
    above = tmp_path / "above"
    above.mkdir(mode=0o755)

    home = ensure_home(Settings(home=above / "home"))

    assert mode(home) == (0o711 if os.geteuid() == 0 else 0o700)
    assert mode(above) == 0o755


def test_a_home_in_use_keeps_the_permissions_it_has(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("kept", encoding="utf-8")
    tmp_path.chmod(0o750)

    make_home(tmp_path)

    assert mode(tmp_path) == 0o750


def test_a_home_that_cannot_be_made_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    home = tmp_path / "file" / "home"

    with pytest.raises(ConfigurationError) as refused:
        make_home(home)

    assert str(home) in str(refused.value)
    assert "set UDSYNC_HOME to another folder" in str(refused.value)
