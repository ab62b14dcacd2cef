"""Which day a document is dated on, in the store's zone, and what closed books do to it."""

from datetime import date, datetime, timedelta

from udsync_pipelines.domain.order import Order
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.policy import ClosedPeriodRule, DateBasis, PostingPolicy


def sale_day(order: Order, policy: PostingPolicy) -> date:
    """The day of an order by the policy's basis; without that moment, the day it was created."""
    moments: dict[DateBasis, datetime | None] = {
        DateBasis.CREATED: order.created_at,
        DateBasis.PAID: order.paid_at,
        DateBasis.COMPLETED: order.completed_at,
    }
    return day_of(moments[policy.date_basis] or order.created_at, policy)


def day_of(moment: datetime, policy: PostingPolicy) -> date:
    """The store's calendar day of an instant."""
    return moment.astimezone(policy.zone()).date()


def booked_day(order: Order, policy: PostingPolicy, company: Company) -> date:
    """The day that an order's sale is dated on, closed books considered.

    Raises:
        RecordRejectedError: as `open_day`.
    """
    return open_day(sale_day(order, policy), f"order/{order.id}", policy, company)


def open_day(day: date, record: str, policy: PostingPolicy, company: Company) -> date:
    """The day itself, or with the rule `redate` the first open day after closed books.

    Raises:
        RecordRejectedError: the books are closed on that day and the policy parks.
    """
    closed = company.book_close_date
    if closed is None or day > closed:
        return day
    if policy.closed_period is ClosedPeriodRule.REDATE:
        return closed + timedelta(days=1)
    raise RecordRejectedError(
        f"It is dated {day}, and the books are closed up to {closed}.",
        code="period_closed",
        record=record,
        cure="Reopen the period in the books, or let the posting policy date such documents on "
        "the first open day, then retry.",
    )
