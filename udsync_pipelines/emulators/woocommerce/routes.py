"""Which address does what."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from udsync_pipelines.emulators.woocommerce import (
    writing_catalogue,
    writing_customers,
    writing_orders,
    writing_refunds,
    writing_webhooks,
)
from udsync_pipelines.emulators.woocommerce.answers import Answer, json_answer, no_route
from udsync_pipelines.emulators.woocommerce.batches import run_batch
from udsync_pipelines.emulators.woocommerce.lists import (
    COUPONS,
    CUSTOMERS,
    ORDERS,
    PRODUCTS,
    REFUNDS,
    TAXES,
    VARIATIONS,
    WEBHOOKS,
    Collection,
)
from udsync_pipelines.emulators.woocommerce.parameters import Query
from udsync_pipelines.emulators.woocommerce.reading import get_record, list_records
from udsync_pipelines.emulators.woocommerce.store import Store

Json = dict[str, Any]


@dataclass(slots=True)
class Call:
    """One request that has passed authentication."""

    store: Store
    query: Query
    path: str
    ids: tuple[int, ...]
    body: Json

    @property
    def force(self) -> bool:
        """Whether ``force`` was given, in the query or in the body."""
        given = self.query.get("force") or str(self.body.get("force", ""))
        return given.lower() in ("true", "1")


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """An address pattern (``#`` is an id), its handlers by method, and its ``Allow`` header."""

    pattern: str
    handlers: dict[str, Handler]
    allow: str

    @property
    def expression(self) -> re.Pattern[str]:
        """The pattern as a regular expression."""
        return re.compile(self.pattern.replace("#", r"(\d+)"))


def _many(collection: Collection, *, below_parent: bool = False) -> Handler:
    def handle(call: Call) -> Answer:
        parent = call.ids[0] if below_parent else None
        return list_records(call.store, collection, call.query, call.path, parent)

    return handle


def _one(collection: Collection, *, below_parent: bool = False) -> Handler:
    def handle(call: Call) -> Answer:
        parent = call.ids[0] if below_parent else None
        answer = get_record(call.store, collection, call.query, call.ids[-1], parent)
        if collection is CUSTOMERS and b'"role":"administrator"' in answer.body:
            answer.headers["Allow"] = "GET, POST, PUT, PATCH"
        return answer

    return handle


def _created(work: Callable[[Store, Json], Json]) -> Handler:
    def handle(call: Call) -> Answer:
        document = work(call.store, call.body)
        place = f"{call.store.options.site_url}/wp-json/wc/v3/{call.path}/{document['id']}"
        return json_answer(document, 201, {"Location": place})

    return handle


def _updated(work: Callable[[Store, int, Json], Json]) -> Handler:
    return lambda call: json_answer(work(call.store, call.ids[-1], call.body))


def _deleted(work: Callable[..., Json]) -> Handler:
    return lambda call: json_answer(work(call.store, call.ids[-1], force=call.force))


def _create_refund(call: Call) -> Answer:
    refund = writing_refunds.create_refund(call.store, call.ids[0], call.body)
    # WooCommerce forgets to fill its own pattern in here.
    place = rf"{call.store.options.site_url}/wp-json/wc/v3/orders/(?P<order_id>[\d]+)/refunds"
    return json_answer(refund, 201, {"Location": f"{place}/{refund['id']}"})


def _delete_refund(call: Call) -> Answer:
    return json_answer(writing_refunds.delete_refund(call.store, call.ids[0], call.ids[1]))


def _update_variation(call: Call) -> Answer:
    parent_id, variation_id = call.ids
    return json_answer(
        writing_catalogue.update_variation(call.store, parent_id, variation_id, call.body)
    )


def _delete_customer(call: Call) -> Answer:
    answer = _deleted(writing_customers.delete_customer)(call)
    answer.headers["Allow"] = ""
    return answer


def _batch(
    create: Callable[..., Json], update: Callable[..., Json], delete: Callable[..., Json]
) -> Handler:
    def handle(call: Call) -> Answer:
        store = call.store
        return json_answer(
            run_batch(
                call.body,
                lambda item: create(store, item),
                lambda number, item: update(store, number, item),
                lambda number: delete(store, number, force=True),
            )
        )

    return handle


def _order_batch(call: Call) -> Answer:
    def create(store: Store, item: Json) -> Json:
        return writing_orders.create_order(store, item, checked=False)

    def update(store: Store, number: int, item: Json) -> Json:
        return writing_orders.update_order(store, number, item, checked=False)

    return _batch(create, update, writing_orders.delete_order)(call)


def _variation_batch(call: Call) -> Answer:
    def update(number: int, item: Json) -> Json:
        return writing_catalogue.update_variation(call.store, call.ids[0], number, item)

    def refuse(_: Any) -> Json:
        raise no_route()

    return json_answer(run_batch(call.body, refuse, update, refuse))


def _resource(
    collection: Collection,
    create: Callable[[Store, Json], Json] | None,
    update: Callable[[Store, int, Json], Json] | None,
    delete: Callable[..., Json] | None,
) -> list[Route]:
    many: dict[str, Handler] = {"GET": _many(collection)}
    one: dict[str, Handler] = {"GET": _one(collection)}
    if create:
        many["POST"] = _created(create)
    if update:
        one |= dict.fromkeys(("PUT", "PATCH", "POST"), _updated(update))
    if delete:
        one["DELETE"] = _deleted(delete)
    return [
        Route(collection.path, many, collection.allow_list),
        Route(f"{collection.path}/#", one, collection.allow_one),
    ]


_BATCH_ALLOW = "POST, PUT, PATCH"


def _batch_route(path: str, handler: Handler) -> Route:
    return Route(path, dict.fromkeys(("POST", "PUT", "PATCH"), handler), _BATCH_ALLOW)


_ORDER_ROUTES = _resource(
    ORDERS, writing_orders.create_order, writing_orders.update_order, writing_orders.delete_order
)
_PRODUCT_ROUTES = _resource(
    PRODUCTS,
    writing_catalogue.create_product,
    writing_catalogue.update_product,
    writing_catalogue.delete_product,
)
_CUSTOMER_ROUTES = _resource(
    CUSTOMERS, writing_customers.create_customer, writing_customers.update_customer, None
)
_CUSTOMER_ROUTES[1].handlers["DELETE"] = _delete_customer

ROUTES: tuple[Route, ...] = (
    *_ORDER_ROUTES,
    *_PRODUCT_ROUTES,
    *_CUSTOMER_ROUTES,
    *_resource(COUPONS, writing_catalogue.create_coupon, None, writing_catalogue.delete_coupon),
    *_resource(TAXES, None, None, writing_catalogue.delete_tax),
    *_resource(
        WEBHOOKS,
        writing_webhooks.create_webhook,
        writing_webhooks.update_webhook,
        writing_webhooks.delete_webhook,
    ),
    Route("refunds", {"GET": _many(REFUNDS)}, "GET"),
    Route("variations", {"GET": _many(VARIATIONS)}, "GET"),
    Route(
        "orders/#/refunds",
        {"GET": _many(REFUNDS, below_parent=True), "POST": _create_refund},
        REFUNDS.allow_list,
    ),
    Route(
        "orders/#/refunds/#",
        {"GET": _one(REFUNDS, below_parent=True), "DELETE": _delete_refund},
        REFUNDS.allow_one,
    ),
    Route("products/#/variations", {"GET": _many(VARIATIONS, below_parent=True)}, "GET, POST"),
    Route(
        "products/#/variations/#",
        {
            "GET": _one(VARIATIONS, below_parent=True),
            **dict.fromkeys(("PUT", "PATCH", "POST"), _update_variation),
        },
        VARIATIONS.allow_one,
    ),
    Route("customers/#/downloads", {"GET": lambda _: json_answer([])}, "GET"),
    _batch_route("orders/batch", _order_batch),
    _batch_route(
        "products/batch",
        _batch(
            writing_catalogue.create_product,
            writing_catalogue.update_product,
            writing_catalogue.delete_product,
        ),
    ),
    _batch_route(
        "customers/batch",
        _batch(
            writing_customers.create_customer,
            writing_customers.update_customer,
            writing_customers.delete_customer,
        ),
    ),
    _batch_route("products/#/variations/batch", _variation_batch),
)
_EXPRESSIONS = [(route.expression, route) for route in ROUTES]


def find_route(path: str, *, global_refunds: bool) -> tuple[Route, tuple[int, ...]] | None:
    """Return the route of a path below ``/wp-json/wc/v3`` and the ids in it, or None."""
    if path == "refunds" and not global_refunds:
        return None
    for expression, route in _EXPRESSIONS:
        match = expression.fullmatch(path)
        if match:
            return route, tuple(int(number) for number in match.groups())
    return None
