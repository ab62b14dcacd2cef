"""What the shop has against what the database has, read from both without our own code."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import httpx

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.scenarios.shops import ConnectedShop, Row
from udsync_pipelines_tests.store_fixtures import client_of

Json = dict[str, Any]

LISTS = {
    "woo_orders": ("/orders", {"status": "any"}),
    "woo_refunds": ("/refunds", {}),
    "woo_products": ("/products", {"status": "any"}),
    "woo_variations": ("/variations", {}),
    "woo_customers": ("/customers", {}),
}
ORDER_MONEY = (
    "total", "total_tax", "discount_total", "discount_tax", "shipping_total", "shipping_tax",
    "cart_tax",
)  # fmt: skip
LINE_LISTS = {"product": "line_items", "shipping": "shipping_lines", "fee": "fee_lines"}
PRICES = ("price", "regular_price", "sale_price")


def listed(store: StoreEmulator, table: str) -> dict[int, Json]:
    """All that the store lists for a table, by id, as it sends it now."""
    path, params = LISTS[table]
    with client_of(store) as client:
        return {record["id"]: record for record in _pages(client, path, params)}


def differences(shop: ConnectedShop) -> list[str]:
    """Everything in which the database differs from the store; empty when they agree.

    Ids and raw JSON of all five kinds of records, every amount of orders, their lines, refunds
    and prices, and that nothing is there twice.
    """
    found: list[str] = []
    for table in LISTS:
        rows, shown = _not_trashed(shop.live(table)), listed(shop.store, table)
        found += [f"{table} lacks {key}" for key in sorted(shown.keys() - rows.keys())]
        found += [f"{table} still has {key}" for key in sorted(rows.keys() - shown.keys())]
        for key in shown.keys() & rows.keys():
            if _raw(rows[key]) != shown[key]:
                found.append(f"{table} {key}: raw JSON differs")
            if table == "woo_orders":
                found += _unequal(f"order {key}", rows[key], shown[key], ORDER_MONEY)
            if table == "woo_refunds" and rows[key]["amount"] != Decimal(shown[key]["amount"]):
                found.append(f"refund {key}: amount differs")
            if table in ("woo_products", "woo_variations"):
                found += _unequal(f"{table} {key}", rows[key], shown[key], PRICES)
    return found + list(_line_differences(shop)) + list(_binding_differences(shop))


def _not_trashed(rows: dict[int, Row]) -> dict[int, Row]:
    """The rows that a store lists: one in the trash keeps its row, with this status."""
    return {key: row for key, row in rows.items() if row.get("status") != "trash"}


def _raw(row: Row) -> Json:
    raw: Json = row["raw"]
    return raw


def _unequal(
    name: str, row: Row, shown: Mapping[str, Any], columns: tuple[str, ...]
) -> Iterator[str]:
    for column in columns:
        text = shown[column]
        if row[column] != (Decimal(text) if text != "" else None):
            yield f"{name}: {column} is {row[column]}, the store has {text!r}"


def _line_differences(shop: ConnectedShop) -> Iterator[str]:
    stored = {
        (row["order_id"], row["kind"], row["line_id"]): row for row in shop.rows("woo_order_lines")
    }
    expected = {
        (order["id"], kind, line["id"]): line
        for order in (_raw(row) for row in shop.rows("woo_orders"))
        for kind, name in LINE_LISTS.items()
        for line in order[name]
    }
    yield from (f"line {key} is missing" for key in expected.keys() - stored.keys())
    yield from (f"line {key} is too much" for key in stored.keys() - expected.keys())
    for key in expected.keys() & stored.keys():
        for column in ("total", "total_tax"):
            if stored[key][column] != Decimal(expected[key][column]):
                yield f"line {key}: {column} differs"
    sums = shop.select(
        "select sum(total) as total, sum(total_tax) as total_tax from woo_order_lines"
    )[0]
    for column in ("total", "total_tax"):
        of_store = sum((Decimal(line[column]) for line in expected.values()), Decimal(0))
        if (sums[column] or 0) != of_store:
            yield f"lines: the sum of {column} is {sums[column]}, the store has {of_store}"


def _binding_differences(shop: ConnectedShop) -> Iterator[str]:
    """Each record that has arrived is bound once, here and at the destination."""
    rows = {
        (table, str(row["id"])) for table in LISTS for row in shop.select(f"select id from {table}")
    }
    bound = [
        tuple(row["target_id"].split("/"))
        for row in shop.state("select target_id from udsync.id_mappings where role = 'row'")
    ]
    if len(bound) != len(set(bound)) or set(bound) != rows:
        yield f"{len(bound)} bindings of {len(set(bound))} records for {len(rows)} rows"
    mapped = shop.select("select entity, source_id from udsync_id_mappings")
    if len(mapped) != len(rows):
        yield f"{len(mapped)} id mappings at the destination for {len(rows)} rows"


def _pages(client: httpx.Client, path: str, params: Mapping[str, str]) -> Iterator[Json]:
    page = 1
    while True:
        rows = client.get(path, params={**params, "per_page": 100, "page": page}).json()
        yield from rows
        if len(rows) < 100:
            return
        page += 1
