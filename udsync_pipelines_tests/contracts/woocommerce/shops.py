"""A shop to put recorded requests to: the recording itself, or the emulator."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.contracts.woocommerce.exchanges import Exchange

# What had happened to the recorded store before a request was recorded, and matters to it.
BEFORE: dict[str, tuple[str, ...]] = {
    "mutations/order_get_trashed": ("mutations/order_trash",),
    "mutations/order_trash_again": ("mutations/order_trash",),
    "mutations/order_update_trashed": ("mutations/order_trash",),
    "mutations/order_force_delete_again": ("mutations/order_force_delete",),
    "mutations/order_get_after_force_delete": ("mutations/order_force_delete",),
    "mutations/order_without_refund_force_delete_refunds_listing": (
        "mutations/order_force_delete",
    ),
    "mutations/order_update_unknown_field_ignored": ("mutations/order_update_status",),
    "mutations/orders_of_deleted_customer": ("mutations/customer_delete_force",),
    "mutations/product_create_sku_of_trashed_product": ("mutations/product_trash",),
    "mutations/refund_delete_force": ("mutations/refund_delete_without_force",),
    "mutations/order_after_its_tax_rate_was_deleted": ("mutations/tax_rate_delete_used_by_orders",),
    "mutations/order_after_those_refunds": (
        "mutations/refund_create_line",
        "mutations/refund_create_amount_only",
        "mutations/refund_create_amount_not_matching_lines",
    ),
    "mutations/refunds_after_those": (
        "mutations/refund_create_line",
        "mutations/refund_create_amount_only",
        "mutations/refund_create_amount_not_matching_lines",
    ),
}

# How the server failed in the recordings of ``errors/``.
FAILING = {
    "errors/database_down": {"kind": "status", "status": 500, "name": "database_down"},
    "errors/php_backend_down_nginx": {"kind": "status", "status": 502},
    "errors/php_fatal_in_a_plugin": {"kind": "status", "status": 500},
    "errors/wordpress_maintenance_mode": {"kind": "status", "status": 503},
    "errors/php_warning_printed_before_json": {"kind": "warning"},
}


@contextmanager
def emulated(exchange: Exchange) -> Iterator[StoreEmulator]:
    """Start an emulated store in the state and at the time in which the answer was recorded."""
    plain = "plain_http" in exchange.name
    site = "http://127.0.0.1:8767" if plain else "http://127.0.0.1:8765"
    with StoreEmulator(plain_http=plain, site_url=site) as store:
        for name in BEFORE.get(exchange.name, ()):
            put(store, Exchange(name))
        if exchange.name in FAILING:
            store.faults.add(**FAILING[exchange.name])  # type: ignore[arg-type]  # mixed settings
        yield store


def put(store: StoreEmulator, exchange: Exchange) -> httpx.Response:
    """Send a recorded request to an emulated store, at the recorded time."""
    store.clock.set(exchange.moment)
    path = exchange.path.replace("ck_REDACTED", store.consumer_key)
    path = path.replace("cs_REDACTED", store.consumer_secret)
    headers = {"Content-Type": "application/json"} if exchange.content else {}
    return httpx.request(
        exchange.method,
        store.url + path,
        auth=_key(store, str(exchange.request["auth"])),
        content=exchange.content,
        headers=headers,
    )


def _key(store: StoreEmulator, kind: str) -> tuple[str, str] | None:
    if not kind.startswith("basic"):
        return None
    if "unknown key" in kind:
        return "ck_unknown", "cs_unknown"
    if "wrong secret" in kind:
        return store.consumer_key, "cs_wrong"
    if "read key" in kind:
        return store.options.read_key, store.options.read_secret
    return store.consumer_key, store.consumer_secret


def masked(store: StoreEmulator, text: str | None) -> str | None:
    """Return a header with the keys redacted as in the recordings."""
    if text is None:
        return None
    redacted = text.replace(store.consumer_key, "ck_REDACTED")
    return redacted.replace(store.consumer_secret, "cs_REDACTED")


def without_last_id(address: str | None) -> str | None:
    """Return a ``Location`` without the id of what was created."""
    return re.sub(r"/\d+$", "/#", address) if address else None
