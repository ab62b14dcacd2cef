"""Bring the schema of the state database to what this program needs, or say that it is not."""

import threading
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from udsync_pipelines.errors import ConfigurationError, PlatformUnavailableError
from udsync_pipelines.store.address import (
    MIGRATE,
    TRANSACTION_POOLER_PORT,
    connect_arguments,
    connection_error,
    describe,
    parse_address,
)
from udsync_pipelines.store.migrations.roles import roles_are_usable
from udsync_pipelines.store.tables import SCHEMA

# Alembic keeps the running migration in module globals: one at a time in this process.
_ONE_AT_A_TIME = threading.Lock()


def configuration(url: sa.URL) -> Config:
    """Alembic's settings for this database; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


def head() -> str:
    """The newest revision that this program knows."""
    revision = _scripts().get_current_head()
    if revision is None:
        raise LookupError("the package holds no migration")
    return revision


def migrate(url: str | sa.URL) -> list[str]:
    """Bring the database to the newest revision; return the revisions applied, in order.

    Safe to repeat and to run in several processes at once: all or nothing, one after the other.

    Raises:
        ConfigurationError: the database is newer than this program, or its login lacks rights.
        PlatformUnavailableError: the database does not answer.
    """
    address = parse_address(url)
    if address.port == TRANSACTION_POOLER_PORT:
        message = f"Port {TRANSACTION_POOLER_PORT} is a transaction pooler: it cannot migrate."
        cure = "Use the direct or the session address (port 5432) for `udsync db migrate`."
        raise ConfigurationError(message, code="database_behind_pooler", cure=cure)
    _refuse_newer(current(url), address)
    applied: list[str] = []

    def note(*, step: Any, **_context: Any) -> None:
        applied.append(step.up_revision_id)

    config = configuration(address)
    config.attributes.update(is_upgrade=True, on_version_apply=note)
    try:
        with _ONE_AT_A_TIME:
            command.upgrade(config, "head")
    except DBAPIError as error:
        raise _migration_error(error, address) from error
    return applied


def current(url: str | sa.URL) -> str | None:
    """The revision of the database, or None when it was never migrated.

    Raises:
        ConfigurationError: the server refuses the connection.
        PlatformUnavailableError: the database does not answer.
    """
    return _state(parse_address(url))[0]


def check(url: str | sa.URL) -> None:
    """Refuse to work on a database whose schema is not the one that this program needs.

    Raises:
        ConfigurationError: it is older or newer, or the login may not take our roles.
        PlatformUnavailableError: the database does not answer.
    """
    address = parse_address(url)
    revision, has_roles = _state(address)
    _refuse_newer(revision, address)
    if revision != head():
        found = f"is at revision {revision}" if revision else "has no tables yet"
        message = f"The state database {describe(address)} {found}; {head()} is needed."
        raise ConfigurationError(message, code="database_not_migrated", cure=MIGRATE)
    if not has_roles:
        message = f"The login of the state database {describe(address)} may not take our roles."
        raise ConfigurationError(message, code="database_roles_missing", cure=MIGRATE)


def _state(url: sa.URL) -> tuple[str | None, bool]:
    """Revision, and whether our roles can be taken."""
    engine = sa.create_engine(
        url, poolclass=NullPool, hide_parameters=True, connect_args=connect_arguments(url)
    )
    try:
        with engine.connect() as connection:
            table = f"{SCHEMA}.alembic_version"
            exists = connection.scalar(sa.text("SELECT to_regclass(:name)"), {"name": table})
            query = sa.text(f"SELECT version_num FROM {table}")  # noqa: S608 - a constant
            revision = connection.scalar(query) if exists else None
            return revision, roles_are_usable(connection)
    except OperationalError as error:
        raise connection_error(error, url) from error
    except DBAPIError as error:
        raise _migration_error(error, url) from error


def _refuse_newer(revision: str | None, url: sa.URL) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if revision is not None and revision not in known:
        message = f"The state database {describe(url)} was made by a newer udsync ({revision})."
        cure = "Update udsync on this machine; nothing was changed."
        raise ConfigurationError(message, code="database_newer", cure=cure)


def _migration_error(error: DBAPIError, url: sa.URL) -> Exception:
    state = getattr(error.orig, "sqlstate", None)
    if state == "42501":
        answer = str(error.orig).splitlines()[0]
        message = f"The login of the state database {describe(url)} lacks a right: {answer}."
        cure = "Use the login that owns the database and its schema udsync."
        return ConfigurationError(message, code="database_rights_missing", cure=cure)
    if state == "55P03":
        message = f"Other work holds the tables of {describe(url)}; nothing was changed."
        cure = "Stop the services with `udsync down`, or try again later."
        return PlatformUnavailableError(message, code="database_busy", cure=cure)
    return connection_error(error, url) if state is None else error


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).parent))
