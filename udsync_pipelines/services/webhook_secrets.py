"""The secrets that sign webhooks, held in memory, so that a delivery costs no look-up."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from udsync_pipelines.store.repositories import tenants, webhook_configs
from udsync_pipelines.store.repositories.webhook_configs import Secrets
from udsync_pipelines.store.secrets import MultiKey
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.store.tenancy import StateDatabase

FRESH_SECONDS = 30.0
"""After so long what is held is read again: a connection may have been disabled."""
MISS_SECONDS = 2.0
"""What is not found is looked for again, but not more often: forged deliveries come in floods."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A tenant's connection that deliveries go to."""

    tenant_id: UUID
    connection_id: UUID


@dataclass(frozen=True, slots=True)
class StoreSecrets:
    """Who owns a store's webhooks, and what signs each of them, by topic."""

    owner: Owner
    by_topic: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Held:
    """All secrets at one moment: of stores by connection, of companies by token and realm."""

    stores: Mapping[UUID, StoreSecrets] = field(default_factory=dict)
    companies: Mapping[str, Mapping[str, Sequence[Owner]]] = field(default_factory=dict)


class WebhookSecrets:
    """The secrets of all tenants; safe to share by threads, which do not wait for a reader.

    A token counts only for the companies that were connected with it: an app cannot speak for the
    companies of another.
    """

    def __init__(
        self,
        database: StateDatabase,
        keys: MultiKey,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._lock = threading.Lock()
        self._held = Held()
        self._read_at = float("-inf")

    def held(self) -> Held:
        """What holds now, at most `FRESH_SECONDS` old."""
        return self._not_older_than(FRESH_SECONDS)

    def looked_up(self) -> Held:
        """The same after a miss, at most `MISS_SECONDS` old: somebody may have just added it."""
        return self._not_older_than(MISS_SECONDS)

    def forget(self) -> None:
        """Read everything anew when it is next asked for."""
        self._read_at = float("-inf")

    def _not_older_than(self, seconds: float) -> Held:
        if self._clock() - self._read_at >= seconds:
            with self._lock:
                if self._clock() - self._read_at >= seconds:
                    self._held = self._read()
                    self._read_at = self._clock()
        return self._held

    def _read(self) -> Held:
        stores: dict[UUID, tuple[Owner, dict[str, Sequence[str]]]] = {}
        companies: dict[str, dict[str, list[Owner]]] = {}
        for tenant_id, found in self._all():
            owner = Owner(tenant_id, found.connection_id)
            if found.platform is Platform.WOOCOMMERCE:
                _, topics = stores.setdefault(found.connection_id, (owner, {}))
                topics[found.topic] = found.accepted
                continue
            for token in found.accepted:
                companies.setdefault(token, {}).setdefault(found.account, []).append(owner)
        return Held(
            {connection: StoreSecrets(*secrets) for connection, secrets in stores.items()},
            companies,
        )

    def _all(self) -> Sequence[tuple[UUID, Secrets]]:
        with self._database.dispatch() as connection:
            enabled = [one.id for one in tenants.list_all(connection) if one.is_enabled]
        found: list[tuple[UUID, Secrets]] = []
        for tenant_id in enabled:
            with self._database.tenant(tenant_id) as connection:
                secrets = webhook_configs.secrets(connection, tenant_id, self._keys)
            found += [(tenant_id, one) for one in secrets]
        return found
