"""Recorded WooCommerce records, mapped by the default profiles, land to the cent."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from udsync_pipelines.connectors.supabase import SupabaseDestination
from udsync_pipelines.connectors.supabase.tables import KNOWN_TARGETS, OWNED_TARGETS
from udsync_pipelines.connectors.woocommerce import customer as woo_customer
from udsync_pipelines.connectors.woocommerce import order as woo_order
from udsync_pipelines.connectors.woocommerce import product as woo_product
from udsync_pipelines.connectors.woocommerce import refund as woo_refund
from udsync_pipelines.connectors.woocommerce import variation as woo_variation
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.mapping import Profile, default_profiles
from udsync_pipelines.sync.records import MappedRecord
from udsync_pipelines_tests.connectors.supabase.conftest import Session
from udsync_pipelines_tests.connectors.supabase.records import record

RECORDED = Path(str(files("udsync_pipelines.emulators.woocommerce"))) / "recorded" / "orders.jsonl"
DIRECTION = "woocommerce_to_supabase"
AMOUNTS = ("total", "total_tax", "discount_total", "discount_tax", "shipping_total",
           "shipping_tax", "cart_tax")  # fmt: skip


@cache
def profiles() -> dict[str, Profile]:
    """The profiles that come with udsync, checked against the tables."""
    return default_profiles(DIRECTION, KNOWN_TARGETS, OWNED_TARGETS)


def recorded() -> Iterator[tuple[bytes, dict[str, Any]]]:
    """The orders of the recorded store, as sent and as JSON."""
    for raw in RECORDED.read_bytes().splitlines():
        yield raw, orjson.loads(raw)


def mapped(raw: bytes, sent: dict[str, Any]) -> MappedRecord:
    """One order as the default profile maps it."""
    tables = profiles()["order"].apply(woo_order.canonical(raw), sent)
    return record(Entity.ORDER, str(sent["id"]), tables, raw=raw)


def test_there_is_a_profile_for_every_entity_that_fills_every_column() -> None:
    filled = {
        block.table: {rule.target for rule in block.rules}
        for profile in profiles().values()
        for block in profile.blocks
    }

    assert set(profiles()) == {"customer", "product", "variation", "order", "refund"}
    for table, columns in KNOWN_TARGETS.items():
        assert filled[table] == {c for c in columns if f"{table}.{c}" not in OWNED_TARGETS}


@pytest.mark.postgres
def test_every_amount_of_the_recorded_orders_lands_as_it_was_sent(
    destination: SupabaseDestination,
) -> None:
    orders = {str(sent["id"]): (raw, sent) for raw, sent in recorded()}

    receipt = destination.load(Entity.ORDER, [mapped(*pair) for pair in orders.values()])

    stored = destination.stored(Entity.ORDER, list(orders))
    assert receipt.rejected == ()
    assert receipt.created == len(orders) > 200
    for source_id, (_, sent) in orders.items():
        for name in AMOUNTS:
            assert stored[source_id][name] == Decimal(sent[name]), (source_id, name)


@pytest.mark.postgres
def test_lines_and_taxes_of_the_recorded_orders_add_up_to_their_totals(
    destination: SupabaseDestination, session: Session, store_id: UUID
) -> None:
    orders = list(recorded())
    destination.load(Entity.ORDER, [mapped(raw, sent) for raw, sent in orders])
    wanted = {
        int(sent["id"]): sum(
            (Decimal(line["total"]) for kind in ("line_items", "shipping_lines", "fee_lines")
             for line in sent[kind]), Decimal(0),
        )
        for _, sent in orders
    }  # fmt: skip

    query = """
        select o.id, coalesce(sum(l.total), 0) from woo_orders o left join woo_order_lines l
            on l.store_id = o.store_id and l.order_id = o.id
         where o.store_id = %s group by 1"""
    assert dict(session.execute(query, [store_id]).fetchall()) == wanted


@pytest.mark.postgres
def test_sums_of_the_recorded_orders_are_those_of_the_store(
    destination: SupabaseDestination,
) -> None:
    wanted: dict[str, tuple[int, Decimal]] = {}
    for raw, sent in recorded():
        destination.load(Entity.ORDER, [mapped(raw, sent)])
        number, total = wanted.get(sent["currency"], (0, Decimal(0)))
        wanted[sent["currency"]] = number + 1, total + Decimal(sent["total"])

    sums = destination.sums()

    assert {code: (one.count, one.total) for code, one in sums.orders.items()} == wanted


@pytest.mark.postgres
def test_loading_the_recorded_orders_again_writes_nothing(
    destination: SupabaseDestination,
) -> None:
    orders = [mapped(raw, sent) for raw, sent in recorded()]
    first = destination.load(Entity.ORDER, orders)

    second = destination.load(Entity.ORDER, orders)

    assert (second.created, second.updated, second.unchanged) == (0, 0, first.created)


CANONICAL: dict[Entity, Callable[[bytes], object]] = {
    Entity.CUSTOMER: woo_customer.canonical,
    Entity.PRODUCT: woo_product.canonical,
    Entity.VARIATION: lambda raw: woo_variation.canonical(raw, b'{"id": 10}'),
    Entity.REFUND: lambda raw: woo_refund.canonical(raw, b'{"id": 76, "currency": "CAD"}'),
}


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("entity", "sent_as", "stored_as"),
    [
        (Entity.CUSTOMER, "email", "email"),
        (Entity.PRODUCT, "sku", "sku"),
        (Entity.VARIATION, "sku", "sku"),
        (Entity.REFUND, "amount", "amount"),
    ],
)
def test_recorded_records_of_the_other_entities_land_too(
    destination: SupabaseDestination, entity: Entity, sent_as: str, stored_as: str
) -> None:
    file = RECORDED.parent / f"{entity.value}s.jsonl"
    sent = {str(orjson.loads(raw)["id"]): raw for raw in file.read_bytes().splitlines()}
    profile = profiles()[entity.value]
    records = [
        record(entity, key, profile.apply(CANONICAL[entity](raw), orjson.loads(raw)), raw=raw)
        for key, raw in sent.items()
    ]

    receipt = destination.load(entity, records)

    stored = destination.stored(entity, list(sent))
    assert receipt.rejected == ()
    assert receipt.created == len(sent) > 10
    for key, raw in sent.items():
        wanted = orjson.loads(raw)[sent_as]
        found = stored[key][stored_as]
        assert found == (Decimal(wanted) if isinstance(found, Decimal) else wanted)
