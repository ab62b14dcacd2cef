"""POST, PUT and DELETE of customers."""

import hashlib
from typing import Any

from udsync_pipelines.emulators.woocommerce.answers import ApiError, invalid_parameters
from udsync_pipelines.emulators.woocommerce.documents import order_links
from udsync_pipelines.emulators.woocommerce.lists import CUSTOMERS
from udsync_pipelines.emulators.woocommerce.reading import shown
from udsync_pipelines.emulators.woocommerce.store import Store
from udsync_pipelines.emulators.woocommerce.writing_catalogue import refuse_trash

Json = dict[str, Any]

_ADDRESS = (
    "first_name", "last_name", "company", "address_1", "address_2", "city", "postcode", "country",
    "state", "email", "phone",
)  # fmt: skip
_ALLOW = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def create_customer(store: Store, body: Json) -> Json:
    """Create a customer.

    Raises:
        ApiError: 400 without an e-mail or for one in use.
    """
    email = str(body.get("email") or "")
    if not email:
        facts = {"status": 400, "params": ["email"]}
        raise ApiError(400, "rest_missing_callback_param", "Missing parameter(s): email", facts)
    if "@" not in email:
        problem = ("rest_invalid_email", "Invalid email address.", None)
        raise invalid_parameters({"email": problem})
    _refuse_used(store, email)
    customer_id = store.next_id("customer")
    base = f"{store.options.site_url}/wp-json/wc/v3/customers"
    digest = hashlib.sha256(email.encode()).hexdigest()
    customer: Json = {"id": customer_id}
    store.stamp(customer, ("created", "modified"))
    customer |= {
        "email": email,
        "first_name": body.get("first_name", ""),
        "last_name": body.get("last_name", ""),
        "role": "customer",
        "username": body.get("username") or email.partition("@")[0],
        "billing": _address(body.get("billing"), _ADDRESS),
        "shipping": _address(body.get("shipping"), [key for key in _ADDRESS if key != "email"]),
        "is_paying_customer": False,
        "avatar_url": f"https://secure.gravatar.com/avatar/{digest}?s=96&d=mm&r=g",
        "meta_data": [{"id": next(store.items), "key": "default_password_nag", "value": "1"}],
        "_links": {
            "self": [{"href": f"{base}/{customer_id}", "targetHints": {"allow": _ALLOW}}],
            "collection": [{"href": base}],
        },
    }
    store.save("customer", customer)
    return customer


def update_customer(store: Store, customer_id: int, body: Json) -> Json:
    """Change a customer's profile, which moves the customer but none of the orders.

    Raises:
        ApiError: 400 for an unknown id or an e-mail in use.
    """
    customer = store.records.document("customer", customer_id)
    if customer is None:
        raise ApiError(400, *CUSTOMERS.invalid)
    if body.get("email") and body["email"].casefold() != customer["email"].casefold():
        _refuse_used(store, body["email"])
    for name in ("email", "first_name", "last_name"):
        customer[name] = body.get(name, customer[name])
    for name in ("billing", "shipping"):
        sent = {
            key: value for key, value in (body.get(name) or {}).items() if key in customer[name]
        }
        customer[name] = {**customer[name], **sent}
    store.stamp(customer, ("modified",))
    store.save("customer", customer)
    return customer


def delete_customer(store: Store, customer_id: int, *, force: bool) -> Json:
    """Remove a customer; the orders turn to customer 0 and move (on HPOS only).

    Raises:
        ApiError: 404 for an unknown id, 501 without ``force``.
    """
    customer = shown(store, CUSTOMERS, customer_id)
    refuse_trash(force=force, name="Customers")
    for row in store.records.rows("kind='order' AND customer=?", (customer_id,)):
        store.change("order", row.id, lambda order: _forget(store, order))
    store.records.delete("customer", customer_id)
    store.webhooks.announce("customer", customer_id, "deleted")
    customer["_links"]["self"] = [{"href": customer["_links"]["self"][0]["href"]}]
    return customer


def _forget(store: Store, order: Json) -> None:
    order["customer_id"] = 0
    order["_links"] = order_links(order["id"], 0, store.options.site_url)
    if store.options.storage == "hpos":
        store.stamp(order, ("modified",))


def _refuse_used(store: Store, email: str) -> None:
    if store.records.rows("kind='customer' AND email=?", (email.casefold(),), "LIMIT 1"):
        message = (
            f"An account is already registered with {email}. Please log in or use a different "
            "email address."
        )
        raise ApiError(400, "registration-error-email-exists", message)


def _address(sent: Json | None, keys: Any) -> Json:
    return {key: str((sent or {}).get(key) or "") for key in keys}
