"""What the shop has against what the company has, read from both without our own code."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.scenarios.evidence import listed

Json = dict[str, Any]

POSTED = ("processing", "completed", "refunded")
SALES = ("SalesReceipt", "Invoice")
REFUNDS = ("RefundReceipt", "CreditMemo")
DOCUMENTS = (*SALES, *REFUNDS, "Payment")
ON_ACCOUNT = ("bacs", "cheque")
PREFIX = "WC"
_ZERO = Decimal(0)
_LINES = ("line_items", "shipping_lines", "fee_lines")
_ISSUE = re.compile(r"-v\d+$")


def rows(company: CompanyEmulator, *entities: str) -> list[Json]:
    """The company's own objects of these entities, each with its `entity`."""
    with company.company.lock:
        return [
            {**one, "entity": entity}
            for entity in entities
            for one in company.company.table(entity).values()
        ]


def by_number(company: CompanyEmulator, *entities: str) -> dict[str, list[Json]]:
    """The documents of these entities by DocNumber, payments by PaymentRefNum.

    A document that was posted anew, such as WC-77-v2, stands under the number of its first issue.
    Of several, those that are voided are left out.
    """
    found: dict[str, list[Json]] = {}
    for one in rows(company, *entities):
        number = one.get("PaymentRefNum" if one["entity"] == "Payment" else "DocNumber", "")
        found.setdefault(_ISSUE.sub("", number), []).append(one)
    return {number: list(filter(stands, all_)) or all_ for number, all_ in found.items()}


def stands(document: Json) -> bool:
    """Whether a document was not voided."""
    return bool(document["TotalAmt"]) or not document.get("PrivateNote", "").startswith("Voided")


def standing(company: CompanyEmulator, *entities: str) -> dict[str, list[Json]]:
    """The documents of these entities by number, without voided ones."""
    found = by_number(company, *entities)
    return {number: all_ for number, all_ in found.items() if any(map(stands, all_))}


def document_of(company: CompanyEmulator, order_id: int) -> Json:
    """The only sales document of an order."""
    found = by_number(company, *SALES)[f"{PREFIX}-{order_id}"]
    assert len(found) == 1
    return found[0]


def tax_of(document: Json) -> Decimal:
    """A document's tax."""
    return Decimal(document.get("TxnTaxDetail", {}).get("TotalTax") or 0)


def customer_of(company: CompanyEmulator, order_id: int) -> Json:
    """The customer that an order is booked on."""
    identifier = document_of(company, order_id)["CustomerRef"]["value"]
    return next(one for one in rows(company, "Customer") if one["Id"] == identifier)


def writes(company: CompanyEmulator) -> list[str]:
    """The requests that may have changed the company, by address and operation.

    Batches are left out: ours hold queries only, and a fingerprint shows what else they did.
    """
    return [
        f"{one.path}?{one.query}"
        for one in company.requests.records(r"/v3/company/")
        if one.method != "GET" and not one.path.endswith(("/query", "/batch"))
    ]


def fingerprint(company: CompanyEmulator) -> Json:
    """Every object of the company: changes when anything was written."""
    with company.company.lock:
        return {
            entity: {key: repr(one) for key, one in company.company.table(entity).items()}
            for entity in (*DOCUMENTS, "Customer", "Item")
        }


def unequal_books(
    store: StoreEmulator, company: CompanyEmulator, *, without: Iterable[int] = ()
) -> list[str]:
    """Everything in which the books differ from the shop; empty when they agree to the cent.

    Each order in a posting status has one sales document with its total, tax and currency (an
    invoice is paid in full by one payment), each refund of one that gives something back has one
    document over its amount, and nothing else is there. `without` names the orders that must have
    nothing at all.
    """
    orders, refunds = listed(store, "woo_orders"), listed(store, "woo_refunds")
    left_out = set(without)
    posted = {
        key: one for key, one in orders.items() if one["status"] in POSTED and key not in left_out
    }
    sales, payments = standing(company, *SALES), standing(company, "Payment")
    found: list[str] = []
    for order in posted.values():
        found += _sale_differences(order, sales.pop(f"{PREFIX}-{order['number']}", []))
        found += _payment_differences(order, payments.pop(f"{PREFIX}-{order['number']}", []))
    given_back = standing(company, *REFUNDS)
    for refund in refunds.values():
        refunded = posted.get(refund["parent_id"])
        if refunded is not None and Decimal(refund["amount"]):
            number = f"{PREFIX}-{refunded['number']}-R{refund['id']}"
            found += _refund_differences(refund, given_back.pop(number, []))
    found += [f"{number} is too much" for number in (*sales, *payments, *given_back)]
    return found + _doubled(company)


def _sale_differences(order: Json, documents: list[Json]) -> list[str]:
    name = f"order {order['id']}"
    if len(documents) != 1:
        return [f"{name} has {len(documents)} sales documents"]
    document = documents[0]
    entity = "Invoice" if order["payment_method"] in ON_ACCOUNT else "SalesReceipt"
    expected = {
        "entity": entity,
        "total": Decimal(order["total"]),
        "tax": Decimal(order["total_tax"]),
        "currency": order["currency"],
    }
    actual = {
        "entity": document["entity"],
        "total": document["TotalAmt"],
        "tax": tax_of(document),
        "currency": document["CurrencyRef"]["value"],
    }
    return [
        f"{name}: {what} is {actual[what]} in the books, the shop has {expected[what]}"
        for what in expected
        if actual[what] != expected[what]
    ]


def _payment_differences(order: Json, payments: list[Json]) -> list[str]:
    due = order["payment_method"] in ON_ACCOUNT and Decimal(order["total"]) != _ZERO
    if len(payments) != int(due):
        return [f"order {order['id']} has {len(payments)} payments"]
    wrong = [one for one in payments if one["TotalAmt"] != Decimal(order["total"])]
    return [f"order {order['id']}: its payment is {one['TotalAmt']}" for one in wrong]


def _refund_differences(refund: Json, documents: list[Json]) -> list[str]:
    name = f"refund {refund['id']}"
    if len(documents) != 1:
        return [f"{name} has {len(documents)} documents"]
    if documents[0]["TotalAmt"] != Decimal(refund["amount"]):
        return [f"{name} is {documents[0]['TotalAmt']}, the shop has {refund['amount']}"]
    lines = [line for kind in _LINES for line in refund[kind]]
    tax = -sum((Decimal(line["total_tax"]) for line in lines), _ZERO)
    net = -sum((Decimal(line["total"]) for line in lines), _ZERO)
    # An amount that is not that of the lines outranks them: then they do not say the tax.
    if net + tax == Decimal(refund["amount"]) and tax_of(documents[0]) != tax:
        return [f"{name} gives back {tax_of(documents[0])} tax, the shop has {tax}"]
    return []


def wrong_days(store: StoreEmulator, company: CompanyEmulator, basis: str = "created") -> list[str]:
    """The documents that are not dated on the day on which the shop's own pages show them.

    `basis` says which of an order's moments counts: created, paid or completed; without it, the
    first. A payment is of the day on which it was made, but not before
    its invoice; a refund is of its own.
    """
    orders, refunds = listed(store, "woo_orders"), listed(store, "woo_refunds")
    shown: dict[tuple[str, bool], str] = {}
    for order in orders.values():
        number = f"{PREFIX}-{order['number']}"
        shown[number, False] = order[f"date_{basis}"] or order["date_created"]
        shown[number, True] = max(order["date_paid"] or "", shown[number, False])
    for refund in refunds.values():
        if refund["parent_id"] in orders:
            order = orders[refund["parent_id"]]
            number = f"{PREFIX}-{order['number']}-R{refund['id']}"
            shown[number, False] = refund["date_created"]
    return [
        f"{one['entity']} {number} is dated {one['TxnDate']}, the shop has {day}"
        for number, documents in standing(company, *DOCUMENTS).items()
        for one in documents
        if one["TxnDate"] != (day := shown[number, one["entity"] == "Payment"])[:10]
    ]


def _doubled(company: CompanyEmulator) -> list[str]:
    """What an auditor would complain about."""
    audit: Mapping[str, Any] = company.audit(PREFIX)
    found = [f"{kind} {names}" for kind, names in audit["duplicates"].items() if names]
    found += [*audit["orphans"], *audit["unequal"]]
    found += [f"payment {key} is not applied" for key in audit["unapplied_payments"]]
    found += [f"invoice {key} is open" for key in audit["open_invoices"]]
    found += [f"{name} bears {n} names" for name, n in _names(company).items() if n > 1]
    return found


def _names(company: CompanyEmulator) -> Counter[str]:
    return Counter(one["DisplayName"].casefold() for one in rows(company, "Customer"))
