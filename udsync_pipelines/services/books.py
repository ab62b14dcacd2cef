"""A tenant's books in QuickBooks, opened: a client with its tokens, limits and reference lists."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Self

import httpx

from udsync_pipelines.connectors.quickbooks.address import (
    PRODUCTION,
    TOKEN_ENDPOINT,
    is_loopback,
    realm,
)
from udsync_pipelines.connectors.quickbooks.calls import TIMEOUT, new_http_client
from udsync_pipelines.connectors.quickbooks.client import QuickBooksClient
from udsync_pipelines.connectors.quickbooks.limits import (
    IN_FLIGHT,
    MONTHLY_READS,
    RATES,
    allowance_spent,
    lower_ceiling,
    scaled,
)
from udsync_pipelines.connectors.quickbooks.oauth import AccessTokens, TokenEndpoint, TokenStore
from udsync_pipelines.connectors.quickbooks.reference import ReferenceLists
from udsync_pipelines.services.books_client import BooksClient
from udsync_pipelines.services.consent import note_end_of_consent
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.reference_shelf import PURPOSE, StoredShelf
from udsync_pipelines.settings import Settings
from udsync_pipelines.store.repositories.bookmarks import Bookmarks
from udsync_pipelines.store.repositories.connections import Connection
from udsync_pipelines.store.repositories.counted_calls import CountedCalls
from udsync_pipelines.store.repositories.credentials import LockedCredentials, Owner
from udsync_pipelines.store.repositories.limits import SharedLimits
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.transport import RetryPolicy

BASE_URL = "base_url"
OAUTH_URL = "oauth_url"
READ_ONLY = "read_only"
CEILING = "requests_per_minute"
ALLOWANCE = "monthly_reads"
_VISIBLE_AFTER = timedelta(minutes=5)


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


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

    @property
    def is_read_only(self) -> bool:
        """Whether the connection was made with --read-only: every write is refused."""
        return bool(self.connection.settings.get(READ_ONLY, False))

    def close(self) -> None:
        """Write the calls counted so far and close the connections to QuickBooks."""
        try:
            self.limits.calls.flush()
        finally:
            self.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_books(
    installation: Installation,
    tenant: Tenant,
    connection: Connection,
    *,
    before_write: Callable[[], None] = lambda: None,
    clock: Callable[[], datetime] = utc_now,
) -> OpenBooks:
    """Open the books of one of the tenant's QuickBooks connections; asks nothing of QuickBooks.

    `before_write` is called right before each write leaves, and may keep it from being sent.
    Where QuickBooks later wants a person's consent, the state of the connection says so before
    the AuthorizationError is raised.

    Raises:
        ConfigurationError: an address is neither Intuit's nor on this machine, or
            UDSYNC_LIMITS_FACTOR is set and an address is not on this machine.
    """
    owner = Owner(tenant.id, Platform.QUICKBOOKS, connection.id)
    store = LockedCredentials(installation.state, owner, installation.keys)
    ended = partial(note_end_of_consent, installation.state, tenant.id, connection.id)
    return open_with(
        installation,
        connection,
        store,
        consent_ended=ended,
        before_write=before_write,
        clock=clock,
    )


def open_with(
    installation: Installation,
    connection: Connection,
    store: TokenStore,
    *,
    consent_ended: Callable[[], None],
    before_write: Callable[[], None] = lambda: None,
    clock: Callable[[], datetime] = utc_now,
) -> OpenBooks:
    """Open books with tokens from this store, which need not be those in force.

    Raises:
        ConfigurationError: as of `open_books`.
    """
    settings, stored = installation.settings, connection.settings
    urls = base_url, oauth_url = addresses(stored)
    rates = lower_ceiling(scaled(RATES, settings.limits_factor, urls), stored.get(CEILING))
    place = installation.state, connection.tenant_id, connection.id
    own_clock = None if clock is utc_now else clock
    calls = CountedCalls(
        *place,
        monthly_reads=stored.get(ALLOWANCE, MONTHLY_READS),
        spent=allowance_spent,
        clock=own_clock,
    )
    limits = SharedLimits(*place, rates, calls=calls, slots=IN_FLIGHT, clock=own_clock)
    policy = RetryPolicy(budget=settings.retry_budget_seconds)
    http = open_http(settings, urls)
    try:
        client = BooksClient(
            http,
            realm(connection.external_id),
            AccessTokens(store, TokenEndpoint(http, url=oauth_url, policy=policy)),
            limits=limits,
            base_url=base_url,
            policy=policy,
            is_read_only=bool(stored.get(READ_ONLY, False)),
            consent_ended=consent_ended,
            before_write=before_write,
        )
    except BaseException:
        http.close()
        raise
    bookmarks = Bookmarks(installation.state, connection.tenant_id, connection.id, PURPOSE)
    lists = ReferenceLists(client, shelf=StoredShelf(bookmarks), clock=clock)
    return OpenBooks(connection, client, lists, limits, http)


def open_http(settings: Settings, urls: tuple[str, str]) -> httpx.Client:
    """The HTTP client for a company whose API and token endpoint are at these addresses."""
    http = new_http_client()
    # Intuit may take two minutes over a write. A company on this machine is an emulated one, and
    # whoever works with it decides how long its silence is waited for.
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
    return _VISIBLE_AFTER / float(settings.limits_factor)
