"""ExchangeRate: the company's own list of what a currency is worth on a day.

Only companies with several currencies have one. It is asked for by currency and day.
"""

from decimal import Decimal

from pydantic import Field

from udsync_pipelines.connectors.quickbooks.wire import Amount, Row, WireModel, read_row


class _ExchangeRate(WireModel):
    rate: Amount | None = Field(default=None, alias="Rate")


def read(row: Row) -> Decimal | None:
    """Units of the home currency for one of the row's, or None where the list has none.

    Raises:
        RecordRejectedError: the rate is unreadable.
    """
    found = read_row(_ExchangeRate, "ExchangeRate", row).rate
    return found if found is not None and found > 0 else None
