"""Webhooks that are lost, repeated or late: the books never show it."""

import random
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, time
from itertools import pairwise
from time import monotonic
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import orjson
import pytest

from udsync_pipelines.connectors.woocommerce.webhook_registry import Finding
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.store_webhooks import check_store, register_store
from udsync_pipelines.store.repositories.inbox_work import FIRST_PAUSE, LONGEST_HOLD
from udsync_pipelines_tests.api.intake import Api, signed
from udsync_pipelines_tests.scenarios.books import sell
from udsync_pipelines_tests.scenarios.books_evidence import fingerprint, unequal_books, writes
from udsync_pipelines_tests.scenarios.delivered import (
    DeliveredDay,
    delivering,
    sweep,
    taking_up,
)
from udsync_pipelines_tests.scenarios.simulated import SimulatedShop, open_simulated_shop
from udsync_pipelines_tests.scenarios.simulated import (
    simulated_installation as simulated_installation,
)

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

ZONE = ZoneInfo("America/Edmonton")
DAY = date(2026, 6, 10)
OPENING = datetime.combine(DAY, time(0), ZONE)
EVENTS = 10_000


@pytest.fixture
def shop(simulated_installation: Installation) -> Iterator[SimulatedShop]:
    """A shop whose webhooks are delivered when the test says so; nothing is sold yet."""
    options = {"recorded": False, "customers": 0, "products": 0, "webhooks_held": True}
    with open_simulated_shop(simulated_installation, OPENING, zone=ZONE.key, **options) as shop:
        shop.sync_all()
        yield shop


class UndeletedDay(DeliveredDay):
    """A day on which nothing leaves without a trace: that is left to the daily full sync."""

    def _delete(self) -> None:
        self._trash()

    def _take_a_refund_back(self) -> None:
        self._sell()


def answers_to(shop: SimulatedShop) -> list[int]:
    """What was answered to the store's deliveries so far; 0: nobody answered."""
    return [one["status"] for one in shop.store.control.webhook_deliveries()]


def test_a_day_without_any_webhook_is_made_up_for_by_one_sync_of_changes(
    shop: SimulatedShop,
) -> None:
    day = UndeletedDay(shop, ZONE, DAY, random.Random(1))  # noqa: S311 - not secret
    with delivering(shop):
        shop.store.control.disturb_webhooks(lose=1.0)
        day.live()
        without = unequal_books(shop.store, shop.company)

        shop.sync()

    shop.let_the_books_follow()
    assert (day.syncs, answers_to(shop)) == ([], [])
    assert len(without) > 5
    assert unequal_books(shop.store, shop.company) == [], day.happened
    assert shop.parked() == {}


def test_a_day_without_our_api_is_made_up_for_by_one_sweep_that_sets_the_webhooks_right(
    shop: SimulatedShop,
) -> None:
    day = UndeletedDay(shop, ZONE, DAY, random.Random(2))  # noqa: S311 - not secret
    with closing(socket.create_server(("127.0.0.1", 0))) as nobody:
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    register_store(shop.installation, shop.tenant, address)
    day.live()
    without = unequal_books(shop.store, shop.company)

    found = sweep(shop)

    shop.let_the_books_follow()
    after = check_store(shop.installation, shop.tenant)
    assert set(answers_to(shop)) == {0}
    assert len(without) > 5
    assert {one.finding for one in found.problems} == {Finding.DISABLED}
    assert after is not None
    assert after.problems == []
    assert unequal_books(shop.store, shop.company) == [], day.happened


def test_webhooks_that_are_lost_repeated_and_late_never_show_in_the_books(
    shop: SimulatedShop,
) -> None:
    day = DeliveredDay(shop, ZONE, DAY, random.Random(3))  # noqa: S311 - not secret
    with delivering(shop):
        shop.store.control.disturb_webhooks(lose=0.05, duplicate=0.3, reorder=True)
        day.run()

    assert len(day.syncs) >= 3
    assert set(answers_to(shop)) == {httpx.codes.OK}
    assert unequal_books(shop.store, shop.company) == [], day.happened
    assert shop.parked() == {}


@pytest.mark.timeout(900)  # a busy machine is no failure
def test_ten_thousand_events_about_an_unchanged_order_cost_two_reads_and_no_write(
    shop: SimulatedShop,
) -> None:
    order = sell(shop.store, last="Reed", email="reed@example.org")
    shop.sync()
    books = fingerprint(shop.company)
    with delivering(shop) as api:
        hooks = shop.store.store.webhooks.hooks.values()
        hook = next(one for one in hooks if one.topic == "order.updated")
        shop.company.requests.clear()

        with taking_up(shop) as syncs:
            moments = [
                _store(api, hook.url, hook.secret, {"id": order, "customer_note": str(number)})
                for number in range(EVENTS)
            ]

    (stored,) = shop.state(
        "select count(*), count(*) filter (where state = 'done') as done from udsync.webhook_events"
    )
    assert (stored["count"], stored["done"]) == (EVENTS, EVENTS)
    assert len(syncs) <= 2 + _pauses(moments)
    assert [one.plan.counts.get("order.changed", 0) for one in syncs] == [0] * len(syncs)
    assert writes(shop.company) == []
    assert fingerprint(shop.company) == books


def _store(api: Api, url: str, secret: str, order: dict[str, Any]) -> float:
    """Store a delivery as its endpoint does once the request was read; return when that was."""
    body = orjson.dumps(order)
    connection = UUID(httpx.URL(url).params["connection"])
    new = api.services.intake.from_store(
        connection, "order.updated", signed(secret, body), "d" * 32, body
    )
    assert new == 1
    return monotonic()


def _pauses(moments: Sequence[float]) -> int:
    """How often a machine with other work held the storm up so long that it seemed to be over.

    Each such moment, and every two minutes, may cost one read more: a storm of a minute has none.
    """
    held_up = sum(later - earlier >= FIRST_PAUSE for earlier, later in pairwise(moments))
    return held_up + int((moments[-1] - moments[0]) // LONGEST_HOLD)
