"""A tenant with a store that delivers to the API, and what is known of it on both sides."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr

from udsync_pipelines.connectors.woocommerce.webhook import TOPICS
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.store_webhooks import StoreWebhooks, check_store, register_store
from udsync_pipelines.store.repositories import connections
from udsync_pipelines.store.repositories.connections import NewConnection
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines_tests.api.intake import Api
from udsync_pipelines_tests.store_fixtures import client_of


@dataclass(frozen=True)
class Place:
    """A tenant's store, connected."""

    installation: Installation
    api: Api
    tenant: Tenant
    store: StoreEmulator
    connection_id: UUID

    @property
    def base_url(self) -> str:
        return str(self.api.client.base_url).rstrip("/")

    @property
    def delivery_url(self) -> str:
        return f"{self.base_url}/api/webhooks/woocommerce?connection={self.connection_id}"

    def register(self, base_url: str | None = None, *, rotate: bool = False) -> StoreWebhooks:
        found = register_store(self.installation, self.tenant, base_url, rotate=rotate)
        assert found is not None
        self.api.services.intake.secrets.forget()
        return found

    def check(self) -> StoreWebhooks:
        found = check_store(self.installation, self.tenant)
        assert found is not None
        return found

    def listed(self) -> list[dict[str, Any]]:
        """The webhooks of the store, by topic."""
        with client_of(self.store) as ask:
            found: list[dict[str, Any]] = ask.get("webhooks", params={"per_page": 100}).json()
        return sorted(found, key=lambda one: (one["topic"], one["id"]))

    def by_topic(self) -> dict[str, dict[str, Any]]:
        return {one["topic"]: one for one in self.listed()}

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Somebody else changes the store's webhooks."""
        with client_of(self.store) as ask:
            params = {"force": "true"} if method == "DELETE" else None
            answer = ask.request(method, path, json=body, params=params)
        assert answer.is_success, answer.text
        changed: dict[str, Any] = answer.json()
        return changed

    def is_complete(self) -> bool:
        """Whether the store has each of our webhooks once, active, with our address."""
        ours = [one for one in self.listed() if one["delivery_url"] == self.delivery_url]
        return sorted(one["topic"] for one in ours) == sorted(TOPICS) and {
            one["status"] for one in ours
        } == {"active"}

    def statuses(self) -> list[int]:
        """What we answered to the deliveries that the store makes now."""
        before = len(self.store.control.webhook_deliveries())
        self.store.control.run_webhooks()
        return [one["status"] for one in self.store.control.webhook_deliveries()[before:]]

    def change_an_order(self, note: str) -> list[int]:
        """Change an order and let the store deliver; what we answered."""
        self.store.control.edit_order(116, {"customer_note": note})
        return self.statuses()

    def received(self) -> list[tuple[str, str]]:
        """Topic and record of what is in the inbox, in the order it came."""
        with self.installation.state.tenant(self.tenant.id) as connection:
            rows = connection.execute(
                sa.text("SELECT topic, resource_id FROM udsync.webhook_events ORDER BY received_at")
            )
            return [(row.topic, row.resource_id) for row in rows]


def connect(
    installation: Installation, tenant: Tenant, store: StoreEmulator, **differences: str
) -> UUID:
    """Store a connection as `udsync connect woocommerce` does, unchecked."""
    credentials = {
        "consumer_key": SecretStr(differences.get("consumer_key", store.consumer_key)),
        "consumer_secret": SecretStr(differences.get("consumer_secret", store.consumer_secret)),
    }
    new = NewConnection(
        Platform.WOOCOMMERCE, "Shop", store.url, credentials, settings={"url": store.url}
    )
    with installation.state.tenant(tenant.id) as connection:
        return connections.save(connection, tenant.id, new, installation.keys).id
