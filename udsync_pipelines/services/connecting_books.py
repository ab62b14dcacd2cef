"""Connecting a tenant's company in QuickBooks: tried first, then put in force."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
from pydantic import SecretStr

from udsync_pipelines.connectors.quickbooks.address import (
    PLATFORM,
    PRODUCTION,
    SANDBOX,
    TOKEN_ENDPOINT,
    api_url,
    is_loopback,
    realm,
    token_url,
)
from udsync_pipelines.connectors.quickbooks.connection import Checked, check_connection
from udsync_pipelines.connectors.quickbooks.tokens import (
    ACCESS_TOKEN,
    CLIENT_SECRET,
    REFRESH_TOKEN,
    read_tokens,
)
from udsync_pipelines.errors import AuthorizationError, ConfigurationError, UdsyncError
from udsync_pipelines.services.books import BASE_URL, OAUTH_URL, READ_ONLY, open_with
from udsync_pipelines.services.connecting import Connected, keep
from udsync_pipelines.services.connecting_tokens import (
    GivenTokens,
    TokenPlace,
    in_force,
    on_trial,
)
from udsync_pipelines.services.connecting_trials import prepare_trial
from udsync_pipelines.services.consent import note_end_of_consent
from udsync_pipelines.services.databases import plain_url
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import connection_status, connections, credentials
from udsync_pipelines.store.repositories.connections import Connection, NewConnection
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.session_locks import SessionLocks
from udsync_pipelines.store.tables.states import ConnectionState, Platform

_LANE = "connect quickbooks"
_REFUSED = "refresh_token_refused"


def connect_quickbooks(  # noqa: PLR0913 - what an operator gives
    installation: Installation,
    tenant: Tenant,
    *,
    realm_id: str,
    client_id: str,
    client_secret: SecretStr,
    refresh_token: SecretStr,
    base_url: str | None = None,
    oauth_url: str | None = None,
    read_only: bool = False,
) -> Connected:
    """Check a company and the app's way into it, then put the connection in force.

    The check renews the tokens, which may replace the refresh token: every newer one is stored
    before anything else is asked. When the check fails, the tenant's former connection stays in
    force, and giving the same refresh token again goes on with its newest successor.

    Args:
        installation: where to store it.
        tenant: whose company it is.
        realm_id: the company's id.
        client_id: of the app at Intuit.
        client_secret: its secret.
        refresh_token: from a consent to this app for this company.
        base_url: the API's host, in place of Intuit's for live companies.
        oauth_url: the whole token endpoint, in place of Intuit's.
        read_only: refuse every write to this company.

    Raises:
        ConfigurationError, RetryableError: why the company cannot be used.
    """
    company = realm(realm_id)
    tokens = _given(client_id, client_secret, refresh_token, oauth_url)
    settings = {
        BASE_URL: _beside(tokens.token_endpoint, api_url(base_url or PRODUCTION)),
        OAUTH_URL: tokens.token_endpoint,
        READ_ONLY: read_only,
    }
    prepare = partial(prepare_trial, installation, tenant, company, tokens, settings)
    with _alone(installation, tenant):
        connection, place = prepare()
        try:
            checked = _check(installation, connection, place)
        except AuthorizationError:
            if not _is_spent_successor(place):
                raise
            connection, place = prepare()
            checked = _check(installation, connection, place)
        return _put_in_force(installation, tenant, connection, place, checked)


@contextmanager
def _alone(installation: Installation, tenant: Tenant) -> Iterator[None]:
    """Let one command at a time connect a company of this tenant."""
    with closing(SessionLocks(plain_url(installation.databases.state_url))) as locks:
        if not locks.try_hold(f"udsync:{tenant.id}:{_LANE}"):
            raise ConfigurationError(
                f"another command is connecting QuickBooks for {tenant.name} right now.",
                cure="Wait for it to end, then look whether yours is still needed.",
                code="connecting_busy",
                platform=PLATFORM,
            )
        yield


def _given(
    client_id: str, client_secret: SecretStr, refresh_token: SecretStr, oauth_url: str | None
) -> GivenTokens:
    texts = {
        "client id": client_id.strip(),
        "client secret": client_secret.get_secret_value().strip(),
        "refresh token": refresh_token.get_secret_value().strip(),
    }
    for name, text in texts.items():
        if not text or not text.isascii() or not text.isprintable() or " " in text:
            raise ConfigurationError(
                f"the {name} is {'not a plain word' if text else 'empty'}.",
                cure="Copy it again from Intuit's developer site.",
                code="usage",
                platform=PLATFORM,
            )
    identifier, secret, token = texts.values()
    endpoint = token_url(oauth_url or TOKEN_ENDPOINT)
    return GivenTokens(identifier, SecretStr(secret), SecretStr(token), endpoint)


def _beside(token_endpoint: str, base_url: str) -> str:
    """The API's address, where it belongs to the token endpoint: both Intuit's, or neither."""
    if is_loopback(httpx.URL(base_url).host) != is_loopback(httpx.URL(token_endpoint).host):
        raise ConfigurationError(
            "only one of the two addresses of QuickBooks is on this machine.",
            cure="For an emulated company give both --base-url and --oauth-url, else neither.",
            code="address_invalid",
            platform=PLATFORM,
        )
    return base_url


# --- the check ----------------------------------------------------------------------------------


def _check(installation: Installation, connection: Connection, place: TokenPlace) -> Checked:
    """Renew the tokens and read who the company is.

    Raises:
        ConfigurationError, RetryableError: why that failed, in words for who connects right now.
    """
    try:
        opened = open_with(installation, connection, place, consent_ended=_leave_for_later)
        with closing(opened) as books:
            before, tokens = place.read().get(ACCESS_TOKEN), books.client.tokens
            _ = tokens.current() if before is None else tokens.renew(before)
            return check_connection(books.client)
    except UdsyncError as error:
        told = _told(error, connection, place)
        _note_failure(installation, connection, place, told)
        if told is error:
            raise
        raise told from error


def _leave_for_later() -> None:
    """Do nothing yet: whether consent has ended, and for whom, is seen after the check."""


def _is_spent_successor(place: TokenPlace) -> bool:
    """Whether Intuit has refused a successor, so that trying the given token can harm nothing."""
    stored = place.read()
    is_spent = read_tokens(stored).needs_consent()
    return is_spent and stored[REFRESH_TOKEN] != place.given.refresh_token


def _told(error: UdsyncError, connection: Connection, place: TokenPlace) -> UdsyncError:
    """The same error in the words of whoever is connecting right now."""
    if not isinstance(error, AuthorizationError) or error.code != "needs_consent":
        return error
    if read_tokens(place.read()).needs_consent():
        return AuthorizationError(
            "Intuit does not accept this refresh token.",
            cure="Get a new one with this app's id and secret: each ends when it is used "
            "elsewhere, after 100 days, or when consent is withdrawn.",
            code=_REFUSED,
            platform=PLATFORM,
            request_id=error.request_id,
        )
    return AuthorizationError(
        f"QuickBooks does not let this app into the company {connection.external_id}.",
        cure="Check the realm id, that consent was given for this company, and that keys and "
        "address belong together: development keys open sandbox companies only.",
        code="company_refused",
        platform=PLATFORM,
        request_id=error.request_id,
    )


def _note_failure(
    installation: Installation, connection: Connection, place: TokenPlace, error: UdsyncError
) -> None:
    """Note it, unless a trial failed beside tokens in force: of those nothing was found."""
    if connection.is_enabled:
        if not place.is_trial and error.code == _REFUSED:
            note_end_of_consent(installation.state, connection.tenant_id, connection.id)
        return
    with installation.state.tenant(connection.tenant_id) as transaction:
        connection_status.record_check(
            transaction,
            connection.tenant_id,
            connection.id,
            state=ConnectionState.FAILING,
            checked_at=datetime.now(UTC),
            details={"reason": str(error)},
        )


# --- after the check ----------------------------------------------------------------------------


def _put_in_force(
    installation: Installation,
    tenant: Tenant,
    connection: Connection,
    place: TokenPlace,
    checked: Checked,
) -> Connected:
    facts = _facts(connection, checked)
    with installation.state.tenant(tenant.id) as transaction:
        # Locks the row: a renewal that is under way ends first.
        connections.enable(transaction, tenant.id, connection.id, is_enabled=True)
        held = credentials.open_all(transaction, place.store.owner, installation.keys)
        tokens = on_trial(held) if place.is_trial else in_force(held)
        new = NewConnection(
            Platform.QUICKBOOKS,
            checked.name.name or connection.name,
            connection.external_id,
            {**tokens, CLIENT_SECRET: place.given.client_secret},
            {**connection.settings, **_settings(checked)},
            is_sandbox=connection.settings[BASE_URL] == SANDBOX,
        )
        saved, replaced = keep(transaction, installation.keys, tenant, new, facts)
    return Connected(saved, facts, checked.warnings, replaced)


def _settings(checked: Checked) -> Mapping[str, Any]:
    """What is kept of the company beside its addresses."""
    company = checked.company
    return {
        "country": company.country,
        "home_currency": company.home_currency,
        "multicurrency": company.has_multicurrency,
        "custom_numbers": company.has_custom_numbers,
        "sales_tax": company.has_sales_tax,
    }


def _facts(connection: Connection, checked: Checked) -> Mapping[str, Any]:
    return {
        "name": checked.name.name,
        "realm_id": connection.external_id,
        **_settings(checked),
        "sandbox": connection.settings[BASE_URL] == SANDBOX,
        "read_only": connection.settings[READ_ONLY],
        "consent_days_left": checked.expiry.days_left(datetime.now(UTC)),
    }
