"""Any record of the recorded store with wrong members: understood, or refused in one line."""

from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from random import Random
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udsync_pipelines.connectors.woocommerce import order, refund
from udsync_pipelines.connectors.woocommerce.client import ListRequest
from udsync_pipelines.connectors.woocommerce.store import WooCommerceStore
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import RecordRejectedError, UdsyncError
from udsync_pipelines.posting.compose import compose_order
from udsync_pipelines.posting.documents import Composition
from udsync_pipelines.posting.refunds import compose_refund
from udsync_pipelines_tests.connectors.damage import damaged, written
from udsync_pipelines_tests.connectors.woocommerce.recordings import client, dump
from udsync_pipelines_tests.posting.books import MANY_CURRENCIES, POLICY

ORDERS = {row["id"]: row for row in dump("orders")}
RECORDS: Mapping[Entity, tuple[Mapping[str, Any], ...]] = {
    Entity.ORDER: dump("orders"),
    Entity.REFUND: tuple(
        {**row, "parent_id": row["_order_id"]} for row in dump("refunds_by_order")
    ),
    Entity.CUSTOMER: dump("customers"),
    Entity.PRODUCT: dump("products"),
    Entity.VARIATION: dump("variations"),
}
PARENTS = {Entity.VARIATION: {row["id"]: row for row in dump("products")}, Entity.REFUND: ORDERS}
STORE = WooCommerceStore(client(lambda _: httpx.Response(404)))
SEEDS = st.integers(0, 2**32).map(Random)


def parent_of(entity: Entity, record: Mapping[str, Any]) -> bytes | None:
    found = PARENTS.get(entity, {}).get(record.get("parent_id"))
    return None if found is None else orjson.dumps(found)


@pytest.mark.parametrize("entity", RECORDS)
@settings(max_examples=150)
@given(random=SEEDS)
def test_a_damaged_record_is_understood_or_refused_in_one_line(
    entity: Entity, random: Random
) -> None:
    record = random.choice(RECORDS[entity])
    parent = parent_of(entity, record)
    said = ""

    try:
        STORE.canonical(entity, written(damaged(record, random)), parent)
    except RecordRejectedError as error:
        said = str(error)

    assert "\n" not in said
    assert len(said) < 1000


@settings(max_examples=150)
@given(random=SEEDS)
def test_a_damaged_order_is_never_composed_to_other_sums_than_it_states(random: Random) -> None:
    stated = damaged(random.choice(RECORDS[Entity.ORDER]), random)

    try:
        made = compose_order(order.canonical(written(stated)), POLICY, MANY_CURRENCIES)
    except RecordRejectedError:
        return

    if isinstance(made, Composition):
        assert made.sale.total == Decimal(str(stated["total"]))
        assert made.sale.total_tax == Decimal(str(stated["total_tax"]))


@settings(max_examples=100)
@given(random=SEEDS)
def test_a_damaged_refund_is_never_composed_to_another_amount_than_it_states(
    random: Random,
) -> None:
    good = random.choice(RECORDS[Entity.REFUND])
    parent = orjson.dumps(ORDERS[good["parent_id"]])
    stated = damaged(good, random)

    try:
        understood = refund.canonical(written(stated), parent)
        made = compose_refund(
            understood, order.canonical(parent), [understood], POLICY, MANY_CURRENCIES
        )
    except RecordRejectedError:
        return

    if isinstance(made, Composition):
        assert made.sale.total == Decimal(str(stated["amount"]))


@settings(max_examples=100)
@given(random=SEEDS)
def test_a_damaged_page_is_a_list_of_records_or_an_error_of_ours(random: Random) -> None:
    rows = [damaged(row, random) for row in random.sample(RECORDS[Entity.ORDER], 3)]
    page = damaged(rows, random)
    answer = httpx.Response(200, content=written(page), headers={"X-WP-Total": "3"})
    store = client(lambda _: answer)
    found: tuple[Any, ...] = ()

    with suppress(UdsyncError):
        found = store.page(ListRequest("orders")).rows

    assert all(isinstance(row, dict) and isinstance(row["id"], int) for row in found)
