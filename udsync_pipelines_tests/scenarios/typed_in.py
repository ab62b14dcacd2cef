"""What a bookkeeper typed into the books by hand, and what is asked and decided about it."""

from typing import Any

from udsync_pipelines.services import preflight
from udsync_pipelines.services.preflight import Preflight
from udsync_pipelines_tests.scenarios.books import ShopWithBooks
from udsync_pipelines_tests.scenarios.books_evidence import rows


def enter(shop: ShopWithBooks, total: str, day: str, **members: Any) -> str:
    """A bookkeeper enters a sales receipt by hand; return its id."""
    control = shop.company.control
    customers = rows(shop.company, "Customer")
    customer = (
        customers[0]["Id"]
        if customers
        else control.create("Customer", {"DisplayName": "Counter"})["Id"]
    )
    line = {
        "Amount": float(total),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "2"}},
    }
    body = {"CustomerRef": {"value": customer}, "TxnDate": day, "Line": [line]}
    number = f"{9000 + shop.company.count('SalesReceipt')}"
    return str(control.create("SalesReceipt", {"DocNumber": number, **body, **members})["Id"])


def check(shop: ShopWithBooks) -> Preflight:
    """What `udsync policy check` finds."""
    return preflight.check(shop.installation, shop.tenant.name)


def decide(shop: ShopWithBooks, what: str, choice: str, *, every: bool = False) -> None:
    """Decide as `udsync policy decide` does."""
    preflight.decide(shop.installation, shop.tenant.name, what, choice, every=every)
