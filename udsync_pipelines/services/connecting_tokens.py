"""Tokens on trial: a company's new tokens beside those in force, until a check has passed.

A refresh token is replaced by using it, and checking a connection uses it. So what an operator
gives is sealed before it is first used, under names that no sync reads, and every successor takes
its place there. A check that fails then leaves the tokens in force untouched and loses nothing:
giving the same refresh token again goes on with its newest successor.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from udsync_pipelines.connectors.quickbooks.tokens import (
    CLIENT_ID,
    CLIENT_SECRET,
    REFRESH_TOKEN,
    fingerprint,
    read_tokens,
)
from udsync_pipelines.store.repositories.credentials import LockedCredentials

GIVEN = "given_refresh_token"
_ON_TRIAL = "trial_"

Stored = Mapping[str, SecretStr]


@dataclass(frozen=True, slots=True)
class GivenTokens:
    """What an operator gave. `token_endpoint` is where the refresh token is from."""

    client_id: str
    client_secret: SecretStr
    refresh_token: SecretStr
    token_endpoint: str

    @property
    def mark(self) -> SecretStr:
        """What all successors of this refresh token have in common; tells nothing of it."""
        token = self.refresh_token.get_secret_value()
        place = SecretStr(f"{self.token_endpoint} {self.client_id} {token}")
        return SecretStr(fingerprint(place))

    def unused(self) -> Stored:
        """The credentials before their first use."""
        return {
            CLIENT_ID: SecretStr(self.client_id),
            CLIENT_SECRET: self.client_secret,
            REFRESH_TOKEN: self.refresh_token,
            GIVEN: self.mark,
        }

    def lead_to(self, stored: Stored) -> bool:
        """Whether these stored tokens are successors of the given one, and still alive."""
        return stored.get(GIVEN) == self.mark and not read_tokens(stored).needs_consent()


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """The credentials in force of a connection, or those on trial; implements a token store.

    The client secret is always the given one, which may be newer than the stored one; it is stored
    once a renewal has proven it.
    """

    store: LockedCredentials
    given: GivenTokens
    is_trial: bool

    def read(self) -> Stored:
        """The credentials by name; raises what the store raises."""
        return self._with_secret(self.store.read())

    def renew(self, change: Callable[[Stored], Stored]) -> Stored:
        """Renew under the connection's lock; raises what the store raises."""

        def changed(held: Stored) -> Stored:
            new = change(self._with_secret(held))
            if REFRESH_TOKEN in new:
                new = {**new, CLIENT_SECRET: self.given.client_secret}
            return put_on_trial(new) if self.is_trial else new

        return self._with_secret(self.store.renew(changed))

    def _with_secret(self, held: Stored) -> Stored:
        mine = on_trial(held) if self.is_trial else in_force(held)
        return {**mine, CLIENT_SECRET: self.given.client_secret}


def in_force(held: Stored) -> Stored:
    """Of all credentials of a connection those that syncs use."""
    return {name: secret for name, secret in held.items() if not name.startswith(_ON_TRIAL)}


def on_trial(held: Stored) -> Stored:
    """Of all credentials of a connection those on trial, by the names they will have in force."""
    return {
        name.removeprefix(_ON_TRIAL): secret
        for name, secret in held.items()
        if name.startswith(_ON_TRIAL)
    }


def put_on_trial(tokens: Stored) -> Stored:
    """Credentials by the names they have while they are on trial."""
    return {f"{_ON_TRIAL}{name}": secret for name, secret in tokens.items()}
