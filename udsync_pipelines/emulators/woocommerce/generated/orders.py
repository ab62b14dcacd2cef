"""Generated orders: what was bought, at which prices, with which coupons and fees."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from udsync_pipelines.emulators.woocommerce.amounts import (
    CENT,
    UNIT,
    half_up,
    show_plain,
    to_cents,
)
from udsync_pipelines.emulators.woocommerce.arithmetic import (
    Mode,
    Part,
    TaxRate,
    Totals,
    add_up,
    tax_of,
)
from udsync_pipelines.emulators.woocommerce.coupons import Coupon, DiscountLine, discounts_of
from udsync_pipelines.emulators.woocommerce.documents import (
    PAID,
    OrderHead,
    OrderLine,
    fee_document,
    line_document,
    meta_entry,
    order_document,
    shipping_document,
    tax_documents,
)
from udsync_pipelines.emulators.woocommerce.generated.catalogue import Sellable
from udsync_pipelines.emulators.woocommerce.generated.dice import Dice
from udsync_pipelines.emulators.woocommerce.generated.people import People, shipping_of
from udsync_pipelines.emulators.woocommerce.generated.schedule import Head
from udsync_pipelines.emulators.woocommerce.taxation import TaxTable

Json = dict[str, Any]

_COUNTS = (1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 7)
_QUANTITIES = (1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 7)
_PAYMENTS = (
    ("cod", "Cash on delivery"),
    ("stripe", "Credit Card (Stripe)"),
    ("cheque", "Check payments"),
    ("bacs", "Direct bank transfer"),
)
_CURRENCIES = ("USD", "EUR", "JPY", "GBP")
_NOTE = "Leave at the door — merci! 🎁\nSecond line"
_SHIPPING = 1250 * CENT
_ABROAD = 2500 * CENT
_NET = Mode()
_GROSS = Mode(prices_include_tax=True)
_SUBTOTAL = Mode(round_at_subtotal=True)


class Composed(NamedTuple):
    """An order added up, before it is written as JSON."""

    head: Head
    mode: Mode
    billing: Json
    lines: list[OrderLine]
    parts: list[Part]
    fees: list[tuple[str, Part]]
    shipping: list[tuple[str, Part]]
    coupons: list[tuple[Coupon, int, int]]
    rates: Sequence[TaxRate]
    totals: Totals
    currency: str
    dice: Dice


class Orders:
    """Makes generated orders; the same seed and number give the same order."""

    def __init__(
        self,
        *,
        seed: int,
        taxes: TaxTable,
        goods: Sequence[Sellable],
        coupons: Sequence[Coupon],
        zone: ZoneInfo,
        site: str,
    ) -> None:
        self._seed = seed
        self._taxes = taxes
        self._goods = goods
        self._coupons = {coupon.code: coupon for coupon in coupons}
        self._zone = zone
        self._site = site
        self.people = People(seed)

    def compose(self, head: Head) -> Composed:
        """Return an order's parts and totals."""
        dice = Dice(self._seed, head.number)
        mode = _mode(dice)
        currency = dice.pick(_CURRENCIES) if dice.chance(28) else "CAD"
        known = head.customer
        billing = self.people.billing_of(known) if known else self.people.guest(dice)
        by_class = self._taxes.at(billing["country"] or "CA", billing["state"] or "AB")
        lines, parts = self._lines(dice, head, mode, by_class)
        coupons = self._discount(dice, mode, lines, parts)
        # A gift has nothing but its lines, so that its total is zero.
        gift = any(coupon.code == "allfree" for coupon, _, _ in coupons)
        fees = [] if gift else _fees(dice, by_class[""])
        shipping = [] if gift else _shipping(dice, billing["country"], by_class[""])
        every = [*parts, *(part for _, part in fees), *(part for _, part in shipping)]
        totals = add_up(every, mode, by_class)
        rates = [rate for found in by_class.values() for rate in found]
        return Composed(
            head=head,
            mode=mode,
            billing=billing,
            lines=lines,
            parts=parts,
            fees=fees,
            shipping=shipping,
            coupons=coupons,
            rates=rates,
            totals=totals,
            currency=currency,
            dice=dice,
        )

    def document(self, composed: Composed, refunds: list[Json]) -> Json:
        """Return the order as the API sends it."""
        head, dice = composed.head, composed.dice
        first = head.order_id * 16
        items = [line_document(*pair) for pair in zip(composed.lines, composed.parts, strict=True)]
        after = first + len(items)
        shipping = [
            shipping_document(after + place, title, "flat_rate", part)
            for place, (title, part) in enumerate(composed.shipping)
        ]
        after += len(shipping)
        fees = [
            fee_document(after + place, name, part)
            for place, (name, part) in enumerate(composed.fees)
        ]
        after += len(fees)
        taxes = tax_documents(composed.totals, composed.rates, after)
        lists = {
            "line_items": items,
            "tax_lines": taxes,
            "shipping_lines": shipping,
            "fee_lines": fees,
            "coupon_lines": _coupon_lines(composed.coupons, after + len(taxes)),
            "refunds": refunds,
        }
        return order_document(
            self._head(composed, dice), composed.totals, lists, self._zone, self._site
        )

    def _head(self, composed: Composed, dice: Dice) -> OrderHead:
        head = composed.head
        method, title = dice.pick(_PAYMENTS)
        paid = head.created + 30 if head.status in (*PAID, "refunded") else None
        if head.status == "processing" and dice.chance(350):
            paid = None
        key = dice.letters(13)
        number = head.order_id
        return OrderHead(
            id=number,
            status=head.status,
            created=head.created,
            modified=head.modified,
            customer_id=head.customer,
            billing=composed.billing,
            shipping=shipping_of(composed.billing),
            currency=composed.currency,
            prices_include_tax=composed.mode.prices_include_tax,
            payment_method=method,
            payment_method_title=title,
            transaction_id=f"ch_{key}" if method == "stripe" and paid else "",
            created_via="store-api" if dice.chance(20) else "rest-api",
            customer_note=_NOTE if dice.chance(60) else "",
            order_key=f"wc_order_{key}",
            completed=head.modified if head.status in ("completed", "refunded") else None,
            paid=min(paid, head.modified) if paid else None,
            meta=_order_meta(number, dice),
        )

    def _lines(
        self, dice: Dice, head: Head, mode: Mode, by_class: dict[str, Sequence[TaxRate]]
    ) -> tuple[list[OrderLine], list[Part]]:
        lines: list[OrderLine] = []
        parts: list[Part] = []
        for place in range(dice.pick(_COUNTS)):
            sold = dice.pick(self._goods)
            quantity = dice.pick(_QUANTITIES)
            gone = dice.chance(12)
            line_id = head.order_id * 16 + place
            lines.append(
                OrderLine(
                    id=line_id,
                    name=sold.name,
                    quantity=quantity,
                    product_id=0 if gone else sold.product_id,
                    variation_id=0 if gone else sold.variation_id,
                    tax_class=sold.tax_class,
                    sku=None if gone else sold.sku,
                    parent_name=None if gone else sold.parent_name,
                    meta=_line_meta(line_id, sold, dice),
                )
            )
            net = self._net(sold, quantity, mode)
            rates = by_class.get(sold.tax_class, ())
            parts.append(Part("line", net, rates, net, sold.taxable, sold.tax_class))
        return lines, parts

    def _net(self, sold: Sellable, quantity: int, mode: Mode) -> int:
        listed = sold.cents * quantity * CENT
        if not mode.prices_include_tax or not sold.taxable:
            return listed
        # Prices with tax hold the tax of the shop's own place, wherever the customer lives.
        base = sum(rate.millionths for rate in self._taxes.at("CA", "AB")[sold.tax_class])
        return half_up(listed * UNIT, UNIT + base)

    def _discount(
        self, dice: Dice, mode: Mode, lines: list[OrderLine], parts: list[Part]
    ) -> list[tuple[Coupon, int, int]]:
        chosen = self._choose_coupons(dice)
        used = []
        prices = [
            DiscountLine(half_up(part.subtotal, CENT), line.quantity)
            for part, line in zip(parts, lines, strict=True)
        ]
        for coupon in chosen:
            wanted = discounts_of(coupon, prices)
            given = [
                _take(part, discount, mode) for part, discount in zip(parts, wanted, strict=True)
            ]
            tax = sum(
                _discount_tax(part, amount, mode)
                for part, amount in zip(parts, given, strict=True)
                if part.taxable
            )
            used.append((coupon, sum(given), tax))
        return used

    def _choose_coupons(self, dice: Dice) -> list[Coupon]:
        roll = dice.below(1000)
        codes = list(self._coupons)
        if roll >= 130 or not codes:  # noqa: PLR2004 - 13 % of orders have a coupon
            return []
        if roll < 4 and "allfree" in self._coupons:  # noqa: PLR2004 - a gift now and then
            return [self._coupons["allfree"]]
        if roll < 10 and {"save10", "fiveoff"} <= set(codes):  # noqa: PLR2004 - two at once
            return [self._coupons["save10"], self._coupons["fiveoff"]]
        usual = [coupon for coupon in self._coupons.values() if coupon.code != "allfree"]
        return [usual[roll % len(usual)]]


def _mode(dice: Dice) -> Mode:
    roll = dice.below(100)
    if roll < 5:  # noqa: PLR2004 - 14 of the 288 recorded orders
        return _GROSS
    return _SUBTOTAL if roll < 8 else _NET  # noqa: PLR2004 - 8 of the 288 recorded orders


def _take(part: Part, discount: int, mode: Mode) -> int:
    given = min(discount, to_cents(part.total))
    # The line keeps whole cents after a coupon, as WooCommerce rounds what it stores.
    part.total = (
        to_cents(part.total) - given if given or not mode.prices_include_tax else part.total
    )
    return given


def _discount_tax(part: Part, amount: int, mode: Mode) -> int:
    taxes = tax_of(amount, part.rates, mode).values()
    return sum(taxes) if mode.round_at_subtotal else sum(to_cents(tax) for tax in taxes)


def _fees(dice: Dice, rates: Sequence[TaxRate]) -> list[tuple[str, Part]]:
    fees = []
    if dice.chance(90):
        fees.append(("Gift wrap", Part("fee", 350 * CENT, rates)))
    if dice.chance(20):
        fees.append(("Handling &amp; care", Part("fee", 399 * CENT, rates, taxable=False)))
    if dice.chance(60):
        fees.append(("Loyalty adjustment", Part("fee", -225 * CENT, rates, taxable=False)))
    return fees


def _shipping(dice: Dice, country: str, rates: Sequence[TaxRate]) -> list[tuple[str, Part]]:
    if not dice.chance(920):
        return []
    if country not in ("CA", ""):
        return [("USPS International", Part("shipping", _ABROAD, rates))]
    return [("Flat rate", Part("shipping", _SHIPPING, rates))]


def _coupon_lines(used: list[tuple[Coupon, int, int]], first_id: int) -> list[Json]:
    lines = []
    for place, (coupon, discount, tax) in enumerate(used):
        kind = "null" if coupon.kind == "fixed_cart" else f'"{coupon.kind}"'
        facts = f'[{coupon.id},"{coupon.code}",{kind},{coupon.nominal}]'
        lines.append(
            {
                "id": first_id + place,
                "code": coupon.code,
                "discount": show_plain(discount),
                "discount_tax": show_plain(tax),
                "meta_data": [meta_entry(first_id + place, "coupon_info", facts)],
                "discount_type": coupon.kind,
                "nominal_amount": coupon.nominal,
                "free_shipping": False,
            }
        )
    return lines


def _order_meta(order_id: int, dice: Dice) -> list[Json]:
    if not dice.chance(50):
        return []
    return [
        meta_entry(order_id * 4, "_po_number", f"PO-{order_id}", shown=False),
        meta_entry(order_id * 4 + 1, "source_channel", "phone", shown=False),
    ]


def _line_meta(line_id: int, sold: Sellable, dice: Dice) -> list[Json]:
    meta = [meta_entry(line_id * 4, key, value) for key, value in sold.options]
    if dice.chance(23):
        gift = {"wrap": True, "notes": ["a", "b"]}
        meta.append(meta_entry(line_id * 4 + 2, "Engraving", "Für Élise ♥"))
        meta.append(meta_entry(line_id * 4 + 3, "Gift options", gift))
    return meta
