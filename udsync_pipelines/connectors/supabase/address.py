"""Reading a database URL: what may be wrong with it before anything is sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

import psycopg
from psycopg.conninfo import conninfo_to_dict

from udsync_pipelines.errors import ConfigurationError

POOLER_DOMAIN = ".pooler.supabase.com"
TRANSACTION_POOLER_PORT = 6543
SCHEMES = ("postgresql://", "postgres://", "postgresql+psycopg://")
PLACEHOLDERS = ("[your-password]", "[password]", "<password>", "your-password")


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """Where a database is and how it is spoken to. `repr` and `str` never show the password.

    `parameters` are libpq's, password included; `warnings` are sentences for the operator.
    """

    host: str
    port: int
    user: str
    database: str
    parameters: Mapping[str, str] = field(repr=False)
    warnings: tuple[str, ...] = ()

    @property
    def is_transaction_pooler(self) -> bool:
        """True where prepared statements and session settings do not survive a transaction."""
        return self.port == TRANSACTION_POOLER_PORT

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{self.database}"


def parse_url(url: str) -> DatabaseAddress:
    """Read a database URL and add what a safe connection needs.

    A host beyond this machine is spoken to over TLS (`sslmode=require`) unless the URL names
    another `sslmode`.

    Raises:
        ConfigurationError: the URL cannot be understood or cannot work; the password is not shown.
    """
    parameters = _parameters(url.strip())
    host = parameters.get("host", "")
    user = parameters.get("user", "")
    port = _port(parameters.get("port", "5432"))
    if not host or not user:
        raise _invalid(f"The database URL names no {'user' if host else 'host'}.")
    _check_pooler_user(host, user)
    warnings = []
    is_remote = not is_loopback(parameters.get("hostaddr", host))
    if is_remote and "sslmode" not in parameters:
        parameters["sslmode"] = "require"
    if is_remote and parameters["sslmode"] in {"disable", "allow", "prefer"}:
        warnings.append(
            f"The database URL sets sslmode={parameters['sslmode']}, so that customer data may "
            "travel unencrypted: remove it."
        )
    if port == TRANSACTION_POOLER_PORT:
        warnings.append(
            "Port 6543 is the transaction pooler, which is slower here: use the session pooler on "
            "port 5432 of the same host."
        )
    database = parameters.get("dbname", "") or user
    return DatabaseAddress(host, port, user, database, parameters, tuple(warnings))


def is_loopback(host: str) -> bool:
    """True for this machine: a loopback address, `localhost`, or a socket directory."""
    if host.startswith("/") or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _parameters(url: str) -> dict[str, str]:
    scheme = next((scheme for scheme in SCHEMES if url.startswith(scheme)), None)
    if scheme is None:
        raise _invalid("The database URL must start with postgresql://.")
    rest = url.removeprefix(scheme)
    if any(placeholder in rest.lower() for placeholder in PLACEHOLDERS):
        raise _invalid("The database URL still holds a placeholder: put the real password there.")
    try:
        parsed = conninfo_to_dict(f"postgresql://{rest}")
    except psycopg.Error:
        # libpq quotes the part that it stumbled over, which may be the password.
        raise _invalid("The database URL cannot be read.") from None
    return {name: str(value) for name, value in parsed.items() if value not in (None, "")}


def _port(text: str) -> int:
    try:
        port = int(text)
    except ValueError:
        port = 0
    if not 0 < port < 65536:  # noqa: PLR2004
        raise _invalid("The port in the database URL is not a number from 1 to 65535.") from None
    return port


def _check_pooler_user(host: str, user: str) -> None:
    if host.endswith(POOLER_DOMAIN) and "." not in user:
        raise ConfigurationError(
            f"The pooler needs a user name with the project in it: write {user}.<project ref> "
            f"instead of {user} in the database URL.",
            code="database_url_invalid",
            platform="supabase",
        )


def _invalid(message: str) -> ConfigurationError:
    return ConfigurationError(
        message,
        code="database_url_invalid",
        platform="supabase",
        cure="Copy it from Connect in the Supabase dashboard, and write special characters of the "
        "password as %40 (@), %2F (/), %23 (#), %3A (:).",
    )
