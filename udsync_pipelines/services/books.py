"""A tenant's books in QuickBooks, opened: a client with its tokens, limits and reference lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

import httpx

from udsync_pipelines.connectors.quickbooks.address import (
    PRODUCTION,
    TOKEN_ENDPOINT,
    RealmId,
    is_loopback,
    realm,
)
from udsync_pipelines.connectors.quickbooks.client import (
    TIMEOUT,
    QuickBooksClient,
    new_http_client,
)
from udsync_pipelines.connectors.quickbooks.limits import (
    IN_FLIGHT,
    RATES,
    Limits,
    lower_ceiling,
    scaled,
)
from udsync_pipelines.connectors.quickbooks.oauth import AccessTokens, TokenEndpoint, TokenStore
from udsync_pipelines.connectors.quickbooks.reference import ReferenceLists
from udsync_pipelines.errors import AuthorizationError
from udsync_pipelines.services.consent import WatchedCredentials, note_end_of_consent
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.read_only_books import ReadOnlyQuickBooksClient
from udsync_pipelines.settings import Settings
from udsync_pipelines.store.repositories.connections import Connection
from udsync_pipelines.store.repositories.credentials import LockedCredentials, Owner
from udsync_pipelines.store.repositories.limits import SharedLimits
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.transport import RetryPolicy

BASE_URL = "base_url"
OAUTH_URL = "oauth_url"
READ_ONLY = "read_only"
CEILING = "requests_per_minute"
_VISIBLE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class OpenBooks:
    """One company's books, ready for reading and writing; a context manager.

    Safe to use from several threads. Processes that open the same books share their tokens and
    their limits.
    """

    connection: Connection
    client: QuickBooksClient
    lists: ReferenceLists
    limits: SharedLimits
    http: httpx.Client
    _installation: Installation

    @property
    def is_read_only(self) -> bool:
        """Whether the connection was made with --read-only: every write is refused."""
        return bool(self.connection.settings.get(READ_ONLY, False))

    def close(self) -> None:
        """Write the calls counted so far and close the connections to QuickBooks."""
        try:
            self.limits.flush()
        finally:
            self.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, AuthorizationError) and error.code == "needs_consent":
            note_end_of_consent(
                self._installation.state, self.connection.tenant_id, self.connection.id
            )
        self.close()


def open_books(installation: Installation, tenant: Tenant, connection: Connection) -> OpenBooks:
    """Open the books of one of the tenant's QuickBooks connections; asks nothing of QuickBooks.

    Raises:
        ConfigurationError: an address is neither Intuit's nor on this machine, or
            UDSYNC_LIMITS_FACTOR is set and an address is not on this machine.
    """
    settings = installation.settings
    urls = addresses(connection.settings)
    rates = scaled(RATES, settings.limits_factor, urls)
    limits = SharedLimits(
        installation.state,
        tenant.id,
        connection.id,
        lower_ceiling(rates, connection.settings.get(CEILING)),
        slots=IN_FLIGHT,
    )
    owner = Owner(tenant.id, Platform.QUICKBOOKS, connection.id)
    store = WatchedCredentials(LockedCredentials(installation.state, owner, installation.keys))
    http = open_http(settings, urls)
    is_read_only = bool(connection.settings.get(READ_ONLY, False))
    try:
        client = open_client(
            settings,
            http,
            realm(connection.external_id),
            store,
            urls,
            limits=limits,
            is_read_only=is_read_only,
        )
    except BaseException:
        http.close()
        raise
    return OpenBooks(connection, client, ReferenceLists(client), limits, http, installation)


def open_client(  # noqa: PLR0913 - what a client of the books consists of
    settings: Settings,
    http: httpx.Client,
    realm_id: RealmId,
    store: TokenStore,
    urls: tuple[str, str],
    *,
    limits: Limits | None = None,
    is_read_only: bool = False,
) -> QuickBooksClient:
    """A client of a company: `urls` are the API's base address and the token endpoint.

    Raises:
        ConfigurationError: an address is neither Intuit's nor on this machine.
    """
    base_url, oauth_url = urls
    policy = RetryPolicy(budget=settings.retry_budget_seconds)
    tokens = AccessTokens(store, TokenEndpoint(http, url=oauth_url, policy=policy))
    kind = ReadOnlyQuickBooksClient if is_read_only else QuickBooksClient
    return kind(http, realm_id, tokens, limits=limits, base_url=base_url, policy=policy)


def open_http(settings: Settings, urls: tuple[str, str]) -> httpx.Client:
    """The HTTP client for a company at these addresses."""
    http = new_http_client()
    # Intuit may take two minutes over a write; a company on this machine is an emulated one, and
    # whoever tests with it decides how long its silence is waited for.
    if all(is_loopback(httpx.URL(url).host) for url in urls):
        http.timeout = httpx.Timeout(min(settings.http_timeout_seconds, TIMEOUT.read or 0.0))
    return http


def addresses(stored: Mapping[str, Any]) -> tuple[str, str]:
    """The API's base address and the token endpoint among a connection's settings."""
    return stored.get(BASE_URL) or PRODUCTION, stored.get(OAUTH_URL) or TOKEN_ENDPOINT


def visibility_horizon(settings: Settings) -> timedelta:
    """How long a write may stay invisible to look-ups before it counts as not done.

    Five minutes; scaled with the limits, which only connections on this machine allow.
    """
    return timedelta(seconds=float(Decimal(_VISIBLE_AFTER.seconds) / settings.limits_factor))
