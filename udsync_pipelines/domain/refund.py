"""The canonical refund."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from udsync_pipelines.domain.money import Money
from udsync_pipelines.domain.order import OrderLine


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back for an order.

    `amount` is positive and what was really paid back. Lines are negative, may be missing
    (a goodwill amount) and need not add up to the amount. The currency is the order's.
    """

    id: str
    order_id: str
    amount: Money
    total_tax: Money
    reason: str
    lines: tuple[OrderLine, ...]
    created_at: datetime
    meta: Mapping[str, object] = field(default_factory=dict)
