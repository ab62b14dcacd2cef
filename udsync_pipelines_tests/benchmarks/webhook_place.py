"""A place to measure webhooks in: the API in a process of its own, over a database of its own."""

import base64
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import orjson
import sqlalchemy as sa

from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.services.process_set import free_port
from udsync_pipelines.settings import Settings
from udsync_pipelines.store.repositories import connections, tenants, webhook_configs
from udsync_pipelines.store.repositories.connections import NewConnection
from udsync_pipelines.store.repositories.webhook_configs import Webhook
from udsync_pipelines.store.tables.states import Platform, WebhookState
from udsync_pipelines.sync.delivery import WebhookFormat

SECRET = "measured-secret"
TOPIC = "order.updated"
_RECORDING = (
    Path(__file__).parent.parent / "recordings/woocommerce/webhooks/delivery_order_updated.json"
)
_STARTING_SECONDS = 120


def recorded_order() -> dict[str, Any]:
    """An order as a store delivers it, about five kilobytes."""
    recording = orjson.loads(_RECORDING.read_bytes())
    order: dict[str, Any] = orjson.loads(base64.b64decode(recording["raw_body_base64"]))
    return order


@dataclass(frozen=True)
class Account:
    """A tenant's connection that delivers."""

    tenant_id: UUID
    tenant: str
    connection_id: UUID
    realm: str


@dataclass(frozen=True)
class WebhookPlace:
    """The running API, its database, and who delivers to it."""

    url: str
    installation: Installation
    accounts: tuple[Account, ...]
    pid: int

    def stored(self) -> int:
        """How many events the database holds, of all tenants together."""
        return sum(self._count(account) for account in self.accounts)

    def _count(self, account: Account) -> int:
        with self.installation.state.tenant(account.tenant_id) as connection:
            counted: int = connection.execute(
                sa.text("SELECT count(*) FROM udsync.webhook_events")
            ).scalar_one()
            return counted


@contextmanager
def webhook_place(home: Path, number: int) -> Iterator[WebhookPlace]:
    """Make it with so many tenants, and stop everything in the end."""
    settings = Settings(_env_file=None, home=home, database_url=None)
    server = EmbeddedPostgres(home, pg_bin=settings.pg_bin)
    try:
        with open_installation(settings) as installation:
            accounts = tuple(_account(installation, index) for index in range(number))
            with _api(home) as (url, pid):
                yield WebhookPlace(url, installation, accounts, pid)
    finally:
        server.stop()


def _account(installation: Installation, number: int) -> Account:
    name, realm = f"tenant-{number}", f"46208163650{number:08d}"
    with installation.state.dispatch() as connection:
        tenant = tenants.create(connection, name)
    with installation.state.tenant(tenant.id) as connection:
        ids = []
        for platform, account, topic in (
            (Platform.WOOCOMMERCE, f"{name}.example", TOPIC),
            (Platform.QUICKBOOKS, realm, webhook_configs.EVERY_TOPIC),
        ):
            new = NewConnection(platform, name, account, {})
            saved = connections.save(connection, tenant.id, new, installation.keys)
            webhook = Webhook(
                saved.id, WebhookFormat.WOOCOMMERCE, topic, "1", "", WebhookState.ACTIVE, None, None
            )
            webhook_configs.save(
                connection, tenant.id, platform, webhook, SECRET, installation.keys
            )
            ids.append(saved.id)
    return Account(tenant.id, name, ids[0], realm)


@contextmanager
def _api(home: Path) -> Iterator[tuple[str, int]]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "udsync_pipelines.web:app", "--host", "127.0.0.1"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--no-access-log", "--log-level", "warning"],
        env=os.environ | {"UDSYNC_HOME": str(home), "UDSYNC_DATABASE_URL": ""},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, process)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _STARTING_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/api/health", timeout=5).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise RuntimeError("the API did not start")
