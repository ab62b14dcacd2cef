"""Stores and companies that send webhooks, signed as their platforms sign them."""

import base64
import hashlib
import hmac
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import sqlalchemy as sa
import uvicorn

from udsync_pipelines.api.app import create_app
from udsync_pipelines.api.dependencies import ApiServices
from udsync_pipelines.services.webhook_intake import WebhookIntake
from udsync_pipelines.services.webhook_secrets import WebhookSecrets
from udsync_pipelines.store.repositories import connections, tenants, webhook_configs
from udsync_pipelines.store.repositories.connections import NewConnection
from udsync_pipelines.store.repositories.webhook_configs import Webhook
from udsync_pipelines.store.secrets import MultiKey
from udsync_pipelines.store.tables.states import Platform, WebhookState
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines.sync.delivery import WebhookFormat
from udsync_pipelines_tests.store.samples import KEYS

LIMIT = 20_000


@dataclass(frozen=True)
class Api:
    """The API on a port of its own, and a client of it."""

    client: httpx.Client
    services: ApiServices

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def post(self, path: str, **request: Any) -> httpx.Response:
        return self.client.post(path, **request)


@contextmanager
def api_server(database: StateDatabase, keys: MultiKey = KEYS) -> Iterator[Api]:
    """The API over this database, as uvicorn serves it, until the end of the block."""
    secrets = WebhookSecrets(database, keys)
    services = ApiServices(database, WebhookIntake(database, secrets), LIMIT)
    app = create_app(lambda: nullcontext(services))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            with httpx.Client(base_url=address, timeout=30) as client:
                yield Api(client, services)
        finally:
            server.should_exit = True
            thread.join()


def signed(secret: str, body: bytes) -> str:
    """The signature of both platforms: base64 of the HMAC-SHA256 of the raw bytes."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


@dataclass(frozen=True)
class Shop:
    """A store of a tenant, and what it sends."""

    api: Api
    tenant_id: UUID
    connection_id: UUID
    secrets: Mapping[str, str]

    def send(self, body: bytes | Mapping[str, Any], **differences: Any) -> httpx.Response:
        """Deliver a body; `topic`, `secret`, `connection`, `delivery_id`, `headers` may differ."""
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        topic = differences.get("topic", "order.updated")
        secret = differences.get("secret", self.secrets.get(topic, "none"))
        headers = {
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": "https://shop.example/",
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Signature": signed(secret, raw),
            "X-WC-Webhook-ID": "1",
            "X-WC-Webhook-Delivery-ID": differences.get("delivery_id", "d" * 32),
        }
        return self.api.post(
            "/api/webhooks/woocommerce",
            params={"connection": str(differences.get("connection", self.connection_id))},
            content=raw,
            headers=headers | differences.get("headers", {}),
        )


@dataclass(frozen=True)
class Sender:
    """Makes tenants with stores and companies, and reads what is stored for them."""

    database: StateDatabase
    api: Api
    tenants: dict[str, UUID] = field(default_factory=dict)

    def shop(self, name: str = "acme") -> Shop:
        """A tenant's store whose webhooks are known, each with a secret of its own."""
        connection_id = self._connect(name, Platform.WOOCOMMERCE, f"{name}.example")
        topics = ("order.created", "order.updated", "order.deleted", "product.updated")
        secrets = {topic: f"secret-{name}-{topic}" for topic in topics}
        for topic, secret in secrets.items():
            self.know(name, Platform.WOOCOMMERCE, connection_id, topic, secret)
        return Shop(self.api, self.tenants[name], connection_id, secrets)

    def company(self, name: str, realm: str, token: str) -> UUID:
        """A tenant's company in an app with this verifier token; its connection."""
        connection_id = self._connect(name, Platform.QUICKBOOKS, realm)
        self.know(name, Platform.QUICKBOOKS, connection_id, "*", token)
        return connection_id

    def know(
        self, name: str, platform: Platform, connection_id: UUID, topic: str, secret: str
    ) -> None:
        """Record a webhook with its secret."""
        books = platform is Platform.QUICKBOOKS
        webhook = Webhook(
            connection_id,
            WebhookFormat.CLOUDEVENTS if books else WebhookFormat.WOOCOMMERCE,
            topic,
            "1",
            "https://udsync.example/",
            WebhookState.ACTIVE,
            None,
            None,
        )
        tenant_id = self.tenants[name]
        with self.database.tenant(tenant_id) as connection:
            webhook_configs.save(connection, tenant_id, platform, webhook, secret, KEYS)
        self.api.services.intake.secrets.forget()

    def send_books(
        self, body: bytes | Sequence[Any], token: str, form: str = "cloudevents"
    ) -> httpx.Response:
        """Deliver as Intuit does."""
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        path = "/api/webhooks/quickbooks" + ("/cloudevents" if form == "cloudevents" else "")
        headers = {"Content-Type": "application/json", "intuit-signature": signed(token, raw)}
        return self.api.post(path, content=raw, headers=headers)

    def stored(self, name: str = "acme") -> list[Any]:
        """The rows of a tenant's inbox, in the order of their topics and ids."""
        with self.database.tenant(self.tenants[name]) as connection:
            rows = connection.execute(
                sa.text(
                    "SELECT topic, entity, resource_id, state, reason, occurred_at, delivery_id"
                    " FROM udsync.webhook_events ORDER BY received_at, topic, resource_id"
                )
            )
            return list(rows)

    def _connect(self, name: str, platform: Platform, account: str) -> UUID:
        if name not in self.tenants:
            with self.database.dispatch() as connection:
                unique = f"{name}-{uuid4().hex[:12]}"
                self.tenants[name] = tenants.create(connection, unique).id
        tenant_id = self.tenants[name]
        with self.database.tenant(tenant_id) as connection:
            new = NewConnection(platform, name, account, {})
            return connections.save(connection, tenant_id, new, KEYS).id
