"""What a person or time does to the company behind the API's back."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import orjson

from udsync_pipelines.emulators.quickbooks.answers import json_bytes
from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.customers import check_name
from udsync_pipelines.emulators.quickbooks.presets import add_tax_code
from udsync_pipelines.emulators.quickbooks.replays import Replays
from udsync_pipelines.emulators.quickbooks.shown import shown
from udsync_pipelines.emulators.quickbooks.tokens import Tokens
from udsync_pipelines.emulators.quickbooks.writing import write

Json = dict[str, Any]


class Control:
    """Changes to the company, by name; each follows the rules of the books and leaves traces.

    Documents are returned as an answer has them: amounts are JSON numbers.
    """

    def __init__(self, company: Company, tokens: Tokens, replays: Replays) -> None:
        self._company = company
        self._tokens = tokens
        self._replays = replays
        self._actions: dict[str, Callable[..., Any]] = {
            name: getattr(self, name)
            for name in dir(type(self))
            if not name.startswith("_") and name not in ("act", "names")
        }

    @property
    def names(self) -> list[str]:
        """The names of all actions."""
        return sorted(self._actions)

    def act(self, action: str, **settings: Any) -> Any:
        """Do an action by name; what it returns can be written as JSON.

        Raises:
            ValueError: there is no such action.
        """
        if action not in self._actions:
            message = f"There is no action '{action}'. Choose one of: {', '.join(self.names)}."
            raise ValueError(message)
        return self._actions[action](**settings)

    def connect(self) -> Json:
        """Consent to the app as a person does; return a new access and refresh token."""
        access, refresh = self._tokens.connect()
        return {"access_token": access, "refresh_token": refresh}

    def create(self, entity: str, body: Json) -> Json:
        """Make an object as a person does."""
        return self._write(entity, body, {})

    def edit(self, entity: str, record_id: str, changes: Json) -> Json:
        """Change some members of an object as a person does; its SyncToken rises."""
        return self._write(entity, {**self._handle(entity, record_id), **changes}, {})

    def void(self, entity: str, record_id: str) -> Json:
        """Void a transaction as a person does."""
        invoice = {"operation": "void"}
        others = {"operation": "update", "include": "void"}
        parameters = invoice if entity == "Invoice" else others
        return self._write(entity, self._handle(entity, record_id), parameters)

    def delete(self, entity: str, record_id: str) -> Json:
        """Delete a transaction as a person does."""
        return self._write(entity, self._handle(entity, record_id), {"operation": "delete"})

    def inactivate(self, entity: str, record_id: str) -> Json:
        """Make a list object inactive, a tax code included; open balances are not looked at."""
        with self._company.lock:
            old = self._stored(entity, record_id)
            self._company.replace(entity, {**old, "Active": False})
            return self._read(entity, record_id)

    def deposit(self, record_ids: Sequence[str]) -> str:
        """Put payments and sales receipts on a deposit, which locks them; return its id."""
        with self._company.lock:
            deposit_id = self._company.next_id("Deposit")
            for record_id in record_ids:
                self._company.deposited[str(record_id)] = deposit_id
                self._bank(str(record_id), 1)
            return deposit_id

    def undeposit(self, deposit_id: str) -> None:
        """Delete a deposit; what was on it can be changed again."""
        with self._company.lock:
            deposited = self._company.deposited
            for record_id in [one for one, on in deposited.items() if on == deposit_id]:
                del deposited[record_id]
                self._bank(record_id, -1)

    def close_books(self, day: str) -> None:
        """Close the books up to a day, that day included; an empty text opens them."""
        self.set_preference("AccountingInfoPrefs", "BookCloseDate", day)

    def set_preference(self, section: str, name: str, value: Any) -> None:
        """Change a preference as in the settings of the company."""
        with self._company.lock:
            old = self._company.preferences
            kept = {**old[section], name: value}
            if value == "":
                del kept[name]
            self._company.replace("Preferences", {**old, section: kept})

    def set_exchange_rate(self, currency: str, day: str, rate: str) -> None:
        """Enter a rate in the company's list: home units for one of this, from this day on."""
        with self._company.lock:
            self._company.exchange_rates[currency][day] = Decimal(str(rate))

    def add_account(self, name: str, kind: str, subkind: str, currency: str = "") -> str:
        """Make an account as in the chart of accounts; return its id."""
        body = {"Name": name, "AccountType": kind, "AccountSubType": subkind}
        kept = {"CurrencyRef": {"value": currency}} if currency else {}
        return str(self.create("Account", {**body, **kept})["Id"])

    def add_service(self, name: str, account_id: str) -> str:
        """Make a service that posts to any account, a liability too; return its id.

        The form of products in the company's pages allows that; the API takes income accounts only.
        """
        with self._company.lock:
            income = next(
                one
                for one in self._company.table("Account").values()
                if one["AccountType"] == "Income"
            )
            accounts = {
                "IncomeAccountRef": {"value": income["Id"]},
                "ExpenseAccountRef": {"value": self._cost_account()},
            }
            made = self.create("Item", {"Name": name, "Type": "Service", **accounts})
            account = self._stored("Account", account_id)
            chosen = {"value": account["Id"], "name": account["Name"]}
            item = self._stored("Item", made["Id"])
            self._company.replace("Item", {**item, "IncomeAccountRef": chosen})
            return str(made["Id"])

    def lapse_subscription(self, *, lapsed: bool = True) -> None:
        """End the subscription (the company can only be read), or renew it."""
        with self._company.lock:
            self._company.read_only = lapsed

    def delay_visibility(self, seconds: float) -> None:
        """Let queries see new objects only so many seconds after they are made."""
        with self._company.lock:
            self._company.visibility_delay = seconds

    def history(self) -> list[Json]:
        """Return what was done to documents and lists, oldest first, with the number they bear now.

        `at` is when it was committed, in seconds since 1970; its answer is sent in that moment.
        """
        with self._company.lock:
            return [{**event, "number": self._number(event)} for event in self._company.events]

    def add_vendor(self, name: str) -> str:
        """Make a vendor; return its id. Its name is taken for customers too."""
        return self._named("Vendor", name)

    def add_employee(self, name: str) -> str:
        """Make an employee; return its id. Its name is taken for customers too."""
        return self._named("Employee", name)

    def add_tax_code(self, name: str, percents: Sequence[str]) -> str:
        """Make a tax code with a rate for each percentage; return its id."""
        with self._company.lock:
            return add_tax_code(self._company, name, [Decimal(str(one)) for one in percents])

    def expire_tokens(self) -> None:
        """End the life of all access tokens."""
        self._tokens.expire_access()

    def disconnect(self) -> None:
        """Take the app's access away: refresh tokens stop working too."""
        self._tokens.revoke_all()

    def forget_requests(self) -> None:
        """Forget all request ids, as after the time that nobody promises."""
        with self._company.lock:
            self._replays.forget()

    def _write(self, entity: str, body: Json, parameters: dict[str, str]) -> Json:
        with self._company.lock:
            exact = orjson.loads(json_bytes(body))
            written = write(self._company, entity, _decimals(exact), parameters)[entity]
            answer: Json = orjson.loads(json_bytes(shown(self._company, entity, written)))
            return answer

    def _read(self, entity: str, record_id: str) -> Json:
        document = shown(self._company, entity, self._stored(entity, record_id))
        answer: Json = orjson.loads(json_bytes(document))
        return answer

    def _handle(self, entity: str, record_id: str) -> Json:
        with self._company.lock:
            token = self._stored(entity, record_id)["SyncToken"]
        return {"Id": str(record_id), "SyncToken": token, "sparse": True}

    def _stored(self, entity: str, record_id: str) -> Json:
        document = self._company.find(entity, str(record_id))
        if document is None:
            message = f"There is no {entity} {record_id}. Look its id up by a query."
            raise ValueError(message)
        return document

    def _bank(self, record_id: str, sign: int) -> None:
        """Move the money of a document to the bank, or back."""
        bank = next(
            one
            for one in self._company.table("Account").values()
            if one["AccountSubType"] == "Checking"
        )
        for entity in ("Payment", "SalesReceipt"):
            document = self._company.find(entity, record_id)
            if document is not None:
                account = document["DepositToAccountRef"]["value"]
                self._company.balances["Account", account] -= sign * document["TotalAmt"]
                self._company.balances["Account", bank["Id"]] += sign * document["TotalAmt"]

    def _cost_account(self) -> str:
        return next(
            str(one["Id"])
            for one in self._company.table("Account").values()
            if one["AccountType"] == "Cost of Goods Sold"
        )

    def _number(self, event: Json) -> str:
        document = self._company.table(event["entity"]).get(event["id"], {})
        return str(document.get("DocNumber") or "")

    def _named(self, entity: str, name: str) -> str:
        with self._company.lock:
            check_name(self._company, name, None)
            record = self._company.create(entity, {"DisplayName": name, "Active": True})
            return str(record["Id"])


def _decimals(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _decimals(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_decimals(one) for one in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return Decimal(str(value))
