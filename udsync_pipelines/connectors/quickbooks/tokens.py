"""The tokens of a connection as they are stored, and when each of them ends.

Stored by name, each sealed: `client_id`, `client_secret` and `refresh_token` come from the
operator; the others are written with every renewal. What an operator stores anew replaces all, so
a company that was connected again starts without memories.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import SecretStr

from udsync_pipelines.connectors.quickbooks.address import PLATFORM
from udsync_pipelines.connectors.quickbooks.fault_rules import Case
from udsync_pipelines.connectors.quickbooks.faults import About, error_of_case
from udsync_pipelines.errors import ConfigurationError, UdsyncError

CLIENT_ID = "client_id"
CLIENT_SECRET = "client_secret"  # noqa: S105 - a name
REFRESH_TOKEN = "refresh_token"  # noqa: S105 - a name
ACCESS_TOKEN = "access_token"  # noqa: S105 - a name
ACCESS_RENEWS = "access_token_renews_at"
ACCESS_ENDS = "access_token_ends_at"
REFRESH_ENDS = "refresh_token_ends_at"
GRANT_ENDS = "grant_ends_at"
REFUSED = "refused_refresh_token"

# An access token lives an hour and is renewed when a sixth of its life, ten minutes, is left.
USED_FOR = 5 / 6

WARNED_DAYS = 30
"""So many days before a consent ends, whoever looks at the connection is told."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What is stored of one connection. Secrets show in no repr.

    `refused` is the fingerprint of a refresh token that Intuit has refused: as long as it is
    that of the stored one, nobody asks again.
    """

    client_id: str
    client_secret: SecretStr
    refresh_token: SecretStr
    access_token: SecretStr | None = None
    access_renews_at: datetime | None = None
    access_ends_at: datetime | None = None
    refresh_ends_at: datetime | None = None
    grant_ends_at: datetime | None = None
    refused: str = field(default="", repr=False)

    def needs_consent(self) -> bool:
        """Whether Intuit has refused the stored refresh token: only a person can go on."""
        return self.refused == fingerprint(self.refresh_token)

    def is_fresh(self, now: datetime) -> bool:
        """Whether the access token can be used for some minutes yet."""
        return self.access_token is not None and _is_before(now, self.access_renews_at)

    def is_alive(self, now: datetime) -> bool:
        """Whether the access token has not ended yet."""
        return self.access_token is not None and _is_before(now, self.access_ends_at)


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a connection ends by itself, for a console and its warnings.

    `refresh_ends_at` moves on with each use, 100 days ahead; `grant_ends_at` does not move (about
    five years after consent) and is None where Intuit did not tell.
    """

    needs_consent: bool
    access_ends_at: datetime | None
    refresh_ends_at: datetime | None
    grant_ends_at: datetime | None

    def days_left(self, now: datetime) -> int | None:
        """Whole days until someone has to connect again; None when it is not known."""
        if self.needs_consent:
            return 0
        ends = [end for end in (self.refresh_ends_at, self.grant_ends_at) if end is not None]
        return max(0, (min(ends) - now).days) if ends else None


def expiry_of(stored: Mapping[str, SecretStr]) -> Expiry:
    """When the stored tokens end.

    Raises:
        ConfigurationError: the company was never connected.
    """
    tokens = read_tokens(stored)
    return Expiry(
        tokens.needs_consent(),
        tokens.access_ends_at,
        tokens.refresh_ends_at,
        tokens.grant_ends_at,
    )


def read_tokens(stored: Mapping[str, SecretStr]) -> Tokens:
    """The tokens among the stored credentials.

    Raises:
        ConfigurationError: the client's id or secret or the refresh token is missing.
    """
    missing = [
        name for name in (CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN) if not _text(stored, name)
    ]
    if missing:
        raise ConfigurationError(
            f"The QuickBooks connection has no {missing[0].replace('_', ' ')}.",
            code="credentials_missing",
            platform=PLATFORM,
            cure="Run `udsync connect quickbooks`.",
        )
    return Tokens(
        _text(stored, CLIENT_ID),
        stored[CLIENT_SECRET],
        stored[REFRESH_TOKEN],
        stored.get(ACCESS_TOKEN) if _text(stored, ACCESS_TOKEN) else None,
        _moment(stored, ACCESS_RENEWS),
        _moment(stored, ACCESS_ENDS),
        _moment(stored, REFRESH_ENDS),
        _moment(stored, GRANT_ENDS),
        _text(stored, REFUSED),
    )


def fingerprint(secret: SecretStr) -> str:
    """A text that tells whether two secrets are the same, and nothing else."""
    return hashlib.sha256(secret.get_secret_value().encode()).hexdigest()


def moment_text(moment: datetime) -> SecretStr:
    """A moment as it is stored."""
    return SecretStr(moment.astimezone(UTC).isoformat())


def needs_consent() -> UdsyncError:
    """The refresh token is dead: a person has to give consent again."""
    return error_of_case(Case.CONSENT_ENDED, About())


def _is_before(now: datetime, end: datetime | None) -> bool:
    return end is not None and now < end


def _text(stored: Mapping[str, SecretStr], name: str) -> str:
    found = stored.get(name)
    return found.get_secret_value() if found is not None else ""


def _moment(stored: Mapping[str, SecretStr], name: str) -> datetime | None:
    text = _text(stored, name)
    return datetime.fromisoformat(text) if text else None
