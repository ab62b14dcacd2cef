"""Webhooks of a tenant's books: set up by a person in Intuit's portal, known to us by a token."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.store_webhooks import public_address
from udsync_pipelines.store.repositories import (
    connections,
    inbox,
    inbox_work,
    webhook_configs,
    webhook_quarantine,
)
from udsync_pipelines.store.repositories.connections import Connection
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.repositories.webhook_configs import EVERY_TOPIC, Webhook
from udsync_pipelines.store.tables.states import Platform, WebhookState
from udsync_pipelines.sync.delivery import WebhookFormat

PATH = "/api/webhooks/quickbooks/cloudevents"
LEGACY_PATH = "/api/webhooks/quickbooks"


@dataclass(frozen=True, slots=True)
class BooksWebhooks:
    """How events of a company reach us.

    Attributes:
        realm: the company.
        url: what to enter in Intuit's portal; empty while no address was given.
        has_token: whether we know the verifier token of the app.
        last_delivery: when the newest event of this company came, or None.
        adopted: events that had come before the company was known, and now wait in its inbox.
    """

    realm: str
    url: str
    has_token: bool
    last_delivery: datetime | None
    adopted: int = 0


def check_books(installation: Installation, tenant: Tenant) -> BooksWebhooks | None:
    """How the company's events reach us; None when no company is connected."""
    company = _company(installation, tenant)
    return None if company is None else _report(installation, tenant, company, adopted=0)


def register_books(
    installation: Installation, tenant: Tenant, base_url: str, token: SecretStr
) -> BooksWebhooks | None:
    """Remember the verifier token of the company's app; None when no company is connected.

    A former token holds for an hour more. Events of the company that came before, signed with this
    token, are given to the tenant.

    Raises:
        ConfigurationError: the address cannot be used.
    """
    url = public_address(base_url)
    company = _company(installation, tenant)
    if company is None:
        return None
    secret = token.get_secret_value()
    webhook = Webhook(
        company.id,
        WebhookFormat.CLOUDEVENTS,
        EVERY_TOPIC,
        None,
        f"{url}{PATH}",
        WebhookState.ACTIVE,
        None,
        None,
    )
    with installation.state.tenant(tenant.id) as connection:
        if secret not in _tokens(installation, tenant, company):
            webhook_configs.save(
                connection, tenant.id, Platform.QUICKBOOKS, webhook, secret, installation.keys
            )
        webhook_configs.confirm(
            connection,
            tenant.id,
            company.id,
            EVERY_TOPIC,
            external_id=None,
            delivery_url=webhook.delivery_url,
            state=WebhookState.ACTIVE,
        )
    adopted = _adopt(installation, tenant, company, secret)
    return _report(installation, tenant, company, adopted=adopted)


def _adopt(installation: Installation, tenant: Tenant, company: Connection, token: str) -> int:
    """Move what was kept of the company into the tenant's inbox; a crash moves it again, once."""
    with installation.state.dispatch() as connection:
        kept = webhook_quarantine.kept(connection, company.external_id, token)
    if not kept:
        return 0
    adopted = inbox.receive(installation.state, tenant.id, company.id, kept)
    with installation.state.dispatch() as connection:
        webhook_quarantine.forget(connection, company.external_id, token, kept)
    return adopted


def _report(
    installation: Installation, tenant: Tenant, company: Connection, *, adopted: int
) -> BooksWebhooks:
    with installation.state.tenant(tenant.id) as connection:
        known = webhook_configs.list_all(connection, tenant.id, company.id).get(EVERY_TOPIC)
        last = inbox_work.last_deliveries(connection, tenant.id, company.id)
    return BooksWebhooks(
        company.external_id,
        known.delivery_url if known else "",
        known is not None,
        max(last.values(), default=None),
        adopted,
    )


def _tokens(installation: Installation, tenant: Tenant, company: Connection) -> tuple[str, ...]:
    """The token in force, if there is one."""
    with installation.state.tenant(tenant.id) as connection:
        recorded = webhook_configs.secrets(connection, tenant.id, installation.keys)
    return tuple(one.accepted[0] for one in recorded if one.connection_id == company.id)


def _company(installation: Installation, tenant: Tenant) -> Connection | None:
    with installation.state.tenant(tenant.id) as connection:
        found = connections.list_all(connection, tenant.id, Platform.QUICKBOOKS)
    return next((one for one in found if one.is_enabled), None)
