"""Documents as answers have them."""

from typing import Any

from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.customers import shown_customer
from udsync_pipelines.emulators.quickbooks.items import shown_item

Json = dict[str, Any]


def shown(company: Company, entity: str, document: Json) -> Json:
    """Return a stored document with what is computed when it is read."""
    if document.get("status") == "Deleted":
        return document
    if entity == "Customer":
        return shown_customer(company, document)
    if entity == "Item":
        return shown_item(company, document)
    if entity == "Account":
        balance = document["CurrentBalance"] + company.balances["Account", document["Id"]]
        return {**document, "CurrentBalance": balance}
    if document.get("Id") in company.deposited and entity in ("Payment", "SalesReceipt"):
        link = {"TxnId": company.deposited[document["Id"]], "TxnType": "Deposit"}
        return {**document, "LinkedTxn": [*document.get("LinkedTxn", ()), link]}
    return document
