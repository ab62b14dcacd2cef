"""Which list of the REST API carries which entity, and what that list can do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from udsync_pipelines.connectors.woocommerce.client import PER_PAGE, ListRequest
from udsync_pipelines.domain.identity import Entity


@dataclass(frozen=True, slots=True)
class Filter:
    """How a list is asked for what changed; `field` is the time that the filter looks at."""

    field: str = "date_modified_gmt"
    after: str = "modified_after"
    before: str = "modified_before"
    orderby: str = "modified"


BY_MODIFICATION = Filter()
# Refunds are never modified, they are made and deleted.
BY_CREATION = Filter("date_created_gmt", "after", "before", "date")


@dataclass(frozen=True, slots=True)
class EntityList:
    """One list. `changes` is None where the store ignores every date filter (seen, not read)."""

    entity: Entity
    path: str
    changes: Filter | None
    has_trash: bool = False
    params: Mapping[str, str | int] = field(default_factory=dict)

    def request(self, **params: str | int) -> ListRequest:
        """The list in pages of the largest size."""
        return ListRequest(self.path, {**self.params, "per_page": PER_PAGE, **params})

    def by_id(self, **params: str | int) -> ListRequest:
        """The list, oldest id first: the one order that no change disturbs."""
        return self.request(orderby="id", order="asc", **params)


# Customers of the role `customer` only: other roles would bring the shop's staff.
CUSTOMERS = EntityList(Entity.CUSTOMER, "customers", None)
PRODUCTS = EntityList(
    Entity.PRODUCT, "products", BY_MODIFICATION, has_trash=True, params={"status": "any"}
)
VARIATIONS = EntityList(Entity.VARIATION, "variations", BY_MODIFICATION)
ORDERS = EntityList(
    Entity.ORDER, "orders", BY_MODIFICATION, has_trash=True, params={"status": "any"}
)
REFUNDS = EntityList(Entity.REFUND, "refunds", BY_CREATION)
TAXES = EntityList(Entity.TAX_RATE, "taxes", None)
COUPONS = EntityList(Entity.COUPON, "coupons", BY_MODIFICATION)

LISTS: Mapping[Entity, EntityList] = {
    each.entity: each for each in (CUSTOMERS, PRODUCTS, VARIATIONS, ORDERS, REFUNDS, TAXES, COUPONS)
}

PLURAL: Mapping[Entity, str] = {
    Entity.CUSTOMER: "customers",
    Entity.PRODUCT: "products",
    Entity.VARIATION: "variations",
    Entity.ORDER: "orders",
    Entity.REFUND: "refunds",
    Entity.TAX_RATE: "tax rates",
    Entity.COUPON: "coupons",
}
