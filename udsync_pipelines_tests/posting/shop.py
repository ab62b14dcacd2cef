"""Orders and refunds to post: built by hand, recorded, and generated."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from udsync_pipelines.connectors.woocommerce import order as woo_order
from udsync_pipelines.connectors.woocommerce import refund as woo_refund
from udsync_pipelines.domain.money import Money
from udsync_pipelines.domain.order import LineKind, LineTax, Order, OrderLine, OrderTax
from udsync_pipelines.domain.party import Address
from udsync_pipelines.domain.refund import Refund
from udsync_pipelines.emulators.woocommerce.generated.store import GeneratedStore
from udsync_pipelines.emulators.woocommerce.options import StoreOptions
from udsync_pipelines.emulators.woocommerce.store import recording

DUMP = Path(__file__).parents[1] / "recordings" / "woocommerce" / "dump"
NOON = datetime(2026, 7, 1, 18, 0, tzinfo=UTC)
UNTIL = 1_795_000_000
RATES = {
    "1": ("GST", "5"),
    "2": ("GST", "5"),
    "3": ("PST BC", "7"),
    "4": ("HST ON", "13"),
    "5": ("GST", "5"),
    "6": ("QST", "9.975"),
    "7": ("HST NS", "14"),
    "9": ("GST zero-rated", "0"),
}
BUYER = Address(first_name="Ada", last_name="Byron", email="ada@example.com", phone="555-0100")


def money(amount: str, currency: str = "CAD") -> Money:
    """An amount of money."""
    return Money(Decimal(amount), currency)


def line(
    total: str,
    taxes: dict[str, str] | None = None,
    *,
    kind: LineKind = LineKind.PRODUCT,
    currency: str = "CAD",
    **changes: Any,
) -> OrderLine:
    """A line of this net total and these taxes by rate id; the rest can be named."""
    shares = tuple(LineTax(rate, money(tax, currency)) for rate, tax in (taxes or {}).items())
    tax = sum((share.total.amount for share in shares), Decimal(0))
    return OrderLine(
        **{
            "id": "1",
            "kind": kind,
            "name": "Mug",
            "quantity": Decimal(1),
            "subtotal": money(total, currency),
            "total": money(total, currency),
            "total_tax": Money(tax, currency),
            "taxes": shares,
            "product_id": "10" if kind is LineKind.PRODUCT else None,
            **changes,
        }
    )


def order(*lines: OrderLine, **changes: Any) -> Order:
    """A completed order of these lines, numbered apart; total and tax are their sums."""
    numbered = [replace(each, id=str(place)) for place, each in enumerate(lines, 1)]
    currency = changes.get("currency", "CAD")
    tax = sum((each.total_tax.amount for each in lines), Decimal(0))
    net = sum((each.total.amount for each in lines), Decimal(0))
    nothing = money("0", currency)
    return Order(
        **{
            "id": "77",
            "number": "77",
            "status": "completed",
            "currency": currency,
            "prices_include_tax": False,
            "total": Money(net + tax, currency),
            "total_tax": Money(tax, currency),
            "discount_total": nothing,
            "discount_tax": nothing,
            "shipping_total": nothing,
            "shipping_tax": nothing,
            "cart_tax": Money(tax, currency),
            "customer_id": "12",
            "billing": BUYER,
            "shipping": Address(),
            "payment_method": "stripe",
            "payment_method_title": "Card",
            "transaction_id": "ch_1",
            "created_via": "checkout",
            "customer_note": "",
            "lines": tuple(numbered),
            "discounts": (),
            "taxes": changes.get("taxes") or _order_taxes(numbered, currency),
            "refunds": (),
            "created_at": NOON,
            "modified_at": NOON,
            "paid_at": NOON,
            "completed_at": NOON,
            **{name: value for name, value in changes.items() if name != "taxes"},
        }
    )


def refund(amount: str, *lines: OrderLine, **changes: Any) -> Refund:
    """A refund of order 77; lines are given positive and turned negative, origin by `id`."""
    given = tuple(_returned(each) for each in lines)
    return Refund(
        **{
            "id": "901",
            "order_id": "77",
            "amount": money(amount),
            "total_tax": Money(-sum((each.total_tax.amount for each in given), Decimal(0)), "CAD"),
            "reason": "",
            "lines": given,
            "created_at": datetime(2026, 7, 3, 18, 0, tzinfo=UTC),
            **changes,
        }
    )


@lru_cache(maxsize=1)
def recorded() -> tuple[tuple[Order, tuple[Refund, ...]], ...]:
    """Every recorded order with its refunds."""
    refunds = defaultdict(list)
    for text in (DUMP / "refunds_by_order.jsonl").read_bytes().splitlines():
        refunds[json.loads(text)["_order_id"]].append(text)
    raws = (DUMP / "orders.jsonl").read_bytes().splitlines()
    return tuple(_parsed(raw, refunds[json.loads(raw)["id"]]) for raw in raws)


def generated(count: int, seed: int) -> Iterator[tuple[Order, tuple[Refund, ...]]]:
    """So many orders of the emulated store with their refunds, through the connector."""
    store = GeneratedStore(StoreOptions(orders=count, seed=seed), dict(recording()), UNTIL)
    for number in range(count):
        shown = store.order(number)
        refunds = [
            orjson.loads(store.body("refund", mention["id"]) or b"") for mention in shown["refunds"]
        ]
        yield _parsed(orjson.dumps(shown), [orjson.dumps(made) for made in refunds])


def _parsed(raw: bytes, refunds: Sequence[bytes]) -> tuple[Order, tuple[Refund, ...]]:
    canonical = woo_order.canonical(raw)
    return canonical, tuple(woo_refund.canonical(each, raw) for each in refunds)


def _returned(each: OrderLine) -> OrderLine:
    return replace(
        each,
        id=f"9{each.id}",
        quantity=-each.quantity if each.kind is LineKind.PRODUCT else each.quantity,
        total=-each.total,
        total_tax=-each.total_tax,
        taxes=tuple(LineTax(tax.rate_id, -tax.total) for tax in each.taxes),
        meta={"_refunded_item_id": each.id},
    )


def _order_taxes(lines: Sequence[OrderLine], currency: str) -> tuple[OrderTax, ...]:
    sums: dict[str, Decimal] = {}
    for each in lines:
        for tax in each.taxes:
            sums[tax.rate_id] = sums.get(tax.rate_id, Decimal(0)) + tax.total.amount
    nothing = money("0", currency)
    return tuple(
        OrderTax(
            rate, RATES[rate][0], Decimal(RATES[rate][1]), False, Money(total, currency), nothing
        )
        for rate, total in sums.items()
    )
