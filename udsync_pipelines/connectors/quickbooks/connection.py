"""Checking a connection to a company: does it answer, who is it, can its books take our sales."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from udsync_pipelines.connectors.quickbooks.client import QuickBooksClient
from udsync_pipelines.connectors.quickbooks.reference import (
    CompanyName,
    ReferenceLists,
    company_name,
)
from udsync_pipelines.connectors.quickbooks.tokens import WARNED_DAYS, Expiry
from udsync_pipelines.posting.company import Company


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. `warnings` are sentences for whoever connects the company."""

    name: CompanyName
    company: Company
    expiry: Expiry
    warnings: tuple[str, ...]


def check_connection(
    client: QuickBooksClient, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Checked:
    """Read who the company is and what its settings mean for posting.

    Raises:
        AuthorizationError: the tokens or the app are refused, or belong to another company.
        RetryableError: QuickBooks does not answer.
    """
    name = company_name(client.company_info())
    company = ReferenceLists(client).company()
    expiry = client.tokens.expiry()
    return Checked(name, company, expiry, tuple(_warnings(company, expiry.days_left(clock()))))


def _warnings(company: Company, days_left: int | None) -> list[str]:
    found = []
    if days_left is not None and days_left <= WARNED_DAYS:
        found.append(
            f"The consent to use QuickBooks ends in {days_left} days:"
            " have an administrator of the company connect it again before."
        )
    if not company.has_custom_numbers:
        found.append(
            "QuickBooks numbers documents itself: switch on custom transaction numbers"
            " (Settings, Sales, Sales form content), so that documents carry the order's number."
        )
    if not company.has_sales_tax:
        found.append(
            "Sales tax is not set up in QuickBooks: all tax would be dropped. Set it up there."
        )
    return found
