"""An installation with a tenant, and emulated companies that end with their test."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.services.connecting_books import connect_quickbooks
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.settings import Settings
from udsync_pipelines.store.repositories import connection_status, connections, tenants
from udsync_pipelines.store.repositories.connection_status import Status
from udsync_pipelines.store.repositories.connections import Connection, NewConnection
from udsync_pipelines.store.repositories.credentials import LockedCredentials, Owner
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import Platform

StartCompany = Callable[..., CompanyEmulator]


@pytest.fixture
def installation(state_url: str, tmp_path: Path) -> Iterator[Installation]:
    """An installation on a server that it is given, as with UDSYNC_DATABASE_URL."""
    settings = Settings(
        home=tmp_path / "home",
        database_url=SecretStr(state_url),
        http_timeout_seconds=5,
        retry_budget_seconds=0,
    )
    with open_installation(settings) as opened:
        yield opened


@pytest.fixture
def tenant(installation: Installation) -> Tenant:
    """A tenant without connections."""
    with installation.state.dispatch() as transaction:
        return tenants.create(transaction, "acme", "America/Edmonton")


@pytest.fixture
def start_company() -> Iterator[StartCompany]:
    """Start emulated companies; the token rotates with each use unless told otherwise."""
    started: list[CompanyEmulator] = []

    def start(**options: Any) -> CompanyEmulator:
        strict = {"limits_factor": 0, "rotate_seconds": 0, "double_use_revokes": True}
        company = CompanyEmulator(**{**strict, **options})
        started.append(company)
        company.start()
        return company

    yield start
    for company in started:
        company.stop()


@pytest.fixture
def company(start_company: StartCompany) -> CompanyEmulator:
    """A Canadian company that takes a second use of a refresh token for theft."""
    return start_company()


def with_settings(installation: Installation, **changes: Any) -> Installation:
    """The same installation with other settings."""
    return replace(installation, settings=installation.settings.model_copy(update=changes))


def store_company(
    installation: Installation, tenant: Tenant, company: CompanyEmulator, **settings: Any
) -> Connection:
    """Store a company's credentials as a connection, unchecked."""
    new = NewConnection(
        Platform.QUICKBOOKS,
        "Books",
        company.realm_id,
        {
            "client_id": SecretStr(company.options.client_id),
            "client_secret": SecretStr(company.options.client_secret),
            "refresh_token": SecretStr(company.refresh_token),
        },
        {"base_url": company.url, "oauth_url": company.oauth_url, **settings},
    )
    with installation.state.tenant(tenant.id) as transaction:
        return connections.save(transaction, tenant.id, new, installation.keys)


def connect_company(
    installation: Installation,
    tenant: Tenant,
    company: CompanyEmulator,
    refresh_token: str | None = None,
) -> None:
    """Connect a company as an operator does, with the first consent's refresh token or another."""
    connect_quickbooks(
        installation,
        tenant,
        realm_id=company.realm_id,
        client_id=company.options.client_id,
        client_secret=SecretStr(company.options.client_secret),
        refresh_token=SecretStr(refresh_token or company.refresh_token),
        base_url=company.url,
        oauth_url=company.oauth_url,
    )


def books_of(installation: Installation, tenant: Tenant) -> tuple[Connection, ...]:
    """The tenant's QuickBooks connections, oldest first."""
    with installation.state.tenant(tenant.id) as transaction:
        return connections.list_all(transaction, tenant.id, Platform.QUICKBOOKS)


def status_of(installation: Installation, connection: Connection) -> Status:
    """What is noted of a connection."""
    with installation.state.tenant(connection.tenant_id) as transaction:
        found = connection_status.list_all(transaction, connection.tenant_id)
    return next(status for status in found if status.connection_id == connection.id)


def secrets_of(installation: Installation, connection: Connection) -> dict[str, str]:
    """What is stored of a connection's credentials, opened."""
    owner = Owner(connection.tenant_id, Platform.QUICKBOOKS, connection.id)
    stored = LockedCredentials(installation.state, owner, installation.keys).read()
    return {name: secret.get_secret_value() for name, secret in stored.items()}


def renewals(company: CompanyEmulator) -> int:
    """How often the token endpoint was asked."""
    return len(company.requests.records("/oauth2/v1/tokens"))
