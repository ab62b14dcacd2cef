"""A client that others wrote finds its way: python-quickbooks, on each entity."""

import importlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from udsync_pipelines_tests.emulators.quickbooks.books import Books, Json

# The library has no types, so it is looked up by name and is Any to the checker.
requests: Any = importlib.import_module("requests")
client: Any = importlib.import_module("quickbooks.client")
exceptions: Any = importlib.import_module("quickbooks.exceptions")
batch: Any = importlib.import_module("quickbooks.batch")
cdc: Any = importlib.import_module("quickbooks.cdc")


def _class(name: str) -> Any:
    return getattr(importlib.import_module("quickbooks.objects"), name)


@pytest.fixture
def library(books: Books) -> Any:
    """Return the library's client with a token, its address pointed at the emulator."""
    session = requests.Session()
    session.access_token = books.emulator.access_token
    found = client.QuickBooks(company_id=books.emulator.realm_id, minorversion=75)
    found.session = session
    found.api_url_v3 = f"{books.emulator.url}/v3"
    yield found
    session.close()


def _made(name: str, **members: Any) -> Any:
    made = _class(name)()
    for member, value in members.items():
        setattr(made, member, value)
    return made


def _line(amount: float, quantity: int) -> Json:
    return {
        "Amount": amount,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {
            "ItemRef": {"value": "1"},
            "Qty": quantity,
            "UnitPrice": amount / quantity,
            "TaxCodeRef": {"value": "5"},
        },
    }


def test_customers_are_made_read_found_and_changed(library: Any) -> None:
    made = _made("Customer", DisplayName="Adam's Shop", GivenName="Adam").save(qb=library)

    found = _class("Customer").filter(DisplayName="Adam's Shop", qb=library)[0]
    found.CompanyName = "Adam Ltd"
    found.save(qb=library)

    read = _class("Customer").get(made.Id, qb=library)
    assert (read.CompanyName, read.GivenName, read.SyncToken) == ("Adam Ltd", "Adam", "1")


def test_items_are_made_read_found_and_changed(library: Any, books: Books) -> None:
    body = books.item_body(Sku="B-1", UnitPrice=12.5)
    made = _made("Item", **body).save(qb=library)

    found = _class("Item").filter(Sku="B-1", qb=library)[0]
    found.UnitPrice = 13
    found.save(qb=library)

    assert _class("Item").get(made.Id, qb=library).UnitPrice == 13
    assert "Board" in {item.Name for item in _class("Item").all(qb=library)}


@pytest.mark.parametrize("name", ["Invoice", "SalesReceipt", "RefundReceipt", "CreditMemo"])
def test_sales_forms_are_made_read_found_changed_and_deleted(
    library: Any, books: Books, name: str
) -> None:
    members = {
        "CustomerRef": {"value": books.customer()},
        "TxnDate": "2026-03-14",
        "DocNumber": "W-1",
        "DepositToAccountRef": books.account("Chequing"),
        "Line": [_line(100.0, 4), _line(0.1, 1)],
    }
    if name in ("Invoice", "CreditMemo"):
        del members["DepositToAccountRef"]
    kind = _class(name)
    made = _made(name, **members).save(qb=library)

    found = kind.filter(DocNumber="W-1", qb=library)[0]
    found.PrivateNote = "seen"
    changed = found.save(qb=library)

    assert made.TotalAmt == pytest.approx(105.11)
    assert (changed.TotalAmt, changed.PrivateNote) == (made.TotalAmt, "seen")
    changed.delete(qb=library)
    with pytest.raises(exceptions.ObjectNotFoundException):
        kind.get(made.Id, qb=library)


def test_payments_are_made_and_voided(library: Any, books: Books) -> None:
    customer = books.customer()
    invoice = books.make("Invoice", books.sale(CustomerRef={"value": customer}))
    link = {"TxnId": invoice["Id"], "TxnType": "Invoice"}
    payment = _made(
        "Payment",
        CustomerRef={"value": customer},
        TotalAmt=105,
        PaymentRefNum="P-1",
        Line=[{"Amount": 105, "LinkedTxn": [link]}],
    ).save(qb=library)
    paid = _class("Invoice").get(invoice["Id"], qb=library).Balance

    payment.void(qb=library)

    assert paid == 0
    assert _class("Payment").filter(PaymentRefNum="P-1", qb=library)[0].TotalAmt == 0
    assert _class("Invoice").get(invoice["Id"], qb=library).Balance == 105


@pytest.mark.parametrize("name", ["Invoice", "SalesReceipt"])
def test_sales_are_voided_as_the_library_does_it(library: Any, books: Books, name: str) -> None:
    made = books.make(name, books.sale())

    _class(name).get(made["Id"], qb=library).void(qb=library)

    assert _class(name).get(made["Id"], qb=library).PrivateNote == "Voided"


@pytest.mark.parametrize("name", ["TaxCode", "TaxRate", "Account", "PaymentMethod", "Term"])
def test_reference_lists_are_read(library: Any, name: str) -> None:
    rows = _class(name).all(qb=library)

    assert rows
    assert _class(name).get(rows[0].Id, qb=library).Name == rows[0].Name


def test_company_and_preferences_are_read(library: Any, books: Books) -> None:
    company = _class("CompanyInfo").get(books.emulator.realm_id, qb=library)

    assert company.CompanyName == "Rig Books"
    assert _class("Preferences").get(qb=library).SalesFormsPrefs.CustomTxnNumbers is True


def test_counting_works_over_all_rows(library: Any, books: Books) -> None:
    for name in ("Ann", "Bob"):
        books.customer(name)

    assert _class("Customer").count(qb=library) == 2


def test_the_library_understands_the_faults(library: Any, books: Books) -> None:
    books.customer("Ann")

    with pytest.raises(exceptions.QuickbooksException) as refused:
        _made("Customer", DisplayName="Ann").save(qb=library)
    books.emulator.control.expire_tokens()
    with pytest.raises(exceptions.AuthorizationException):
        _class("Customer").all(qb=library)

    assert refused.value.error_code == 6240


def test_the_library_makes_batches(library: Any, books: Books) -> None:
    books.customer("Ann")
    customers = [_made("Customer", DisplayName=name) for name in ("Ann", "Bob")]

    result = batch.batch_create(customers, qb=library)

    assert [made.DisplayName for made in result.successes] == ["Bob"]
    assert len(result.faults) == 1


def test_the_library_reads_changes(library: Any, books: Books) -> None:
    books.emulator.clock.set("2026-11-14T10:00:00")
    books.customer("Ann")

    changed = cdc.change_data_capture(
        [_class("Customer"), _class("Invoice")], "2026-11-14T09:00:00Z", qb=library
    )

    assert [row.DisplayName for row in changed.Customer] == ["Ann"]


def test_a_request_id_of_the_library_is_replayed(library: Any, books: Books) -> None:
    save: Callable[..., Any] = _made("Customer", DisplayName="Ann").save

    first = save(qb=library, request_id="abc")
    second = _made("Customer", DisplayName="Ann").save(qb=library, request_id="abc")

    assert first.Id == second.Id
    assert books.emulator.count("Customer") == 1


def test_amounts_arrive_as_exact_decimals(library: Any, books: Books) -> None:
    books.make("SalesReceipt", books.sale(books.line("0.10")))
    library.use_decimal = True

    assert _class("SalesReceipt").all(qb=library)[0].TotalAmt == Decimal("0.11")
