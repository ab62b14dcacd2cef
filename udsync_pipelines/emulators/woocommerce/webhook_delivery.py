"""Delivering webhooks: the payload as the record is now, signed on its bytes, tried once."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import httpx

from udsync_pipelines.emulators.woocommerce.answers import ApiError
from udsync_pipelines.emulators.woocommerce.lists import COUPONS, CUSTOMERS, ORDERS, PRODUCTS
from udsync_pipelines.emulators.woocommerce.reading import shown
from udsync_pipelines.emulators.woocommerce.store import Store
from udsync_pipelines.emulators.woocommerce.webhooks import Hook, Job

Json = dict[str, Any]

AGENT = "WooCommerce/11.0.1 Hookshot (WordPress/7.0.4)"
_COLLECTIONS = {
    "order": ORDERS,
    "product": PRODUCTS,
    "customer": CUSTOMERS,
    "coupon": COUPONS,
}
_SUCCESS = range(200, 303)  # a redirect counts as delivered, and is not followed
_TIMEOUT = 60.0
_PING_TIMEOUT = 5.0
_REMEMBERED = 100_000


@dataclass(frozen=True, slots=True)
class Delivered:
    """A delivery that was tried; status 0: nobody answered. `at`: seconds since 1970, when sent."""

    hook_id: int
    topic: str
    record_id: int
    status: int
    at: float


def ping(hook: Hook) -> None:
    """Say hello to a new hook's address: a bare form, unsigned. Only 200 acknowledges it."""
    try:
        answer = httpx.post(
            hook.url,
            content=f"webhook_id={hook.id}",
            headers={
                "User-Agent": AGENT,
                "Content-Type": "application/x-www-form-urlencoded",
                "Connection": "close",
            },
            timeout=_PING_TIMEOUT,
        )
    except httpx.HTTPError:
        return
    hook.is_acknowledged = answer.status_code == httpx.codes.OK


class Deliverer:
    """Carries out what waits in a store's queue, one delivery at a time, as Action Scheduler."""

    def __init__(self, store: Store) -> None:
        self.log: deque[Delivered] = deque(maxlen=_REMEMBERED)
        self._store = store
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Deliver on a thread of its own, unless the store's scheduled work is held."""
        if self._store.options.webhooks_held:
            return
        self._thread = threading.Thread(target=self._run, daemon=True, name="webhooks")
        self._thread.start()

    def stop(self) -> None:
        """Stop after the delivery under way."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def run_due(self) -> int:
        """Deliver all that waits, now; return how many deliveries were tried."""
        tried = 0
        with _client() as client:
            for jobs in self._store.webhooks.taken():
                for job in jobs:
                    tried += self._deliver(client, job)
        return tried

    def _run(self) -> None:
        with _client() as client:
            while not self._stopped.is_set():
                for job in self._store.webhooks.take():
                    self._deliver(client, job)
                if not self._store.webhooks.waiting():
                    self._store.webhooks.wait(0.2)

    def _deliver(self, client: httpx.Client, job: Job) -> bool:
        hook = self._store.webhooks.hooks.get(job.hook_id)
        if hook is None:
            return False
        body, headers = self._written(hook, job.record_id)
        at = time.time()
        try:
            answer = client.post(hook.url, content=body, headers=headers)
            status = answer.status_code
        except httpx.HTTPError:
            status = 0
        self._note(hook, delivered=status in _SUCCESS)
        self.log.append(Delivered(hook.id, hook.topic, job.record_id, status, at))
        return True

    def _written(self, hook: Hook, record_id: int) -> tuple[bytes, dict[str, str]]:
        resource, _, event = hook.topic.partition(".")
        with self._store.lock:
            second = self._store.clock.now()
            site = self._store.options.site_url
            payload = self._payload(resource, event, record_id)
        body = json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()
        digest = hmac.new(hook.secret.encode(), body, hashlib.sha256).digest()
        delivery = hashlib.md5(f"{hook.id}{second}".encode()).hexdigest()  # noqa: S324 - as there
        return body, {
            "User-Agent": AGENT,
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": f"{site}/",
            "X-WC-Webhook-Topic": hook.topic,
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-Signature": base64.b64encode(digest).decode(),
            "X-WC-Webhook-ID": str(hook.id),
            "X-WC-Webhook-Delivery-ID": delivery,
        }

    def _payload(self, resource: str, event: str, record_id: int) -> Json:
        """The record as it is now; an error when it is gone by now, signed all the same."""
        if event == "deleted":
            return {"id": record_id}
        try:
            return shown(self._store, _COLLECTIONS[resource], record_id)
        except ApiError as error:
            return {"code": error.code, "message": str(error), "data": error.facts}

    def _note(self, hook: Hook, *, delivered: bool) -> None:
        if delivered:
            hook.failures = 0
        elif hook.failed():
            with self._store.lock:
                self._store.change("webhook", hook.id, _disable)


def _disable(webhook: Json) -> None:
    webhook["status"] = "disabled"


def _client() -> httpx.Client:
    return httpx.Client(timeout=_TIMEOUT, follow_redirects=False, trust_env=False)
