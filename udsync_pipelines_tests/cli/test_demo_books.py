"""The demo's proof: it believes neither our connector nor a difference of a cent."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest

from udsync_pipelines.cli.demo_books import BooksProof, count_writes, prove
from udsync_pipelines.cli.demo_shop import Sale, Sales, Sums, read_sales
from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.sync.plan import Parked
from udsync_pipelines_tests.store_fixtures import recorded_store, store_emulator

__all__ = ["recorded_store", "store_emulator"]

POSTING = frozenset({"processing", "completed", "refunded"})
NOTHING_PARKED: dict[str, list[Parked]] = {"orders": [], "refunds": []}


@pytest.fixture
def company() -> Iterator[CompanyEmulator]:
    with CompanyEmulator(sales_items=True, limits_factor=0) as company:
        yield company


def sale(number: str, total: str, tax: str = "0", currency: str = "CAD") -> Sale:
    return Sale(number, currency, Sums(1, Decimal(total), Decimal(tax)))


def sell(company: CompanyEmulator, total: str, number: str = "WC-1") -> None:
    """Enter a sales receipt without tax, as a person does."""
    customer = company.control.create("Customer", {"DisplayName": f"Buyer {uuid4()}"})["Id"]
    with company.company.lock:
        item = next(iter(company.company.table("Item")))
        exempt = next(
            code["Id"] for code in company.company.table("TaxCode").values()
            if code["Name"] == "Exempt"
        )  # fmt: skip
    line = {
        "Amount": float(total),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": item}, "TaxCodeRef": {"value": exempt}},
    }
    body = {"DocNumber": number, "CustomerRef": {"value": customer}, "Line": [line]}
    company.control.create("SalesReceipt", body)


def proof_of(company: CompanyEmulator, sales: Sales, **differences: Any) -> BooksProof:
    given: dict[str, Any] = {"parked": NOTHING_PARKED, "documents": {}, "again": 0, **differences}
    return prove(company, sales, **given)


def test_the_recorded_shop_owes_documents_for_its_posting_statuses(
    recorded_store: StoreEmulator,
) -> None:
    found = read_sales(recorded_store, POSTING)

    assert (len(found.orders), len(found.refunds)) == (226, 35)
    assert {one.currency for one in found.orders} == {"CAD", "USD", "EUR", "GBP", "JPY"}


def test_an_order_given_back_whole_gives_back_all_of_its_tax(
    recorded_store: StoreEmulator,
) -> None:
    refunds = {one.id: one for one in read_sales(recorded_store, POSTING).refunds}

    whole, by_lines, goodwill = refunds["401"], refunds["394"], refunds["380"]

    assert (whole.sums.tax, whole.is_tax_said) == (Decimal("4.69"), True)
    assert (by_lines.sums.tax, by_lines.is_tax_said) == (Decimal("90.24"), True)
    assert (goodwill.sums.total, goodwill.is_tax_said) == (Decimal("5.00"), False)


def test_books_that_equal_the_shop_are_good(company: CompanyEmulator) -> None:
    sell(company, "12.50")

    proof = proof_of(company, Sales((sale("1", "12.50"),), ()))

    assert proof.is_good
    assert [one.difference for one in proof.figures] == [0, 0, 0]


def test_a_cent_too_much_in_the_books_is_not_good(company: CompanyEmulator) -> None:
    sell(company, "12.51")

    proof = proof_of(company, Sales((sale("1", "12.50"),), ()))

    assert not proof.is_good
    assert [one.difference for one in proof.figures] == [0, Decimal("0.01"), 0]


def test_a_missing_document_is_not_good_unless_it_is_parked_for_its_currency(
    company: CompanyEmulator,
) -> None:
    sales = Sales((sale("1", "12.50", currency="USD"),), ())
    parked = Parked("1", b"", "currency_not_supported", "It is in USD.", "Enter it by hand.")
    other = replace(parked, code="tax_code_unmapped")

    missing = proof_of(company, sales)
    expected = proof_of(company, sales, parked={"orders": [parked], "refunds": []})
    surprising = proof_of(company, sales, parked={"orders": [other], "refunds": []})

    assert not missing.is_good
    assert expected.is_good
    assert (surprising.is_good, surprising.unexpected) == (False, (other,))


def test_a_number_that_two_documents_bear_is_a_fault(company: CompanyEmulator) -> None:
    sell(company, "5.00", "WC-7")
    sell(company, "5.00", "WC-7")

    proof = proof_of(company, Sales((sale("7", "5.00"), sale("8", "5.00")), ()))

    assert not proof.is_good
    assert any("WC-7" in sentence for sentence in proof.faults)


def test_only_requests_that_change_something_count_as_writes(company: CompanyEmulator) -> None:
    url = f"{company.url}/v3/company/{company.realm_id}"
    headers = {
        "Authorization": f"Bearer {company.access_token}",
        "Accept": "application/json",
    }
    httpx.get(f"{url}/query", params={"query": "select * from Item"}, headers=headers)
    httpx.post(
        f"{url}/query",
        content="select * from Item",
        headers={**headers, "Content-Type": "application/text"},
    )
    before = count_writes(company)

    httpx.post(f"{url}/customer", json={"DisplayName": "Somebody"}, headers=headers)

    assert (before, count_writes(company)) == (0, 1)
