"""Payments: money received, and what it is applied to."""

from decimal import Decimal
from typing import Any

from udsync_pipelines.emulators.quickbooks.amounts import ZERO, cents, number
from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.currencies import check_money_account, document_currency
from udsync_pipelines.emulators.quickbooks.references import (
    deposit_account,
    linked,
    reference,
    undeposited_funds,
)
from udsync_pipelines.emulators.quickbooks.refusals import business, missing, not_found, refuse

Json = dict[str, Any]

_OPEN = {"Invoice": "Balance", "CreditMemo": "RemainingCredit"}


def compose_payment(company: Company, body: Json, old: Json | None = None) -> Json:
    """Return the payment that a body makes; nothing is applied yet.

    Raises:
        RefusedError: whatever the company does not take; over-applied lines included.
    """
    document = {name: value for name, value in body.items() if value not in (None, "")}
    if not reference(document, "CustomerRef"):
        raise missing("CustomerRef")
    if document.get("TotalAmt") is None:
        raise business("You must set a transaction amount.")
    document["TotalAmt"] = cents(document["TotalAmt"])
    if document["TotalAmt"] < 0:
        raise business("Transaction amount must be 0 or greater.")
    document.setdefault("TxnDate", company.clock.today())
    document["CustomerRef"] = linked(company, "Customer", document, "CustomerRef")
    document_currency(company, document, old)
    if reference(document, "PaymentMethodRef"):
        document["PaymentMethodRef"] = linked(
            company, "PaymentMethod", document, "PaymentMethodRef"
        )
    if reference(document, "DepositToAccountRef"):
        document["DepositToAccountRef"] = deposit_account(company, document)
        check_money_account(company, document)
    else:
        document["DepositToAccountRef"] = undeposited_funds(company)
    document["Line"] = [_line(company, document, line) for line in document.get("Line") or ()]
    document["UnappliedAmt"] = _unapplied(company, document, old or {})
    document.setdefault("ProcessPayment", False)
    return document


def applications(document: Json) -> list[tuple[str, str, Decimal]]:
    """Return what a payment is applied to: entity, id and amount."""
    return [
        (link["TxnType"], link["TxnId"], line["Amount"])
        for line in document.get("Line", ())
        for link in line["LinkedTxn"]
    ]


def apply(company: Company, payment: Json, sign: int = 1) -> None:
    """Change the open amounts of the documents that a payment is applied to.

    Their SyncTokens rise. ``sign`` -1 takes the payment off again.
    """
    for entity, record_id, amount in applications(payment):
        target = company.find(entity, record_id)
        if target is None:
            continue
        name = _OPEN[entity]
        links = [one for one in target.get("LinkedTxn", ()) if one["TxnId"] != payment["Id"]]
        if sign > 0:
            links.append({"TxnId": payment["Id"], "TxnType": "Payment"})
        changed = {**target, name: target[name] - sign * amount, "LinkedTxn": links}
        if entity == "CreditMemo":
            changed["Balance"] = changed[name]
        company.replace(entity, changed)


def release(company: Company, entity: str, record_id: str) -> None:
    """Take all payments off a document that is voided or deleted; they become unapplied."""
    target = company.table(entity)[record_id]
    linked_ids = {link["TxnId"] for link in target.get("LinkedTxn", ())}
    for payment in [company.table("Payment")[one] for one in linked_ids]:
        applied = _sums(payment).get((entity, record_id), ZERO)
        if not applied:
            continue
        lines = [
            line
            for line in payment["Line"]
            if (line["LinkedTxn"][0]["TxnType"], line["LinkedTxn"][0]["TxnId"])
            != (entity, record_id)
        ]
        sign = 1 if entity == "Invoice" else -1
        unapplied = payment["UnappliedAmt"] + sign * applied
        company.replace("Payment", {**payment, "Line": lines, "UnappliedAmt": unapplied})


def _line(company: Company, payment: Json, line: Json) -> Json:
    if line.get("Amount") is None:
        raise missing("Line.Amount")
    links = line.get("LinkedTxn") or []
    if not links:
        raise missing("Line.LinkedTxn")
    if len(links) > 1:
        raise refuse("620", "A payment line can be linked to one transaction.", "Line.LinkedTxn")
    entity, record_id = links[0].get("TxnType") or "", str(links[0].get("TxnId") or "")
    if entity not in _OPEN:
        raise refuse(
            "620", f"A payment can't be linked to {entity or 'nothing'}.", "Line.LinkedTxn"
        )
    target = company.find(entity, record_id)
    if target is None:
        raise not_found()
    same = target["CustomerRef"]["value"] == payment["CustomerRef"]["value"]
    if not same or target["CurrencyRef"]["value"] != payment["CurrencyRef"]["value"]:
        text = "The transaction belongs to another customer or has another currency."
        raise refuse("620", text, "Line.LinkedTxn")
    amount = cents(line["Amount"])
    if amount < 0:
        raise business("A payment line can't be negative.")
    return {"Amount": amount, "LinkedTxn": [{"TxnId": record_id, "TxnType": entity}]}


def _unapplied(company: Company, payment: Json, old: Json) -> Decimal:
    given_back = _sums(old)
    left: Decimal = payment["TotalAmt"]
    for (entity, record_id), amount in _sums(payment).items():
        target = company.table(entity)[record_id]
        available = number(target[_OPEN[entity]]) + given_back.get((entity, record_id), ZERO)
        if amount > available:
            raise business("You can't apply more than the open balance of the transaction.")
        left += amount if entity == "CreditMemo" else -amount
    if left < 0:
        raise business("The amount applied is more than the amount of the payment.")
    return left


def _sums(payment: Json) -> dict[tuple[str, str], Decimal]:
    sums: dict[tuple[str, str], Decimal] = {}
    for entity, record_id, amount in applications(payment):
        sums[entity, record_id] = sums.get((entity, record_id), ZERO) + amount
    return sums
