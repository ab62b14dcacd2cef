"""When generated orders were made, by whom, and what became of them: all that the index needs.

Order ``k`` has id ``FIRST_ORDER + 3 k``; the two ids after it are for its refunds, as orders and
refunds share one sequence and gaps are normal.
"""

from collections.abc import Iterator
from typing import NamedTuple

from udsync_pipelines.emulators.woocommerce.generated.dice import mix

FIRST_ORDER = 10_001
STEP = 3
FIRST_CUSTOMER = 101
FIRST_PRODUCT = 501

# The recorded store's proportions: 148 of 288 orders are completed, and so on.
_STATUSES = (
    *["completed"] * 148,
    *["processing"] * 66,
    *["pending"] * 20,
    *["cancelled"] * 16,
    *["on-hold"] * 14,
    *["failed"] * 12,
    *["refunded"] * 12,
)
_PLANS: tuple[tuple[str, ...], ...] = (
    *[("line",)] * 10,
    *[("amount",)] * 6,
    *[("line", "shipping")] * 3,
    *[("line", "amount")] * 1,
    ("zero",),
)
_DAY = 86_400
_LONGEST_SPAN = 730 * _DAY
_USUAL_SPACING = 2_200
_LEAST_SPACING = 20
_REFUNDED_PER_MILLE = 95
_GUESTS_PER_HUNDRED = 15


class Head(NamedTuple):
    """What an order's index row holds. ``refunds`` names the way of each of its refunds."""

    number: int
    status: str
    created: int
    modified: int
    customer: int
    refunds: tuple[str, ...]

    @property
    def order_id(self) -> int:
        """The order's id."""
        return FIRST_ORDER + STEP * self.number

    @property
    def refund_times(self) -> tuple[int, ...]:
        """When the refunds were made: the last one moved the order."""
        return tuple(
            max(self.created, self.modified - 90 * (len(self.refunds) - 1 - place))
            for place in range(len(self.refunds))
        )


class Schedule:
    """The timetable of a generated store."""

    def __init__(
        self, *, orders: int, seed: int, until: int, customers: int, one_second: bool = False
    ) -> None:
        self.orders = orders
        self._seed = seed
        self._until = until
        self._customers = customers
        spacing = _LONGEST_SPAN // orders if orders else _USUAL_SPACING
        self._spacing = max(_LEAST_SPACING, min(_USUAL_SPACING, spacing))
        self._one_second = one_second
        self._start = until - self._spacing * orders

    def heads(self) -> Iterator[Head]:
        """Yield all orders, oldest first."""
        return (self.head(index) for index in range(self.orders))

    def head(self, index: int) -> Head:
        """Return one order's head; everything but the times is free of the number of orders."""
        bits = mix(self._seed, index)
        status = _STATUSES[bits % 288]
        created = self._start + index * self._spacing + (bits >> 9) % self._spacing
        refunds = self._refunds(status, bits >> 20)
        if self._one_second:
            created = self._until
        return Head(
            number=index,
            status=status,
            created=created,
            modified=self._modified(status, created, bits >> 32, late=bool(refunds)),
            customer=self._customer(bits >> 45),
            refunds=refunds,
        )

    def _refunds(self, status: str, bits: int) -> tuple[str, ...]:
        if status == "refunded":
            return ("status",) if bits % 2 else ("full_lines",)
        if status in ("completed", "processing") and bits % 1000 < _REFUNDED_PER_MILLE:
            return _PLANS[(bits >> 10) % len(_PLANS)]
        return ()

    def _modified(self, status: str, created: int, bits: int, *, late: bool) -> int:
        if status == "pending":
            return created
        if bits % 8 == 0:
            # A job that closes many orders in one second, once a day at 18:00 UTC.
            stamp = created - created % _DAY + 18 * 3600
            stamp += _DAY if stamp <= created else 0
        else:
            stamp = created + 30 + (bits >> 3) % (5 * _DAY if late or bits % 3 else 1_200)
        return stamp if stamp <= self._until else created

    def _customer(self, bits: int) -> int:
        # Fifteen in a hundred are guests; some customers buy far more often than others.
        if bits % 100 < _GUESTS_PER_HUNDRED or not self._customers:
            return 0
        share = (bits >> 7) % 1009
        return FIRST_CUSTOMER + (share * share * self._customers) // (1009 * 1009)


def refund_place(record_id: int) -> tuple[int, int]:
    """Return (index of the order, place of the refund) for a generated refund's id."""
    index, rest = divmod(record_id - FIRST_ORDER, STEP)
    return index, rest - 1
