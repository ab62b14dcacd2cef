"""The store as the engine's source: records by entity."""

import orjson
import pytest

from udsync_pipelines.connectors.woocommerce.store import WooCommerceStore
from udsync_pipelines.domain.customer import Customer
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.domain.order import Order
from udsync_pipelines.domain.product import Product, Variation
from udsync_pipelines.domain.refund import Refund
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.sync.ports import Source
from udsync_pipelines_tests.connectors.woocommerce.moving_store import MovingStore
from udsync_pipelines_tests.connectors.woocommerce.reading.stores import source
from udsync_pipelines_tests.connectors.woocommerce.recordings import dump, raw


def store() -> WooCommerceStore:
    return source(MovingStore())


def test_a_store_is_a_source_for_the_engine() -> None:
    as_source: Source = store()

    assert as_source is not None


@pytest.mark.parametrize(
    ("entity", "name", "parent", "kind"),
    [
        (Entity.ORDER, "orders/single_guest", None, Order),
        (Entity.CUSTOMER, "customers/single_full", None, Customer),
        (Entity.PRODUCT, "products/single_simple", None, Product),
        (Entity.VARIATION, "products/variation_single", None, Variation),
        (Entity.REFUND, "refunds/single", "refunds/order_with_refund_partial", Refund),
    ],
)
def test_each_archived_record_becomes_its_canonical_record(
    entity: Entity, name: str, parent: str | None, kind: type
) -> None:
    parent_raw = raw(parent) if parent is not None else None

    assert isinstance(store().canonical(entity, raw(name), parent_raw), kind)


@pytest.mark.parametrize(
    ("entity", "name"), [(Entity.TAX_RATE, "taxes"), (Entity.COUPON, "coupons")]
)
def test_tax_rates_and_coupons_are_read_but_have_no_place_in_the_engine(
    entity: Entity, name: str
) -> None:
    with pytest.raises(ConfigurationError, match="not synced"):
        store().canonical(entity, orjson.dumps(dump(name)[0]), None)
