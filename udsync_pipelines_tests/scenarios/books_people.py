"""People who buy, and the customers that they are in the books."""

from typing import Any

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.emulators.woocommerce.writing_customers import create_customer
from udsync_pipelines_tests.scenarios.books import ALBERTA, ShopWithBooks
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books import empty_store as empty_store
from udsync_pipelines_tests.scenarios.books import start_books as start_books
from udsync_pipelines_tests.scenarios.books_evidence import (
    Json,
    customer_of,
    rows,
)


def register(store: StoreEmulator, login: str, *, email: str = "", first: str = "Robin") -> int:
    """Register an account; return its id. Plugins let two accounts share an e-mail."""
    with store.store.lock:
        made = create_customer(
            store.store,
            {
                "email": login,
                "first_name": first,
                "last_name": "Reed",
                "billing": {
                    **ALBERTA,
                    "first_name": first,
                    "last_name": "Reed",
                    "email": email or login,
                },
            },
        )
    if email:
        store.control.edit_silently("customer", made["id"], {"email": email})
    return int(made["id"])


def keep(shop: ShopWithBooks, name: str, email: str = "") -> str:
    """Have a customer in the books already, entered by a person; return its id."""
    body: Json = {"DisplayName": name}
    if email:
        body["PrimaryEmailAddr"] = {"Address": email}
    made: Any = shop.company.control.create("Customer", body)
    return str(made["Id"])


def names(company: CompanyEmulator) -> list[str]:
    """The display names of all customers of the books."""
    return sorted(one["DisplayName"] for one in rows(company, "Customer"))


def booked_on(shop: ShopWithBooks, *orders: int) -> set[str]:
    """The names of the customers that these orders are booked on."""
    return {customer_of(shop.company, key)["DisplayName"] for key in orders}


def customer_id(shop: ShopWithBooks, order: int) -> str:
    """The id of the customer that an order is booked on."""
    return str(customer_of(shop.company, order)["Id"])


def document_count(company: CompanyEmulator) -> int:
    """How many documents the books have."""
    return sum(company.count(one) for one in ("SalesReceipt", "Invoice", "RefundReceipt"))
