"""POST, PUT and DELETE of webhooks. The secret stays inside; the address is pinged."""

from typing import Any

from udsync_pipelines.emulators.woocommerce.answers import ApiError
from udsync_pipelines.emulators.woocommerce.lists import WEBHOOKS
from udsync_pipelines.emulators.woocommerce.reading import shown
from udsync_pipelines.emulators.woocommerce.store import Store
from udsync_pipelines.emulators.woocommerce.webhook_delivery import ping
from udsync_pipelines.emulators.woocommerce.webhooks import Hook, secret_of
from udsync_pipelines.emulators.woocommerce.writing_catalogue import refuse_trash

Json = dict[str, Any]

_HOOKS: dict[str, list[str]] = {
    "coupon.created": ["woocommerce_process_shop_coupon_meta", "woocommerce_new_coupon"],
    "coupon.updated": ["woocommerce_process_shop_coupon_meta", "woocommerce_update_coupon"],
    "coupon.deleted": ["wp_trash_post"],
    "coupon.restored": ["untrashed_post"],
    "customer.created": [
        "user_register", "woocommerce_created_customer", "woocommerce_new_customer",
    ],
    "customer.updated": ["profile_update", "woocommerce_update_customer"],
    "customer.deleted": ["delete_user"],
    "order.created": ["woocommerce_new_order"],
    "order.updated": ["woocommerce_update_order", "woocommerce_order_refunded"],
    "order.deleted": ["wp_trash_post", "woocommerce_trash_order"],
    "order.restored": ["untrashed_post", "woocommerce_untrash_order"],
    "product.created": [
        "woocommerce_process_product_meta", "woocommerce_new_product",
        "woocommerce_new_product_variation",
    ],
    "product.updated": [
        "woocommerce_process_product_meta", "woocommerce_update_product",
        "woocommerce_update_product_variation",
    ],
    "product.deleted": ["wp_trash_post"],
    "product.restored": ["untrashed_post"],
    "product.published": ["transition_post_status"],
}  # fmt: skip
_STATUSES = ("active", "paused", "disabled")
_ALLOW = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def create_webhook(store: Store, body: Json) -> Json:
    """Create a webhook, active at once whether or not anything listens.

    Raises:
        ApiError: 400 for an unknown topic (refunds, variations and taxes have none) or a bad URL.
    """
    topic = str(body.get("topic") or "")
    if topic not in _HOOKS and not topic.startswith("action."):
        message = "Webhook topic is required and must be valid."
        raise ApiError(400, "woocommerce_rest_shop_webhook_invalid_topic", message)
    url = str(body.get("delivery_url") or "")
    _check_url(url)
    webhook_id = store.next_id("webhook")
    base = f"{store.options.site_url}/wp-json/wc/v3/webhooks"
    resource, _, event = topic.partition(".")
    webhook: Json = {
        "id": webhook_id,
        "name": body.get("name") or f"Webhook created on {store.clock.now()}",
        "status": body.get("status", "active"),
        "topic": topic,
        "resource": resource,
        "event": event,
        "hooks": _HOOKS.get(topic, [event]),
        "delivery_url": url,
    }
    store.stamp(webhook, ("created",))
    webhook |= {
        "date_modified": None,
        "date_modified_gmt": None,
        "_links": {
            "self": [{"href": f"{base}/{webhook_id}", "targetHints": {"allow": _ALLOW}}],
            "collection": [{"href": base}],
        },
    }
    store.save("webhook", webhook)
    hook = Hook(webhook_id, topic, url, secret_of(body.get("secret")))
    hook.is_active = webhook["status"] == "active"
    store.webhooks.hooks[webhook_id] = hook
    ping(hook)
    return webhook


def update_webhook(store: Store, webhook_id: int, body: Json) -> Json:
    """Change a webhook's name, status, topic, address or secret.

    It stays as near to being given up as it was. Where nobody has answered its ping yet, another
    one is sent.

    Raises:
        ApiError: 404 for an unknown id, 400 for a bad status, topic or address.
    """
    webhook = shown(store, WEBHOOKS, webhook_id)
    if "status" in body and body["status"] not in _STATUSES:
        code = "woocommerce_rest_shop_webhook_invalid_status"
        raise ApiError(400, code, "Webhook status must be valid.")
    if "topic" in body:
        if body["topic"] not in _HOOKS:
            code = "woocommerce_rest_shop_webhook_invalid_topic"
            raise ApiError(400, code, "Webhook topic must be valid.")
        resource, _, event = body["topic"].partition(".")
        webhook |= {"resource": resource, "event": event, "hooks": _HOOKS[body["topic"]]}
    if "delivery_url" in body:
        _check_url(str(body["delivery_url"]))
    for name in ("name", "status", "topic", "delivery_url"):
        webhook[name] = body.get(name, webhook[name])
    store.stamp(webhook, ("modified",))
    store.save("webhook", webhook)
    hook = store.webhooks.hooks[webhook_id]
    hook.topic, hook.url = webhook["topic"], webhook["delivery_url"]
    hook.is_active = webhook["status"] == "active"
    if body.get("secret"):
        hook.secret = secret_of(body["secret"])
    if not hook.is_acknowledged:
        ping(hook)
    return webhook


def delete_webhook(store: Store, webhook_id: int, *, force: bool) -> Json:
    """Remove a webhook.

    Raises:
        ApiError: 404 for an unknown id, 501 without ``force``.
    """
    webhook = shown(store, WEBHOOKS, webhook_id)
    refuse_trash(force=force, name="Webhooks")
    store.records.delete("webhook", webhook_id)
    del store.webhooks.hooks[webhook_id]
    return webhook


def _check_url(url: str) -> None:
    if not url.startswith(("http://", "https://")):
        raise ApiError(
            400,
            "woocommerce_rest_shop_webhook_invalid_delivery_url",
            "Webhook delivery URL must be a valid URL starting with http:// or https://.",
        )
