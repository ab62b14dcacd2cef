"""WooCommerce's order: its wire form, what of it matters, and the canonical order."""

from typing import Any

from udsync_pipelines.connectors.woocommerce.content_hash import EVERYWHERE, HashRules
from udsync_pipelines.connectors.woocommerce.lines import NESTED, WooLines
from udsync_pipelines.connectors.woocommerce.wire import (
    Amount,
    AmountOrZero,
    Gmt,
    GmtOrNone,
    Meta,
    Number,
    PlainText,
    Reference,
    Text,
    WireModel,
    WooAddress,
    in_domain,
    parse,
)
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.domain.money import Money
from udsync_pipelines.domain.order import Discount, Order, OrderRefund, OrderTax

HASH_RULES = HashRules(
    volatile={
        **EVERYWHERE,
        "date_paid": "the site's local time of date_paid_gmt",
        "date_completed": "the site's local time of date_completed_gmt",
        "payment_url": "made from the site's address whenever it is read",
        "needs_payment": "worked out from status and settings whenever it is read",
        "needs_processing": "worked out from the products of today",
        "is_editable": "worked out from the status",
        "currency_symbol": "follows from the currency",
    },
    money=frozenset(
        {
            "discount_total",
            "discount_tax",
            "shipping_total",
            "shipping_tax",
            "cart_tax",
            "total",
            "total_tax",
        }
    ),
    nested=NESTED,
    unordered=frozenset({"refunds"}),
)


class WooTaxLine(WireModel):
    """An entry of `tax_lines`: a snapshot of a rate, kept after the rate is deleted."""

    rate_id: int
    label: Text = ""
    compound: bool = False
    tax_total: AmountOrZero
    shipping_tax_total: AmountOrZero
    rate_percent: Number


class WooCouponLine(WireModel):
    """An entry of `coupon_lines`; the lines are already lowered by it."""

    code: PlainText
    discount: AmountOrZero
    discount_tax: AmountOrZero


class WooRefundMention(WireModel):
    """A refund as the order mentions it; `total` is negative."""

    id: int
    reason: Text = ""
    total: Amount


class WooOrder(WooLines):
    """An order of `wc/v3/orders`."""

    id: int
    number: str
    status: str
    currency: str
    prices_include_tax: bool
    total: Amount
    total_tax: Amount
    discount_total: Amount
    discount_tax: AmountOrZero
    shipping_total: Amount
    shipping_tax: AmountOrZero
    cart_tax: AmountOrZero
    customer_id: Reference
    billing: WooAddress
    shipping: WooAddress
    payment_method: Text = ""
    payment_method_title: Text = ""
    transaction_id: Text = ""
    created_via: Text = ""
    customer_note: Text = ""
    coupon_lines: tuple[WooCouponLine, ...] = ()
    tax_lines: tuple[WooTaxLine, ...] = ()
    refunds: tuple[WooRefundMention, ...] = ()
    date_created_gmt: Gmt
    date_modified_gmt: GmtOrNone = None
    date_paid_gmt: GmtOrNone = None
    date_completed_gmt: GmtOrNone = None
    meta_data: Meta
    gift_cards: Any = None  # what WooCommerce Gift Cards adds: code and amount of each


def canonical(raw: bytes) -> Order:
    """The canonical order of one archived order.

    Raises:
        RecordRejectedError: a field is missing or unreadable.
    """
    order = parse(WooOrder, Entity.ORDER, raw)
    return in_domain(Entity.ORDER, order.id, lambda: _order(order))


def _order(order: WooOrder) -> Order:
    currency = order.currency
    return Order(
        id=str(order.id),
        number=order.number,
        status=order.status,
        currency=currency,
        prices_include_tax=order.prices_include_tax,
        total=Money(order.total, currency),
        total_tax=Money(order.total_tax, currency),
        discount_total=Money(order.discount_total, currency),
        discount_tax=Money(order.discount_tax, currency),
        shipping_total=Money(order.shipping_total, currency),
        shipping_tax=Money(order.shipping_tax, currency),
        cart_tax=Money(order.cart_tax, currency),
        customer_id=order.customer_id,
        billing=order.billing.canonical(),
        shipping=order.shipping.canonical(),
        payment_method=order.payment_method,
        payment_method_title=order.payment_method_title,
        transaction_id=order.transaction_id,
        created_via=order.created_via,
        customer_note=order.customer_note,
        lines=order.lines(currency),
        discounts=tuple(_discount(line, currency) for line in order.coupon_lines),
        taxes=tuple(_tax(line, currency) for line in order.tax_lines),
        refunds=tuple(_refund(mention, currency) for mention in order.refunds),
        created_at=order.date_created_gmt,
        modified_at=order.date_modified_gmt or order.date_created_gmt,
        paid_at=order.date_paid_gmt,
        completed_at=order.date_completed_gmt,
        meta={**order.meta_data, **({"gift_cards": order.gift_cards} if order.gift_cards else {})},
    )


def _discount(line: WooCouponLine, currency: str) -> Discount:
    return Discount(line.code, Money(line.discount, currency), Money(line.discount_tax, currency))


def _tax(line: WooTaxLine, currency: str) -> OrderTax:
    return OrderTax(
        rate_id=str(line.rate_id),
        label=line.label,
        rate_percent=line.rate_percent,
        is_compound=line.compound,
        total=Money(line.tax_total, currency),
        shipping_total=Money(line.shipping_tax_total, currency),
    )


def _refund(mention: WooRefundMention, currency: str) -> OrderRefund:
    return OrderRefund(str(mention.id), mention.reason, Money(abs(mention.total), currency))
