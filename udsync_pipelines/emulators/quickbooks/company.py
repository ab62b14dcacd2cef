"""One emulated company: its records, preferences and clock, shared by all that serves it."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from udsync_pipelines.emulators.quickbooks.amounts import ZERO, number
from udsync_pipelines.emulators.quickbooks.clock import Clock
from udsync_pipelines.emulators.quickbooks.options import CompanyOptions
from udsync_pipelines.emulators.quickbooks.schema import NAME_LISTS, SALES_FORMS, TRANSACTIONS

Json = dict[str, Any]
Effects = dict[tuple[str, str], Decimal]

INDEXED = {
    **dict.fromkeys(SALES_FORMS, ("DocNumber", "CustomerRef")),
    "Payment": ("PaymentRefNum", "CustomerRef"),
    "Customer": ("DisplayName", "PrimaryEmailAddr"),
    "Vendor": ("DisplayName",),
    "Employee": ("DisplayName",),
    "Item": ("Name", "Sku"),
}
MONEY = {"SalesReceipt": 1, "Payment": 1, "RefundReceipt": -1}
"""Which documents move money on the account that they name, and in which direction."""
_FIRST_TRANSACTION = 101
_FIRST_DOC_NUMBER = 1001
_NO_EVENTS = ("TaxCode", "TaxRate", "CompanyInfo", "Preferences")


class Company:
    """The books. Hold ``lock`` while using them; documents handed out are the live ones."""

    def __init__(self, options: CompanyOptions) -> None:
        self.options = options
        self.lock = threading.RLock()
        self.clock = Clock()
        self.read_only = False
        self.visibility_delay = options.visibility_delay
        self.parents: set[str] = set()
        self.deposited: dict[str, str] = {}
        self.deleted: list[tuple[str, str, float]] = []
        self.events: list[Json] = []
        self.exchange_rates: dict[str, dict[str, Decimal]] = defaultdict(dict)
        self.balances: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        self._tables: dict[str, dict[str, Json]] = defaultdict(dict)
        self._numbers: dict[str, int] = defaultdict(int)
        self._indexes: dict[tuple[str, str], dict[str, dict[str, None]]] = defaultdict(dict)
        self._visible_at: dict[tuple[str, str], float] = {}
        self._changed_at: dict[tuple[str, str], float] = {}
        self._doc_number = _FIRST_DOC_NUMBER

    @property
    def preferences(self) -> Json:
        """The one Preferences document."""
        return self._tables["Preferences"]["1"]

    @property
    def multicurrency(self) -> bool:
        """Whether documents in foreign currencies are possible."""
        return bool(self.preferences["CurrencyPrefs"]["MultiCurrencyEnabled"])

    @property
    def using_sales_tax(self) -> bool:
        """Whether sales tax is set up."""
        return bool(self.preferences["TaxPrefs"]["UsingSalesTax"])

    def find(self, entity: str, record_id: str) -> Json | None:
        """Return a document, or None."""
        return self._tables[entity].get(record_id)

    def table(self, entity: str) -> dict[str, Json]:
        """Return all documents of an entity by id, oldest first."""
        return self._tables[entity]

    def next_id(self, entity: str) -> str:
        """Return a new id; all transactions share one counter."""
        counter = "transaction" if entity in TRANSACTIONS or entity == "Deposit" else entity
        if counter == "transaction" and not self._numbers[counter]:
            self._numbers[counter] = _FIRST_TRANSACTION
        self._numbers[counter] += 1
        return str(self._numbers[counter])

    def next_doc_number(self) -> str:
        """Return the company's own next document number; it does not look who uses it."""
        text = str(self._doc_number)
        self._doc_number += 1
        return text

    def seed(self, entity: str, document: Json) -> Json:
        """Put a document of the preset in; it makes no event and is visible at once."""
        stamp = self.clock.stamp()
        record = {
            "domain": "QBO",
            "sparse": False,
            "SyncToken": "0",
            "MetaData": {"CreateTime": stamp, "LastUpdatedTime": stamp},
            **document,
        }
        record["Id"] = str(record.get("Id") or self.next_id(entity))
        self._numbers[entity] = max(self._numbers[entity], int(record["Id"]))
        self._tables[entity][record["Id"]] = record
        self._index(entity, record)
        return record

    def create(self, entity: str, document: Json) -> Json:
        """Store a new document under a new id; stamps, effects and an event follow."""
        record_id = self.next_id(entity)
        stamp = self.clock.stamp()
        record = {
            "domain": "QBO",
            "sparse": False,
            "Id": record_id,
            "SyncToken": "0",
            "MetaData": {"CreateTime": stamp, "LastUpdatedTime": stamp},
            **document,
        }
        self._tables[entity][record_id] = record
        self._visible_at[entity, record_id] = self.clock.now() + self.visibility_delay
        self._settle(entity, record, 1)
        self._note(entity, record_id, "created")
        return record

    def replace(self, entity: str, document: Json, event: str = "updated") -> Json:
        """Store a changed document: its SyncToken rises by one.

        ``document`` must be another object than the stored one.
        """
        old = self._tables[entity][document["Id"]]
        self._settle(entity, old, -1)
        document["SyncToken"] = str(int(old["SyncToken"]) + 1)
        document["MetaData"] = {**old["MetaData"], "LastUpdatedTime": self.clock.stamp()}
        self._tables[entity][document["Id"]] = document
        self._settle(entity, document, 1)
        self._note(entity, document["Id"], event)
        return document

    def remove(self, entity: str, record_id: str) -> None:
        """Delete a document for good; change data capture still tells of it."""
        self._settle(entity, self._tables[entity].pop(record_id), -1)
        self.deleted.append((entity, record_id, self.clock.now()))
        self._note(entity, record_id, "deleted")

    def matching(self, entity: str, name: str, value: str) -> list[Json]:
        """Return the documents whose indexed member equals a text, whatever its case."""
        ids = self._indexes[entity, name].get(value.casefold(), {})
        return [self._tables[entity][one] for one in ids]

    def visible(self, entity: str, record_id: str) -> bool:
        """Return whether a query sees the document already."""
        return self._visible_at.get((entity, record_id), 0.0) <= self.clock.now()

    def changed_at(self, entity: str, record_id: str) -> float:
        """Return when a document was last changed, in seconds since 1970; 0 for the preset."""
        return self._changed_at.get((entity, record_id), 0.0)

    def name_owners(self, name: str) -> Iterator[tuple[str, Json]]:
        """Yield who bears a name among customers, vendors and employees, inactive ones too."""
        for entity in NAME_LISTS:
            for document in self.matching(entity, "DisplayName", name.strip()):
                yield entity, document

    def _settle(self, entity: str, document: Json, sign: int) -> None:
        for key, amount in effects(entity, document).items():
            self.balances[key] += sign * amount
        self._index(entity, document, remove=sign < 0)

    def _index(self, entity: str, document: Json, *, remove: bool = False) -> None:
        for name in INDEXED.get(entity, ()):
            value = indexed_value(document, name)
            if not value:
                continue
            ids = self._indexes[entity, name].setdefault(value.casefold(), {})
            if remove:
                ids.pop(document["Id"], None)
            else:
                ids[document["Id"]] = None

    def _note(self, entity: str, record_id: str, event: str) -> None:
        now = self.clock.now()
        self._changed_at[entity, record_id] = now
        if entity not in _NO_EVENTS:
            self.events.append({"entity": entity, "id": record_id, "event": event, "at": now})


def indexed_value(document: Json, name: str) -> str:
    """Return a member as a query compares it: a reference by its value, an e-mail by address."""
    value = document.get(name)
    if isinstance(value, dict):
        value = value.get("value", value.get("Address"))
    return "" if value is None else str(value)


def effects(entity: str, document: Json) -> Effects:
    """Return what a document does to balances of customers and accounts, and to quantities."""
    found: Effects = defaultdict(Decimal)
    if entity not in TRANSACTIONS:
        return found
    owed = {
        "Invoice": number(document.get("Balance")),
        "CreditMemo": -number(document.get("RemainingCredit")),
        "Payment": -number(document.get("UnappliedAmt")),
    }.get(entity, ZERO)
    found["Customer", document["CustomerRef"]["value"]] += owed
    money = MONEY.get(entity)
    if money and "DepositToAccountRef" in document:
        account = document["DepositToAccountRef"]["value"]
        found["Account", account] += money * number(document.get("TotalAmt"))
    sign = 1 if entity in ("RefundReceipt", "CreditMemo") else -1
    for line in document.get("Line", ()) if entity in SALES_FORMS else ():
        detail = line.get("SalesItemLineDetail", {})
        if detail.get("Qty") and "ItemRef" in detail:
            found["Item", detail["ItemRef"]["value"]] += sign * detail["Qty"]
    return found
