"""A day of a shop and its books in a zone of its own, minute by minute, on clocks that are moved.

Both platforms believe in the simulated time: their stamps, their tokens and their dates follow it.
What happens at which minute depends on the seed alone.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from udsync_pipelines_tests.scenarios.books import sell
from udsync_pipelines_tests.scenarios.books_evidence import (
    DOCUMENTS,
    POSTED,
    REFUNDS,
    SALES,
    by_number,
)
from udsync_pipelines_tests.scenarios.evidence import listed
from udsync_pipelines_tests.scenarios.simulated import SimulatedShop

Json = dict[str, Any]

STORE_DAYS: dict[str, tuple[date, date]] = {
    "Pacific/Honolulu": (date(2026, 5, 31), date(2026, 6, 1)),  # UTC-10
    "America/Edmonton": (date(2026, 3, 8), date(2026, 11, 1)),  # both clock changes
    "America/St_Johns": (date(2026, 3, 8), date(2026, 11, 1)),  # UTC-3:30, with clock changes
    "America/Sao_Paulo": (date(2026, 1, 31), date(2026, 2, 1)),
    "UTC": (date(2026, 2, 28), date(2026, 3, 1)),
    "Europe/Berlin": (date(2026, 3, 29), date(2026, 10, 25)),  # both clock changes
    "Asia/Kathmandu": (date(2026, 4, 30), date(2026, 5, 1)),  # UTC+5:45
    "Asia/Kolkata": (date(2026, 6, 30), date(2026, 7, 1)),  # UTC+5:30
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),  # changes by half an hour
    "Pacific/Auckland": (date(2026, 4, 5), date(2026, 9, 27)),  # both clock changes
    "Pacific/Chatham": (date(2026, 4, 5), date(2026, 9, 27)),  # UTC+12:45, with clock changes
    "Pacific/Kiritimati": (date(2025, 12, 31), date(2026, 1, 1)),  # UTC+14
}
"""Two days in each of twelve zones: clock changes where there are some, else an end of a month."""

SYNCS = (time(0, 40), time(6, 0), time(12, 0), time(18, 0), time(23, 50))
"""When the shop is synced by changes, on its own wall clock."""
CLOSING = time(23, 59, 50)
"""When the day's full sync runs, after everything that happens."""


@dataclass
class StoreDay:
    """One day of one shop: what happens, and when it is synced."""

    shop: SimulatedShop
    zone: ZoneInfo
    day: date
    dice: random.Random
    happened: list[str] = field(default_factory=list)
    _orders: list[int] = field(default_factory=list)

    def run(self) -> None:
        """Live through the day, and close it with a full sync."""
        self.live()
        self.shop.sync(full=True)
        self.shop.let_the_books_follow()

    def live(self) -> None:
        """Sales, changes, people at work in the books, and syncs, until the time of closing."""
        for moment, act in sorted(self._agenda(), key=lambda one: one[0]):
            self.shop.move_clocks(moment)
            act()
        self.shop.move_clocks(self._instant(CLOSING))

    def _agenda(self) -> Iterator[tuple[datetime, Callable[[], None]]]:
        for clock in (time(0, 0), time(0, 0, 30), time(23, 55), time(23, 59, 30)):
            yield self._instant(clock), self._sell
        for _ in range(5):
            yield self._between(time(0, 1), time(23, 40)), self._sell
        for change in self._changes():
            yield self._between(time(1, 0), time(23, 58)), change
        for clock in SYNCS:
            yield self._instant(clock), self._sync

    def _changes(self) -> tuple[Callable[[], None], ...]:
        return (
            self._reprice, self._add_a_line, self._ship, self._move, self._refund_a_part,
            self._refund_all, self._take_a_refund_back, self._change_a_refunded_one, self._cancel,
            self._trash, self._delete, self._type_by_hand, self._charge_by_hand, self._date_by_hand,
            self._void_by_hand, self._delete_by_hand,
        )  # fmt: skip

    def _instant(self, clock: time) -> datetime:
        return datetime.combine(self.day, clock, self.zone).astimezone(UTC)

    def _between(self, first: time, last: time) -> datetime:
        start, end = self._instant(first), self._instant(last)
        return start + timedelta(seconds=self.dice.randrange(int((end - start).total_seconds())))

    def _sync(self) -> None:
        self.shop.sync()

    # --- in the shop ------------------------------------------------------------------------

    def _sell(self) -> None:
        number = len(self._orders)
        order = sell(
            self.shop.store,
            last=f"Guest {number % 4}",
            email=f"guest{number % 4}@example.org",
            product=self.dice.choice((10, 11, 12)),
            quantity=self.dice.randint(1, 3),
            payment_method=self.dice.choice(("stripe", "stripe", "cheque")),
        )
        self._note("sold", order)
        self._orders.append(order)

    def _reprice(self) -> None:
        order = self._some_order()
        total = f"{self.dice.randint(500, 20000) / Decimal(100)}"
        self.shop.store.control.edit_line(order["id"], order["line_items"][0]["id"], total)
        self._note("repriced", order["id"])

    def _add_a_line(self) -> None:
        order = self._some_order()
        self._edit(order["id"], {"line_items": [{"product_id": 13, "quantity": 1}]})

    def _ship(self) -> None:
        order = self._some_order()
        shipping = {"method_id": "flat_rate", "method_title": "Flat", "total": "7.50"}
        self._edit(order["id"], {"shipping_lines": [shipping], "status": "completed"})

    def _move(self) -> None:
        address = {"address_1": "2 Side Street", "city": "Calgary"}
        self._edit(self._some_order()["id"], {"billing": address})

    def _refund_a_part(self) -> None:
        order = self._some_order()
        self.shop.store.control.refund_order(order["id"], {"amount": "1.00"})
        self._note("refunded a part of", order["id"])

    def _refund_all(self) -> None:
        self._edit(self._some_order()["id"], {"status": "refunded"})

    def _take_a_refund_back(self) -> None:
        orders = listed(self.shop.store, "woo_orders")
        refunds = [
            one
            for one in listed(self.shop.store, "woo_refunds").values()
            if orders.get(one["parent_id"], {}).get("status") in ("processing", "completed")
        ]
        if refunds:
            refund = self.dice.choice(refunds)
            self.shop.store.control.delete_refund(refund["parent_id"], refund["id"])
            self._note("took back the refund of", refund["parent_id"])

    def _change_a_refunded_one(self) -> None:
        orders = listed(self.shop.store, "woo_orders").values()
        left = [one for one in orders if one["status"] in POSTED[:2] and one["refunds"]]
        if left:
            order = self.dice.choice(left)
            total = f"{self.dice.randint(500, 20000) / Decimal(100)}"
            self.shop.store.control.edit_line(order["id"], order["line_items"][0]["id"], total)
            self._note("repriced refunded", order["id"])

    def _cancel(self) -> None:
        self._edit(self._some_order()["id"], {"status": "cancelled"})

    def _trash(self) -> None:
        order = self._some_order()
        self.shop.store.control.trash_order(order["id"])
        self._note("trashed", order["id"])

    def _delete(self) -> None:
        order = self._some_order()
        self.shop.store.control.delete_order(order["id"])
        self._note("deleted", order["id"])

    # --- by people at work in the books ---------------------------------------------------------

    def _type_by_hand(self) -> None:
        self._edit_by_hand({"CustomerMemo": {"value": "by hand"}}, *SALES)

    def _date_by_hand(self) -> None:
        self._edit_by_hand({"TxnDate": "2020-02-02"}, *DOCUMENTS)

    def _charge_by_hand(self) -> None:
        document = self._some_document(*SALES, *REFUNDS)
        if document:
            first, *others = document["Line"]
            amount = first["Amount"] + 1
            detail = {**first["SalesItemLineDetail"], "UnitPrice": amount, "Qty": Decimal(1)}
            first = {**first, "Amount": amount, "SalesItemLineDetail": detail}
            self._write_by_hand(document, {"Line": [first, *others], "TxnTaxDetail": None})

    def _edit_by_hand(self, changes: Json, *entities: str) -> None:
        document = self._some_document(*entities)
        if document:
            self._write_by_hand(document, changes)

    def _write_by_hand(self, document: Json, changes: Json) -> None:
        self.shop.company.control.edit(document["entity"], document["Id"], changes)
        self._note_by_hand(f"changed {', '.join(changes)} of", document)

    def _void_by_hand(self) -> None:
        document = self._some_document(*SALES, "Payment", "RefundReceipt")
        if document:
            self.shop.company.control.void(document["entity"], document["Id"])
            self._note_by_hand("voided", document)

    def _delete_by_hand(self) -> None:
        document = self._some_document(*DOCUMENTS)
        if document:
            self.shop.company.control.delete(document["entity"], document["Id"])
            self._note_by_hand("deleted", document)

    def _some_document(self, *entities: str) -> Json | None:
        """A document of one of these entities that stands, of any that has one alike."""
        choices = [
            [one for found in by_number(self.shop.company, entity).values() for one in found]
            for entity in entities
        ]
        standing = [[one for one in found if one["TotalAmt"]] for found in choices]
        filled = [found for found in standing if found]
        return self.dice.choice(self.dice.choice(filled)) if filled else None

    def _note_by_hand(self, what: str, document: Json) -> None:
        self.happened.append(f"{what} {document['entity']} {document['Id']} by hand")

    # --- what these need --------------------------------------------------------------------

    def _some_order(self) -> Json:
        """An order that stands and has no refund; one is sold where there is none."""
        orders = listed(self.shop.store, "woo_orders")
        left = [one for one in orders.values() if one["status"] in POSTED and not one["refunds"]]
        if left:
            return self.dice.choice(left)
        self._sell()
        return listed(self.shop.store, "woo_orders")[self._orders[-1]]

    def _edit(self, order: int, changes: Json) -> None:
        self.shop.store.control.edit_order(order, changes)
        self._note(f"changed {', '.join(changes)} of", order)

    def _note(self, what: str, order: int) -> None:
        self.happened.append(f"{what} order {order}")
