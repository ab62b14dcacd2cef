"""The books looked over: duplicates, orphans, open amounts, exact sums. All amounts are texts."""

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from udsync_pipelines.emulators.quickbooks.amounts import ZERO, cents, number
from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.payments import applications
from udsync_pipelines.emulators.quickbooks.sales_lines import GRATUITY, SHIPPING
from udsync_pipelines.emulators.quickbooks.schema import SALES_FORMS, TRANSACTIONS

Json = dict[str, Any]


def audit(company: Company, prefix: str = "") -> Json:
    """Return what an auditor looks for, over documents whose number begins with ``prefix``.

    Voided documents count in ``voided`` only. A payment is chosen by its PaymentRefNum.
    """
    with company.lock:
        found = _Audit(company, prefix)
        return {
            "counts": dict(found.counts),
            "voided": found.voided,
            "duplicates": found.duplicates(),
            "orphans": found.orphans(),
            "unequal": found.unequal(),
            "unapplied_payments": found.unapplied(),
            "open_invoices": found.open_amounts("Invoice", "Balance"),
            "open_credits": found.open_amounts("CreditMemo", "RemainingCredit"),
            "customer_balances": found.customer_balances(),
            "receivable": str(found.receivable()),
            "sums": found.sums(),
            "tax_rates": found.tax_rates(),
        }


class _Audit:
    def __init__(self, company: Company, prefix: str) -> None:
        self._company = company
        self.voided = 0
        self.counts: Counter[str] = Counter()
        self._documents: list[tuple[str, Json]] = []
        for entity in TRANSACTIONS:
            name = "PaymentRefNum" if entity == "Payment" else "DocNumber"
            for document in company.table(entity).values():
                if not str(document.get(name) or "").startswith(prefix):
                    continue
                if is_voided(document):
                    self.voided += 1
                    continue
                self.counts[entity] += 1
                self._documents.append((entity, document))

    def duplicates(self) -> Json:
        """Return document numbers, notes and payment references that several documents bear."""
        numbers: dict[str, list[str]] = defaultdict(list)
        notes: dict[str, list[str]] = defaultdict(list)
        references: dict[str, list[str]] = defaultdict(list)
        for entity, document in self._documents:
            name = f"{entity} {document['Id']}"
            if entity in SALES_FORMS:
                numbers[document.get("DocNumber") or ""].append(name)
            else:
                references[document.get("PaymentRefNum") or ""].append(name)
            notes[f"{entity}: {document.get('PrivateNote') or ''}"].append(name)
        return {
            "doc_numbers": _several(numbers),
            "private_notes": {
                note.partition(": ")[2]: names
                for note, names in _several(notes).items()
                if note.partition(": ")[2]
            },
            "payment_references": _several(references),
        }

    def orphans(self) -> list[str]:
        """Return references that lead nowhere, a sentence each."""
        return [sentence for entity, one in self._documents for sentence in self._lost(entity, one)]

    def _lost(self, entity: str, document: Json) -> list[str]:
        lost = []
        who = f"{entity} {document['Id']}"
        if self._company.find("Customer", document["CustomerRef"]["value"]) is None:
            lost.append(f"{who} has no customer.")
        for target, record_id, _ in applications(document) if entity == "Payment" else ():
            if self._company.find(target, record_id) is None:
                lost.append(f"{who} is applied to {target} {record_id}, which is gone.")
        for line in document.get("Line", ()):
            item = line.get("SalesItemLineDetail", {}).get("ItemRef", {}).get("value")
            special = item in (None, SHIPPING, GRATUITY)
            if not special and self._company.find("Item", item) is None:
                lost.append(f"{who} sells item {item}, which is gone.")
        return lost

    def unequal(self) -> list[str]:
        """Return documents whose lines and tax do not add up to their total."""
        wrong = []
        for entity, document in self._documents:
            if entity in SALES_FORMS and _net(document) + _tax(document) != document["TotalAmt"]:
                wrong.append(f"{entity} {document['Id']}")
        return wrong

    def unapplied(self) -> Json:
        """Return payments that are not wholly applied: id -> what is left."""
        return self.open_amounts("Payment", "UnappliedAmt")

    def open_amounts(self, entity: str, name: str) -> Json:
        """Return what is open on the documents of an entity: id -> amount."""
        return {
            document["Id"]: _money(document[name])
            for kind, document in self._documents
            if kind == entity and number(document.get(name))
        }

    def customer_balances(self) -> Json:
        """Return the balances of customers that are not zero, over all documents."""
        return {
            record_id: _money(balance)
            for (kind, record_id), balance in self._company.balances.items()
            if kind == "Customer" and balance
        }

    def receivable(self) -> Decimal:
        """Return what all customers owe together, over all documents."""
        balances = self._company.balances.items()
        return cents(sum((amount for (kind, _), amount in balances if kind == "Customer"), ZERO))

    def sums(self) -> Json:
        """Return count, total, tax and net per entity and currency."""
        sums: dict[str, dict[str, list[Decimal]]] = defaultdict(
            lambda: defaultdict(lambda: [ZERO, ZERO, ZERO])
        )
        for entity, document in self._documents:
            row = sums[entity][document["CurrencyRef"]["value"]]
            row[0] += 1
            row[1] += document["TotalAmt"]
            row[2] += _tax(document)
        return {
            entity: {
                currency: {
                    "count": int(count),
                    "total": _money(total),
                    "tax": _money(tax),
                    "net": _money(total - tax),
                }
                for currency, (count, total, tax) in rows.items()
            }
            for entity, rows in sums.items()
        }

    def tax_rates(self) -> Json:
        """Return net and tax per entity, currency and name of the tax rate."""
        sums: dict[tuple[str, str, str], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
        for entity, document in self._documents:
            for line in document.get("TxnTaxDetail", {}).get("TaxLine", ()):
                detail = line["TaxLineDetail"]
                rate = self._company.table("TaxRate")[detail["TaxRateRef"]["value"]]
                row = sums[entity, document["CurrencyRef"]["value"], rate["Name"]]
                row[0] += detail["NetAmountTaxable"]
                row[1] += line["Amount"]
        found: Json = defaultdict(lambda: defaultdict(dict))
        for (entity, currency, name), (net, tax) in sums.items():
            found[entity][currency][name] = {"net": _money(net), "tax": _money(tax)}
        return found


def is_voided(document: Json) -> bool:
    """Return whether a transaction was voided."""
    voided = str(document.get("PrivateNote") or "").startswith("Voided")
    return voided and not number(document.get("TotalAmt"))


def _several(found: dict[str, list[str]]) -> dict[str, list[str]]:
    return {key: names for key, names in found.items() if key and len(names) > 1}


def _money(amount: Decimal) -> str:
    return str(cents(number(amount)))


def _tax(document: Json) -> Decimal:
    return number(document.get("TxnTaxDetail", {}).get("TotalTax"))


def _net(document: Json) -> Decimal:
    signs = {"SalesItemLineDetail": 1, "DiscountLineDetail": -1}
    return sum(
        (
            signs.get(line["DetailType"], 0) * number(line.get("Amount"))
            for line in document["Line"]
        ),
        ZERO,
    )
