"""Webhooks of a tenant's store: set up, looked after, given new secrets.

Everything is found out from the store's own list, compared, and mended; then the list is read
again, until nothing is left to do. So a lost answer does no harm: what it created is found.
"""

import secrets
import string
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import httpx

from udsync_pipelines.connectors.woocommerce.client import (
    Credentials,
    WooCommerceClient,
    new_http_client,
)
from udsync_pipelines.connectors.woocommerce.responses import NotFoundError
from udsync_pipelines.connectors.woocommerce.webhook import TOPICS
from udsync_pipelines.connectors.woocommerce.webhook_registry import (
    Examined,
    Finding,
    Listed,
    delivery_url,
    examine,
    list_webhooks,
)
from udsync_pipelines.errors import ConfigurationError, RetryableError
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import connections, inbox_work, webhook_configs
from udsync_pipelines.store.repositories.connections import Connection
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.repositories.webhook_configs import Webhook
from udsync_pipelines.store.tables.states import Platform, WebhookState
from udsync_pipelines.sync.delivery import WebhookFormat
from udsync_pipelines.transport import RetryPolicy

ROUNDS = 5
"""So often the list is read again before what could not be mended is an error."""
SECRET_LENGTH = 40
_ALPHABET = string.ascii_letters + string.digits  # WooCommerce decodes HTML entities in a secret
_HOOK_NAME = "udsync"
_STATES = {
    Finding.ACTIVE: WebhookState.ACTIVE,
    Finding.PAUSED: WebhookState.PAUSED,
    Finding.DISABLED: WebhookState.DISABLED,
}


@dataclass(frozen=True, slots=True)
class StoreWebhooks:
    """The webhooks of a store: what was found at first, what was done, how they are now.

    `url` is where they deliver; empty while none was ever set up.
    """

    store: str
    url: str
    found: Sequence[Examined]
    done: Sequence[str]
    now: Sequence[Examined]
    last_delivery: Mapping[str, datetime]

    @property
    def problems(self) -> Sequence[Examined]:
        """What is still not as it should be."""
        return [one for one in self.now if one.finding is not Finding.ACTIVE]


def check_store(installation: Installation, tenant: Tenant) -> StoreWebhooks | None:
    """Look at the webhooks of the tenant's store; None when no store is connected. Reads only.

    Raises:
        ConfigurationError, RetryableError: the store cannot be read.
    """
    with _opened(installation, tenant, None) as work:
        if work is None:
            return None
        if not work.known():
            never = [Examined(topic, Finding.MISSING) for topic in TOPICS]
            return StoreWebhooks(work.store.external_id, "", never, (), never, {})
        found = work.examined()
        work.note(found)
        return work.report(found, (), found)


def register_store(
    installation: Installation, tenant: Tenant, base_url: str | None = None, *, rotate: bool = False
) -> StoreWebhooks | None:
    """Let the tenant's store deliver to us; None when no store is connected.

    Makes what is missing, makes anew what the store has given up, mends what delivers elsewhere,
    and removes what we have twice. Webhooks of others stay untouched. With `rotate` each of ours
    gets a new secret; the former one holds for an hour more.

    Args:
        installation: the installation.
        tenant: whose store.
        base_url: where our API is reached from outside; None: as it was registered before.
        rotate: give out new secrets.

    Raises:
        ConfigurationError: no address is known, or the key may not write.
        RetryableError: the store did not do what was asked, round after round.
    """
    with _opened(installation, tenant, base_url) as work:
        if work is None:
            return None
        found = work.examined()
        to_rotate = {one.topic for one in found if rotate and one.finding is Finding.ACTIVE}
        for topic in sorted(to_rotate):
            work.new_secret(topic)
        done: list[str] = []
        examined, failure = found, None
        for _ in range(ROUNDS):
            failure = work.mend(examined, to_rotate, done)
            examined = work.examined()
            if not to_rotate and all(one.finding is Finding.ACTIVE for one in examined):
                work.note(examined)
                return work.report(found, done, examined)
        raise failure or _unmended(work.store.external_id)


class _Work:
    """Setting up the webhooks of one store."""

    def __init__(
        self,
        installation: Installation,
        tenant: Tenant,
        store: Connection,
        client: WooCommerceClient,
        base_url: str | None,
    ) -> None:
        self.store = store
        self._installation = installation
        self._tenant = tenant
        self._client = client
        self._base_url = base_url

    @property
    def url(self) -> str:
        """Where the store should deliver.

        Raises:
            ConfigurationError: no address was ever given.
        """
        if self._base_url is not None:
            return delivery_url(public_address(self._base_url), str(self.store.id))
        for known in self.known().values():
            return known.delivery_url
        raise ConfigurationError(
            "udsync does not know under which address its API is reached from outside.",
            code="webhook_url_missing",
            cure="Give it: udsync webhooks register --url https://…",
        )

    def known(self) -> Mapping[str, Webhook]:
        """The webhooks that we know of, by topic."""
        with self._installation.state.tenant(self._tenant.id) as connection:
            return webhook_configs.list_all(connection, self._tenant.id, self.store.id)

    def examined(self) -> Sequence[Examined]:
        """What the store has, compared with what we want."""
        ids = {topic: known.external_id for topic, known in self.known().items()}
        return examine(list_webhooks(self._client), self.url, ids)

    def mend(
        self, examined: Sequence[Examined], to_rotate: set[str], done: list[str]
    ) -> RetryableError | None:
        """Do what is to be done; a request that fails is left to the next round."""
        failure: RetryableError | None = None
        for one in examined:
            try:
                self._mend(one, to_rotate, done)
            except RetryableError as error:
                failure = error
        return failure

    def new_secret(self, topic: str) -> str:
        """A new secret, recorded before the store hears of it: no answer can lose it."""
        secret = "".join(secrets.choice(_ALPHABET) for _ in range(SECRET_LENGTH))
        known = self.known().get(topic)
        webhook = Webhook(
            self.store.id,
            WebhookFormat.WOOCOMMERCE,
            topic,
            known.external_id if known else None,
            self.url,
            known.state if known else WebhookState.MISSING,
            None,
            None,
        )
        with self._installation.state.tenant(self._tenant.id) as connection:
            webhook_configs.save(
                connection,
                self._tenant.id,
                Platform.WOOCOMMERCE,
                webhook,
                secret,
                self._installation.keys,
            )
        return secret

    def note(self, examined: Sequence[Examined]) -> None:
        """Remember how our webhooks are now."""
        with self._installation.state.tenant(self._tenant.id) as connection:
            for one in examined:
                state = _STATES.get(one.finding, WebhookState.MISSING)
                if one.finding not in (Finding.DUPLICATE, Finding.SURPLUS):
                    webhook_configs.note(
                        connection, self._tenant.id, self.store.id, one.topic, state
                    )

    def report(
        self, found: Sequence[Examined], done: Sequence[str], now: Sequence[Examined]
    ) -> StoreWebhooks:
        """What there is to say."""
        with self._installation.state.tenant(self._tenant.id) as connection:
            last = inbox_work.last_deliveries(connection, self._tenant.id, self.store.id)
        return StoreWebhooks(self.store.external_id, self.url, found, tuple(done), now, last)

    def _mend(self, one: Examined, to_rotate: set[str], done: list[str]) -> None:
        match one.finding:
            case Finding.MISSING | Finding.TAKEN:
                self._create(one.topic)
                done.append(f"{one.topic}: created")
            case Finding.DISABLED:
                # Switched on again it would keep its count of failures and be given up at the
                # next one: only a new webhook begins at zero.
                self._delete(one.listed)
                self._create(one.topic)
                done.append(f"{one.topic}: created anew")
            case Finding.DUPLICATE | Finding.SURPLUS:
                self._delete(one.listed)
                done.append(f"{one.topic}: superfluous one removed")
            case Finding.PAUSED | Finding.MOVED | Finding.UNKNOWN:
                self._write(one, self._secret(one.topic))
                done.append(f"{one.topic}: set right")
            case Finding.ACTIVE:
                if one.topic in to_rotate:
                    self._write(one, self._secret(one.topic))
                    to_rotate.discard(one.topic)
                    done.append(f"{one.topic}: new secret")

    def _create(self, topic: str) -> None:
        secret = self._secret(topic)
        body = {
            "name": f"{_HOOK_NAME} {topic}",
            "topic": topic,
            "delivery_url": self.url,
            "secret": secret,
            "status": "active",
        }
        made = self._client.write("POST", "webhooks", body)
        self._confirm(topic, str(made["id"]))

    def _write(self, one: Examined, secret: str) -> None:
        if one.listed is None:
            return
        body = {"delivery_url": self.url, "status": "active", "secret": secret}
        self._client.write("PUT", f"webhooks/{one.listed.id}", body)
        self._confirm(one.topic, one.listed.id)

    def _delete(self, listed: Listed | None) -> None:
        if listed is None:
            return
        try:
            self._client.write("DELETE", f"webhooks/{listed.id}", params={"force": "true"})
        except NotFoundError:
            return  # gone already, as it should be

    def _secret(self, topic: str) -> str:
        """The secret that is recorded for a topic, or a new one that is recorded now."""
        with self._installation.state.tenant(self._tenant.id) as connection:
            recorded = webhook_configs.secrets(connection, self._tenant.id, self._installation.keys)
        for one in recorded:
            if (one.connection_id, one.topic) == (self.store.id, topic):
                return one.accepted[0]
        return self.new_secret(topic)

    def _confirm(self, topic: str, external_id: str) -> None:
        with self._installation.state.tenant(self._tenant.id) as connection:
            webhook_configs.confirm(
                connection,
                self._tenant.id,
                self.store.id,
                topic,
                external_id=external_id,
                delivery_url=self.url,
                state=WebhookState.ACTIVE,
            )


@contextmanager
def _opened(
    installation: Installation, tenant: Tenant, base_url: str | None
) -> Iterator[_Work | None]:
    with installation.state.tenant(tenant.id) as connection:
        stores = connections.list_all(connection, tenant.id, Platform.WOOCOMMERCE)
        store = next((one for one in stores if one.is_enabled), None)
        held = connections.open_credentials(connection, store, installation.keys) if store else None
    if store is None or held is None:
        yield None
        return
    credentials = Credentials(
        held["consumer_key"].get_secret_value(), held["consumer_secret"].get_secret_value()
    )
    settings = installation.settings
    with new_http_client(settings.http_timeout_seconds) as http:
        policy = RetryPolicy(budget=settings.retry_budget_seconds)
        client = WooCommerceClient(http, store.settings["url"], credentials, policy=policy)
        yield _Work(installation, tenant, store, client, base_url)


def public_address(url: str) -> str:
    """The address of our API as others reach it, without a slash at the end.

    Raises:
        ConfigurationError: it is none, or is plain http to another machine.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    is_here = parsed.scheme == "http" and parsed.host in {"127.0.0.1", "localhost", "::1"}
    if not parsed.host or parsed.query or not (parsed.scheme == "https" or is_here):
        raise ConfigurationError(
            "the address for webhooks cannot be used.",
            code="webhook_url_invalid",
            cure="Give one like https://sync.example.com, where a proxy hands on to udsync's API.",
        )
    return url.rstrip("/")


def _unmended(store: str) -> RetryableError:
    return RetryableError(
        f"The webhooks of the store {store} do not stay as they are set up.",
        code="webhooks_unstable",
        platform="woocommerce",
        cure="Look in WooCommerce → Settings → Advanced → Webhooks for who changes them.",
    )
