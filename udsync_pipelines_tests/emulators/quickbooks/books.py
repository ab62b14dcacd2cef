"""A caller of the emulated books who says little: what it makes is valid unless told otherwise."""

from typing import Any

import httpx

from udsync_pipelines.emulators.quickbooks import CompanyEmulator

Json = dict[str, Any]

GST, HST_ON, GST_PST_BC, GST_QST, EXEMPT, ZERO_RATED = "5", "6", "7", "10", "2", "3"


class Books:
    """An emulator and a client with its token."""

    def __init__(self, emulator: CompanyEmulator) -> None:
        self.emulator = emulator
        self.client = httpx.Client(
            base_url=f"{emulator.url}/v3/company/{emulator.realm_id}",
            headers={
                "Authorization": f"Bearer {emulator.access_token}",
                "Accept": "application/json",
            },
            timeout=30,
        )
        self._accounts: dict[str, str] = {}

    def post(self, entity: str, body: Any, **parameters: str) -> httpx.Response:
        """Send a body to an entity's address."""
        return self.client.post(f"/{entity.lower()}", json=body, params=parameters)

    def make(self, entity: str, body: Json, **parameters: str) -> Json:
        """Write and return the document; the write must succeed."""
        answer = self.post(entity, body, **parameters)
        assert answer.status_code == 200, answer.text
        document: Json = answer.json()[entity]
        return document

    def refused(self, entity: str, body: Any, **parameters: str) -> Json:
        """Write and return the first error; the write must be refused with 400."""
        answer = self.post(entity, body, **parameters)
        assert answer.status_code == 400, answer.text
        error: Json = answer.json()["Fault"]["Error"][0]
        return error

    def read(self, entity: str, record_id: str) -> Json:
        """Return a document by its id."""
        document: Json = self.client.get(f"/{entity.lower()}/{record_id}").json()[entity]
        return document

    def ask(self, text: str) -> httpx.Response:
        """Send a query."""
        return self.client.get("/query", params={"query": text})

    def query(self, text: str) -> Json:
        """Return the answer of a query that must succeed."""
        answer = self.ask(text)
        assert answer.status_code == 200, answer.text
        response: Json = answer.json()["QueryResponse"]
        return response

    def account(self, name: str) -> Json:
        """Return a reference to an account by its name."""
        if not self._accounts:
            rows = self.query("select * from Account maxresults 1000")["Account"]
            self._accounts = {row["Name"]: row["Id"] for row in rows}
        return {"value": self._accounts[name]}

    def customer(self, name: str = "Web customer", **members: Any) -> str:
        """Make a customer; return its id."""
        return str(self.make("Customer", {"DisplayName": name, **members})["Id"])

    def item_body(self, name: str = "Board", **members: Any) -> Json:
        """Return the body of a valid item."""
        return {
            "Name": name,
            "Type": "NonInventory",
            "IncomeAccountRef": self.account("Sales"),
            "ExpenseAccountRef": self.account("Cost of Goods Sold"),
            **members,
        }

    def item(self, name: str = "Board", **members: Any) -> str:
        """Make an item; return its id."""
        return str(self.make("Item", self.item_body(name, **members))["Id"])

    def sale(self, *lines: Json, **members: Any) -> Json:
        """Return the body of a sale to a new customer, over one line of 100.00 unless told."""
        if "CustomerRef" not in members:
            number = self.emulator.count("Customer") + 1
            members["CustomerRef"] = {"value": self.customer(f"Customer {number}")}
        return {"TxnDate": "2026-03-14", "Line": list(lines) or [self.line("100.00")], **members}

    def line(self, amount: str, code: str = GST, item: str = "1", **detail: Any) -> Json:
        """Return an item line."""
        taxed = {"TaxCodeRef": {"value": code}} if code else {}
        return {
            "Amount": float(amount),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {"ItemRef": {"value": item}, **taxed, **detail},
        }
