"""What is still to come: how long a load takes, and what a month will have cost. Pure."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

WRITES_PER_ORDER = 1.5
"""A receipt, or an invoice with its payment, and now and then a customer; before anything is
known."""


TELLING = 100
"""Orders from which on a part tells how many customers and items are new."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a load, as far as it has come.

    `orders` are those of the shop in it; `documents` and `names` (customers, items) what was
    written for them; `seconds` went by in all, `load_seconds` of them while writing. `due` are
    writes that are planned and not done yet, `due_names` of them customers and items.
    """

    orders: int
    documents: int = 0
    names: int = 0
    seconds: float = 0.0
    load_seconds: float = 0.0
    due: int = 0
    due_names: int = 0

    @property
    def writes(self) -> int:
        """What was written in all."""
        return self.documents + self.names

    @property
    def is_planned(self) -> bool:
        """Whether it is known what it will write."""
        return bool(self.writes or self.due)

    @property
    def names_per_order(self) -> float:
        """Customers and items of an order, those among them that are still due."""
        return (self.names + self.due_names) / self.orders if self.orders else 0.0

    def continued(self, later: "Stretch") -> "Stretch":
        """This part with what was done after it was cut off.

        What is due is what it was, until it is planned anew.
        """
        known = later if later.is_planned else self
        return replace(
            later,
            due=known.due,
            due_names=known.due_names,
            documents=self.documents + later.documents,
            names=self.names + later.names,
            seconds=self.seconds + later.seconds,
            load_seconds=self.load_seconds + later.load_seconds,
        )


@dataclass(frozen=True, slots=True)
class Pace:
    """What an order costs: writes, seconds of reading and planning; and how fast is written."""

    documents_per_order: float
    names_per_order: float
    seconds_per_order: float
    writes_per_second: float

    def seconds_for(self, orders: int) -> float:
        """How long so many orders take."""
        return orders * (self.seconds_per_order + self.writes_per_order / self.writes_per_second)

    @property
    def writes_per_order(self) -> float:
        """Documents, customers and items."""
        return self.documents_per_order + self.names_per_order


def pace_of(
    done: Sequence[Stretch], allowed_per_second: float, sampled: float = WRITES_PER_ORDER
) -> Pace:
    """The pace that finished parts have shown.

    New customers and items grow fewer, so that the last part tells how many are still to come; a
    small one tells little, and is not believed beyond what sampled orders suggest. Before anything
    is done, the rate that is allowed and the writes of sampled orders count.
    """
    orders = sum(one.orders for one in done)
    if not orders:
        return Pace(sampled, 0.0, 0.0, allowed_per_second)
    loading = sum(one.load_seconds for one in done)
    writes = sum(one.writes for one in done)
    documents = sum(one.documents for one in done) / orders
    names = sum(one.names for one in done) / orders
    telling = [one.names_per_order for one in done if one.orders >= TELLING]
    return Pace(
        documents,
        telling[-1] if telling else min(names, max(0.0, sampled - documents)),
        sum(one.seconds - one.load_seconds for one in done) / orders,
        writes / loading if writes and loading else allowed_per_second,
    )


def seconds_left(
    done: Sequence[Stretch], running: Stretch | None, orders_left: int, pace: Pace
) -> float:
    """How long it still takes: what is under way, and so many orders that have not begun.

    What is under way tells how many customers and items are still new, and counts for the pace in
    all once it is half written.
    """
    if running is None:
        return pace.seconds_for(orders_left)
    if not running.is_planned:
        return max(0.0, pace.seconds_for(running.orders) - running.seconds) + pace.seconds_for(
            orders_left
        )
    if not done or running.writes > running.due:
        whole = _as_if_done(running, pace)
        pace = pace_of([*done, whole], pace.writes_per_second)
    elif running.orders >= TELLING:
        pace = replace(pace, names_per_order=running.names_per_order)
    return running.due / pace.writes_per_second + pace.seconds_for(orders_left)


def _as_if_done(running: Stretch, pace: Pace) -> Stretch:
    """A part that is under way as it will have been, when it goes on as it has."""
    per_second = pace.writes_per_second
    if running.writes and running.load_seconds:
        per_second = running.writes / running.load_seconds
    more = running.due / per_second
    return Stretch(
        running.orders,
        running.documents + running.due - running.due_names,
        running.names + running.due_names,
        running.seconds + more,
        running.load_seconds + more,
    )


RECENT_DAYS = 7


def month_forecast(daily: Mapping[date, int], today: date) -> int:
    """How many metered calls the month will have cost by its end.

    To those of this month so far are added, for each day left, as many as the last seven whole
    days had on average. Where nothing is known of earlier days, today counts as such a day.
    """
    month = (today.year, today.month)
    used = sum(number for day, number in daily.items() if (day.year, day.month) == month)
    recent = [today - timedelta(days=back) for back in range(1, RECENT_DAYS + 1)]
    first = min(daily, default=today)
    known = [daily.get(day, 0) for day in recent if day >= first] or [daily.get(today, 0)]
    days_left = monthrange(today.year, today.month)[1] - today.day
    return used + round(sum(known) / len(known) * days_left)
