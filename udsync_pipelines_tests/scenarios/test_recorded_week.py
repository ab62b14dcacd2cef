"""A week of the recorded store: synced each evening, it ends with books that agree to the cent.

Seven days of what happens in a shop and in the books, on clocks that are moved; the company's own
audit is asked in the end.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from udsync_pipelines.services.installation import Installation
from udsync_pipelines_tests.scenarios.books import sell
from udsync_pipelines_tests.scenarios.books_evidence import (
    ON_ACCOUNT,
    POSTED,
    PREFIX,
    document_of,
    fingerprint,
    unequal_books,
    wrong_days,
)
from udsync_pipelines_tests.scenarios.evidence import listed
from udsync_pipelines_tests.scenarios.simulated import SimulatedShop, open_simulated_shop
from udsync_pipelines_tests.scenarios.simulated import (
    simulated_installation as simulated_installation,
)

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

Json = dict[str, Any]
Day = Callable[["Week"], None]

MONDAY = datetime(2026, 11, 23, 16, tzinfo=UTC)


@dataclass
class Week:
    """The shop, its paid orders in Canadian dollars without refunds, and what was sold."""

    shop: SimulatedShop
    orders: list[Json]

    def take(self, *methods: str) -> Json:
        """Another order nothing has happened to yet, paid in one of these ways (none: any)."""
        fits = (one for one in self.orders if not methods or one["payment_method"] in methods)
        order = next(fits)
        self.orders.remove(order)
        return order


def monday_sales(week: Week) -> None:
    for number in range(5):
        sell(week.shop.store, last=f"Week {number}", email=f"week{number}@example.org")
    sell(week.shop.store, last="Account", email="account@example.org", payment_method="cheque")


def tuesday_edits(week: Week) -> None:
    control = week.shop.store.control
    for total in ("10.01", "33.33", "149.95"):
        order = week.take()
        control.edit_line(order["id"], order["line_items"][0]["id"], total)
    control.edit_order(week.take()["id"], {"line_items": [{"product_id": 10, "quantity": 3}]})
    control.edit_order(week.take()["id"], {"billing": {"last_name": "Renamed"}})
    control.edit_order(
        week.take()["id"],
        {"shipping_lines": [{"method_id": "flat_rate", "method_title": "x", "total": "9.99"}]},
    )


def wednesday_refunds(week: Week) -> None:
    control = week.shop.store.control
    control.refund_order(week.take()["id"], {"amount": "0.50"})
    control.edit_order(week.take()["id"], {"status": "refunded"})
    order = week.take()
    taken_back = control.refund_order(order["id"], {"amount": "0.75"})
    control.refund_order(order["id"], {"amount": "0.25"})
    week.shop.sync()
    control.delete_refund(order["id"], taken_back["id"])


def thursday_cancellations(week: Week) -> None:
    control = week.shop.store.control
    control.edit_order(week.take("stripe")["id"], {"status": "cancelled"})
    control.edit_order(week.take(*ON_ACCOUNT)["id"], {"status": "cancelled"})
    control.trash_order(week.take()["id"])
    control.delete_order(week.take()["id"])


def friday_people_in_the_books(week: Week) -> None:
    books, numbers = week.shop.company.control, [week.take("stripe")["id"] for _ in range(3)]
    edited, voided, deleted = (document_of(week.shop.company, one) for one in numbers)
    books.edit(edited["entity"], edited["Id"], {"TxnDate": "2020-02-02"})
    books.void(voided["entity"], voided["Id"])
    books.delete(deleted["entity"], deleted["Id"])


def saturday_second_thoughts(week: Week) -> None:
    control = week.shop.store.control
    cancelled = [
        one
        for one in listed(week.shop.store, "woo_orders").values()
        if one["status"] == "cancelled" and one["currency"] == "CAD" and Decimal(one["total"])
    ]
    control.edit_order(cancelled[0]["id"], {"status": "processing"})
    control.edit_product(10, {"name": "Renamed hammer", "sku": "HAMMER-NEW"})
    sell(week.shop.store, last="Saturday", email="saturday@example.org")


def sunday_nothing_but_noise(week: Week) -> None:
    orders = sorted(listed(week.shop.store, "woo_orders"))[:50]
    week.shop.store.control.shuffle_noise(orders, [10, 11])


DAYS: Sequence[Day] = (
    monday_sales, tuesday_edits, wednesday_refunds, thursday_cancellations,
    friday_people_in_the_books, saturday_second_thoughts, sunday_nothing_but_noise,
)  # fmt: skip


@pytest.fixture(scope="module")
def shop(simulated_installation: Installation) -> Iterator[SimulatedShop]:
    """The recorded store and its books at the beginning of the week, everything synced."""
    with open_simulated_shop(simulated_installation, MONDAY) as shop:
        shop.agree_to_park()
        shop.sync_all()
        yield shop


def test_a_week_of_the_recorded_store_ends_with_clean_books(shop: SimulatedShop) -> None:
    week = Week(shop, untouched(shop))
    differences: dict[str, list[str]] = {}

    for number, happens in enumerate(DAYS):
        shop.move_clocks(MONDAY + timedelta(days=number, hours=1))
        happens(week)
        shop.move_clocks(MONDAY + timedelta(days=number, hours=9))
        shop.sync_all(full=True)
        shop.let_the_books_follow()
        differences[happens.__name__] = [
            *unequal_books(shop.store, shop.company, without=foreign(shop)),
            *wrong_days(shop.store, shop.company),
        ]

    assert differences == {happens.__name__: [] for happens in DAYS}
    assert set(shop.parked()) == {f"order/{key}" for key in foreign(shop)}
    assert_nothing_left(shop)


def assert_nothing_left(shop: SimulatedShop) -> None:
    """The company's audit finds nothing, and one sync more changes nothing."""
    audit = shop.company.audit(PREFIX)
    before = fingerprint(shop.company)

    shop.sync_all(full=True)

    assert not any(audit["duplicates"].values())
    wrong = ("orphans", "unequal", "unapplied_payments", "open_invoices")
    assert [name for name in wrong if audit[name]] == []
    assert fingerprint(shop.company) == before


def untouched(shop: SimulatedShop) -> list[Json]:
    """Orders of the shop in Canadian dollars, posted and not given back, oldest first."""
    return [
        one
        for _, one in sorted(listed(shop.store, "woo_orders").items())
        if one["status"] in POSTED
        and one["currency"] == "CAD"
        and not one["refunds"]
        and Decimal(one["total"]) > 1
    ]


def foreign(shop: SimulatedShop) -> list[int]:
    """Orders in a posting status that are not in the company's currency."""
    return [
        key
        for key, one in listed(shop.store, "woo_orders").items()
        if one["status"] in POSTED and one["currency"] != "CAD"
    ]
