"""Valid records with named differences, for tests about canonical records."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from udsync_pipelines.domain.customer import Customer
from udsync_pipelines.domain.money import Money, zero
from udsync_pipelines.domain.order import LineKind, Order, OrderLine
from udsync_pipelines.domain.party import Address
from udsync_pipelines.domain.product import Product

NOON = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
ANN = Address(first_name="Ann", last_name="Lee", city="Graz", email="Ann@Example.com")


def euros(amount: str) -> Money:
    """So many euros."""
    return Money(Decimal(amount), "EUR")


def order_line(**differences: Any) -> OrderLine:
    """A mug for 10.00 and 2.00 tax, with differences."""
    mug = OrderLine(
        id="11",
        kind=LineKind.PRODUCT,
        name="Blue mug",
        quantity=Decimal(1),
        subtotal=euros("10.00"),
        total=euros("10.00"),
        total_tax=euros("2.00"),
        sku="MUG-1",
        meta={"colour": "blue"},
    )
    return replace(mug, **differences)


def paid_order(**differences: Any) -> Order:
    """A completed order of one mug and 5.00 shipping with 1.00 tax, with differences."""
    nothing = zero("EUR")
    freight = order_line(
        id="12",
        kind=LineKind.SHIPPING,
        name="Parcel",
        sku=None,
        subtotal=euros("5.00"),
        total=euros("5.00"),
        total_tax=euros("1.00"),
        meta={},
    )
    order = Order(
        id="501",
        number="1001",
        status="completed",
        currency="EUR",
        prices_include_tax=False,
        total=euros("18.00"),
        total_tax=euros("3.00"),
        discount_total=nothing,
        discount_tax=nothing,
        shipping_total=euros("5.00"),
        shipping_tax=euros("1.00"),
        cart_tax=euros("2.00"),
        customer_id=None,
        billing=ANN,
        shipping=Address(),
        payment_method="bacs",
        payment_method_title="Bank transfer",
        transaction_id="",
        created_via="checkout",
        customer_note="",
        lines=(order_line(), freight),
        discounts=(),
        taxes=(),
        refunds=(),
        created_at=NOON,
        modified_at=NOON,
        paid_at=NOON,
        completed_at=None,
        meta={"po_number": "PO-7", "po.line": "3"},
    )
    return replace(order, **differences)


def mug_product(**differences: Any) -> Product:
    """A published mug in two categories, with differences."""
    product = Product(
        id="71",
        kind="simple",
        status="publish",
        name="Blue mug",
        sku="MUG-1",
        description="",
        price=Decimal("10.00"),
        regular_price=Decimal("10.00"),
        sale_price=None,
        tax_status="taxable",
        tax_class="",
        manages_stock=False,
        stock_quantity=None,
        stock_status="instock",
        is_virtual=False,
        is_downloadable=False,
        categories=("Mugs", "Kitchen"),
        variation_ids=(),
        created_at=NOON,
        modified_at=None,
    )
    return replace(product, **differences)


def registered_customer(**differences: Any) -> Customer:
    """A customer who was never saved by hand, with differences."""
    customer = Customer(
        id="9",
        email="ann@example.com",
        first_name=" Ann ",
        last_name="Lee",
        username="ann",
        role="customer",
        billing=ANN,
        shipping=Address(),
        is_paying_customer=True,
        created_at=NOON,
        modified_at=None,
    )
    return replace(customer, **differences)
