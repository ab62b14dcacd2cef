"""Where the state database is, and what its refusals mean."""

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError

from udsync_pipelines.errors import ConfigurationError, PlatformUnavailableError, UdsyncError

DRIVER = "postgresql+psycopg"
TRANSACTION_POOLER_PORT = 6543
MIGRATE = "Run `udsync db migrate`."

# The server's words for a refused connection; libpq reports no code for them.
_REFUSALS = {
    "password authentication failed": "Check the user and the password in UDSYNC_DATABASE_URL.",
    "no pg_hba.conf entry": "Let this machine in, in the server's pg_hba.conf.",
    "no password supplied": "Add the password to UDSYNC_DATABASE_URL.",
    "does not exist": "Check the user and the database in UDSYNC_DATABASE_URL.",
    "permission denied for database": "Grant CONNECT on it to the user in UDSYNC_DATABASE_URL.",
}


def parse_address(text: str | sa.URL) -> sa.URL:
    """Read a `postgresql://` URL; our own driver is put in.

    Raises:
        ConfigurationError: it is no URL of a PostgreSQL database. The text is not repeated, for
            it may hold a password.
    """
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.get_backend_name() not in {"postgresql", "postgres"} or not url.database:
        message = "The address of the state database is not a PostgreSQL URL."
        cure = "Write it as postgresql://user:password@host:port/database."
        raise ConfigurationError(message, code="database_url_invalid", cure=cure)
    return url.set(drivername=DRIVER)


def describe(url: sa.URL) -> str:
    """Host, port and database, without user and password."""
    return f"{url.host or 'localhost'}:{url.port or 5432}/{url.database}"


def connect_arguments(url: sa.URL) -> dict[str, object]:
    """What psycopg is told; no prepared statements behind a transaction pooler."""
    arguments: dict[str, object] = {
        "application_name": "udsync",
        "connect_timeout": 10,
        "keepalives_idle": 30,
    }
    if url.port == TRANSACTION_POOLER_PORT:
        arguments["prepare_threshold"] = None
    return arguments


def connection_error(error: DBAPIError, url: sa.URL) -> UdsyncError:
    """Say in one line why no connection could be made."""
    answer = " ".join(str(error.orig).split())
    for words, cure in _REFUSALS.items():
        if words in answer:
            message = f"The state database {describe(url)} refuses the connection: {words}."
            return ConfigurationError(message, code="database_refused", cure=cure)
    message = f"The state database {describe(url)} does not answer."
    cure = "Start it with `udsync up`, or check UDSYNC_DATABASE_URL."
    return PlatformUnavailableError(message, code="database_unavailable", cure=cure)
