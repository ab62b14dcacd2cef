"""What a person, a plugin or time does to the store behind the API's back."""

import dataclasses
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Literal

from udsync_pipelines.emulators.woocommerce import (
    writing_catalogue,
    writing_customers,
    writing_orders,
    writing_refunds,
)
from udsync_pipelines.emulators.woocommerce.clock import seconds_of
from udsync_pipelines.emulators.woocommerce.store import Store
from udsync_pipelines.emulators.woocommerce.webhook_delivery import Deliverer
from udsync_pipelines.emulators.woocommerce.webhooks import Disturbance

Json = dict[str, Any]


class Control:
    """Changes to the store, by name; each leaves the same traces as on a real shop."""

    def __init__(self, store: Store, deliverer: Deliverer) -> None:
        self._store = store
        self._deliverer = deliverer
        self._actions: dict[str, Callable[..., Any]] = {
            name: getattr(self, name)
            for name in dir(type(self))
            if not name.startswith("_") and name not in ("act", "names")
        }

    @property
    def names(self) -> list[str]:
        """The names of all actions."""
        return sorted(self._actions)

    def act(self, action: str, **settings: Any) -> Any:
        """Do an action by name; what it returns can be written as JSON.

        Raises:
            ValueError: there is no such action.
        """
        if action not in self._actions:
            message = f"There is no action '{action}'. Choose one of: {', '.join(self.names)}."
            raise ValueError(message)
        return self._actions[action](**settings)

    def touch_order(self, order_id: int, at: str | None = None) -> Json:
        """Move an order's modification time to now or to ``at`` (UTC), nothing else."""
        with self._store.lock:
            return writing_orders.touch_order(self._store, order_id, at)

    def edit_order(self, order_id: int, changes: Json) -> Json:
        """Edit an order as by PUT."""
        with self._store.lock:
            return writing_orders.update_order(self._store, order_id, changes)

    def edit_line(self, order_id: int, line_id: int, total: str) -> Json:
        """Give a line another total; taxes and totals follow and the order moves."""
        with self._store.lock:
            changes = {"line_items": [{"id": line_id, "total": total, "subtotal": total}]}
            return writing_orders.update_order(self._store, order_id, changes)

    def edit_silently(self, kind: str, record_id: int, changes: Json) -> Json:
        """Change fields without moving the record, as some plugins do."""
        with self._store.lock:
            return self._store.change(kind, record_id, lambda record: record.update(changes))

    def create_order(self, body: Json | None = None) -> Json:
        """Create an order as by POST."""
        with self._store.lock:
            return writing_orders.create_order(self._store, body or {})

    def insert_orders(self, count: int, at: str, body: Json | None = None) -> list[int]:
        """Insert orders that were all created and modified in one second; return their ids."""
        with self._store.lock:
            moment = seconds_of(at)
            wanted = body or {"line_items": [{"product_id": 10, "quantity": 1}]}
            ids = []
            for _ in range(count):
                order = writing_orders.create_order(self._store, wanted)
                self._store.stamp(order, ("created", "modified"), moment)
                self._store.save("order", order)
                ids.append(order["id"])
            return ids

    def trash_order(self, order_id: int) -> Json:
        """Move an order to the trash."""
        with self._store.lock:
            return writing_orders.delete_order(self._store, order_id, force=False)

    def delete_order(self, order_id: int) -> Json:
        """Remove an order for good: no trace is left but a 404."""
        with self._store.lock:
            return writing_orders.delete_order(self._store, order_id, force=True)

    def refund_order(self, order_id: int, body: Json) -> Json:
        """Refund an order as by POST, with ``api_refund`` off."""
        with self._store.lock:
            return writing_refunds.create_refund(
                self._store, order_id, {**body, "api_refund": False}
            )

    def delete_refund(self, order_id: int, refund_id: int) -> Json:
        """Delete a refund: the order keeps its stamp."""
        with self._store.lock:
            return writing_refunds.delete_refund(self._store, order_id, refund_id)

    def edit_customer(self, customer_id: int, changes: Json) -> Json:
        """Edit a customer as by PUT."""
        with self._store.lock:
            return writing_customers.update_customer(self._store, customer_id, changes)

    def delete_customer(self, customer_id: int) -> Json:
        """Delete a customer; the orders turn to customer 0."""
        with self._store.lock:
            return writing_customers.delete_customer(self._store, customer_id, force=True)

    def edit_product(self, product_id: int, changes: Json) -> Json:
        """Edit a product as by PUT."""
        with self._store.lock:
            return writing_catalogue.update_product(self._store, product_id, changes)

    def trash_product(self, product_id: int) -> Json:
        """Move a product to the trash."""
        with self._store.lock:
            return writing_catalogue.delete_product(self._store, product_id, force=False)

    def delete_product(self, product_id: int) -> Json:
        """Remove a product for good; old lines show product 0 and no SKU."""
        with self._store.lock:
            return writing_catalogue.delete_product(self._store, product_id, force=True)

    def shuffle_noise(self, order_ids: Sequence[int] = (), product_ids: Sequence[int] = ()) -> None:
        """Change what is no change: order of meta data, related products, units sold."""
        with self._store.lock:
            for order_id in order_ids:
                self._store.change("order", order_id, _reverse_meta)
            for product_id in product_ids:
                self._store.change("product", product_id, _sell_one)

    def run_webhooks(self) -> int:
        """Deliver all webhooks that wait, now; return how many deliveries were tried."""
        return self._deliverer.run_due()

    def disturb_webhooks(
        self, *, lose: float = 0.0, duplicate: float = 0.0, reorder: bool = False, seed: int = 1
    ) -> None:
        """Lose or repeat a share of deliveries (0 to 1), or send them in any order, from now on."""
        dice = Random(seed)  # noqa: S311 - no secret
        self._store.webhooks.disturbance = Disturbance(lose, duplicate, reorder, dice)

    def waiting_webhooks(self) -> int:
        """Return how many deliveries wait."""
        return self._store.webhooks.waiting()

    def webhook_deliveries(self) -> list[Json]:
        """Return the deliveries that were tried, oldest first; status 0: nobody answered."""
        return [dataclasses.asdict(one) for one in list(self._deliverer.log)]

    def switch_storage(self, storage: Literal["hpos", "cpt"]) -> int:
        """Change the order storage without synchronising: old orders vanish from the API.

        Switching back shows them again. Returns how many orders are listed afterwards.
        """
        with self._store.lock:
            options = self._store.options
            self._store.options = dataclasses.replace(options, storage=storage)
            self._store.records.swap_kinds("order", "order in the other storage")
            self._store.records.swap_kinds("refund", "refund in the other storage")
            return self._store.records.count("kind='order' AND listed=1")


def _reverse_meta(order: Json) -> None:
    order["meta_data"].reverse()
    order["refunds"].reverse()


def _sell_one(product: Json) -> None:
    product["related_ids"].reverse()
    product["total_sales"] = int(product["total_sales"]) + 1
