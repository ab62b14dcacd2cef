"""Emulated companies on loopback, with clients of them."""

from decimal import Decimal
from itertools import count
from typing import Any

import httpx
from pydantic import SecretStr

from udsync_pipelines.connectors.quickbooks.address import realm
from udsync_pipelines.connectors.quickbooks.client import QuickBooksClient
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.limits import Limits
from udsync_pipelines.connectors.quickbooks.oauth import AccessTokens, TokenEndpoint
from udsync_pipelines.connectors.quickbooks.query import Query
from udsync_pipelines.connectors.quickbooks.wire import Row
from udsync_pipelines.emulators.quickbooks.emulator import CompanyEmulator
from udsync_pipelines.transport import RetryPolicy
from udsync_pipelines_tests.connectors.quickbooks.samples import MemoryTokenStore


class Books:
    """A client of an emulated company; it waits in its mind only."""

    def __init__(
        self,
        company: CompanyEmulator,
        limits: Limits | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        self.company = company
        self.http = http or httpx.Client(timeout=httpx.Timeout(2.0))
        self.store = MemoryTokenStore(
            {
                "client_id": SecretStr(company.options.client_id),
                "client_secret": SecretStr(company.options.client_secret),
                "refresh_token": SecretStr(company.refresh_token),
            }
        )
        self.tokens = AccessTokens(self.store, TokenEndpoint(self.http, url=company.oauth_url))
        self.waited: list[float] = []
        self.client = QuickBooksClient(
            self.http,
            realm(company.realm_id),
            self.tokens,
            limits=limits,
            base_url=company.url,
            policy=RetryPolicy(attempts=4, budget=10_000),
            sleep=self.waited.append,
        )
        self._ids = count(1)

    def request_id(self) -> str:
        """Another request id."""
        return f"request-{next(self._ids)}"

    def create(self, entity: BookEntity, body: Any, **options: Any) -> Row:
        """Create with a request id of its own."""
        options.setdefault("request_id", self.request_id())
        return self.client.create(entity, body, **options).row

    def id_of(self, entity: BookEntity, name: str) -> str:
        """The id of a list object by its name."""
        # Not every list can be asked by name.
        return next(
            str(row["Id"]) for row in self.client.select(Query(entity)) if row["Name"] == name
        )

    def customer(self, name: str = "Ada Byron", **members: Any) -> str:
        """A new customer's id."""
        return str(self.create(BookEntity.CUSTOMER, {"DisplayName": name, **members})["Id"])

    def item(self, name: str = "Alder board") -> str:
        """A new item's id."""
        body = {
            "Name": name,
            "Type": "NonInventory",
            "IncomeAccountRef": {"value": self.id_of(BookEntity.ACCOUNT, "Sales")},
            "ExpenseAccountRef": {"value": self.id_of(BookEntity.ACCOUNT, "Cost of Goods Sold")},
        }
        return str(self.create(BookEntity.ITEM, body)["Id"])

    def sale(self, customer: str, item: str, number: str = "W-1", **members: Any) -> dict[str, Any]:
        """A body of a sale of 62.50 net under GST."""
        line = {
            "Amount": Decimal("62.50"),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {
                "ItemRef": {"value": item},
                "TaxCodeRef": {"value": self.id_of(BookEntity.TAX_CODE, "GST")},
            },
        }
        return {
            "DocNumber": number,
            "TxnDate": "2026-03-14",
            "CustomerRef": {"value": customer},
            "GlobalTaxCalculation": "TaxExcluded",
            "Line": [line],
            **members,
        }

    def close(self) -> None:
        """Close the client."""
        self.http.close()
