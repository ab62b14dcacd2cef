"""Checking a connection to a company: does it answer, who is it, can its books take our sales."""

from dataclasses import dataclass

from udsync_pipelines.connectors.quickbooks.client import QuickBooksClient
from udsync_pipelines.connectors.quickbooks.reference import (
    CompanyName,
    ReferenceLists,
    company_name,
)
from udsync_pipelines.connectors.quickbooks.tokens import Expiry
from udsync_pipelines.posting.company import Company

RECONNECT = "Open the app's reconnect address, or run `udsync connect quickbooks`."


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. `warnings` are sentences for whoever connects the company."""

    name: CompanyName
    company: Company
    expiry: Expiry
    warnings: tuple[str, ...]


def check_connection(client: QuickBooksClient) -> Checked:
    """Read who the company is and what its settings mean for posting.

    Raises:
        AuthorizationError: the tokens or the app are refused, or belong to another company.
        RetryableError: QuickBooks does not answer.
    """
    name = company_name(client.company_info())
    company = ReferenceLists(client).company()
    return Checked(name, company, client.tokens.expiry(), tuple(_warnings(company)))


def _warnings(company: Company) -> list[str]:
    found = []
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
