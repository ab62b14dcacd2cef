"""Random orders added up as WooCommerce does, in every combination of its tax settings."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

from udsync_pipelines.domain.money import Money
from udsync_pipelines.domain.order import LineKind, LineTax, Order, OrderLine, OrderTax
from udsync_pipelines.domain.refund import Refund
from udsync_pipelines.emulators.woocommerce.amounts import CENT, UNIT, half_up, show
from udsync_pipelines.emulators.woocommerce.arithmetic import Mode, Part, TaxRate, add_up
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.policy import PostingPolicy, TaxPolicy
from udsync_pipelines_tests.posting.books import CANADA, CANADIAN_CODES, POLICY, code
from udsync_pipelines_tests.posting.shop import money, order

HALF = 0.5
MOSTLY = 0.75
THREE_RATES = code("30", "Three", ("40", "5", "A"), ("41", "7", "B"), ("42", "1.25", "C"))
BOOKS: Company = replace(CANADA, tax_codes=(*CANADIAN_CODES, THREE_RATES))
TAX_MAP = {
    frozenset({"1"}): "5",
    frozenset({"4"}): "6",
    frozenset({"2", "3"}): "7",
    frozenset({"5", "6"}): "10",
    frozenset({"40", "41", "42"}): "30",
}
RULES: PostingPolicy = replace(POLICY, taxes=TaxPolicy(TAX_MAP, "3", "4"))


def rate(rate_id: int, percent: str) -> TaxRate:
    millionths = int(Decimal(percent) * 10_000)
    return TaxRate(rate_id, millionths, f"Rate {rate_id}", "", float(percent), on_shipping=True)


RATES_OF_PLACES = (
    (rate(1, "5"),),
    (rate(4, "13"),),
    (rate(2, "5"), rate(3, "7")),
    (rate(5, "5"), rate(6, "9.975")),
    (rate(40, "5"), rate(41, "7"), rate(42, "1.25")),
)


@dataclass(frozen=True)
class Bought:
    """One line before tax: cents for one unit, how many, discount in per cent, taxed or not."""

    cents: int
    quantity: int
    discount: int
    is_taxed: bool


def made_order(random: Random) -> Order:
    """An order of any mode, place, coupons, fees and shipping."""
    mode = Mode(random.random() < HALF, random.random() < HALF)
    rates = random.choice(RATES_OF_PLACES)
    goods = [_bought(random) for _ in range(random.randint(1, 6))]
    parts = [_part(each, rates, mode) for each in goods]
    most = sum(part.total for part in parts) // CENT // 3
    wanted = [random.randint(-900, 900) for _ in range(random.choice((0, 0, 1, 2)))]
    fees = [
        Part("fee", max(cents, -most) * CENT, rates, taxable=cents > 0)
        for cents in wanted
        if max(cents, -most)
    ]
    cents = [random.choice((0, 1250, random.randint(1, 3_000)))] if random.random() < HALF else []
    shipping = [Part("shipping", each * CENT, rates) for each in cents]
    totals = add_up([*parts, *fees, *shipping], mode, {"": rates})
    lines = [
        *[_line(part, LineKind.PRODUCT) for part in parts],
        *[_line(part, LineKind.SHIPPING) for part in shipping],
        *[_line(part, LineKind.FEE) for part in fees],
    ]
    return order(
        *lines,
        prices_include_tax=mode.prices_include_tax,
        total=money(show(totals.total)),
        total_tax=money(show(totals.total_tax)),
        taxes=_taxes(rates, totals.cart_taxes, totals.shipping_taxes),
    )


def made_refunds(random: Random, sold: Order) -> tuple[Refund, ...]:
    """Up to three refunds of an order, each of lines, of an amount or of both, then the rest."""
    left = sold.total.amount
    made: list[Refund] = []
    for place in range(random.randint(0, 3)):
        given = _returned_lines(random, sold) if random.random() < HALF else ()
        worth = -sum((each.total.amount + each.total_tax.amount for each in given), Decimal(0))
        goodwill = Decimal(random.choice((0, 0, 1, 4, 99, 500))) / 100
        amount = min(left, max(worth, Decimal(0)) + goodwill)
        made.append(_refund(place, amount, given))
        left -= amount
    if random.random() < HALF:
        made.append(_refund(9, left, ()))
    return tuple(made)


def _bought(random: Random) -> Bought:
    return Bought(
        cents=random.choice((random.randint(1, 99), random.randint(100, 30_000))),
        quantity=random.randint(1, 9),
        discount=random.choice((0, 0, 0, 10, 15, 33)),
        is_taxed=random.random() < MOSTLY,
    )


def _part(each: Bought, rates: Sequence[TaxRate], mode: Mode) -> Part:
    listed = each.cents * each.quantity * CENT
    net = listed
    if mode.prices_include_tax and each.is_taxed:
        net = half_up(listed * UNIT, UNIT + sum(one.millionths for one in rates))
    after = net
    if each.discount:
        after = half_up(net * (100 - each.discount), 100 * CENT) * CENT
    return Part("line", after, rates if each.is_taxed else (), net, each.is_taxed)


def _line(part: Part, kind: LineKind) -> OrderLine:
    shares = {str(each): money(show(tax)) for each, tax in part.taxes.items()}
    total = money(show(part.total))
    return OrderLine(
        id="",
        kind=kind,
        name=kind.value,
        quantity=Decimal(1),
        subtotal=total,
        total=total,
        total_tax=Money(sum((tax.amount for tax in shares.values()), Decimal(0)), "CAD"),
        taxes=tuple(LineTax(each, tax) for each, tax in shares.items()),
        product_id="10" if kind is LineKind.PRODUCT else None,
    )


def _taxes(
    rates: Sequence[TaxRate], cart: dict[int, int], shipping: dict[int, int]
) -> tuple[OrderTax, ...]:
    return tuple(
        OrderTax(
            rate_id=str(each.id),
            label=each.label,
            rate_percent=Decimal(str(each.percent)),
            is_compound=False,
            total=money(show(cart.get(each.id, 0))),
            shipping_total=money(show(shipping.get(each.id, 0))),
        )
        for each in rates
    )


def _returned_lines(random: Random, sold: Order) -> tuple[OrderLine, ...]:
    chosen = random.sample(sold.lines, k=min(random.randint(0, 3), len(sold.lines)))
    return tuple(
        replace(
            each,
            id=f"9{each.id}",
            quantity=-each.quantity if each.kind is LineKind.PRODUCT else each.quantity,
            total=-each.total,
            total_tax=-each.total_tax,
            taxes=tuple(LineTax(tax.rate_id, -tax.total) for tax in each.taxes),
            meta={"_refunded_item_id": each.id},
        )
        for each in chosen
    )


def _refund(place: int, amount: Decimal, lines: tuple[OrderLine, ...]) -> Refund:
    return Refund(
        id=str(900 + place),
        order_id="77",
        amount=Money(amount, "CAD"),
        total_tax=Money(-sum((each.total_tax.amount for each in lines), Decimal(0)), "CAD"),
        reason="",
        lines=lines,
        created_at=datetime(2026, 7, 2 + place, tzinfo=UTC),
    )
