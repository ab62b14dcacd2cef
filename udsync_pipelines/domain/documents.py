"""The canonical documents of the books."""

from dataclasses import dataclass
from datetime import date

from udsync_pipelines.domain.money import Money
from udsync_pipelines.domain.order import OrderLine


@dataclass(frozen=True, slots=True)
class SalesReceipt:
    """A sale that is paid when it is recorded. `total` includes `total_tax`."""

    order_id: str
    number: str
    customer_id: str | None
    dated_on: date
    lines: tuple[OrderLine, ...]
    total: Money
    total_tax: Money


@dataclass(frozen=True, slots=True)
class Invoice:
    """A sale on account, open until payments cover it. `total` includes `total_tax`."""

    order_id: str
    number: str
    customer_id: str | None
    dated_on: date
    due_on: date
    lines: tuple[OrderLine, ...]
    total: Money
    total_tax: Money


@dataclass(frozen=True, slots=True)
class Payment:
    """Money received for an invoice; `method` is the shop's name of the gateway."""

    order_id: str
    invoice_number: str
    received_on: date
    amount: Money
    method: str
