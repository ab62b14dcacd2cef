"""What PostgreSQL's answers mean: SQLSTATE or connection failure to an error of ours.

Codes: PostgreSQL manual, appendix A. The server's own message is never repeated: it may quote
the value that it refused.
"""

from dataclasses import dataclass

import psycopg

from udsync_pipelines.errors import (
    AuthorizationError,
    ConfigurationError,
    PlatformUnavailableError,
    RetryableError,
    UdsyncError,
)

STATEMENT_TIMEOUT = "57014"
APPLY_SCHEMA = (
    "Run `udsync connect supabase` again, or apply the text that "
    "`udsync connect supabase --print-ddl` shows."
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """An error class, its stable code, what happened and what to do."""

    error: type[UdsyncError]
    code: str
    message: str
    cure: str

    def raised(self, **details: str | None) -> UdsyncError:
        """The error itself."""
        return self.error(
            self.message, code=self.code, cure=self.cure, platform="supabase", **details
        )


_AGAIN = "It is tried again by itself."
_LOST = Meaning(
    PlatformUnavailableError, "connection_lost", "The connection to the database was lost.", _AGAIN
)

STATES = {
    "42501": Meaning(
        ConfigurationError,
        "privilege_missing",
        "The database user lacks a privilege on udsync's tables.",
        "Connect as the owner of the tables (postgres), or grant it select, insert, update and "
        "delete on them and temporary on the database.",
    ),
    "42P01": Meaning(
        ConfigurationError, "table_missing", "A table of udsync is missing.", APPLY_SCHEMA
    ),
    "3F000": Meaning(
        ConfigurationError, "schema_missing", "The schema of udsync's tables is missing.",
        APPLY_SCHEMA,
    ),
    "42703": Meaning(
        ConfigurationError, "column_missing", "A column of udsync's tables is missing.",
        APPLY_SCHEMA,
    ),
    "42P10": Meaning(
        ConfigurationError, "key_missing", "A primary key of udsync's tables is missing.",
        "Rename the changed table, then run `udsync connect supabase` again.",
    ),
    "25006": Meaning(
        ConfigurationError, "database_read_only", "The database accepts no writes now.",
        "Supabase does this when the disk is full: free space or enlarge the disk. A read replica "
        "never accepts writes.",
    ),
    "55P03": Meaning(
        RetryableError, "lock_timeout", "Another session holds a lock on udsync's tables.", _AGAIN
    ),
    STATEMENT_TIMEOUT: Meaning(
        RetryableError, "statement_timeout", "The database cancelled a statement as too slow.",
        "Raise statement_timeout for the database user, or choose a larger compute size.",
    ),
}  # fmt: skip

CLASSES = {
    "08": _LOST,
    "40": Meaning(
        RetryableError, "transaction_conflict", "Another session wrote the same rows.", _AGAIN
    ),
    "53": Meaning(
        PlatformUnavailableError, "database_overloaded",
        "The database is short of connections, memory or disk space.", _AGAIN,
    ),
    "57": Meaning(
        PlatformUnavailableError, "database_restarting", "The database is restarting.", _AGAIN
    ),
    "58": Meaning(
        PlatformUnavailableError, "database_failing", "The database reports a system error.", _AGAIN
    ),
    "XX": Meaning(
        PlatformUnavailableError, "database_failing", "The database reports an internal error.",
        _AGAIN,
    ),
}  # fmt: skip

# Reasons why a connection was refused. libpq gives no SQLSTATE for these, only English text.
# The first that fits counts, and many name a role or a database besides the reason.
REFUSALS = (
    (("too many connections", "remaining connection slots", "max clients"), Meaning(
        PlatformUnavailableError, "too_many_connections", "The database has no free connection.",
        _AGAIN,
    )),
    (("password authentication failed", "no password supplied", "wrong password",
      "sasl authentication failed", 'role "'), Meaning(
        AuthorizationError, "password_wrong", "The database refuses this user name or password.",
        "Reset the password under Database settings in the Supabase dashboard, then connect again.",
    )),
    (("tenant or user not found", "enotfound"), Meaning(
        AuthorizationError, "project_unknown", "The pooler does not know this project.",
        "Copy host and user from Connect in the Supabase dashboard; a paused project must be "
        "restored first.",
    )),
    (('database "',), Meaning(
        ConfigurationError, "database_unknown", "The server has no database of this name.",
        "On Supabase its name is postgres.",
    )),
    (("no pg_hba.conf entry", "address not in tenant allow_list"), Meaning(
        ConfigurationError, "address_refused", "The server does not let this address in.",
        "Add it to the network restrictions in the Supabase dashboard.",
    )),
    (("server does not support ssl", "certificate", "ssl error", "tls"), Meaning(
        ConfigurationError, "tls_failed", "No safe connection (TLS) could be made to the server.",
        "Check sslmode and sslrootcert in the database URL.",
    )),
    (("temporary failure in name resolution", "errno -3"), Meaning(
        PlatformUnavailableError, "name_service_down", "Host names cannot be looked up now.", _AGAIN
    )),
    (("failed to resolve host", "could not translate host name"), Meaning(
        ConfigurationError, "host_unknown", "The host in the database URL does not exist.",
        "Copy the host from Connect in the Supabase dashboard.",
    )),
    (("unsupported startup parameter",), Meaning(
        ConfigurationError, "option_refused", "The pooler refuses an option in the database URL.",
        "Remove everything after the question mark in the URL but sslmode and sslrootcert.",
    )),
    (("starting up", "shutting down", "in recovery", "not yet accepting"), CLASSES["57"]),
    (("connection refused",), Meaning(
        PlatformUnavailableError, "connection_refused", "Nothing answers at this host and port.",
        "Check both in the database URL, and that the project is not paused.",
    )),
    (("timeout expired", "timed out"), Meaning(
        PlatformUnavailableError, "connection_timeout", "The database did not answer in time.",
        "Check host and port, and that a firewall lets this machine out.",
    )),
)  # fmt: skip
IPV6_ONLY = Meaning(
    ConfigurationError,
    "ipv6_only",
    "The host has only an IPv6 address, which this network does not reach.",
    "Use the session pooler: Connect in the Supabase dashboard, Session pooler.",
)
UNREACHABLE = Meaning(
    PlatformUnavailableError, "unreachable", "The database could not be reached.", _AGAIN
)


def is_data_error(error: psycopg.Error) -> bool:
    """True when a row is to blame: bad value, constraint, too long for an index, a trigger's no."""
    state = error.sqlstate or ""
    return state[:2] in {"22", "23", "44", "54"} or state == "P0001"


def explain(error: psycopg.Error) -> UdsyncError:
    """The error of ours for a failed statement."""
    state = error.sqlstate
    if state is None:
        return _LOST.raised()
    meaning = STATES.get(state) or CLASSES.get(state[:2])
    if meaning is not None:
        return meaning.raised()
    return ConfigurationError(
        f"The database refused a statement with SQLSTATE {state}.",
        code="statement_refused",
        platform="supabase",
        cure=APPLY_SCHEMA,
    )


def explain_refusal(error: psycopg.Error) -> UdsyncError:
    """The error of ours for a connection that could not be opened."""
    if error.sqlstate is not None and error.sqlstate in STATES:
        return STATES[error.sqlstate].raised()
    text = str(error).lower()
    for fragments, meaning in REFUSALS:
        if any(fragment in text for fragment in fragments):
            return meaning.raised()
    return UNREACHABLE.raised()
