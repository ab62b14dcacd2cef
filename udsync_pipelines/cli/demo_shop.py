"""What the emulated shop says of its sales, asked over HTTP and without our own connector."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx

from udsync_pipelines.emulators.woocommerce.emulator import StoreEmulator

Json = Mapping[str, Any]

PER_PAGE = 100
_LINES = ("line_items", "shipping_lines", "fee_lines")


@dataclass(frozen=True, slots=True)
class Sums:
    """So many documents, what they amount to, and the tax in it; refunds are positive."""

    count: int = 0
    total: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.count + other.count, self.total + other.total, self.tax + other.tax)


@dataclass(frozen=True, slots=True)
class Sale:
    """An order or a refund that the books owe a document, as the shop shows it.

    Without `is_tax_said` it is an amount given back without naming lines, of which the shop does
    not know the tax; `sums` have none then.
    """

    id: str
    currency: str
    sums: Sums
    is_tax_said: bool = True


@dataclass(frozen=True, slots=True)
class Sales:
    """The orders in the posting statuses, and what was given back on them."""

    orders: tuple[Sale, ...]
    refunds: tuple[Sale, ...]


def read_sales(store: StoreEmulator, statuses: Collection[str]) -> Sales:
    """Every order in one of these statuses and every refund above zero on one of them."""
    with httpx.Client(
        base_url=f"{store.url}/wp-json/wc/v3",
        auth=(store.consumer_key, store.consumer_secret),
        timeout=60,
    ) as client:
        orders = {
            str(order["id"]): _order(order)
            for order in _pages(client, "/orders", {"status": "any"})
            if order["status"] in statuses
        }
        of_orders: dict[str, list[Json]] = {order: [] for order in orders}
        for refund in _pages(client, "/refunds", {}):
            if str(refund["parent_id"]) in orders and Decimal(refund["amount"]):
                of_orders[str(refund["parent_id"])].append(refund)
    refunds = (one for order, each in of_orders.items() for one in _refunds(orders[order], each))
    return Sales(tuple(orders.values()), tuple(refunds))


def by_currency(sales: Iterable[Sale]) -> dict[str, Sums]:
    """The sums of these sales in each currency."""
    found: dict[str, Sums] = {}
    for sale in sales:
        found[sale.currency] = found.get(sale.currency, Sums()) + sale.sums
    return found


def _order(order: Json) -> Sale:
    sums = Sums(1, Decimal(order["total"]), Decimal(order["total_tax"]))
    return Sale(str(order["id"]), order["currency"], sums)


def _refunds(order: Sale, refunds: Sequence[Json]) -> Iterator[Sale]:
    """What was given back on one order.

    An amount without lines that completes the order gives back what is left of its tax.
    """
    listed = [one for one in refunds if _with_tax(one) == Decimal(one["amount"])]
    tax_left = order.sums.tax - sum(map(_tax, listed), Decimal(0))
    is_whole = sum(Decimal(one["amount"]) for one in refunds) == order.sums.total
    is_said = is_whole and len(refunds) - len(listed) == 1
    for one in refunds:
        tax = _tax(one) if one in listed else tax_left if is_said else Decimal(0)
        sums = Sums(1, Decimal(one["amount"]), tax)
        yield Sale(str(one["id"]), order.currency, sums, is_tax_said=is_said or one in listed)


def _tax(refund: Json) -> Decimal:
    return -sum((Decimal(line["total_tax"]) for line in _lines(refund)), Decimal(0))


def _with_tax(refund: Json) -> Decimal:
    return _tax(refund) - sum((Decimal(line["total"]) for line in _lines(refund)), Decimal(0))


def _lines(refund: Json) -> Iterator[Json]:
    return (line for name in _LINES for line in refund[name])


def _pages(client: httpx.Client, path: str, parameters: Mapping[str, str]) -> Iterator[Json]:
    page = 1
    while True:
        answer = client.get(path, params={**parameters, "per_page": PER_PAGE, "page": page})
        rows = answer.raise_for_status().json()
        yield from rows
        if len(rows) < PER_PAGE:
            return
        page += 1
