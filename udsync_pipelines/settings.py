"""The environment, read once: every setting of udsync, typed, with secrets that do not print.

A setting is an environment variable `UDSYNC_<NAME>`, or a line of a file `.env` in the current
folder; the environment wins. Three older names are accepted too: `OAUTH_REDIRECT_URI`,
`BACKUP_DIRECTORY` and `SYNC_INTERVAL`. An empty value counts as not set.
"""

import os
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import platformdirs
import sqlalchemy as sa
from pydantic import AfterValidator, AliasChoices, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.exc import ArgumentError

from udsync_pipelines.errors import ConfigurationError

PREFIX = "UDSYNC_"


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _psycopg_url(given: SecretStr) -> SecretStr:
    try:
        url = sa.make_url(given.get_secret_value())
    except ArgumentError:
        raise ValueError("not a URL") from None
    if url.get_backend_name() not in {"postgresql", "postgres"} or not url.database:
        raise ValueError("not the URL of a PostgreSQL database")
    # Always with its driver: SQLAlchemy 2.0 and 2.1 read a bare postgresql:// differently.
    url = url.set(drivername="postgresql+psycopg")
    return SecretStr(url.render_as_string(hide_password=False))


SyncInterval = Literal[
    "5m", "10m", "15m", "20m", "30m", "1h", "2h", "3h", "4h", "6h", "8h", "12h"
]  # fmt: skip
"""Minutes that divide an hour, or hours that divide a day: what a cron schedule can keep to."""
FolderPath = Annotated[Path, AfterValidator(_absolute)]
PostgresUrl = Annotated[SecretStr, AfterValidator(_psycopg_url)]


def _must_be(sentence: str) -> dict[str, Any]:
    return {"must_be": sentence}


class Settings(BaseSettings):
    """What the operator decides; frozen. Made by `load_settings`, or by keyword in tests."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    home: FolderPath = Field(
        default_factory=lambda: platformdirs.user_data_path("udsync", appauthor=False),
        description="Folder of everything udsync keeps: the embedded database, Dagster's own "
        "files and the key file. By default the user's data folder.",
        json_schema_extra=_must_be("the path of a folder"),
    )
    database_url: PostgresUrl | None = Field(
        default=None,
        description="PostgreSQL database to use instead of the embedded one; no server is started "
        "then. Use a direct connection or a session pooler, not a transaction pooler.",
        json_schema_extra=_must_be(
            "the URL of a PostgreSQL database, like postgresql://user:password@host:5432/database"
        ),
    )
    pg_bin: FolderPath | None = Field(
        default=None,
        description="Folder `bin` of another PostgreSQL (16 or newer) whose programs run the "
        "embedded database, for example one that has the contrib extensions.",
        json_schema_extra=_must_be("the path of the folder that holds `postgres` and `initdb`"),
    )
    secret_key: SecretStr | None = Field(
        default=None,
        description="Key that seals the stored credentials. Not set: the key file is used.",
        json_schema_extra=_must_be("a key as the key file holds it"),
    )
    secret_key_file: FolderPath = Field(
        default_factory=lambda fields: fields["home"] / "secret.key",
        description="File that holds the key which seals the stored credentials; made at first "
        "use. By default `secret.key` in the home folder.",
        json_schema_extra=_must_be("the path of a file"),
    )
    dagster_port: int = Field(
        default=3070,
        ge=1,
        le=65535,
        description="Port on 127.0.0.1 where Dagster's pages answer.",
        json_schema_extra=_must_be("a port, a whole number from 1 to 65535"),
    )
    api_port: int = Field(
        default=3071,
        ge=1,
        le=65535,
        description="Port on 127.0.0.1 where the API answers; webhooks are delivered to it.",
        json_schema_extra=_must_be("a port, a whole number from 1 to 65535"),
    )
    webhook_body_limit: int = Field(
        default=2_097_152,
        ge=1024,
        description="How many bytes the body of a webhook may have; a larger one is refused, and "
        "its record is read by the next sync.",
        json_schema_extra=_must_be("a whole number of bytes, 1024 or more"),
    )
    fail_at: str | None = Field(
        default=None,
        pattern=r"^[a-z_]+(\.[a-z_]+)*(:[1-9][0-9]*)?$",
        description="For crash tests only: the name of a point in the program at which it ends "
        "itself, with the count of the passage, like `page.archived:3`.",
        json_schema_extra=_must_be("a fail point like page.archived or page.archived:3"),
    )
    lease_seconds: float = Field(
        default=45,
        ge=1,
        allow_inf_nan=False,
        description="After so many seconds without a sign of life a sync loses its lane to the "
        "next one, and writes nothing more.",
        json_schema_extra=_must_be("a number of seconds, 1 or more"),
    )
    http_timeout_seconds: float = Field(
        default=60,
        gt=0,
        allow_inf_nan=False,
        description="How long a store may be silent within one request, in seconds.",
        json_schema_extra=_must_be("a number of seconds greater than 0"),
    )
    retry_budget_seconds: float = Field(
        default=120,
        ge=0,
        allow_inf_nan=False,
        description="How long to keep trying again while a platform is down, in seconds: for a "
        "store all waits of one run together, for a destination the waits of one batch.",
        json_schema_extra=_must_be("a number of seconds, 0 or more"),
    )
    books_minutes: float = Field(
        default=60,
        ge=0,
        allow_inf_nan=False,
        description="How often a sync may look what others changed in QuickBooks, in minutes. Each "
        "look is one metered read, whatever the number of syncs; 0 looks in every sync.",
        json_schema_extra=_must_be("a number of minutes, 0 or more"),
    )
    limits_factor: Decimal = Field(
        default=Decimal(1),
        gt=0,
        allow_inf_nan=False,
        description="Multiplies the request rates allowed per connection. Only for tests and "
        "benchmarks: accepted while every connection is on this machine.",
        json_schema_extra=_must_be("a number greater than 0"),
    )
    oauth_redirect_uri: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/]+\S*$",
        validation_alias=AliasChoices("UDSYNC_OAUTH_REDIRECT_URI", "OAUTH_REDIRECT_URI"),
        description="Address that Intuit sends the browser back to after consent, exactly as it "
        "is registered with the app.",
        json_schema_extra=_must_be("a web address that starts with https:// or http://"),
    )
    backup_directory: FolderPath | None = Field(
        default=None,
        validation_alias=AliasChoices("UDSYNC_BACKUP_DIRECTORY", "BACKUP_DIRECTORY"),
        description="Folder that backups are written to.",
        json_schema_extra=_must_be("the path of a folder"),
    )
    sync_interval: SyncInterval = Field(
        default="1h",
        validation_alias=AliasChoices("UDSYNC_SYNC_INTERVAL", "SYNC_INTERVAL"),
        description="How often the schedules named `hourly_…` sync what has changed. Takes effect "
        "when the services start.",
        json_schema_extra=_must_be(f"one of {', '.join(get_args(SyncInterval))}"),
    )


def load_settings() -> Settings:
    """Read the environment and `.env`.

    Raises:
        ConfigurationError: a value cannot be used; one line that names each such variable and
            what it must be, never the value.
    """
    try:
        return Settings()
    except ValidationError as invalid:
        raise ConfigurationError(_sentence(invalid), code="setting_invalid") from None
    except (OSError, UnicodeDecodeError) as unreadable:
        raise ConfigurationError(
            f"The file .env in this folder cannot be read ({_reason(unreadable)}).",
            cure="Make it a readable UTF-8 text file, or remove it.",
            code="setting_invalid",
        ) from unreadable


def variable_of(field: str) -> str:
    """Name the environment variable of a field of `Settings`."""
    return f"{PREFIX}{field.upper()}"


def ensure_home(settings: Settings) -> Path:
    """Make the home folder of these settings if it is missing, and return it; see `make_home`."""
    return make_home(settings.home)


def make_home(home: Path) -> Path:
    """Make a home folder if it is missing, check that we can write to it, and return it.

    A folder that is new or still empty is closed to other users: mode 0700, or 0711 for root,
    whose database server runs as another user and must be able to pass through. Folders above it
    and folders that hold something keep their permissions.

    Raises:
        ConfigurationError: it cannot be made or written; the message says which and what to do.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not any(home.iterdir()):
            home.chmod(0o711 if os.geteuid() == 0 else 0o700)
        writable = os.access(home, os.W_OK | os.X_OK)
    except OSError as refused:
        raise _unusable_home(home, _reason(refused)) from refused
    if not writable:
        raise _unusable_home(home, "Permission denied")
    return home


def _unusable_home(home: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"udsync cannot write to its home folder {home} ({reason}).",
        cure="Give your user write permission there, or set UDSYNC_HOME to another folder.",
        code="home_unwritable",
    )


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__


def _sentence(invalid: ValidationError) -> str:
    # A default that is built from another, invalid, setting is not the operator's mistake.
    names = [
        str(error["loc"][0])
        for error in invalid.errors()
        if error["type"] != "default_factory_not_called"
    ]
    return " ".join(
        f"{_variables(name, field)} must be {field.json_schema_extra['must_be']}."
        for name, field in ((name, _field(name)) for name in names)
        if isinstance(field.json_schema_extra, dict)
    )


def _field(name: str) -> FieldInfo:
    """Find a field by its name or by a variable that is accepted for it."""
    fields = Settings.model_fields
    return fields.get(name) or fields[name.removeprefix(PREFIX).lower()]


def _variables(name: str, field: FieldInfo) -> str:
    if isinstance(field.validation_alias, AliasChoices):
        ours, older = map(str, field.validation_alias.choices)
        return f"{ours} (or {older})"
    return variable_of(name)
