"""Taking webhooks in: verified on their raw bytes, stored once, and nothing else.

What they ask for is done later, by whoever works through the inbox.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Literal
from uuid import UUID

from udsync_pipelines.connectors.quickbooks import webhook as quickbooks
from udsync_pipelines.connectors.quickbooks.address import RealmId
from udsync_pipelines.connectors.woocommerce import webhook as woocommerce
from udsync_pipelines.errors import UdsyncError
from udsync_pipelines.services.webhook_secrets import Held, Owner, StoreSecrets, WebhookSecrets
from udsync_pipelines.store.repositories import inbox, webhook_quarantine
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines.sync.delivery import Delivery

logger = logging.getLogger(__name__)

BooksFormat = Literal["legacy", "cloudevents"]
_READERS: Mapping[BooksFormat, Callable[[bytes], quickbooks.Events]] = {
    "legacy": quickbooks.legacy_events,
    "cloudevents": quickbooks.cloud_events,
}
_TOLD_EVERY = 60.0  # seconds between two log lines about the same refusal


class WebhookRefusedError(UdsyncError):
    """A delivery that is not accepted; nothing of it is stored."""

    code = "webhook_refused"


class WebhookUnknownError(WebhookRefusedError):
    """Nobody has a webhook at this address."""

    code = "webhook_unknown"


class WebhookForgedError(WebhookRefusedError):
    """No secret of ours has signed these bytes."""

    code = "webhook_forged"


class Refusals:
    """How many deliveries were refused since the start, by cause; told in the log now and then."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._told_at: dict[str, float] = {}

    def count(self, cause: str) -> None:
        """Count one more, and warn of it unless that was done within the last minute."""
        with self._lock:
            self._counts[cause] += 1
            now = self._clock()
            if now - self._told_at.get(cause, float("-inf")) < _TOLD_EVERY:
                return
            self._told_at[cause] = now
            number = self._counts[cause]
        logger.warning("webhooks refused", extra={"cause": cause, "since_start": number})

    def counts(self) -> Mapping[str, int]:
        """How many, by cause."""
        with self._lock:
            return dict(self._counts)


class WebhookIntake:
    """Stores what platforms deliver. Safe to use from several threads."""

    def __init__(self, database: StateDatabase, secrets: WebhookSecrets) -> None:
        self._database = database
        self.secrets = secrets

    def from_store(
        self, connection_id: UUID, topic: str, signature: str, delivery_id: str | None, body: bytes
    ) -> int:
        """Store a delivery of a WooCommerce store; return how many are new, 0 or 1.

        Raises:
            WebhookUnknownError: no enabled connection of this id has webhooks.
            WebhookForgedError: the secret of this webhook has not signed these bytes.
            RecordRejectedError: the body is malformed.
            PlatformUnavailableError: the database does not answer; nothing was stored.
        """
        store = self._store(connection_id)
        if not _has_signed(store, topic, signature, body):
            store = self.secrets.looked_up().stores.get(connection_id, store)
            if not _has_signed(store, topic, signature, body):
                raise WebhookForgedError("The signature of the webhook does not fit its body.")
        delivery = woocommerce.delivery(topic, body, delivery_id)
        owner = store.owner
        return inbox.receive(self._database, owner.tenant_id, owner.connection_id, [delivery])

    def from_books(self, form: BooksFormat, signature: str, body: bytes) -> int:
        """Store the events of a delivery from Intuit, each with its tenant; return how many new.

        Events of companies that nobody has connected with this app are kept apart. When storing
        fails, Intuit sends all of them again; those that were stored are recognised.

        Raises:
            WebhookForgedError: no verifier token of ours has signed these bytes.
            RecordRejectedError: the body is malformed.
            PlatformUnavailableError: the database does not answer.
        """
        held = self.secrets.held()
        token = quickbooks.signed_by(body, signature, held.companies)
        if token is None:
            held = self.secrets.looked_up()
            token = quickbooks.signed_by(body, signature, held.companies)
        if token is None:
            raise WebhookForgedError("The signature of the webhook does not fit its body.")
        events = _READERS[form](body)
        return sum(self._of_company(held, token, realm, events[realm]) for realm in sorted(events))

    def _of_company(
        self, held: Held, token: str, realm: RealmId, deliveries: Sequence[Delivery]
    ) -> int:
        owners = _owners(held, token, realm) or _owners(self.secrets.looked_up(), token, realm)
        if not owners:
            return self._quarantine(token, realm, deliveries)
        return sum(
            inbox.receive(self._database, owner.tenant_id, owner.connection_id, deliveries)
            for owner in owners
        )

    def _quarantine(self, token: str, realm: RealmId, deliveries: Sequence[Delivery]) -> int:
        with self._database.dispatch() as connection:
            new = webhook_quarantine.keep(connection, realm, token, deliveries)
        if new:
            logger.warning("events of an unknown company kept", extra={"events": new})
        return new

    def _store(self, connection_id: UUID) -> StoreSecrets:
        store = self.secrets.held().stores.get(connection_id)
        store = store or self.secrets.looked_up().stores.get(connection_id)
        if store is None:
            raise WebhookUnknownError("There is no webhook at this address.")
        return store


def _has_signed(store: StoreSecrets, topic: str, signature: str, body: bytes) -> bool:
    return woocommerce.is_signed(body, signature, store.by_topic.get(topic, ()))


def _owners(held: Held, token: str, realm: RealmId) -> Sequence[Owner]:
    return held.companies.get(token, {}).get(realm, ())
