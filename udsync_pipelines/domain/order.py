"""The canonical order: what was sold, what it cost, what tax it bore."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from udsync_pipelines.domain.money import Money, sum_money
from udsync_pipelines.domain.party import Address
from udsync_pipelines.domain.product import Product


class LineKind(StrEnum):
    """What a line of an order or a refund is for."""

    PRODUCT = "product"
    SHIPPING = "shipping"
    FEE = "fee"


@dataclass(frozen=True, slots=True)
class LineTax:
    """The tax of one rate on one line."""

    rate_id: str
    total: Money


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line that adds to the order's total: a product, shipping or a fee. Amounts are net of tax.

    `subtotal` is before coupons, `total` after. A fee may be negative and carry negative tax.
    `product_id` is None for a custom line and for a product that is gone. `product` is what the
    catalogue says of it, None where nobody looked.
    """

    id: str
    kind: LineKind
    name: str
    quantity: Decimal
    subtotal: Money
    total: Money
    total_tax: Money
    taxes: tuple[LineTax, ...] = ()
    tax_class: str = ""
    product_id: str | None = None
    variation_id: str | None = None
    sku: str | None = None
    meta: Mapping[str, object] = field(default_factory=dict)
    product: Product | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """A coupon used. The lines are already lowered by it: never subtract it again."""

    code: str
    amount: Money
    tax: Money


@dataclass(frozen=True, slots=True)
class OrderTax:
    """The order's tax of one rate, a snapshot that outlives the rate itself."""

    rate_id: str
    label: str
    rate_percent: Decimal
    is_compound: bool
    total: Money
    shipping_total: Money


@dataclass(frozen=True, slots=True)
class OrderRefund:
    """A refund as the order mentions it; `total` is positive."""

    id: str
    reason: str
    total: Money


@dataclass(frozen=True, slots=True)
class Order:
    """A sale. All money is in the order's own currency, net of tax unless it says `tax`.

    `customer_id` is None for a guest and for a deleted customer. `number` is what people see.
    """

    id: str
    number: str
    status: str
    currency: str
    prices_include_tax: bool
    total: Money
    total_tax: Money
    discount_total: Money
    discount_tax: Money
    shipping_total: Money
    shipping_tax: Money
    cart_tax: Money
    customer_id: str | None
    billing: Address
    shipping: Address
    payment_method: str
    payment_method_title: str
    transaction_id: str
    created_via: str
    customer_note: str
    lines: tuple[OrderLine, ...]
    discounts: tuple[Discount, ...]
    taxes: tuple[OrderTax, ...]
    refunds: tuple[OrderRefund, ...]
    created_at: datetime
    modified_at: datetime
    paid_at: datetime | None
    completed_at: datetime | None
    meta: Mapping[str, object] = field(default_factory=dict)

    @property
    def net_total(self) -> Money:
        """The sum of the lines, before tax."""
        return sum_money((line.total for line in self.lines), self.currency)

    @property
    def imbalance(self) -> Money:
        """What the total has over its lines and its tax; zero for an order that adds up."""
        return self.total - self.net_total - self.total_tax
