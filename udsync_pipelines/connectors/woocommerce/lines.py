"""The lines that orders and refunds share: products, shipping and fees."""

from decimal import Decimal

from udsync_pipelines.connectors.woocommerce.content_hash import HashRules
from udsync_pipelines.connectors.woocommerce.wire import (
    Amount,
    AmountOrZero,
    Meta,
    Number,
    PlainText,
    Reference,
    Text,
    WireModel,
)
from udsync_pipelines.domain.money import Money
from udsync_pipelines.domain.order import LineKind, LineTax, OrderLine

ONE = Decimal(1)


class WooLineTax(WireModel):
    """The tax of one rate on one line; its `subtotal` may be an empty text and is not used."""

    id: int
    total: AmountOrZero


class WooProductLine(WireModel):
    """An entry of `line_items`.

    `price` is left unread: it is a JSON float (0.06999999999999999) that total / quantity made.
    """

    id: int
    name: PlainText
    quantity: Number
    subtotal: Amount
    total: Amount
    total_tax: AmountOrZero
    taxes: tuple[WooLineTax, ...] = ()
    tax_class: Text = ""
    product_id: Reference = None
    variation_id: Reference = None
    sku: str | None = None
    meta_data: Meta


class WooOtherLine(WireModel):
    """An entry of `shipping_lines` or `fee_lines`. A fee may be negative, with negative tax."""

    id: int
    name: PlainText = ""
    method_title: PlainText = ""
    total: Amount
    total_tax: AmountOrZero
    taxes: tuple[WooLineTax, ...] = ()
    tax_class: Text = ""
    meta_data: Meta


class WooLines(WireModel):
    """What has lines: an order or a refund."""

    line_items: tuple[WooProductLine, ...]
    shipping_lines: tuple[WooOtherLine, ...] = ()
    fee_lines: tuple[WooOtherLine, ...] = ()

    def lines(self, currency: str) -> tuple[OrderLine, ...]:
        """All lines in the order products, shipping, fees."""
        return (
            *[_product_line(line, currency) for line in self.line_items],
            *[_other_line(line, LineKind.SHIPPING, currency) for line in self.shipping_lines],
            *[_other_line(line, LineKind.FEE, currency) for line in self.fee_lines],
        )


def _product_line(line: WooProductLine, currency: str) -> OrderLine:
    return OrderLine(
        id=str(line.id),
        kind=LineKind.PRODUCT,
        name=line.name,
        quantity=line.quantity,
        subtotal=Money(line.subtotal, currency),
        total=Money(line.total, currency),
        total_tax=Money(line.total_tax, currency),
        taxes=_taxes(line.taxes, currency),
        tax_class=line.tax_class,
        product_id=line.product_id,
        variation_id=line.variation_id,
        sku=line.sku,
        meta=line.meta_data,
    )


def _other_line(line: WooOtherLine, kind: LineKind, currency: str) -> OrderLine:
    total = Money(line.total, currency)
    return OrderLine(
        id=str(line.id),
        kind=kind,
        name=line.method_title if kind is LineKind.SHIPPING else line.name,
        quantity=ONE,
        subtotal=total,
        total=total,
        total_tax=Money(line.total_tax, currency),
        taxes=_taxes(line.taxes, currency),
        tax_class=line.tax_class,
        meta=line.meta_data,
    )


def _taxes(taxes: tuple[WooLineTax, ...], currency: str) -> tuple[LineTax, ...]:
    return tuple(LineTax(str(tax.id), Money(tax.total, currency)) for tax in taxes)


_TAX_SHARE = HashRules(volatile={}, money=frozenset({"total", "subtotal"}))
_LINE_MONEY = frozenset({"subtotal", "subtotal_tax", "total", "total_tax", "amount"})
_TAXED = {"taxes": _TAX_SHARE}

PRODUCT_LINE = HashRules(
    volatile={
        "price": "total / quantity as a JSON float, whose last digits depend on PHP",
        "image": "the product's picture of today, not the order's",
        "parent_name": "the parent product's name of today; the line's name is the snapshot",
        "global_unique_id": "the product's of today",
    },
    money=_LINE_MONEY,
    nested=_TAXED,
)
OTHER_LINE = HashRules(volatile={}, money=_LINE_MONEY, nested=_TAXED)
TAX_LINE = HashRules(volatile={}, money=frozenset({"tax_total", "shipping_tax_total"}))
COUPON_LINE = HashRules(volatile={}, money=frozenset({"discount", "discount_tax"}))
REFUND_MENTION = HashRules(volatile={}, money=frozenset({"total", "total_tax"}))
NESTED = {
    "line_items": PRODUCT_LINE,
    "shipping_lines": OTHER_LINE,
    "fee_lines": OTHER_LINE,
    "tax_lines": TAX_LINE,
    "coupon_lines": COUPON_LINE,
    "refunds": REFUND_MENTION,
}
