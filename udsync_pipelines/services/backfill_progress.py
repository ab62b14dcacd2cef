"""How far a backfill is, and when it will be done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from udsync_pipelines.services.estimates import Estimate
from udsync_pipelines.store.repositories.write_counts import WritesSoFar
from udsync_pipelines.sync.forecast import Stretch, pace_of, seconds_left


@dataclass(frozen=True, slots=True)
class Outlook:
    """How far a backfill is: orders and months of all, writes so far, and its end."""

    orders: int
    done: float
    months: int
    months_done: int
    writes: int
    seconds_left: float
    ends_at: datetime

    @classmethod
    def of(
        cls,
        orders: Mapping[str, int],
        done: Mapping[str, Stretch],
        running: Stretch | None,
        cost: Estimate,
        now: datetime,
    ) -> "Outlook":
        """The outlook of a backfill of these months, some of them finished and one under way."""
        total = sum(orders.values())
        finished = list(done.values())
        begun = sum(one.orders for one in finished) + (running.orders if running else 0)
        pace = pace_of(finished, cost.per_second or 1.0, cost.writes_per_order)
        left = seconds_left(finished, running, total - begun, pace)
        in_work = 0.0
        if running is not None and running.is_planned:
            in_work = running.orders * running.writes / (running.writes + running.due)
        return cls(
            orders=total,
            done=sum(one.orders for one in finished) + in_work,
            months=len(orders),
            months_done=len(finished),
            writes=sum(one.writes for one in finished) + (running.writes if running else 0),
            seconds_left=left,
            ends_at=now + timedelta(seconds=left),
        )

    @property
    def percent(self) -> float:
        """Orders that are done, of a hundred."""
        return 100 * self.done / self.orders if self.orders else 100.0

    def line(self) -> str:
        """The outlook for a person."""
        return (
            f"{self.percent:.0f} % of {self.orders:,} orders, {self.months_done} of {self.months} "
            f"months, {self.writes:,} writes; done at {self.ends_at:%Y-%m-%d %H:%M} UTC"
        )

    def as_json(self) -> dict[str, Any]:
        """The outlook for a program, and for who looks later."""
        return {
            "percent": round(self.percent, 2),
            "orders": self.orders,
            "months": self.months,
            "months_done": self.months_done,
            "writes": self.writes,
            "seconds_left": round(self.seconds_left, 1),
            "ends_at": self.ends_at.isoformat(timespec="seconds"),
        }


def stretch_of(written: WritesSoFar | None, orders: int, seconds: float) -> Stretch:
    """What a sync has done for so many orders in so many seconds; None: it has planned nothing."""
    if written is None:
        return Stretch(orders, seconds=seconds)
    return Stretch(
        orders,
        written.documents,
        written.names,
        seconds,
        written.seconds,
        written.due,
        written.due_names,
    )
